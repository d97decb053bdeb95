/**
 * Blocks as replicates: how far an estimate that averages over blocks can be off, when blocks differ by more than the
 * noise inside them. The proof, and what else was tried: docs/decisions/011-blocks.md.
 */
import { normalQuantile, studentTQuantile } from './distributions.ts';
import { checkAlpha } from './outcome.ts';

export interface BlockSpread {
  /** Variance of the estimate from the noise inside blocks. */
  readonly within: number;
  /** Multiplier of its root that makes a half width, and its degrees of freedom. */
  readonly withinCritical: number;
  readonly withinDegrees: number;
  /** Estimates of the blocks. */
  readonly estimates: Float64Array;
  /** Weight of each block, summing to 1. */
  readonly weights: Float64Array;
  /** By block, which replicate it belongs to; each block is one by default. An A-B-B-A is one as a whole. */
  readonly replicates?: readonly number[] | undefined;
}

export interface BlockRule {
  /** Whether the bounds come from the noise inside blocks, or from how much the blocks differ. */
  readonly source: 'within' | 'between';
  /** Standard error of the estimate. */
  readonly se: number;
  /** Multiplier of `se` that makes the half width. */
  readonly critical: number;
  readonly degrees: number;
  /** Half width by Student's t over blocks where they disagree, which no interval may fall short of; else 0. */
  readonly least: number;
}

/** Weights of blocks by how many values each carries, summing to 1. */
export function blockWeights(sizes: readonly number[]): Float64Array {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return Float64Array.from(sizes, (size) => size / total);
}

/** Beyond twice the width of one block's interval, agreement is worth less than more blocks. */
const MOST_STRETCH = 2;

/** When blocks agree, and how far the noise inside them must then be stretched. */
export interface Agreement {
  /** Largest spread between blocks that counts as agreement, over the noise inside them; a ratio of standard errors. */
  readonly most: number;
  /** Multiplier of Student's t for the noise inside. */
  readonly stretch: number;
}

/**
 * Agreement at one-sided alpha with nu degrees between blocks. Bounds of max(z, t_nu c nu / (nu + 1)) standard errors
 * where the spread is at most c times the noise inside, and of t_nu spreads elsewhere, miss with probability alpha at
 * most, whatever the variance between blocks. c is 1, or less where that would stretch beyond {@link MOST_STRETCH}.
 */
export function agreement(alpha: number, nu: number): Agreement {
  checkAlpha(alpha);
  if (nu <= 0) return { most: 1, stretch: 1 };
  const z = normalQuantile(1 - alpha);
  const whole = (studentTQuantile(1 - alpha, nu) * nu) / (nu + 1) / z;
  return { most: Math.min(1, MOST_STRETCH / whole), stretch: Math.min(MOST_STRETCH, Math.max(1, whole)) };
}

/** Degrees of freedom between blocks: 1 / sum w^2 - 1, that is B - 1 for equal weights (Kish 1965). */
export function betweenDegrees(weights: Float64Array): number {
  let squares = 0;
  for (const weight of weights) squares += weight * weight;
  // One block gives exactly 0, whatever rounding says.
  return weights.length < 2 ? 0 : Math.max(0, 1 / squares - 1);
}

/**
 * The half width of an average over blocks. Where the spread between blocks is no more than the noise inside them
 * explains, the noise inside, stretched; else Student's t over blocks.
 */
export function blockRule(spread: BlockSpread, alpha: number): BlockRule {
  const { within, withinCritical, withinDegrees } = spread;
  const { estimates, weights } = inReplicates(spread);
  const degrees = betweenDegrees(weights);
  const { most, stretch } = agreement(alpha, degrees);
  const critical = withinCritical * stretch;
  const inside: BlockRule = {
    source: 'within',
    se: Math.sqrt(within),
    critical,
    degrees: withinDegrees,
    least: 0,
  };
  if (degrees === 0) return inside;
  const between = betweenVariance(estimates, weights);
  if (between <= most * most * within) return inside;
  const [se, t] = [Math.sqrt(between), studentTQuantile(1 - alpha, degrees)];
  const least = t * se;
  // Few degrees inside can make the noise inside the wider of the two; disagreement never narrows an interval.
  if (least <= critical * inside.se) return { ...inside, least };
  return { source: 'between', se, critical: t, degrees, least };
}

/** Weights of whole replicates: each the sum of its blocks'. */
export function replicateWeights(weights: Float64Array, replicates?: readonly number[]): Float64Array {
  return replicates === undefined
    ? weights
    : inReplicates({ estimates: weights, weights, replicates }).weights;
}

function inReplicates({
  estimates,
  weights,
  replicates,
}: Pick<BlockSpread, 'estimates' | 'weights' | 'replicates'>): Pick<BlockSpread, 'estimates' | 'weights'> {
  if (replicates === undefined) return { estimates, weights };
  const sums = new Map<number, { estimate: number; weight: number }>();
  replicates.slice(0, weights.length).forEach((replicate, b) => {
    const weight = weights[b] ?? 0;
    const sum = sums.get(replicate) ?? { estimate: 0, weight: 0 };
    sum.estimate += weight * (estimates[b] ?? 0);
    sum.weight += weight;
    sums.set(replicate, sum);
  });
  const whole = [...sums.values()];
  return {
    estimates: Float64Array.from(whole, ({ estimate, weight }) => (weight === 0 ? 0 : estimate / weight)),
    weights: Float64Array.from(whole, ({ weight }) => weight),
  };
}

/** Variance of the weighted mean of blocks, from how much they differ: sum w^2 (x - mean)^2 / (1 - sum w^2). */
function betweenVariance(estimates: Float64Array, weights: Float64Array): number {
  let [centre, squares, total] = [0, 0, 0];
  for (let b = 0; b < weights.length; b++) centre += (weights[b] ?? 0) * (estimates[b] ?? 0);
  for (let b = 0; b < weights.length; b++) {
    const w = weights[b] ?? 0;
    squares += w * w;
    total += (w * ((estimates[b] ?? 0) - centre)) ** 2;
  }
  return total / (1 - squares);
}
