/** Judges what no single request shows: drift, recovery, the server's resources; and gathers what a report says of them. */
import type { Check, Counted, Interval, Undecided } from '../../verdict/check.ts';
import { judgePoint } from '../../verdict/limits.ts';
import type { Unit } from '../../record/metrics.ts';
import { finding, type Finding } from '../../verdict/findings.ts';
import type { Measured } from '../../record/request-table.ts';
import { isRamp } from '../../run/manifest.ts';
import type { RunData } from '../../run/data.ts';
import type { VariantSummary } from '../../figures/summary.ts';
import type { ObservedLimit } from '../../verdict/thresholds.ts';
import { presentVariants, type ByVariant, type Variant } from '../../variants.ts';
import { latencyDrift, memoryDrift, type Drift } from './drift.ts';
import { measuredStages, planLoad, type LoadPlan } from '../../load/counted-plan.ts';
import type { ScenarioName } from './names.ts';
import { serverReport, type ServerReport } from '../../figures/server-report.ts';
import { spikeReport, type SpikeReport } from './spike.ts';

export interface Observed {
  readonly scenario: ScenarioName | null;
  readonly stages: ReturnType<typeof measuredStages>;
  readonly pace_ms: number | null;
  readonly warm_up_requests: number;
  readonly server: ByVariant<ServerReport>;
  readonly spike: ByVariant<SpikeReport>;
  readonly latency_drift: ByVariant<Drift>;
  readonly memory_drift: ByVariant<Drift>;
}

export interface Judged {
  readonly observed: Observed | null;
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
}

const MIB = 2 ** 20;
const RECOVERY_FACTOR = 1.5;

interface Figure {
  readonly value: number | null;
  /** Why there is no value. */
  readonly missing: Undecided | null;
  readonly interval: Interval | null;
  readonly unit: Unit;
  readonly statistic: string;
  readonly n: number;
  readonly n_of: Counted;
}

interface Seen {
  readonly measured: Measured;
  readonly summary: VariantSummary;
  readonly server: ServerReport | undefined;
  readonly spike: SpikeReport | undefined;
  readonly latency_drift: Drift | undefined;
  readonly memory_drift: Drift | undefined;
  readonly cpus: number;
  readonly model_bytes: number | null;
}

const point = (value: number, unit: Unit, statistic: string, n: number, n_of: Counted): Figure => ({
  value,
  missing: null,
  interval: null,
  unit,
  statistic,
  n,
  n_of,
});

const absent = (missing: Undecided, unit: Unit, statistic: string, n: number, n_of: Counted): Figure => ({
  value: null,
  missing,
  interval: null,
  unit,
  statistic,
  n,
  n_of,
});

const TOO_FEW: Undecided = { reason: 'too_few', needs: null };
const NOT_LOOKED_AT: Undecided = {
  reason: 'no_evidence',
  problem:
    "too little of the server's process was seen (start it with --start, or give --pid; memory needs 30 looks, 15 s)",
};
const NO_GPU: Undecided = { reason: 'no_evidence', problem: 'no GPU was seen' };

function figureOf(limit: ObservedLimit, seen: Seen): Figure {
  const { process, gpu } = seen.server ?? { process: null, gpu: null };
  const unseen = (unit: Unit, statistic: string): Figure =>
    absent(NOT_LOOKED_AT, unit, statistic, 0, 'samples');
  switch (limit.figure) {
    case 'latency_drift': {
      const drift = seen.latency_drift;
      const level = seen.summary.trends.request_duration?.p50;
      const n = seen.summary.ok;
      if (drift === undefined || level === undefined || level <= 0)
        return absent(TOO_FEW, 'share', 'growth', n, 'requests');
      const interval = { low: drift.low / level, high: drift.high / level };
      return { ...point(drift.growth / level, 'share', 'growth', n, 'requests'), interval };
    }
    case 'server_memory_drift': {
      const drift = seen.memory_drift;
      if (drift === undefined) return unseen('bytes', 'growth');
      const interval = { low: drift.low, high: drift.high };
      return { ...point(drift.growth, 'bytes', 'growth', drift.n, 'samples'), interval };
    }
    case 'spike_failed': {
      const stage = seen.spike?.stages.find((one) => one.stage === 'spike');
      return stage === undefined || stage.requests === 0
        ? absent({ reason: 'no_data', problem: 'the spike sent no request' }, 'share', 'rate', 0, 'requests')
        : point(stage.failed / stage.requests, 'share', 'rate', stage.requests, 'requests');
    }
    case 'recovery': {
      const recovery = seen.spike?.recovery ?? { state: 'unknown' };
      if (recovery.state === 'unknown') return absent(TOO_FEW, 'ms', 'time', 0, 'requests');
      // What never came within what was watched took longer than any limit.
      return recovery.state === 'never'
        ? { ...point(Number.POSITIVE_INFINITY, 'ms', 'time', recovery.n, 'requests') }
        : point(recovery.after_ms, 'ms', 'time', recovery.n, 'requests');
    }
    case 'server_memory':
      if (process === null) return unseen('bytes', 'max');
      return point(
        Math.max(0, process.rss_max_bytes - (seen.model_bytes ?? process.rss_start_bytes)),
        'bytes',
        'max',
        process.samples,
        'samples',
      );
    case 'server_cpu':
      if (process === null || process.cores === null) return unseen('share', 'mean');
      return point(process.cores / seen.cpus, 'share', 'mean', process.samples, 'samples');
    case 'server_gpu':
      return gpu === null
        ? absent(NO_GPU, 'share', 'mean', 0, 'samples')
        : point(gpu.mean_share, 'share', 'mean', seen.server?.samples ?? 0, 'samples');
  }
}

