/**
 * May the measurement be believed? Each check gives a figure and its limit; one that fails makes the run invalid, with
 * that figure as the reason.
 */
import { planLoad } from '../load/counted-plan.ts';
import { finding, type Finding } from './findings.ts';
import { lateness } from '../figures/lateness.ts';
import { PROBE_PER_SECOND } from '../load/timing.ts';
import type { ProbeSample } from '../run/probe.ts';
import { isRamp, settingsOf } from '../run/manifest.ts';
import type { RunData } from '../run/data.ts';
import { loadSpans, valuesSummary, type VariantSummary } from '../figures/summary.ts';
import { presentVariants, type ByVariant, type Variant } from '../variants.ts';

export interface TrustFigure {
  readonly name:
    | 'lost_requests'
    | 'unrecorded_requests'
    | 'failed_iterations'
    | 'torn_lines'
    | 'k6_p95_gap'
    | 'cpu'
    | 'probe_delay'
    | 'probe_samples'
    | 'late_starts';
  readonly variant: Variant | null;
  readonly figure: number;
  readonly limit: number;
  readonly unit: 'requests' | 'lines' | 'share' | 'ms';
  readonly ok: boolean;
}

export interface Trust {
  readonly figures: readonly TrustFigure[];
  readonly findings: readonly Finding[];
}

/** A machine whose CPUs are all but full delays what it measures. */
export const CPU_FULL = 0.95;
/** Share of the seconds that may be full. */
export const CPU_FULL_SECONDS = 0.2;
const CPU_BUSY = 0.8;
/** Fewer seconds of a load counted in requests say nothing about the machine. */
const LEAST_CPU_SECONDS = 5;
/** Busy share at which a machine still measures others rather than itself. */
const CPU_ROOM = 0.7;
/** Our own delay may be this part of the difference that is to be judged. */
const DELAY_PART = 0.5;
/** Share of the probe's planned samples that must have come. */
const PROBE_SHARE = 0.8;
const P95_GAP = 0.001;
/** Below this many samples a percentile of the probe says nothing. */
const MIN_PROBES = 10;

/** @param tolerance the margin as a share of the baseline's latency (0.15): what a verdict has to tell apart */
export function judgeTrust(data: RunData, summaries: ByVariant<VariantSummary>, tolerance: number): Trust {
  const figures: TrustFigure[] = [];
  const findings: Finding[] = [];
  const judge = (figure: Omit<TrustFigure, 'ok'>, ok: boolean, otherwise: () => Finding): void => {
    figures.push({ ...figure, ok });
    if (!ok) findings.push(otherwise());
  };

  const { count: torn, first } = data.bad_lines;
  judge({ name: 'torn_lines', variant: null, figure: torn, limit: 0, unit: 'lines' }, torn === 0, () =>
    finding('torn_lines', { count: torn, line: first[0]?.line ?? 0, problem: first[0]?.problem ?? '' }),
  );
  if (data.summaries.length < data.manifest.blocks.length || data.summaries.length === 0)
    findings.push(
      finding('no_summary', { blocks: data.manifest.blocks.length, summaries: data.summaries.length }),
    );
  else counts(data, judge);
  crossCheck(data, summaries, judge);
  // A ramp's load machine is judged step by step: the last steps are meant to be too much.
  if (!isRamp(data.manifest)) {
    cpu(data, judge, findings);
    probe(data, summaries, tolerance, judge, findings);
    lateStarts(data, summaries, tolerance, judge);
  }
  return { figures, findings };
}

type Judge = (figure: Omit<TrustFigure, 'ok'>, ok: boolean, otherwise: () => Finding) => void;

