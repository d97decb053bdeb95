/** A run's own evidence, as its directory holds it. */
import { lateness } from '../figures/lateness.ts';
import { loadSpans, type VariantSummary } from '../figures/summary.ts';
import { isClosed } from '../load/arrivals.ts';
import { planLoad } from '../load/counted-plan.ts';
import type { Measured } from '../record/request-table.ts';
import type { RunData } from '../run/data.ts';
import { isRamp } from '../run/manifest.ts';
import { presentVariants, type ByVariant, type Variant } from '../variants.ts';
import {
  NEEDS,
  delayLimit,
  delayLimitBeside,
  judgeEvidence,
  judgeStarts,
  type Counted,
  type Evidence,
  type EvidenceFigure,
  type JobKind,
  type Seen,
} from './evidence.ts';
import { finding, type Finding } from './findings.ts';

/** k6's own p95 of a single block must be ours, but for rounding. */
const P95_GAP = 0.001;

export function jobKind({ manifest, settings }: RunData): JobKind {
  if (isRamp(manifest)) return 'ramp';
  if (planLoad(settings) !== null) return 'counted';
  if (manifest.job === 'gate') return 'adapter_gate';
  return settings.maxRequests === null ? 'load' : 'at_once';
}

/** @param tolerance the margin as a share of the baseline's latency (0.15): what a verdict has to tell apart */
export function runEvidence(
  data: RunData,
  summaries: ByVariant<VariantSummary>,
  tolerance: number,
): Evidence {
  const kind = jobKind(data);
  const judged = judgeEvidence(seenOf(data, kind, summaries, tolerance));
  const crossed = crossCheck(data, summaries);
  const late =
    NEEDS[kind].starts === 'invalid' ? judgeStarts(startsOf(data, kind, summaries), tolerance) : NOTHING;
  return {
    figures: [...judged.figures, ...crossed.figures, ...late.figures],
    findings: [...judged.findings, ...crossed.findings, ...late.findings],
  };
}

const NOTHING: Evidence = { figures: [], findings: [] };

/** Loads that end with their last request rather than by the clock. */
const COUNTED_IN_REQUESTS: readonly JobKind[] = ['counted', 'adapter_gate'];

function seenOf(data: RunData, kind: JobKind, summaries: ByVariant<VariantSummary>, tolerance: number): Seen {
  const { manifest, settings, bad_lines } = data;
  const [bad] = bad_lines.first;
  return {
    kind,
    stopped: manifest.stopped !== null,
    summaries: { planned: manifest.blocks.length, seen: data.summaries.length },
    counted: presentVariants(manifest.variants).map((variant) => countedOf(data, variant)),
    torn: { count: bad_lines.count, line: bad?.line ?? 0, problem: bad?.problem ?? '' },
    cpus: manifest.machine.cpus,
    clients: settings.vus,
    planned_s: plannedSeconds(data, kind, summaries),
    resources: {
      samples: COUNTED_IN_REQUESTS.includes(kind) ? duringLoad(data) : data.resources,
      garbled: data.garbled.resources,
    },
    probes: { samples: data.probes, garbled: data.garbled.probes },
    delay_limit_ms: ownDelayLimit(data, kind, summaries, tolerance),
    missed: false,
  };
}

function countedOf(data: RunData, variant: Variant): Counted {
  const total = { started: 0, finished: 0, http_reqs: 0, iterations: 0, without_request: 0 };
  for (const { counts, stopped } of data.summaries) {
    const one = counts[variant];
    if (one === undefined) continue;
    total.started += one.started;
    total.finished += one.finished;
    total.http_reqs += one.http_reqs;
    total.iterations += one.iterations;
    // A step that was given up leaves iterations that were never to send anything.
    if (stopped === null) total.without_request += one.iterations - one.started;
  }
  return { variant, ...total, recorded: data.recorded[variant] ?? 0 };
}

