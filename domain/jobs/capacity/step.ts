/** One step of a ramp: what one variant did under one load, and whether it sustains it. */
import type { Load } from '../../run/block.ts';
import type { Check } from '../../verdict/check.ts';
import { lateness } from '../../figures/lateness.ts';
import { judgeLimit } from '../../verdict/limits.ts';
import type { Measured } from '../../record/request-table.ts';
import { samples } from '../../figures/samples.ts';
import type { Slo } from '../../figures/slo.ts';
import { mean, variance } from '../../statistics/batch-means.ts';
import { clopperPearson } from '../../statistics/proportions.ts';
import { meanInterval } from '../../statistics/means.ts';
import type { Interval } from '../../statistics/outcome.ts';
import { trend } from '../../statistics/trend.ts';
import { serverCauses, type ServerLoad } from './server-load.ts';
import { summarise, type VariantSummary } from '../../figures/summary.ts';
import { PERCENTILES, type Percentile, type Thresholds } from '../../verdict/thresholds.ts';

/** What gave out, the most telling first. */
export const CAUSES = [
  'machine',
  'errors',
  'latency',
  'backlog',
  'flat',
  'no_answers',
  'server_queue',
  'server_memory',
] as const;
export type Cause = (typeof CAUSES)[number];

/** `unsure`: the step's data can't tell (too few, or the interval reaches over a limit). */
export type StepAnswer = 'good' | 'bad' | 'unsure';

/** What the load machine itself did during a step. */
export interface MachineLoad {
  /** Share of the seconds with all CPUs full; null where it is not known. */
  readonly full_share: number | null;
  /** Our own delay: the probe's p95 above its idle floor. */
  readonly delay_ms: number | null;
  readonly ok: boolean;
}

export interface Step {
  readonly block: number;
  readonly load: Load;
  readonly hold_ms: number;
  readonly summary: VariantSummary;
  /** Valid answers a second that came within the hold, interval by time batches; null of too few. */
  readonly throughput: Interval | null;
  /** How much longer answers took at the end of the hold than at its begin, over the hold: 0.03 = the queue grows by 3 % of the arrivals. Null in a closed loop. */
  readonly backlog: Interval | null;
  /** Requests in flight in the first and the last tenth of the hold (Little's law). */
  readonly in_flight: { readonly first: number; readonly last: number } | null;
  /** p99 lateness of starts, open load. */
  readonly late_p99_ms: number | null;
  readonly limits: readonly Check[];
  readonly machine: MachineLoad;
  /** Null: the server says nothing of itself. */
  readonly server: ServerLoad | null;
  readonly answer: StepAnswer;
  /** Of a sure failure; of an unsure step, what could not be told. */
  readonly causes: readonly Cause[];
  /** By the point figures alone: where an unsure step leans. */
  readonly holds: boolean;
}

export interface StepContext {
  readonly block: number;
  readonly load: Load;
  readonly hold_ms: number;
  readonly thresholds: Thresholds;
  /** One-sided level of each bound. */
  readonly alpha: number;
  readonly slo: Slo | null;
  readonly machine: MachineLoad;
  readonly server: ServerLoad | null;
  /** k6 gave the step up since its starts fell behind for good. */
  readonly rate_not_sent: boolean;
}

/** A queue that grows by more than this share of its arrivals is not sustained. */
export const BACKLOG_LIMIT = 0.02;
/** And one that grows for sure, and by more than a queue near capacity does in passing, is a failure. */
const BACKLOG_BAD = 0.015;
/** Of the level: a ramp looks at many steps, and one queue that seems to grow below capacity would end it. */
const GROWTH_ALPHA_PART = 0.2;
/** Answers that the hold's begin may owe to what came before it, in tenths. */
const SETTLING = 0.1;
const BATCHES = 10;

