/**
 * The gate on a latency percentile's ratio, shadow / baseline: Woodruff 1952 on overlapping batch means (Meketon and
 * Schmeiser 1984), combined by MOVER (Zou and Donner 2008). No resampling; O(n) once the samples are sorted.
 */
import { agreement, betweenDegrees, blockRule, type BlockRule, blockWeights } from './blocks.ts';
import { studentTQuantile } from './distributions.ts';
import { batchDegrees } from './batch-means.ts';
import { type LatencySample, type Pairs, pairByIndex, valueAtRank } from './latency-sample.ts';
import { atLeast, mover } from './mover.ts';
import type { Ranks } from './order-statistics.ts';
import { checkAlpha, checkProbability, type Interval, type Outcome, refuse } from './outcome.ts';
import { logQuantile, quantilePlace } from './quantiles.ts';
import { indicator, type ShareError, shareCovariance, shareError, woodruffRanks } from './woodruff.ts';

/** Both variants' samples, matched block by block and answer by answer. Only from {@link pairLatency}. */
export interface LatencyPair {
  readonly baseline: LatencySample;
  readonly shadow: LatencySample;
  readonly pairs: readonly Pairs[];
  /** Weight of each block in the estimate: by the smaller of the two variants' answers. */
  readonly weights: Float64Array;
}

/** Refuses variants with different numbers of blocks: block i of one is the replicate of block i of the other. */
export function pairLatency(baseline: LatencySample, shadow: LatencySample): Outcome<{ pair: LatencyPair }> {
  if (baseline.blocks.length !== shadow.blocks.length) {
    const [b, s] = [baseline.blocks.length, shadow.blocks.length];
    return refuse(
      'bad_value',
      `baseline has ${b} blocks and shadow ${s}; allowed are as many of each, in pairs`,
    );
  }
  const pairs: Pairs[] = [];
  const sizes: number[] = [];
  baseline.blocks.forEach((block, b) => {
    const other = shadow.blocks[b] ?? block;
    pairs.push(pairByIndex(block, other));
    sizes.push(Math.min(block.sorted.length, other.sorted.length));
  });
  return { ok: true, pair: { baseline, shadow, pairs, weights: blockWeights(sizes) } };
}

export interface QuantileRatioOptions {
  /** Which percentile, as a share: 0.95. */
  readonly p: number;
  /** One-sided level of each bound; 0.025 by default. */
  readonly alpha?: number;
  /** Log-SD between redeployments of one build, as an A/A measured it; 0 by default, which claims nothing for the next deployment. */
  readonly deployment_log_sd?: number;
  /** The correlation between variants is clipped to this range; [-0.95, 0.95] by default. */
  readonly rhoRange?: readonly [number, number];
}

/** One variant's side of a ratio. */
export interface QuantileSide {
  /** Percentile in ms: type 7 on logarithms; over blocks, their weighted geometric mean. */
  readonly quantile_ms: number;
  readonly n: number;
  readonly ranks: Ranks;
  readonly rawLongRunVariance: number;
  readonly degrees: number;
}

export interface QuantileRatio {
  /** Shadow / baseline. */
  readonly ratio: Interval;
  /** Its logarithm, which the statistics works on. */
  readonly log: Interval;
  /** Standard error of the log ratio towards the upper bound, without the noise between deployments; Infinity where that bound is. */
  readonly se: number;
  /** The multiplier of `se` that the bounds used. */
  readonly critical: number;
  readonly degrees: number;
  /** What set the width: the noise inside blocks, or the blocks' disagreement. */
  readonly source: BlockRule['source'];
  readonly rho: number;
  readonly rawLongRunCovariance: number;
  readonly baseline: QuantileSide;
  readonly shadow: QuantileSide;
  readonly blocks: number;
}

/**
 * Interval of the ratio of two variants' p-quantiles under load, each bound at one-sided alpha. With several blocks the
 * estimate is the weighted mean of the blocks' own log ratios, and blocks are the replicates (see `blockRule`).
 * Refuses a percentile of 0 ms, which has no ratio.
 */
