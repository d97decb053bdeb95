/** The gate on the difference of error rates, with failures that cluster in time. */
import { mean } from './batch-means.ts';
import { agreement, betweenDegrees, blockRule, type BlockRule, blockWeights } from './blocks.ts';
import { normalQuantile, studentTQuantile } from './distributions.ts';
import { atLeast, mover } from './mover.ts';
import { checkAlpha, type Interval, type Outcome, refuse, type Refusal } from './outcome.ts';
import { wilsonScore } from './proportions.ts';
import { shareError } from './woodruff.ts';

/** Outcomes of one block's measured requests in start order, 1 for a failed one and 0 for an answer. */
export interface FailureBlock {
  readonly baseline: Float64Array;
  readonly shadow: Float64Array;
}

export interface ErrorRateDifference extends Interval {
  readonly baseline: FailureRate;
  readonly shadow: FailureRate;
  readonly source: BlockRule['source'];
}

export interface FailureRate {
  readonly failures: number;
  readonly n: number;
  /** Long-run variance of a failure over that of independent ones, at least 1. */
  readonly inflation: number;
}

/**
 * Interval of the failure rates' difference, shadow - baseline, each bound at one-sided alpha: Newcombe 1998 method 10
 * on effective counts, n divided by the inflation of the variance by overlapping batch means (the design effect of Kish
 * 1965), with Student's t where it is above 1; where blocks disagree, t over blocks. Variants count as independent,
 * which is on the safe side where they fail together.
 */
export function errorRateDifference(
  blocks: readonly FailureBlock[],
  alpha: number,
): Outcome<ErrorRateDifference> {
  checkAlpha(alpha);
  if (blocks.length === 0) return refuse('no_data', 'there are no blocks; at least one is needed');
  const bad =
    findBad(
      'baseline',
      blocks.map((block) => block.baseline),
    ) ??
    findBad(
      'shadow',
      blocks.map((block) => block.shadow),
    );
  if (bad !== undefined) return bad;
  const weights = blockWeights(blocks.map((block) => Math.min(block.baseline.length, block.shadow.length)));
  const baseline = rate(
    blocks.map((block) => block.baseline),
    alpha,
  );
  const shadow = rate(
    blocks.map((block) => block.shadow),
    alpha,
  );
  const { stretch } = agreement(alpha, betweenDegrees(weights));
  const inside = mover(score(shadow, stretch), score(baseline, stretch));
  const rule = blockRule(
    {
      within: baseline.variance + shadow.variance,
      withinDegrees: Math.min(baseline.degrees, shadow.degrees),
      estimates: Float64Array.from(blocks, (block) => mean(block.shadow) - mean(block.baseline)),
      weights,
    },
    alpha,
  );
  return {
    ok: true,
    ...atLeast(inside, rule.least),
    baseline: { failures: baseline.failures, n: baseline.n, inflation: baseline.inflation },
    shadow: { failures: shadow.failures, n: shadow.n, inflation: shadow.inflation },
    source: rule.source,
  };
}

interface Rate extends FailureRate {
  readonly variance: number;
  readonly degrees: number;
  readonly critical: number;
}

function rate(blocks: readonly Float64Array[], alpha: number): Rate {
  const sizes = blocks.map((block) => block.length);
  const n = sizes.reduce((sum, size) => sum + size, 0);
  const failures = blocks.reduce((sum, block) => sum + Math.round(mean(block) * block.length), 0);
  const share = failures / n;
  const { variance, degrees } = shareError(blocks, blockWeights(sizes), share);
  const independent = (share * (1 - share)) / n;
  // With no failure, or nothing else, there is nothing that could cluster.
  const inflation = independent === 0 ? 1 : Math.max(1, variance / independent);
  const critical = inflation > 1 ? studentTQuantile(1 - alpha, degrees) : normalQuantile(1 - alpha);
  return { failures, n, inflation, variance: inflation * independent, degrees, critical };
}

function score({ failures, n, inflation, critical }: Rate, stretch: number): Interval {
  return wilsonScore(failures / inflation, n / inflation, critical * stretch);
}

function findBad(name: string, blocks: readonly Float64Array[]): Refusal | undefined {
  for (const [b, block] of blocks.entries()) {
    if (block.length === 0)
      return refuse('no_data', `${name}, block ${b + 1}, has no requests; at least one is needed`);
    const odd = block.find((outcome) => outcome !== 0 && outcome !== 1);
    if (odd !== undefined)
      return refuse('bad_value', `${name}, block ${b + 1}, holds ${odd}; allowed are 0 and 1`);
  }
  return undefined;
}