/** @param of this step's requests alone, as {@link blockOf} gives them */
export function judgeStep(of: Measured, context: StepContext): Step {
  const { load, hold_ms, alpha, thresholds, machine } = context;
  const sorted = samples(of);
  const open = load.unit === 'requests/s';
  const summary = summarise(of, sorted, {
    planned_ms: hold_ms,
    clients: null,
    slo: context.slo,
  });
  const throughput = completions(of, alpha);
  const backlog = open ? growth(of, hold_ms, alpha * GROWTH_ALPHA_PART) : null;
  // Throughput limits are of a contracted load, not of each step on the way to it.
  const limits = thresholds.limits
    .filter(({ metric }) => metric !== 'throughput')
    .map((limit) => judgeLimit('limit', limit, summary, sorted, alpha));
  const step: Step = {
    block: context.block,
    load,
    hold_ms,
    summary,
    throughput,
    backlog,
    in_flight: inFlight(of, open ? load.value : (throughput?.estimate ?? 0), open),
    late_p99_ms: lateness(of),
    limits,
    machine,
    server: context.server,
    answer: 'unsure',
    causes: [],
    holds: false,
  };
  return { ...step, ...judged(step, of, context) };
}

function judged(
  step: Step,
  of: Measured,
  { rate_not_sent, alpha, server }: StepContext,
): Pick<Step, 'answer' | 'causes' | 'holds'> {
  const { summary, limits, backlog, machine } = step;
  const growsForSure = backlog !== null && backlog.lower > 0 && backlog.estimate > BACKLOG_BAD;
  const holds =
    machine.ok &&
    summary.ok > 0 &&
    !rate_not_sent &&
    limits.every(({ answer }) => answer === 'pass') &&
    !growsForSure;
  // What the load machine slowed down says nothing of the server, neither way.
  if (!machine.ok) return { answer: 'unsure', causes: ['machine'], holds };
  const inside = serverCauses(server);
  if (summary.ok === 0) return { answer: 'bad', causes: ['no_answers', ...inside], holds };
  const answers: { readonly answer: StepAnswer; readonly cause: Cause }[] = limits.map((check) => ({
    answer: limitAnswer(check, of, alpha),
    cause: check.metric === 'request_failed' ? 'errors' : 'latency',
  }));
  if (step.load.unit === 'requests/s') {
    const level: StepAnswer = backlog !== null && backlog.upper < BACKLOG_LIMIT ? 'good' : 'unsure';
    answers.push({ answer: rate_not_sent || growsForSure ? 'bad' : level, cause: 'backlog' });
  }
  const worst = (wanted: StepAnswer): Cause[] =>
    CAUSES.filter((cause) => answers.some((one) => one.cause === cause && one.answer === wanted));
  const bad = worst('bad');
  if (bad.length > 0) return { answer: 'bad', causes: [...bad, ...inside], holds: false };
  const unsure = worst('unsure');
  return unsure.length > 0
    ? { answer: 'unsure', causes: unsure, holds }
    : { answer: 'good', causes: [], holds: true };
}

/**
 * By the interval, not by the point: `good` and `bad` are sure. A percentile of the latency is judged by the share of
 * answers beyond the limit, which is the same question: p95 < 5 s where fewer than 5 % take longer. Far from the limit
 * that share is told by few answers, where the percentile's own interval has no upper end yet.
 */
function limitAnswer(check: Check, of: Measured, alpha: number): StepAnswer {
  const { op, limit, value, interval, statistic } = check;
  if (value === null) return 'unsure';
  if (
    check.metric === 'request_duration' &&
    statistic !== null &&
    isPercentile(statistic) &&
    op.startsWith('<')
  ) {
    const { lower, upper } = shareBeyond(of, limit, alpha);
    const allowed = 1 - PERCENTILES[statistic];
    return upper < allowed ? 'good' : lower > allowed ? 'bad' : 'unsure';
  }
  const [low, high] = [interval?.low ?? Number.NEGATIVE_INFINITY, interval?.high ?? Number.POSITIVE_INFINITY];
  const below = op === '<' || op === '<=';
  // A mean or a maximum has no interval here, and is judged as it stands.
  if (interval === null) return (below ? value < limit : value > limit) ? 'good' : 'bad';
  if (below) return high < limit ? 'good' : low > limit ? 'bad' : 'unsure';
  return low > limit ? 'good' : high < limit ? 'bad' : 'unsure';
}

const isPercentile = (statistic: string): statistic is Percentile => Object.hasOwn(PERCENTILES, statistic);

/**
 * Share of the valid answers that took longer: the exact interval (Clopper and Pearson 1934) at the effective n, which
 * clusters in time make smaller (variance of batch means against that of independent answers; Kish's design effect).
 */