export function quantileRatio(pair: LatencyPair, options: QuantileRatioOptions): Outcome<QuantileRatio> {
  const { p, alpha = 0.025, deployment_log_sd: s = 0, rhoRange = [-0.95, 0.95] } = options;
  checkAlpha(alpha);
  checkProbability('p', p);
  if (!(s >= 0 && s < Infinity)) throw new RangeError(`deployment_log_sd is ${s}; it must be a number >= 0`);
  const { weights } = pair;
  const baseline = locate(pair.baseline, weights, p);
  const shadow = locate(pair.shadow, weights, p);
  if (baseline.centre === -Infinity || shadow.centre === -Infinity) {
    return refuse('bad_value', `the ${p} quantile of a variant is 0 ms; a ratio needs one above 0`);
  }
  const cross = shareCovariance(baseline.indicators, shadow.indicators, pair.pairs, weights);
  const correlation = cross.covariance / Math.sqrt(baseline.error.variance * shadow.error.variance);
  const rho = Math.min(Math.max(correlation, rhoRange[0]), rhoRange[1]);
  const degrees = Math.min(baseline.error.degrees, shadow.error.degrees);
  const t = studentTQuantile(1 - alpha, degrees);
  const { stretch } = agreement(alpha, betweenDegrees(weights));
  const combine = (factor: number): Interval =>
    mover(bounds(shadow, p, alpha, factor), bounds(baseline, p, alpha, factor), rho);
  const inside = combine(stretch);
  const unstretched = stretch === 1 ? inside : combine(1);
  const width = unstretched.upper - unstretched.lower;
  const rule = blockRule(
    {
      // Where the noise inside has no bound, agreement cannot be judged: blocks count as disagreeing.
      within: width < Infinity ? (width / (2 * t)) ** 2 : 0,
      withinDegrees: degrees,
      estimates: Float64Array.from(weights, (_, b) => (shadow.logs[b] ?? 0) - (baseline.logs[b] ?? 0)),
      weights,
    },
    alpha,
  );
  const sampling = atLeast(inside, rule.least);
  const log = widen(sampling, Math.SQRT2 * t * s);
  return {
    ok: true,
    ratio: { estimate: Math.exp(log.estimate), lower: Math.exp(log.lower), upper: Math.exp(log.upper) },
    log,
    se: (sampling.upper - sampling.estimate) / rule.critical,
    critical: rule.critical,
    degrees: rule.degrees,
    source: rule.source,
    rho,
    rawLongRunCovariance: cross.rawLongRunCovariance,
    baseline: describe(baseline, p, alpha, stretch),
    shadow: describe(shadow, p, alpha, stretch),
    blocks: weights.length,
  };
}

/** A variant's quantile, block by block, and the error of the share of answers below it. */
interface Located {
  readonly sample: LatencySample;
  /** Log quantile of each block. */
  readonly logs: Float64Array;
  /** Their weighted mean. */
  readonly centre: number;
  /** What to divide each block by so that its quantile becomes exp(centre). */
  readonly scales: Float64Array;
  readonly indicators: readonly Float64Array[];
  readonly error: ShareError;
}

function locate(sample: LatencySample, weights: Float64Array, p: number): Located {
  const logs = Float64Array.from(sample.blocks, (block) => logQuantile(block.sorted, p));
  const centre = logs.reduce((sum, log, b) => sum + (weights[b] ?? 0) * log, 0);
  const indicators = sample.blocks.map((block) =>
    // A value is at most the quantile when it is at most the order statistic at or below it: no rounding of logs.
    indicator(block, block.sorted[quantilePlace(block.sorted.length, p).below] ?? 0),
  );
  const scales = logs.map((log) => Math.exp(log - centre));
  return { sample, logs, centre, scales, indicators, error: shareError(indicators, weights, p) };
}

function halfShare(at: Located, alpha: number, stretch: number): number {
  return studentTQuantile(1 - alpha, at.error.degrees) * stretch * Math.sqrt(at.error.variance);
}

/** Woodruff bounds of the log quantile. */
function bounds(at: Located, p: number, alpha: number, stretch: number): Interval {
  const ranks = woodruffRanks(at.sample.n, p, halfShare(at, alpha, stretch));
  return {
    estimate: at.centre,
    lower: logAtRank(at, ranks.lower),
    upper: logAtRank(at, ranks.upper),
  };
}

function logAtRank(at: Located, rank: number): number {
  // Rank 0 is the explicit -Infinity, as is the logarithm of a duration of 0 ms.
  return rank < 1 ? -Infinity : Math.log(valueAtRank(at.sample, rank, at.scales));
}

function describe(at: Located, p: number, alpha: number, stretch: number): QuantileSide {
  return {
    quantile_ms: Math.exp(at.centre),
    n: at.sample.n,
    ranks: woodruffRanks(at.sample.n, p, halfShare(at, alpha, stretch)),
    rawLongRunVariance: at.error.rawLongRunVariance,
    degrees: at.error.degrees,
  };
}

/** Adds a half width in quadrature to both sides. */
function widen({ estimate, lower, upper }: Interval, half: number): Interval {
  return {
    estimate,
    lower: estimate - Math.hypot(estimate - lower, half),
    upper: estimate + Math.hypot(upper - estimate, half),
  };
}

/** Smallest n of one block whose p-quantile can have both bounds at one-sided alpha: 164 (p95) and 661 (p99) at 0.025. */
export function smallestFiniteSample(p: number, alpha: number): number {
  checkAlpha(alpha);
  checkProbability('p', p);
  const finite = (n: number): boolean => {
    const degrees = Math.max(batchDegrees(n), 2);
    const half = studentTQuantile(1 - alpha, degrees) * Math.sqrt((p * (1 - p)) / n);
    const { lower, upper } = woodruffRanks(n, p, half);
    return lower >= 1 && upper <= n;
  };
  let n = 2;
  while (!finite(n)) n++;
  return n;
}