/** started == finished == recorded == k6's own count, and each iteration made a request. */
function counts(data: RunData, judge: Judge): void {
  const stopped = data.manifest.stopped !== null;
  for (const variant of presentVariants(data.manifest.variants)) {
    const total = { started: 0, finished: 0, http_reqs: 0, iterations: 0 };
    let without_request = 0;
    for (const { counts: of, stopped: given_up } of data.summaries) {
      const one = of[variant];
      if (one === undefined) continue;
      total.started += one.started;
      total.finished += one.finished;
      total.http_reqs += one.http_reqs;
      total.iterations += one.iterations;
      // A step that was given up leaves iterations that were never to send anything.
      if (given_up === null) without_request += one.iterations - one.started;
    }
    const recorded = data.recorded[variant] ?? 0;
    const lost = Math.max(total.started - total.finished, total.started - total.http_reqs);
    // An interrupted run has dropped what was in flight, and says so already.
    if (!stopped)
      judge({ name: 'lost_requests', variant, figure: lost, limit: 0, unit: 'requests' }, lost <= 0, () =>
        finding('lost_requests', { lost, started: total.started, finished: total.finished }, variant),
      );
    const gap = Math.abs(total.finished - recorded);
    judge({ name: 'unrecorded_requests', variant, figure: gap, limit: 0, unit: 'requests' }, gap === 0, () =>
      finding('unrecorded_requests', { finished: total.finished, recorded }, variant),
    );
    const broken = without_request;
    if (!stopped)
      judge(
        { name: 'failed_iterations', variant, figure: broken, limit: 0, unit: 'requests' },
        broken <= 0,
        () => finding('iterations_failed', { broken, iterations: total.iterations }, variant),
      );
  }
}

/** k6's own p95 of a single block must be ours. */
function crossCheck(data: RunData, summaries: ByVariant<VariantSummary>, judge: Judge): void {
  const [only, second] = data.summaries;
  if (only === undefined || second !== undefined) return;
  for (const variant of presentVariants(summaries)) {
    const theirs = only.counts[variant]?.p95_ms;
    const ours = summaries[variant]?.trends.request_duration?.p95;
    if (theirs === undefined || theirs === null || ours === undefined) continue;
    const gap = Math.abs(theirs - ours) / Math.max(ours, 1e-9);
    judge({ name: 'k6_p95_gap', variant, figure: gap, limit: P95_GAP, unit: 'share' }, gap <= P95_GAP, () =>
      finding('k6_disagrees', { k6_p95_ms: theirs, log_p95_ms: ours }, variant),
    );
  }
}

function cpu(data: RunData, judge: Judge, findings: Finding[]): void {
  const counted = planLoad(settingsOf(data.manifest)) !== null;
  const shares = (counted ? duringLoad(data) : data.resources).map(({ cpu_share }) => cpu_share);
  if (shares.length < (counted ? LEAST_CPU_SECONDS : 1)) return;
  const full = shares.filter((share) => share >= CPU_FULL).length / shares.length;
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  judge(
    { name: 'cpu', variant: null, figure: full, limit: CPU_FULL_SECONDS, unit: 'share' },
    full <= CPU_FULL_SECONDS,
    () =>
      finding('cpu_saturated', {
        full_share: full,
        mean_share: mean,
        cpus: data.manifest.machine.cpus,
        fits: fitting(data, CPU_ROOM / mean),
      }),
  );
  if (full <= CPU_FULL_SECONDS && mean >= CPU_BUSY) findings.push(finding('cpu_busy', { mean_share: mean }));
}

/** A short load is framed by k6's own start and end, which fill a CPU: only seconds that lie in the load count. */
function duringLoad(data: RunData): RunData['resources'] {
  const spans = presentVariants(data.measured).flatMap((variant) => {
    const of = data.measured[variant];
    return of === undefined || of.n === 0 ? [] : [...loadSpans(of).values()];
  });
  return data.resources.filter(({ at_ms }) =>
    spans.some(({ from, to }) => at_ms - 1000 >= from && at_ms <= to),
  );
}

/** Clients that this machine may hold, if what was too much falls with their number; a guess to try, not a promise. */
function fitting(data: RunData, share: number): number {
  return Math.max(1, Math.floor(settingsOf(data.manifest).vus * Math.min(share, CPU_ROOM)));
}

