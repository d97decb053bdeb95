/**
 * The gate on a latency percentile's ratio, shadow / baseline: Woodruff 1952 on overlapping batch means (Meketon and
 * Schmeiser 1984), combined by MOVER (Zou and Donner 2008). No resampling; O(n) once the samples are sorted.
 */
import {
  agreement,
  betweenDegrees,
  blockRule,
  type BlockRule,
  blockWeights,
  replicateWeights,
} from './blocks.ts';
import { clientsDiffer } from './clients.ts';
import { normalQuantile } from './distributions.ts';
import {
  clientBlocks,
  type LatencySample,
  logAtRank,
  pairByIndex,
  type Pairs,
  pairedValues,
} from './latency-sample.ts';
import { memoryOf, tooShort } from './memory.ts';
import { atLeast, mover } from './mover.ts';
import { checkAlpha, checkProbability, type Interval, type Outcome, refuse } from './outcome.ts';
import { logQuantile, quantilePlace } from './quantiles.ts';
import {
  indicator,
  type Ranks,
  shareClients,
  shareCovariance,
  type ShareError,
  shareError,
  type SharePrecision,
  sharePrecision,
  woodruffRanks,
} from './woodruff.ts';

/** Both variants' samples, matched block by block and answer by answer. Only from {@link pairLatency}. */
export interface LatencyPair {
  readonly baseline: LatencySample;
  readonly shadow: LatencySample;
  readonly pairs: readonly Pairs[];
  /** Weight of each block in the estimate: by the smaller of the two variants' answers. */
  readonly weights: Float64Array;
  /** By block, which replicate it belongs to; absent: each is one. */
  readonly replicates?: readonly number[] | undefined;
  /** In answers, of the pairs' differences; 0 where none longer than a batch shows. */
  readonly memory: number;
  /** Fewer answers than 20 memories: nothing can be decided. */
  readonly short: boolean;
  /** Clients of a variant differ by more than chance. */
  readonly clients: boolean;
}

/** Refuses variants with different numbers of blocks: block i of one is the replicate of block i of the other. */
export function pairLatency(
  baseline: LatencySample,
  shadow: LatencySample,
  replicates?: readonly number[],
): Outcome<{ pair: LatencyPair }> {
  if (baseline.blocks.length !== shadow.blocks.length) {
    const [b, s] = [baseline.blocks.length, shadow.blocks.length];
    return refuse(
      'bad_value',
      `baseline has ${b} blocks and shadow ${s}; allowed are as many of each, in pairs`,
    );
  }
  const pairs: Pairs[] = [];
  const sizes: number[] = [];
  const differences: Float64Array[] = [];
  baseline.blocks.forEach((block, b) => {
    const other = shadow.blocks[b] ?? block;
    const matched = pairByIndex(block, other);
    pairs.push(matched);
    sizes.push(Math.min(block.sorted.length, other.sorted.length));
    differences.push(logDifferences(block.logs, other.logs, matched));
  });
  const memory = memoryOf(differences);
  return {
    ok: true,
    pair: {
      baseline,
      shadow,
      pairs,
      weights: blockWeights(sizes),
      replicates,
      memory,
      short: tooShort(Math.min(baseline.n, shadow.n), memory),
      clients: clientsDiffer(clientBlocks(baseline)) || clientsDiffer(clientBlocks(shadow)),
    },
  };
}

/** Differences of log latency, shadow - baseline, of the pairs that both answered. */
export function logDifferences(baseline: Float64Array, shadow: Float64Array, pairs: Pairs): Float64Array {
  const [b, s] = [pairedValues(baseline, pairs, 'left'), pairedValues(shadow, pairs, 'right')];
  const differences = new Float64Array(pairs.count);
  let n = 0;
  for (let i = 0; i < differences.length; i++) {
    const gap = (s[i] ?? Number.NaN) - (b[i] ?? Number.NaN);
    if (Number.isFinite(gap)) differences[n++] = gap;
  }
  return differences.subarray(0, n);
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
  /** Long-run variance of the indicator as measured, and the precision that the bounds used. */
  readonly rawLongRunVariance: number;
  readonly precision: SharePrecision;
}

