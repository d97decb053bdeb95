/** Judges what no single request shows: drift, recovery, the server's resources; and gathers what a report says of them. */
import type { LimitCheck } from '../../verdict/check.ts';
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
  readonly checks: readonly LimitCheck[];
  readonly findings: readonly Finding[];
}

const MIB = 2 ** 20;
const RECOVERY_FACTOR = 1.5;

interface Figure {
  readonly value: number | null;
  readonly missing: NonNullable<LimitCheck['missing']> | null;
  readonly interval: LimitCheck['interval'];
  readonly unit: LimitCheck['unit'];
  readonly statistic: string;
  readonly n: number;
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

/** Null: it can't be seen here, and so there is no check (a finding says so). */
function figureOf(limit: ObservedLimit, seen: Seen): Figure | null {
  const point = (value: number, unit: Figure['unit'], statistic: string, n: number): Figure => ({
    value,
    missing: null,
    interval: null,
    unit,
    statistic,
    n,
  });
  const { process, gpu } = seen.server ?? { process: null, gpu: null };
  switch (limit.figure) {
    case 'latency_drift': {
      const drift = seen.latency_drift;
      const level = seen.summary.trends.request_duration?.p50;
      const n = seen.summary.ok;
      if (drift === undefined || level === undefined || level <= 0)
        return { value: null, missing: 'too_few', interval: null, unit: 'share', statistic: 'growth', n };
      const interval = { low: drift.low / level, high: drift.high / level };
      return { ...point(drift.growth / level, 'share', 'growth', n), interval };
    }
    case 'server_memory_drift': {
      const drift = seen.memory_drift;
      if (drift === undefined) return null;
      const interval = { low: drift.low, high: drift.high };
      return { ...point(drift.growth, 'bytes', 'growth', drift.n), interval };
    }
    case 'spike_failed': {
      const stage = seen.spike?.stages.find((one) => one.stage === 'spike');
      if (stage === undefined || stage.requests === 0)
        return { value: null, missing: 'no_data', interval: null, unit: 'share', statistic: 'rate', n: 0 };
      return point(stage.failed / stage.requests, 'share', 'rate', stage.requests);
    }
    case 'recovery': {
      const recovery = seen.spike?.recovery ?? { state: 'unknown' };
      const none = { value: null, interval: null, unit: 'ms', statistic: 'time' } as const;
      if (recovery.state === 'unknown') return { ...none, missing: 'too_few', n: 0 };
      return recovery.state === 'never'
        ? { ...none, missing: 'never', n: recovery.n }
        : point(recovery.after_ms, 'ms', 'time', recovery.n);
    }
    case 'server_memory':
      if (process === null) return null;
      return point(
        Math.max(0, process.rss_max_bytes - (seen.model_bytes ?? process.rss_start_bytes)),
        'bytes',
        'max',
        process.samples,
      );
    case 'server_cpu':
      if (process === null || process.cores === null) return null;
      return point(process.cores / seen.cpus, 'share', 'mean', process.samples);
    case 'server_gpu':
      return gpu === null ? null : point(gpu.mean_share, 'share', 'mean', seen.server?.samples ?? 0);
  }
}

/**
 * A growth fails where it passes its limit and is more than chance (its lower bound lies above 0): two hundred requests
 * always slope a little. Every other figure is judged on its point, as limits are.
 */
function check(limit: ObservedLimit, seen: Seen): LimitCheck | null {
  const figure = figureOf(limit, seen);
  if (figure === null) return null;
  const { value, interval } = figure;
  const within = value !== null && (limit.op === '<' ? value < limit.limit : value <= limit.limit);
  const chance = value !== null && interval !== null && (interval.low ?? 0) <= 0;
  return {
    kind: limit.kind,
    id: limit.figure,
    metric: limit.figure,
    variant: seen.measured.variant,
    op: limit.op,
    limit: limit.limit,
    acceptable: null,
    ...figure,
    answer: within || chance ? 'pass' : 'fail',
    straddles: !within && chance,
  };
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
  const checks: LimitCheck[] = [];
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
    for (const limit of limits) {
      const one = check(limit, seen);
      if (one !== null) checks.push(one);
      else if (limit.kind === 'limit') findings.push(finding('not_seen', { what: limit.figure }, variant));
    }
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
    : [finding('requests_unsent', { unsent: planned - recorded, planned }, of.variant)];
}

function metricFindings(server: ServerReport, variant: Measured['variant']): Finding[] {
  const { asked, answered } = server.scrapes;
  const list = (state: string): string =>
    server.metrics.flatMap((metric) => (metric.state === state ? metric.name : [])).join(', ');
  const vanished = list('vanished');
  if (vanished !== '') return [finding('metrics_vanished', { names: vanished }, variant)];
  if (asked > 0 && answered === 0) return [finding('metrics_absent', { names: '' }, variant)];
  const absent = list('absent');
  return absent === '' ? [] : [finding('metrics_absent', { names: absent }, variant)];
}
