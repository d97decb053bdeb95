/**
 * The error of an empirical distribution function under load: what Woodruff 1952 ("Confidence intervals for medians
 * and other position measures") inverts into an interval of a quantile.
 */
import { batchLength, blockDegrees, longRunCovariance, longRunVariance } from './batch-means.ts';
import { clusterVariance, type ClusterVariance } from './clients.ts';
import { normalQuantile, studentTQuantile } from './distributions.ts';
import { type LatencyBlock, type LatencySample, pairedValues, type Pairs } from './latency-sample.ts';

/** 1 where the duration is at most the limit, else 0, in start order. */
export function indicator({ durations_ms }: LatencyBlock, limit_ms: number): Float64Array {
  const below = new Float64Array(durations_ms.length);
  for (let i = 0; i < below.length; i++) below[i] = (durations_ms[i] ?? 0) <= limit_ms ? 1 : 0;
  return below;
}

/** Real ranks from 1 to n; below 1 and above n stand outside the sample: an infinite bound. */
export interface Ranks {
  readonly lower: number;
  readonly upper: number;
}

/** What is known of a share's error before a level is chosen. */
export interface ShareError {
  /** Long-run variance of the indicator, as measured: a weighted sum over blocks, batches never spanning two. */
  readonly longRunVariance: number;
  /** What the variance of the share is that variance over: n of one block, 1 / sum w^2 / n of several. */
  readonly n: number;
  /** 1.5 (n/m - 1) summed over blocks, at least 2. */
  readonly degrees: number;
  /** Of the clients, where they differ; else null. */
  readonly clients: ClusterVariance | null;
}

/** Error of the weighted mean over blocks of the share of answers below a limit. @param memory in answers, 0 for none */
export function shareError(
  indicators: readonly Float64Array[],
  weights: Float64Array,
  memory: number,
): ShareError {
  let [measured, whole] = [0, 0];
  indicators.forEach((below, b) => {
    const n = below.length;
    const share = (weights[b] ?? 0) ** 2 / n;
    whole += share;
    if (n >= 2) measured += share * longRunVariance(below, batchLength(n, memory));
  });
  const degrees = blockDegrees(
    indicators.map(({ length }) => length),
    memory,
  );
  return { longRunVariance: measured / whole, n: 1 / whole, degrees, clients: null };
}

/** The clients' variance of the same share; null where a block does not say who sent what. */
export function shareClients(
  sample: LatencySample,
  indicators: readonly Float64Array[],
  weights: Float64Array,
): ClusterVariance | null {
  const blocks = sample.blocks.flatMap(({ clients }, b) => {
    const values = indicators[b];
    return clients === undefined || values === undefined ? [] : [{ values, clients }];
  });
  return blocks.length === sample.blocks.length ? clusterVariance(blocks, weights) : null;
}

/** Variance of one answer's indicator, and the critical value that belongs to it. */
export interface SharePrecision {
  readonly variance: number;
  readonly critical: number;
  /** Infinity where the normal distribution's is meant. */
  readonly degrees: number;
  readonly clustered: boolean;
}

/**
 * The larger of three: independent answers, p (1 - p), with the normal's critical value; time, with Student's; clients,
 * with Student's. Where there is memory, every variant takes the larger variance of all: the one that happened to see no
 * slow spell knows nothing of them. The same for clients.
 */
export function sharePrecision(
  errors: readonly ShareError[],
  p: number,
  memory: number,
  alpha: number,
): SharePrecision[] {
  const least = p * (1 - p);
  const largest = errors.reduce((most, { longRunVariance: v }) => Math.max(most, v), 0);
  const clusters = errors.flatMap(({ clients }) => clients ?? []);
  const cluster = clusters.reduce((most, { variance }) => Math.max(most, variance), 0);
  const clusterDegrees = clusters.reduce((fewest, { degrees }) => Math.min(fewest, degrees), Infinity);
  const clusterCritical = clusters.length === 0 ? 0 : studentTQuantile(1 - alpha, clusterDegrees);
  return errors.map((error): SharePrecision => {
    const measured = memory > 0 ? largest : error.longRunVariance;
    const independent = measured < least;
    const critical = independent ? normalQuantile(1 - alpha) : studentTQuantile(1 - alpha, error.degrees);
    const variance = independent ? least : measured;
    if (clusterCritical * Math.sqrt(cluster) > critical * Math.sqrt(variance)) {
      return { variance: cluster, critical: clusterCritical, degrees: clusterDegrees, clustered: true };
    }
    return { variance, critical, degrees: independent ? Infinity : error.degrees, clustered: false };
  });
}

/** Covariance of two variants' shares: that of the pairs, which are fewer than either's answers where one ran ahead. */
export function shareCovariance(
  a: readonly Float64Array[],
  b: readonly Float64Array[],
  pairs: readonly Pairs[],
  weights: Float64Array,
  memory: number,
): { covariance: number; rawLongRunCovariance: number } {
  let [covariance, raw] = [0, 0];
  pairs.forEach((pair, block) => {
    const [wholeA, wholeB] = [a[block], b[block]];
    if (wholeA === undefined || wholeB === undefined || pair.count < 2) return;
    const [left, right] = [pairedValues(wholeA, pair, 'left'), pairedValues(wholeB, pair, 'right')];
    const cross = longRunCovariance(left, right, batchLength(pair.count, memory));
    const weight = weights[block] ?? 0;
    raw += weight * cross;
    covariance += (weight * weight * cross * pair.count) / (wholeA.length * wholeB.length);
  });
  return { covariance, rawLongRunCovariance: raw };
}

/** Ranks n (p - w) + 1/2 and n (p + w) + 1/2 of a half width w of the share (Hazen 1914); outside 1..n is an infinite bound. */
export function woodruffRanks(n: number, p: number, halfWidth: number): Ranks {
  return { lower: n * (p - halfWidth) + 0.5, upper: n * (p + halfWidth) + 0.5 };
}