export interface QuantileRatio {
  /** Shadow / baseline. */
  readonly ratio: Interval;
  /** Its logarithm, which the statistics works on. */
  readonly log: Interval;
  /** The logarithm's interval without the noise between deployments. */
  readonly sampling: Interval;
  /** The multiplier of a standard error in the bounds: the mean of both variants', or that of blocks. */
  readonly critical: number;
  /** What set the width: the noise inside blocks, or the blocks' disagreement. */
  readonly source: BlockRule['source'];
  readonly rho: number;
  readonly rawLongRunCovariance: number;
  readonly memory: number;
  /** Both bounds are infinite, since the run is shorter than 20 memories. */
  readonly short: boolean;
  readonly clustered: boolean;
  readonly baseline: QuantileSide;
  readonly shadow: QuantileSide;
  readonly blocks: number;
}

/**
 * Interval of the ratio of two variants' p-quantiles under load, each bound at one-sided alpha. With several blocks the
 * estimate is the weighted mean of the blocks' own log ratios, and blocks are the replicates (see `blockRule`).
 * Refuses a percentile of 0 ms, which has no ratio, and one that no variant ever answered.
 */
export function quantileRatio(pair: LatencyPair, options: QuantileRatioOptions): Outcome<QuantileRatio> {
  const { p, alpha = 0.025, deployment_log_sd: s = 0, rhoRange = [-0.95, 0.95] } = options;
  checkAlpha(alpha);
  checkProbability('p', p);
  if (!(s >= 0 && s < Infinity)) throw new RangeError(`deployment_log_sd is ${s}; it must be a number >= 0`);
  const { weights, memory, short } = pair;
  const sides = [locate(pair.baseline, pair, p), locate(pair.shadow, pair, p)] as const;
  const [baseline, shadow] = sides;
  if (baseline.centre === -Infinity || shadow.centre === -Infinity) {
    return refuse('bad_value', `the ${p} quantile of a variant is 0 ms; a ratio needs one above 0`);
  }
  if (baseline.centre === Infinity && shadow.centre === Infinity) {
    return refuse('bad_value', `the ${p} quantile of both variants is a failure; a ratio needs an answer`);
  }
  const errors = sides.map(({ error }) => error);
  const [b, h] = sharePrecision(errors, p, memory, alpha);
  if (b === undefined || h === undefined) throw new RangeError('a pair has two precisions');
  const cross = shareCovariance(baseline.indicators, shadow.indicators, pair.pairs, weights, memory);
  const scale = Math.sqrt((b.variance / baseline.error.n) * (h.variance / shadow.error.n));
  const rho = Math.min(Math.max(cross.covariance / scale, rhoRange[0]), rhoRange[1]);
  const { stretch } = agreement(alpha, betweenDegrees(replicateWeights(weights, pair.replicates)));
  const combine = (factor: number): Interval =>
    difference(bounds(shadow, p, h, factor), bounds(baseline, p, b, factor), rho);
  const inside = combine(stretch);
  const unstretched = stretch === 1 ? inside : combine(1);
  const width = unstretched.upper - unstretched.lower;
  const critical = (b.critical + h.critical) / 2;
  const rule = blockRule(
    {
      // Where the noise inside has no bound, agreement cannot be judged: blocks count as disagreeing.
      within: width < Infinity ? (width / (2 * critical)) ** 2 : 0,
      withinCritical: critical,
      withinDegrees: Math.min(b.degrees, h.degrees),
      estimates: Float64Array.from(weights, (_, i) => (shadow.logs[i] ?? 0) - (baseline.logs[i] ?? 0)),
      weights,
      replicates: pair.replicates,
    },
    alpha,
  );
  const sampling = short ? unbounded(inside.estimate) : atLeast(inside, rule.least);
  const log = widen(sampling, Math.SQRT2 * critical * s);
  return {
    ok: true,
    ratio: { estimate: Math.exp(log.estimate), lower: Math.exp(log.lower), upper: Math.exp(log.upper) },
    log,
    sampling,
    critical: rule.critical,
    source: rule.source,
    rho,
    rawLongRunCovariance: cross.rawLongRunCovariance,
    memory,
    short,
    clustered: b.clustered || h.clustered,
    baseline: describe(baseline, p, b, stretch),
    shadow: describe(shadow, p, h, stretch),
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

function locate(sample: LatencySample, { weights, memory, clients }: LatencyPair, p: number): Located {
  const logs = Float64Array.from(sample.blocks, (block) => logQuantile(block.sorted, p));
  const centre = logs.reduce((sum, log, b) => sum + (weights[b] ?? 0) * log, 0);
  const indicators = sample.blocks.map((block) =>
    // A value is at most the quantile when it is at most the order statistic at or below it: no rounding of logs.
    indicator(block, block.sorted[quantilePlace(block.sorted.length, p).below] ?? 0),
  );
  // Blocks are not rescaled towards a quantile that was never answered.
  const scales = logs.map((log) => (centre === Infinity ? 1 : Math.exp(log - centre)));
  const error = {
    ...shareError(indicators, weights, memory),
    clients: clients ? shareClients(sample, indicators, weights) : null,
  };
  return { sample, logs, centre, scales, indicators, error };
}

function ranksOf(at: Located, p: number, { critical, variance }: SharePrecision, stretch: number): Ranks {
  return woodruffRanks(at.sample.n, p, critical * stretch * Math.sqrt(variance / at.error.n));
}

/** Woodruff bounds of the log quantile. */
function bounds(at: Located, p: number, precision: SharePrecision, stretch: number): Interval {
  const ranks = ranksOf(at, p, precision, stretch);
  return {
    estimate: at.centre,
    lower: logAtRank(at.sample, ranks.lower, at.scales),
    upper: logAtRank(at.sample, ranks.upper, at.scales),
  };
}

/** MOVER; or, where one percentile is a failure, what is left of it: the bound between the two nearest ends. */
function difference(shadow: Interval, baseline: Interval, rho: number): Interval {
  // Infinity - Infinity says nothing: no bound.
  const gap = (a: number, b: number, otherwise: number): number => (Number.isNaN(a - b) ? otherwise : a - b);
  if (shadow.estimate === Infinity)
    return { estimate: Infinity, lower: gap(shadow.lower, baseline.upper, -Infinity), upper: Infinity };
  if (baseline.estimate === Infinity)
    return { estimate: -Infinity, lower: -Infinity, upper: gap(shadow.upper, baseline.lower, Infinity) };
  return mover(shadow, baseline, rho);
}

const unbounded = (estimate: number): Interval => ({ estimate, lower: -Infinity, upper: Infinity });

function describe(at: Located, p: number, precision: SharePrecision, stretch: number): QuantileSide {
  return {
    quantile_ms: Math.exp(at.centre),
    n: at.sample.n,
    ranks: ranksOf(at, p, precision, stretch),
    rawLongRunVariance: at.error.longRunVariance,
    precision,
  };
}

/** Adds a half width in quadrature to both sides. */
function widen(interval: Interval, half: number): Interval {
  const { estimate, lower, upper } = interval;
  if (half === 0 || !Number.isFinite(estimate)) return interval;
  return {
    estimate,
    lower: estimate - Math.hypot(estimate - lower, half),
    upper: estimate + Math.hypot(upper - estimate, half),
  };
}

/**
 * Smallest n of one block whose p-quantile can have both bounds at one-sided alpha: n min(p, 1 - p) >= 1/2 more than the
 * half width of independent answers; 92 (p95) and 476 (p99) at 0.025. No floor of power: see domain/verdict/plan.ts.
 */
export function smallestFiniteSample(p: number, alpha: number): number {
  checkAlpha(alpha);
  checkProbability('p', p);
  const z = normalQuantile(1 - alpha);
  const finite = (n: number): boolean => {
    const { lower, upper } = woodruffRanks(n, p, z * Math.sqrt((p * (1 - p)) / n));
    return lower >= 1 && upper <= n;
  };
  // n (1 - p) - 1/2 >= z sqrt(n p (1 - p)) is quadratic in sqrt n: start just below its root.
  const side = Math.min(p, 1 - p);
  const root = (z * Math.sqrt(p * (1 - p)) + Math.sqrt(z * z * p * (1 - p) + 2 * side)) / (2 * side);
  let n = Math.max(2, Math.floor(root * root) - 2);
  while (!finite(n)) n++;
  return n;
}
