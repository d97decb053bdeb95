/**
 * The error of an empirical distribution function under load: what Woodruff 1952 ("Confidence intervals for medians
 * and other position measures") inverts into an interval of a quantile.
 */
import { batchDegrees, batchLength, longRunCovariance, longRunVariance } from './batch-means.ts';
import { type LatencyBlock, pairedValues, type Pairs } from './latency-sample.ts';
import type { Ranks } from './order-statistics.ts';

/** 1 where the duration is at most the limit, else 0, in start order. */
export function indicator({ durations_ms }: LatencyBlock, limit_ms: number): Float64Array {
  const below = new Float64Array(durations_ms.length);
  for (let i = 0; i < below.length; i++) below[i] = (durations_ms[i] ?? 0) <= limit_ms ? 1 : 0;
  return below;
}

export interface ShareError {
  /** Long-run variance of the indicator, as measured: a weighted sum over blocks, batches never spanning two. */
  readonly rawLongRunVariance: number;
  /** Variance of the share, never below that of independent answers, p (1 - p) / n. */
  readonly variance: number;
  /** 1.5 (n/m - 1) summed over blocks, at least 2. */
  readonly degrees: number;
}

/** Error of the weighted mean over blocks of the share of answers below a limit whose true share is p. */
export function shareError(
  indicators: readonly Float64Array[],
  weights: Float64Array,
  p: number,
): ShareError {
  let [measured, independent, degrees] = [0, 0, 0];
  indicators.forEach((below, b) => {
    const n = below.length;
    const share = (weights[b] ?? 0) ** 2 / n;
    independent += share * p * (1 - p);
    if (n < 2) return;
    const m = batchLength(n);
    measured += share * longRunVariance(below, m);
    degrees += batchDegrees(n, m);
  });
  return {
    rawLongRunVariance: (measured / independent) * p * (1 - p),
    variance: Math.max(measured, independent),
    degrees: Math.max(degrees, 2),
  };
}

/** Covariance of two variants' shares: that of the pairs, which are fewer than either's answers where one ran ahead. */
export function shareCovariance(
  a: readonly Float64Array[],
  b: readonly Float64Array[],
  pairs: readonly Pairs[],
  weights: Float64Array,
): { covariance: number; rawLongRunCovariance: number } {
  let [covariance, raw] = [0, 0];
  pairs.forEach((pair, block) => {
    const [wholeA, wholeB] = [a[block], b[block]];
    if (wholeA === undefined || wholeB === undefined || pair.count < 2) return;
    const cross = longRunCovariance(pairedValues(wholeA, pair, 'left'), pairedValues(wholeB, pair, 'right'));
    const weight = weights[block] ?? 0;
    raw += weight * cross;
    covariance += (weight * weight * cross * pair.count) / (wholeA.length * wholeB.length);
  });
  return { covariance, rawLongRunCovariance: raw };
}

/** Ranks floor(n (p - w)) and ceil(n (p + w)) + 1 of a half width w of the share; outside 1..n is an infinite bound. */
export function woodruffRanks(n: number, p: number, halfWidth: number): Ranks {
  return { lower: Math.floor(n * (p - halfWidth)), upper: Math.ceil(n * (p + halfWidth)) + 1 };
}