function crossCheck(data: RunData, summaries: ByVariant<VariantSummary>): Evidence {
  const [only, second] = data.summaries;
  if (only === undefined || second !== undefined) return NOTHING;
  const figures: EvidenceFigure[] = [];
  const findings: Finding[] = [];
  for (const variant of presentVariants(summaries)) {
    const theirs = only.counts[variant]?.p95_ms;
    const ours = summaries[variant]?.trends.request_duration?.p95;
    if (theirs === undefined || theirs === null || ours === undefined) continue;
    const gap = Math.abs(theirs - ours) / Math.max(ours, 1e-9);
    const ok = gap <= P95_GAP;
    figures.push({ name: 'k6_p95_gap', variant, figure: gap, op: '<=', limit: P95_GAP, unit: 'share', ok });
    if (!ok) findings.push(finding('k6_disagrees', { k6_p95_ms: theirs, log_p95_ms: ours }, { variant }));
  }
  return { figures, findings };
}

/** k6's own start and end fill a CPU, and frame a load that is counted in requests: only seconds that lie in the load count. */
function duringLoad(data: RunData): RunData['resources'] {
  const spans = presentVariants(data.measured).flatMap((variant) => {
    const of = data.measured[variant];
    return of === undefined || of.n === 0 ? [] : [...loadSpans(of).values()];
  });
  return data.resources.filter(({ at_ms }) =>
    spans.some(({ from, to }) => at_ms - 1000 >= from && at_ms <= to),
  );
}

function plannedSeconds(data: RunData, kind: JobKind, summaries: ByVariant<VariantSummary>): number {
  const { settings } = data;
  // A load counted in requests lasts as long as it lasts.
  if (kind !== 'load' && kind !== 'ramp')
    return Math.max(0, ...presentVariants(summaries).map((one) => summaries[one]?.throughput.window_s ?? 0));
  const { blocks } = data.manifest;
  return blocks.reduce((sum, { duration_ms }) => sum + settings.warmUpMs + duration_ms, 0) / 1000;
}

/** How much our own delay may be: a part of the difference that is compared, or of the distance from a limit. */
function ownDelayLimit(
  data: RunData,
  kind: JobKind,
  summaries: ByVariant<VariantSummary>,
  tolerance: number,
): number | null {
  // The adapter's gate judges the server's own times, which a delay of ours is no part of.
  if (kind === 'adapter_gate') return null;
  const { manifest } = data;
  const [only, second] = presentVariants(manifest.variants);
  if (kind === 'counted' && only !== undefined && second === undefined) {
    // Nothing is compared, so that our delay can hide no more than how far the latencies lie from their limits.
    const latency = summaries[only]?.trends.request_duration;
    const distances = manifest.thresholds.limits.flatMap((limit) =>
      limit.metric === 'request_duration' && latency !== undefined
        ? [Math.abs(limit.limit - latency[limit.statistic])]
        : [],
    );
    return distances.length === 0 ? null : delayLimitBeside(Math.min(...distances));
  }
  const [first] = presentVariants(summaries);
  const trends = first === undefined ? undefined : summaries[first]?.trends;
  // The shortest time that a gate compares: a first token comes long before the whole answer.
  const gated = manifest.thresholds.gates.some((gate) => gate.gate === 'latency' && gate.metric === 'ttft');
  const latency = (gated ? trends?.ttft?.p50 : undefined) ?? trends?.request_duration?.p50;
  return latency === undefined ? null : delayLimit(tolerance, latency);
}

function startsOf(
  data: RunData,
  kind: JobKind,
  summaries: ByVariant<VariantSummary>,
): Parameters<typeof judgeStarts>[0] {
  return presentVariants(data.measured).flatMap((variant) => {
    const measured = data.measured[variant];
    if (measured === undefined) return [];
    return [
      {
        variant,
        open: !isClosed(data.settings.arrival),
        late_ms: lateness(measured),
        requests: measured.n,
        spread_ms:
          kind === 'at_once' && data.manifest.job === 'burst' ? spread(measured, data.settings.vus) : null,
        latency_ms: summaries[variant]?.trends.request_duration?.p50 ?? 0,
      },
    ];
  });
}

/** Last start less first of the first request of each client. */
function spread({ n, start_ms }: Measured, clients: number): number | null {
  const first = start_ms.slice(0, n).sort().subarray(0, clients);
  const [from, to] = [first[0], first.at(-1)];
  return from === undefined || to === undefined ? null : to - from;
}