function shareBeyond(of: Measured, limit_ms: number, alpha: number): { lower: number; upper: number } {
  const beyond = new Float64Array(of.n);
  let n = 0;
  let count = 0;
  for (let i = 0; i < of.n; i += 1) {
    if (of.error[i] !== 0) continue;
    const over = (of.duration_ms[i] ?? 0) >= limit_ms ? 1 : 0;
    beyond[n++] = over;
    count += over;
  }
  const effect = Math.max(1, designEffect(beyond.subarray(0, n)));
  const [few, fewer] = [Math.max(1, Math.round(n / effect)), Math.round(count / effect)];
  const outcome = clopperPearson({ count: Math.min(few, fewer), n: few }, alpha);
  return n > 0 && outcome.ok ? outcome : { lower: 0, upper: 1 };
}

function designEffect(values: Float64Array): number {
  const size = Math.floor(values.length / BATCHES);
  if (size < 2) return 1;
  const means = Float64Array.from({ length: BATCHES }, (_, b) =>
    mean(values.subarray(b * size, (b + 1) * size)),
  );
  const share = mean(means);
  const independent = (share * (1 - share)) / size;
  return independent === 0 ? 1 : variance(means) / independent;
}

/**
 * Valid answers a second, by when they came: those of an overloaded server come at its capacity, however many were sent.
 * The first tenth is left out, since answers to what was sent before the hold are not among these.
 */
function completions(of: Measured, alpha: number): Interval | null {
  const ends = new Float64Array(of.n);
  let last_start = Number.NEGATIVE_INFINITY;
  let n = 0;
  for (let i = 0; i < of.n; i += 1) {
    const start = of.start_ms[i] ?? 0;
    last_start = Math.max(last_start, start);
    if (of.error[i] === 0) ends[n++] = start + (of.duration_ms[i] ?? 0);
  }
  // After the last start nobody sends any more, and what comes then is the drain.
  const within = ends
    .subarray(0, n)
    .sort()
    .filter((end) => end <= last_start);
  const skipped = Math.floor(within.length * SETTLING);
  const from = within[skipped] ?? 0;
  if (within.length - skipped < BATCHES || last_start <= from) return null;
  const length_s = (last_start - from) / 1000;
  const rates = new Float64Array(BATCHES);
  for (let i = skipped + 1; i < within.length; i += 1) {
    const batch = Math.min(
      BATCHES - 1,
      Math.floor((((within[i] ?? 0) - from) / (last_start - from)) * BATCHES),
    );
    rates[batch] = (rates[batch] ?? 0) + BATCHES / length_s;
  }
  const outcome = meanInterval(rates, alpha);
  return outcome.ok ? { estimate: outcome.estimate, lower: outcome.lower, upper: outcome.upper } : null;
}

/**
 * A queue that grows shows in the time from the scheduled start: where arrivals exceed capacity by 3 %, each second adds
 * 30 ms to it. Failures count with the time they took.
 */
function growth(of: Measured, hold_ms: number, alpha: number): Interval | null {
  const outcome = trend(of.duration_ms.slice(0, of.n), alpha, ascending(of.start_ms.slice(0, of.n)));
  if (!outcome.ok) return null;
  const { estimate, lower, upper } = outcome.growth;
  return { estimate: estimate / hold_ms, lower: lower / hold_ms, upper: upper / hold_ms };
}

/** Rows stand by index; late clocks may put a start a fraction of a millisecond before the last one. */
function ascending(times: Float64Array): Float64Array {
  for (let i = 1; i < times.length; i += 1) times[i] = Math.max(times[i] ?? 0, times[i - 1] ?? 0);
  return times;
}

function inFlight(of: Measured, per_s: number, open: boolean): Step['in_flight'] {
  const tenth = Math.floor(of.n / 10);
  if (!open || tenth === 0) return null;
  const meanFrom = (from: number): number => {
    let sum = 0;
    for (let i = from; i < from + tenth; i += 1) sum += of.duration_ms[i] ?? 0;
    return sum / tenth;
  };
  return { first: (per_s * meanFrom(0)) / 1000, last: (per_s * meanFrom(of.n - tenth)) / 1000 };
}
