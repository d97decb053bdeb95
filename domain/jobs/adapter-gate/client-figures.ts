/** What the client saw of the same test, with the uncertainty of its own records. */
import type { Interval } from '../../verdict/check.ts';
import { errorKind, type Measured } from '../../record/request-table.ts';
import { samples } from '../../figures/samples.ts';
import type { TrendName } from '../../record/metrics.ts';
import { pooledQuantile } from '../../statistics/latency-sample.ts';
import { meanInterval } from '../../statistics/means.ts';
import { clopperPearson } from '../../statistics/proportions.ts';
import { quantileInterval } from '../../statistics/quantile-interval.ts';
import { PERCENTILES } from '../../verdict/thresholds.ts';
import { STATISTICS, type Statistic } from './promql.ts';

/** One-sided level of each bound: 95 % intervals. */
export const ALPHA = 0.025;

/** A figure with its 95 % interval; a bound that the data can't give is null. */
export interface Estimate extends Interval {
  readonly value: number;
}

export interface ClientFigures {
  readonly latency_s: Readonly<Record<Statistic, Estimate>> | null;
  readonly ttft_s: Readonly<Record<Statistic, Estimate>> | null;
  readonly throughput_rps: Estimate | null;
  readonly success_rate: Estimate | null;
  /** Failed requests by kind. */
  readonly failures: Readonly<Record<string, number>>;
  readonly total_requests: number;
  readonly success_count: number;
  /** Epoch ms: the first request's start, the last answer's end. */
  readonly started_ms: number | null;
  readonly ended_ms: number | null;
}

const finite = (bound: number): number | null => (Number.isFinite(bound) ? bound : null);

const MS_PER_S = 1000;

export function clientFigures(measured: Measured): ClientFigures {
  const known = samples(measured);
  const percentiles = (trend: TrendName): ClientFigures['latency_s'] => {
    const outcome = known.of(trend);
    if (!outcome.ok) return null;
    const at = (statistic: Statistic): Estimate => {
      const p = PERCENTILES[statistic];
      const { lower, upper } = quantileInterval(outcome.sample, p, ALPHA);
      return {
        value: pooledQuantile(outcome.sample, p) / MS_PER_S,
        low: finite(lower / MS_PER_S),
        high: finite(upper / MS_PER_S),
      };
    };
    const [p50, p95, p99] = STATISTICS.map(at);
    return p50 === undefined || p95 === undefined || p99 === undefined ? null : { p50, p95, p99 };
  };
  const failures: Record<string, number> = {};
  let [success_count, started_ms, ended_ms] = [0, Infinity, -Infinity];
  for (let i = 0; i < measured.n; i += 1) {
    const kind = errorKind(measured.error[i] ?? 0);
    if (kind === null) success_count += 1;
    else failures[kind] = (failures[kind] ?? 0) + 1;
    const start = measured.start_ms[i] ?? Number.NaN;
    started_ms = Math.min(started_ms, start);
    ended_ms = Math.max(ended_ms, start + (measured.duration_ms[i] ?? 0));
  }
  const total_requests = measured.n;
  const exact = clopperPearson({ count: success_count, n: total_requests }, ALPHA);
  return {
    latency_s: percentiles('e2e'),
    ttft_s: percentiles('ttft'),
    throughput_rps: throughput(measured, success_count, started_ms, ended_ms),
    success_rate: exact.ok
      ? { value: success_count / total_requests, low: exact.lower, high: exact.upper }
      : null,
    failures,
    total_requests,
    success_count,
    started_ms: finite(started_ms),
    ended_ms: finite(ended_ms),
  };
}

const WINDOWS = 20;
/** Fewer requests in a window than this, and chance of the cut outweighs the load. */
const LEAST_IN_WINDOW = 5;

/**
 * Answers over the whole test, with a t interval over equal windows of starts. The windows end with the last start: none
 * begins in the test's tail, while the last answers are awaited.
 */
function throughput(
  measured: Measured,
  answered: number,
  started_ms: number,
  ended_ms: number,
): Estimate | null {
  const duration_s = (ended_ms - started_ms) / MS_PER_S;
  if (!(duration_s > 0)) return null;
  const value = answered / duration_s;
  let last_start_ms = started_ms;
  for (const start of measured.start_ms) last_start_ms = Math.max(last_start_ms, start);
  const span_ms = last_start_ms - started_ms;
  if (span_ms <= 0 || answered < WINDOWS * LEAST_IN_WINDOW) return { value, low: null, high: null };
  const counts = new Float64Array(WINDOWS);
  for (let i = 0; i < measured.n; i += 1) {
    if (measured.error[i] !== 0) continue;
    const place = Math.floor((((measured.start_ms[i] ?? 0) - started_ms) / span_ms) * WINDOWS);
    const window = Math.min(WINDOWS - 1, place);
    counts[window] = (counts[window] ?? 0) + 1;
  }
  const mean = meanInterval(counts, ALPHA);
  if (!mean.ok || mean.estimate === 0) return { value, low: null, high: null };
  // Relative, around the figure over the whole test.
  return {
    value,
    low: Math.max(0, (value * mean.lower) / mean.estimate),
    high: (value * mean.upper) / mean.estimate,
  };
}
