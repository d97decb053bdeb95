import { batchDegrees, batchLength, longRunVariance, mean, variance } from './batch-means.ts';
import { blockRule, type BlockRule, blockWeights } from './blocks.ts';
import { studentTQuantile } from './distributions.ts';
import { memoryOf } from './memory.ts';

/**
 * Error of the mean of values in blocks, each at least two long, weighted by length: long-run variance inside blocks,
 * never below that of independent values, and the spread between blocks (see `blockRule`).
 */
export function clusteredMeanError(blocks: readonly Float64Array[], alpha: number): BlockRule {
  const weights = blockWeights(blocks.map((block) => block.length));
  const memory = memoryOf(blocks);
  let [independent, measured, degrees] = [0, 0, 0];
  blocks.forEach((block, b) => {
    const n = block.length;
    const share = (weights[b] ?? 0) ** 2 / n;
    independent += share * variance(block);
    const m = batchLength(n, memory);
    measured += share * longRunVariance(block, m);
    degrees += batchDegrees(n, m);
  });
  const withinDegrees = Math.max(degrees, 2);
  return blockRule(
    {
      within: Math.max(independent, measured),
      withinCritical: studentTQuantile(1 - alpha, withinDegrees),
      withinDegrees,
      estimates: Float64Array.from(blocks, mean),
      weights,
    },
    alpha,
  );
}
