/** The figures of one variant: points only; intervals and judgements are made elsewhere from the same columns. */
import {
  errorKind,
  validValues,
  type Measured,
  type MetricScores,
  type OptionalTrend,
} from '../record/request-table.ts';
import { costPerRight, DEFAULT_METRIC, scoresOf, USUAL_METRIC } from '../quality/scores.ts';
import type { Samples } from './samples.ts';
import { pooledQuantile, valueAtRank, type LatencySample } from '../statistics/latency-sample.ts';
import { quantilePlace } from '../statistics/quantiles.ts';
import { selectRank } from '../statistics/select.ts';
import type { ErrorKind } from '../record/errors.ts';
import type { TrendName } from '../record/metrics.ts';
import { answerSummary, type AnswerSummary } from './answers.ts';
import { meetsSlo, type Slo } from './slo.ts';
import type { GapHistogram } from './gap-histogram.ts';
import type { Variant } from '../variants.ts';

export interface TrendSummary {
  readonly n: number;
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface AccuracySummary {
  /** Scored answers. */
  readonly answers: number;
  readonly right: number;
  readonly share: number;
  /** Distinct payloads among them: what an accuracy's n really is. */
  readonly payloads: number;
}

export interface QualitySummary extends AccuracySummary {
  readonly metric: string;
  /** Why nothing can be said of it; null: everything was scored. Untrusted words. */
  readonly undecided: string | null;
}

export interface TokenSummary {
  /** Valid answers with a count. */
  readonly answers: number;
  /** Of these, how many by their events, since the server gave no count. */
  readonly estimated: number;
  readonly total: number;
  readonly mean: number;
  /** All tokens of valid answers over the measured time: what the server gave in all. */
  readonly per_s: number;
  readonly prompt_mean: number | null;
  /** Share of the prompt tokens that a prefix cache knew, where the server says so. */
  readonly cached_share: number | null;
}

export interface GoodputSummary {
  /** Requests that met the objective, of all that were sent, failures included. */
  readonly met: number;
  readonly share: number;
  readonly per_s: number;
}

export interface VariantSummary {
  readonly variant: Variant;
  /** Measured requests; `ok` of them with a valid answer. */
  readonly requests: number;
  readonly warm_up: number;
  readonly ok: number;
  readonly failed: number;
  readonly errors: readonly {
    readonly kind: ErrorKind;
    readonly status: number | null;
    readonly count: number;
  }[];
  readonly trends: Readonly<Partial<Record<TrendName, TrendSummary>>>;
  /** Latency percentiles with failures as +infinity ("inf"); null where nothing failed. */
  readonly with_failures: Readonly<Record<'p50' | 'p95' | 'p99', number | 'inf'>> | null;
  readonly throughput: {
    readonly requests_per_s: number;
    readonly ok_per_s: number;
    readonly window_s: number;
  };
  readonly cost: { readonly n: number; readonly mean: number; readonly total: number } | null;
  readonly accuracy: {
    readonly correction: AccuracySummary | null;
    readonly translation: AccuracySummary | null;
  };
  /** By every metric that answers were scored by; absent where none was. `right` is the sum of the scores. */
  readonly quality?: readonly QualitySummary[];
  /** Cost of a right answer: total cost / sum of the scores, over the scored answers; by the correction, else by the accuracy. */
  readonly cpqu: number | null;
  /** Mean time to connect over all valid answers, those on an open connection included; absent where none is known. */
  readonly connect_ms?: number | null;
  readonly stages: readonly ({ readonly stage: string } & TrendSummary)[];
  /** Answers of language models only. */
  readonly tokens: TokenSummary | null;
  /** Absent where no language model answered. */
  readonly answers?: AnswerSummary;
  /** Where an objective was given. */
  readonly goodput: GoodputSummary | null;
  /** Little's law: rate x mean time against the clients that ran. */
  readonly little: { readonly in_flight: number; readonly clients: number } | null;
}

/** Percentiles of type 7 over the answers of all blocks. */
export function sampleSummary(sample: LatencySample): TrendSummary {
  let sum = 0;
  for (const { durations_ms } of sample.blocks) for (const value of durations_ms) sum += value;
  const q = (p: number): number => pooledQuantile(sample, p);
  return {
    n: sample.n,
    mean: sum / sample.n,
    min: valueAtRank(sample, 1),
    p50: q(0.5),
    p90: q(0.9),
    p95: q(0.95),
    p99: q(0.99),
    max: valueAtRank(sample, sample.n),
  };
}

/** The same of values in any order, which it moves about; null of none. Without a sort: a run has many stages. */
export function valuesSummary(values: Float64Array): TrendSummary | null {
  const n = values.length;
  if (n === 0) return null;
  let [sum, min, max] = [0, Infinity, -Infinity];
  for (let i = 0; i < n; i += 1) {
    const value = values[i] ?? 0;
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  let from = 0;
  // In ascending order, each among those above the last.
  const q = (p: number): number => {
    const { below, fraction } = quantilePlace(n, p);
    const value = selectRank(values, below, from);
    from = below;
    return fraction === 0 ? value : value + fraction * (selectRank(values, below + 1, below) - value);
  };
  return { n, mean: sum / n, min, p50: q(0.5), p90: q(0.9), p95: q(0.95), p99: q(0.99), max };
}

/**
 * Seconds of measurement, summed over blocks: the planned time where the load ran to its end, else from the first start to
 * the last end (a cap on requests, an early stop).
 */
export function windowSeconds(of: Measured, planned_ms: number): number {
  let total = 0;
  for (const { from, to } of loadSpans(of).values()) total += Math.min(planned_ms, to - from);
  return total / 1000;
}

/** By block: first start and last end of its measured requests, epoch ms. */
export function loadSpans(of: Measured): ReadonlyMap<number, { readonly from: number; readonly to: number }> {
  const spans = new Map<number, { from: number; to: number }>();
  for (let i = 0; i < of.n; i += 1) {
    const start = of.start_ms[i] ?? 0;
    const end = start + (of.duration_ms[i] ?? 0);
    const block = of.block[i] ?? 0;
    const span = spans.get(block);
    if (span === undefined) spans.set(block, { from: start, to: end });
    else [span.from, span.to] = [Math.min(span.from, start), Math.max(span.to, end)];
  }
  return spans;
}

function accuracy(of: Measured, scores: MetricScores | null): AccuracySummary | null {
  if (scores === null || scores.undecided !== null) return null;
  let answers = 0;
  let right = 0;
  const payloads = new Set<number>();
  for (let i = 0; i < of.n; i += 1) {
    const flag = scores.values[i] ?? Number.NaN;
    if (Number.isNaN(flag)) continue;
    answers += 1;
    right += flag;
    payloads.add(of.payload[i] ?? -1);
  }
  return answers === 0 ? null : { answers, right, share: right / answers, payloads: payloads.size };
}

function errors(of: Measured): VariantSummary['errors'] {
  const counts = new Map<string, { kind: ErrorKind; status: number | null; count: number }>();
  for (let i = 0; i < of.n; i += 1) {
    const kind = errorKind(of.error[i] ?? 0);
    if (kind === null) continue;
    const status = of.status[i] === 0 ? null : (of.status[i] ?? null);
    const key = `${kind} ${status}`;
    const entry = counts.get(key) ?? { kind, status, count: 0 };
    entry.count += 1;
    counts.set(key, entry);
  }
  return [...counts.values()].toSorted((a, b) => b.count - a.count || a.kind.localeCompare(b.kind));
}

export interface SummaryContext {
  readonly planned_ms: number;
  /** Of a closed loop without pauses; null where Little's law says nothing of them. */
  readonly clients: number | null;
  readonly slo: Slo | null;
}

const TRENDS = ['request_duration', 'ttft', 'answer_ttft', 'tpot', 'itl', 'e2e', 'tokens_per_s'] as const;

/** Does an answer begin with reasoning? Where none does, the time to its first word is TTFT. */
function reasons({ n, optional }: Measured): boolean {
  const [ttft, answer] = [optional.get('ttft_ms'), optional.get('answer_ttft_ms')];
  if (ttft === undefined || answer === undefined) return false;
  for (let i = 0; i < n; i += 1) if ((answer[i] ?? 0) > (ttft[i] ?? 0)) return true;
  return false;
}

export function summarise(of: Measured, samples: Samples, context: SummaryContext): VariantSummary {
  const durations = samples.of('request_duration');
  const ok = countValid(of);
  const failed = of.n - ok;
  const window_s = windowSeconds(of, context.planned_ms);
  const costs = validValues(of, of.cost_eur);
  const cost_total = total(costs);
  const trends: Partial<Record<TrendName, TrendSummary>> = {};
  for (const trend of TRENDS) {
    if (trend === 'answer_ttft' && !reasons(of)) continue;
    const outcome = samples.of(trend);
    if (outcome.ok) trends[trend] = sampleSummary(outcome.sample);
  }
  if (of.gaps !== undefined && of.gaps !== null && of.gaps.n > 0) trends.itl = gapSummary(of.gaps);
  const answers = answerSummary(of);
  let all_ms = 0;
  for (let i = 0; i < of.n; i += 1) all_ms += of.duration_ms[i] ?? 0;
  return {
    variant: of.variant,
    requests: of.n,
    warm_up: of.warm_up,
    ok,
    failed,
    errors: errors(of),
    trends,
    with_failures: failed === 0 || !durations.ok ? null : withFailures(durations.sample, failed),
    throughput: {
      requests_per_s: window_s > 0 ? of.n / window_s : 0,
      ok_per_s: window_s > 0 ? ok / window_s : 0,
      window_s,
    },
    cost: costs.length === 0 ? null : { n: costs.length, mean: cost_total / costs.length, total: cost_total },
    accuracy: {
      correction: accuracy(of, scoresOf(of, 'correction')),
      translation: accuracy(of, scoresOf(of, 'translation')),
    },
    ...qualityOf(of),
    cpqu: cpqu(of),
    connect_ms: connectMean(of, ok),
    stages: stageSummaries(of),
    tokens: tokenSummary(of, window_s),
    ...(answers === null ? {} : { answers }),
    goodput: context.slo === null ? null : goodput(of, context.slo, window_s),
    little:
      window_s > 0 && context.clients !== null
        ? { in_flight: all_ms / 1000 / window_s, clients: context.clients }
        : null,
  };
}

function countValid(of: Measured): number {
  let valid = 0;
  for (let i = 0; i < of.n; i += 1) if (of.error[i] === 0) valid += 1;
  return valid;
}

/** The upper order statistic among answers and failures: nothing lies halfway to infinity. */
function withFailures(sample: LatencySample, failed: number): NonNullable<VariantSummary['with_failures']> {
  const reached = (p: number): number | 'inf' => {
    const { below, fraction } = quantilePlace(sample.n + failed, p);
    const rank = below + 1 + (fraction > 0 ? 1 : 0);
    return rank > sample.n ? 'inf' : valueAtRank(sample, rank);
  };
  return { p50: reached(0.5), p95: reached(0.95), p99: reached(0.99) };
}

function connectMean(of: Measured, ok: number): number | null {
  const values = validValues(of, of.connecting_ms);
  return ok === 0 || values.length === 0 ? null : total(values) / ok;
}

function stageSummaries(of: Measured): VariantSummary['stages'] {
  const out: ({ stage: string } & TrendSummary)[] = [];
  for (const [stage, values] of of.stages_ms) {
    const summary = valuesSummary(validValues(of, values));
    if (summary !== null) out.push({ stage, ...summary });
  }
  return out;
}

function gapSummary(gaps: GapHistogram): TrendSummary {
  const q = (p: number): number => gaps.quantile(p);
  const { n, mean, max } = gaps;
  return { n, mean, min: q(0), p50: q(0.5), p90: q(0.9), p95: q(0.95), p99: q(0.99), max };
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

function tokenSummary(of: Measured, window_s: number): TokenSummary | null {
  const column = (name: OptionalTrend): Float64Array => {
    const values = of.optional.get(name);
    return values === undefined ? new Float64Array() : validValues(of, values);
  };
  const tokens = column('tokens');
  if (tokens.length === 0) return null;
  const prompts = column('prompt_tokens');
  const cached = column('cached_tokens');
  return {
    answers: tokens.length,
    estimated: of.estimated ?? 0,
    total: total(tokens),
    mean: total(tokens) / tokens.length,
    per_s: window_s > 0 ? total(tokens) / window_s : 0,
    prompt_mean: prompts.length === 0 ? null : total(prompts) / prompts.length,
    cached_share: cached.length === 0 || prompts.length === 0 ? null : total(cached) / total(prompts),
  };
}

function goodput(of: Measured, slo: Slo, window_s: number): GoodputSummary | null {
  if (of.n === 0) return null;
  const at = (name: OptionalTrend, i: number): number | null => {
    const value = of.optional.get(name)?.[i] ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  };
  let met = 0;
  for (let i = 0; i < of.n; i += 1) {
    // An answer without token times ends with its last byte.
    const e2e_ms = at('e2e_ms', i) ?? of.duration_ms[i] ?? null;
    const times = { ttft_ms: at('ttft_ms', i), tpot_ms: at('tpot_ms', i), e2e_ms };
    if (of.error[i] === 0 && meetsSlo(slo, times)) met += 1;
  }
  return { met, share: met / of.n, per_s: window_s > 0 ? met / window_s : 0 };
}

/** What an answer that was not scored anywhere adds: nothing. */
const NOT_SCORED: AccuracySummary = { answers: 0, right: 0, share: 0, payloads: 0 };

function qualityOf(of: Measured): Pick<VariantSummary, 'quality'> {
  const quality = [...(of.quality ?? [])].map(([metric, scores]) => ({
    metric,
    undecided: scores.undecided,
    ...(accuracy(of, scores) ?? NOT_SCORED),
  }));
  return quality.length === 0 ? {} : { quality };
}

function cpqu(of: Measured): number | null {
  return costPerRight(of, scoresOf(of, USUAL_METRIC) === null ? DEFAULT_METRIC : USUAL_METRIC);
}