/** What a request to a server that does nothing takes under load, above its idle floor, is our own delay. */
function probe(
  data: RunData,
  summaries: ByVariant<VariantSummary>,
  tolerance: number,
  judge: Judge,
  findings: Finding[],
): void {
  const planned_s = plannedSeconds(data, summaries);
  if (data.probes.length === 0 || planned_s <= 0) return;
  const loaded = data.probes.filter((sample) => !sample.idle);
  const share = loaded.length / (planned_s * PROBE_PER_SECOND);
  if (data.manifest.stopped === null && planned_s * PROBE_PER_SECOND >= MIN_PROBES)
    judge(
      { name: 'probe_samples', variant: null, figure: share, limit: PROBE_SHARE, unit: 'share' },
      share >= PROBE_SHARE,
      () => finding('probe_starved', { share }),
    );
  const [first] = presentVariants(summaries);
  const trends = first === undefined ? undefined : summaries[first]?.trends;
  // The shortest time that a gate compares: a first token comes long before the whole answer.
  const gated = data.manifest.thresholds.gates.some(
    (gate) => gate.gate === 'latency' && gate.metric === 'ttft',
  );
  const latency = (gated ? trends?.ttft?.p50 : undefined) ?? trends?.request_duration?.p50;
  const delay = probeDelay(data.probes);
  if (delay === null || latency === undefined) {
    findings.push(finding('short_run', { probes: loaded.length }));
    return;
  }
  const nearest_ms = nearestLimitMs(data, summaries);
  if (nearest_ms === Number.POSITIVE_INFINITY) return;
  const { delay_ms, floor_ms } = delay;
  const limit_ms = nearest_ms === null ? delayLimit(tolerance, latency) : DELAY_PART * nearest_ms;
  judge(
    { name: 'probe_delay', variant: null, figure: delay_ms, limit: limit_ms, unit: 'ms' },
    delay_ms <= limit_ms,
    () => finding('probe_delay', { delay_ms, limit_ms, floor_ms, fits: fitting(data, limit_ms / delay_ms) }),
  );
}

/**
 * Of a load counted in requests and one variant alone, where nothing is compared: how far the latencies lie from their
 * limits, which is what our delay could hide. Infinite where latency has no limit.
 */
function nearestLimitMs(data: RunData, summaries: ByVariant<VariantSummary>): number | null {
  const { manifest } = data;
  const [only, second] = presentVariants(manifest.variants);
  if (only === undefined || second !== undefined || planLoad(settingsOf(manifest)) === null) return null;
  const latency = summaries[only]?.trends.request_duration;
  return Math.min(
    ...manifest.thresholds.limits.map((limit) =>
      limit.metric === 'request_duration' && latency !== undefined
        ? Math.abs(limit.limit - latency[limit.statistic])
        : Number.POSITIVE_INFINITY,
    ),
  );
}

/** What the load machine itself may add to a latency before it rivals a difference of this share. */
export const delayLimit = (tolerance: number, latency_ms: number): number =>
  DELAY_PART * tolerance * latency_ms;

/** The probe's p95 under load above its idle floor (p50); null of too few samples. */
export function probeDelay(
  probes: readonly ProbeSample[],
): { readonly delay_ms: number; readonly floor_ms: number } | null {
  const times = (idle: boolean): number[] =>
    probes.filter((sample) => sample.idle === idle).map(({ duration_ms }) => duration_ms);
  const [idle, loaded] = [times(true), times(false)];
  if (idle.length < MIN_PROBES || loaded.length < MIN_PROBES) return null;
  const floor = valuesSummary(Float64Array.from(idle));
  const under_load = valuesSummary(Float64Array.from(loaded));
  return floor === null || under_load === null
    ? null
    : { delay_ms: Math.max(0, under_load.p95 - floor.p50), floor_ms: floor.p50 };
}

/** Over all blocks, what the probe was to run. */
function plannedSeconds(data: RunData, summaries: ByVariant<VariantSummary>): number {
  const settings = settingsOf(data.manifest);
  // A load counted in requests lasts as long as it lasts.
  if (planLoad(settings) !== null || settings.maxRequests !== null)
    return Math.max(...presentVariants(summaries).map((one) => summaries[one]?.throughput.window_s ?? 0));
  const { blocks } = data.manifest;
  return blocks.reduce((sum, { duration_ms }) => sum + settings.warmUpMs + duration_ms, 0) / 1000;
}

/** A start this late, or a small part of what is to be told apart, is what timers and schedulers do. */
const LATE_LEAST_MS = 10;

/** Open load: latency counts from the schedule, so lateness of ours is in it. */
function lateStarts(
  data: RunData,
  summaries: ByVariant<VariantSummary>,
  tolerance: number,
  judge: Judge,
): void {
  for (const variant of presentVariants(data.measured)) {
    const measured = data.measured[variant];
    const late_ms = measured === undefined ? null : lateness(measured);
    if (late_ms === null) continue;
    const latency = summaries[variant]?.trends.request_duration?.p50 ?? 0;
    const limit_ms = Math.max(LATE_LEAST_MS, delayLimit(tolerance, latency));
    judge(
      { name: 'late_starts', variant, figure: late_ms, limit: limit_ms, unit: 'ms' },
      late_ms <= limit_ms,
      () => finding('late_starts', { late_ms, limit_ms }, variant),
    );
  }
}
