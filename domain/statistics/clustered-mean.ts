import { batchDegrees, batchLength, longRunVariance, mean, variance } from './batch-means.ts';
import { blockRule, type BlockRule, blockWeights } from './blocks.ts';

/** How the values of one block depend on each other: as requests under load do, or not at all (windows, clusters). */
export type Dependence = 'batch_means' | 'independent';

/**
 * Error of the mean of values in blocks, each at least two long, weighted by length: long-run variance inside blocks,
 * never below that of independent values, and the spread between blocks (see `blockRule`).
 */
export function clusteredMeanError(
  blocks: readonly Float64Array[],
  dependence: Dependence,
  alpha: number,
): BlockRule {
  const weights = blockWeights(blocks.map((block) => block.length));
  let [independent, measured, degrees] = [0, 0, 0];
  blocks.forEach((block, b) => {
    const n = block.length;
    const share = (weights[b] ?? 0) ** 2 / n;
    independent += share * variance(block);
    if (dependence === 'independent') degrees += n - 1;
    else {
      const m = batchLength(n);
      measured += share * longRunVariance(block, m);
      degrees += batchDegrees(n, m);
    }
  });
  return blockRule(
    {
      within: Math.max(independent, measured),
      withinDegrees: dependence === 'independent' ? degrees : Math.max(degrees, 2),
      estimates: Float64Array.from(blocks, mean),
      weights,
    },
    alpha,
  );
}
