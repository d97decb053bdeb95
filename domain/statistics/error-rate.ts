/** The gate on the difference of error rates, with failures that come in runs. */
import { mean } from './batch-means.ts';
import {
  agreement,
  betweenDegrees,
  blockRule,
  type BlockRule,
  blockWeights,
  replicateWeights,
} from './blocks.ts';
import { normalQuantile } from './distributions.ts';
import { failureRuns, inflationOfRuns } from './failure-runs.ts';
import { atLeast, mover } from './mover.ts';
import { checkAlpha, type Interval, type Outcome, refuse, type Refusal } from './outcome.ts';
import { wilsonScore } from './proportions.ts';

/** Outcomes of one block's measured requests in start order, 1 for a failed one and 0 for an answer. */
export interface FailureBlock {
  readonly baseline: Float64Array;
  readonly shadow: Float64Array;
}

export interface FailureOptions {
  readonly alpha: number;
  /** Requests in flight by variant: failures with no more answers than this between them are one run. 0 by default. */
  readonly in_flight?: { readonly baseline: number; readonly shadow: number };
  readonly replicates?: readonly number[] | undefined;
}

export interface ErrorRateDifference extends Interval {
  readonly baseline: FailureRate;
  readonly shadow: FailureRate;
  /** Variance of the failures over that of independent ones, the same for both variants, at least 1. */
  readonly inflation: number;
  readonly source: BlockRule['source'];
  /** The multiplier of a standard error in the bounds. */
  readonly critical: number;
}

export interface FailureRate {
  readonly failures: number;
  readonly n: number;
  readonly runs: number;
}

/**
 * Interval of the failure rates' difference, shadow - baseline, each bound at one-sided alpha: Newcombe 1998 method 10
 * on effective counts, failures and n divided by the inflation D of their runs (the design effect of Kish 1965); where
 * blocks disagree, t over blocks. Variants count as independent, which is on the safe side where they fail together.
 * Where nothing failed D is 1: the bound is that of independent failures, and no data can say more.
 */
export function errorRateDifference(
  blocks: readonly FailureBlock[],
  { alpha, in_flight = { baseline: 0, shadow: 0 }, replicates }: FailureOptions,
): Outcome<ErrorRateDifference> {
  checkAlpha(alpha);
  if (blocks.length === 0) return refuse('no_data', 'there are no blocks; at least one is needed');
  const sides = {
    baseline: blocks.map((block) => block.baseline),
    shadow: blocks.map((block) => block.shadow),
  };
  const bad = findBad('baseline', sides.baseline) ?? findBad('shadow', sides.shadow);
  if (bad !== undefined) return bad;
  // Runs never span two blocks.
  const runs = {
    baseline: sides.baseline.flatMap((block) => failureRuns(block, in_flight.baseline)),
    shadow: sides.shadow.flatMap((block) => failureRuns(block, in_flight.shadow)),
  };
  const inflation = inflationOfRuns([runs.baseline, runs.shadow]);
  const baseline = rate(sides.baseline, runs.baseline);
  const shadow = rate(sides.shadow, runs.shadow);
  const weights = blockWeights(blocks.map((block) => Math.min(block.baseline.length, block.shadow.length)));
  const { stretch } = agreement(alpha, betweenDegrees(replicateWeights(weights, replicates)));
  const critical = normalQuantile(1 - alpha);
  const score = ({ failures, n }: FailureRate): Interval =>
    wilsonScore(failures / inflation, n / inflation, critical * stretch);
  const inside = mover(score(shadow), score(baseline));
  const independent = ({ failures, n }: FailureRate): number => ((failures / n) * (1 - failures / n)) / n;
  const rule = blockRule(
    {
      within: inflation * (independent(baseline) + independent(shadow)),
      withinCritical: critical,
      withinDegrees: Infinity,
      estimates: Float64Array.from(blocks, (block) => mean(block.shadow) - mean(block.baseline)),
      weights,
      replicates,
    },
    alpha,
  );
  const { source } = rule;
  return {
    ok: true,
    ...atLeast(inside, rule.least),
    baseline,
    shadow,
    inflation,
    source,
    critical: rule.critical,
  };
}

function rate(blocks: readonly Float64Array[], runs: readonly number[]): FailureRate {
  return {
    failures: runs.reduce((sum, size) => sum + size, 0),
    n: blocks.reduce((sum, block) => sum + block.length, 0),
    runs: runs.length,
  };
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