/** A growth has an interval; every other figure is judged on its point, as limits are. */
function check(limit: ObservedLimit, seen: Seen, alpha: number): Check {
  const { missing, ...figure } = figureOf(limit, seen);
  const judged = judgePoint(
    limit.kind,
    {
      ...figure,
      id: limit.figure,
      subject: { variant: seen.measured.variant },
      metric: limit.figure,
      op: limit.op,
      limit: limit.limit,
      acceptable: null,
      alpha: figure.interval === null ? null : alpha,
    },
    missing ?? TOO_FEW,
  );
  // Two hundred requests always slope a little: a growth beyond its limit fails where it is more than chance, and is open
  // where it is not.
  const chance = figure.interval !== null && (figure.interval.low ?? 0) <= 0;
  return judged.answer === 'fail' && chance
    ? { ...judged, answer: 'inconclusive', undecided: TOO_FEW }
    : judged;
}

/** For the variants of which there is something to say. */
function seenOf<T>(
  measured: ByVariant<Measured>,
  of: (measured: Measured, variant: Variant) => T | null,
): ByVariant<T> {
  const seen: Partial<Record<Variant, T>> = {};
  for (const variant of presentVariants(measured)) {
    const one = measured[variant];
    const value = one === undefined ? null : of(one, variant);
    if (value !== null) seen[variant] = value;
  }
  return seen;
}

/** @param alpha one-sided level of a growth's bounds */
export function judgeObserved(data: RunData, summaries: ByVariant<VariantSummary>, alpha: number): Judged {
  const { manifest, settings } = data;
  const plan = planLoad(settings);
  // A ramp looks at the server for its own sake: domain/capacity.
  const samples = isRamp(manifest) ? [] : (data.server ?? []);
  const limits = manifest.thresholds.observed ?? [];
  if (plan === null && samples.length === 0) return { observed: null, checks: [], findings: [] };
  const names = settings.serverMetrics.split(',');
  const factor = limits.flatMap((limit) => (limit.figure === 'recovery' ? limit.factor : []))[0];
  const asks = (figure: ObservedLimit['figure']): boolean => limits.some((limit) => limit.figure === figure);
  const { measured } = data;
  const observed: Observed = {
    scenario: settings.inferenceScenario,
    stages: plan === null ? [] : measuredStages(plan),
    pace_ms: plan?.pace_ms ?? null,
    warm_up_requests: plan?.warm_up ?? 0,
    server: seenOf(measured, (of, variant) => serverReport(samples, of, data.recorded[variant] ?? 0, names)),
    spike: seenOf(measured, (of) =>
      plan?.scenario.shape === 'spike' ? spikeReport(of, plan, factor ?? RECOVERY_FACTOR) : null,
    ),
    latency_drift: seenOf(measured, (of) => (asks('latency_drift') ? latencyDrift(of, alpha) : null)),
    memory_drift: seenOf(measured, (of) =>
      asks('server_memory_drift') ? memoryDrift(samples, of, alpha) : null,
    ),
  };
  const checks: Check[] = [];
  const findings: Finding[] = [];
  for (const variant of presentVariants(manifest.variants)) {
    const [of, summary] = [measured[variant], summaries[variant]];
    if (of === undefined || summary === undefined) continue;
    const server = observed.server[variant];
    const seen: Seen = {
      measured: of,
      summary,
      server,
      spike: observed.spike[variant],
      latency_drift: observed.latency_drift[variant],
      memory_drift: observed.memory_drift[variant],
      cpus: manifest.machine.cpus,
      model_bytes: settings.modelMemoryMb === null ? null : settings.modelMemoryMb * MIB,
    };
    for (const limit of limits) checks.push(check(limit, seen, alpha));
    if (plan !== null && manifest.stopped === null)
      findings.push(
        ...unsent(
          plan,
          manifest.blocks.filter(({ variants }) => variants.includes(variant)).length,
          data.recorded[variant] ?? 0,
          of,
        ),
      );
    if (server !== undefined) findings.push(...metricFindings(server, variant));
  }
  return { observed, checks, findings };
}

/** The time ended before the requests did. */
function unsent(plan: LoadPlan, blocks: number, recorded: number, of: Measured): Finding[] {
  const planned = plan.requests * blocks;
  return recorded >= planned
    ? []
    : [finding('requests_unsent', { unsent: planned - recorded, planned }, { variant: of.variant })];
}

function metricFindings(server: ServerReport, variant: Measured['variant']): Finding[] {
  const { asked, answered } = server.scrapes;
  const list = (state: string): string =>
    server.metrics.flatMap((metric) => (metric.state === state ? metric.name : [])).join(', ');
  const vanished = list('vanished');
  if (vanished !== '') return [finding('metrics_vanished', { names: vanished }, { variant })];
  if (asked > 0 && answered === 0) return [finding('metrics_absent', { names: '' }, { variant })];
  const names = list('absent');
  return names === '' ? [] : [finding('metrics_absent', { names }, { variant })];
}
