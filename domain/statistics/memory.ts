/**
 * How long a series remembers: slow spells and queues that outlast a batch would make every error too small. The batch
 * length is chosen from how the batch-means variance grows when batches double; where autocorrelation falls as
 * exp(-k / l), V(m) is the long-run variance times 1 - (1 - exp(-m / l)) l / m, so the growth tells l.
 */
import { longRunVariance } from './batch-means.ts';

/** Growth of the variance from batches of a / 2 to batches of a above which there is memory. */
const LEAST_GROWTH = 1.3;
/** Scale a of the growth test, in square roots of n. */
const SCALE = 1.5;
/** Blocks shorter than this tell nothing of memory. */
const LEAST_BLOCK = 16;
/** A run shorter than this many memories decides nothing. */
export const LEAST_MEMORIES = 20;

/** Even scale a at which growth is tested in a series of n values: 2 round(1.5 sqrt(n) / 2), at least 4. */
export function growthScale(n: number): number {
  return Math.max(4, 2 * Math.floor((SCALE * Math.sqrt(n)) / 2 + 0.5));
}

/** 1 - (1 - exp(-x)) / x, the share of the long-run variance that batches of x memories show. */
const seen = (x: number): number => 1 - (1 - Math.exp(-x)) / x;

/** Memory l, in values, under which V(a) / V(a / 2) is this growth; Infinity where no length fits. */
export function memoryOfGrowth(growth: number, a: number): number {
  // In x = a / l the growth falls from 2 to 1.
  const ratio = (x: number): number => seen(x) / seen(x / 2);
  let [low, high] = [1e-2, 50];
  if (growth >= ratio(low)) return Infinity;
  if (growth <= ratio(high)) return a / high;
  for (let step = 0; step < 60; step++) {
    const middle = Math.sqrt(low * high);
    if (ratio(middle) > growth) low = middle;
    else high = middle;
  }
  return a / Math.sqrt(low * high);
}

/**
 * Memory of a series in blocks, in values; 0 where none longer than a batch shows. Of a comparison, give it the pairs'
 * differences of log latency, in which whatever hits both variants at once cancels.
 */
export function memoryOf(blocks: readonly Float64Array[]): number {
  let [whole, half, scale] = [0, 0, 0];
  for (const block of blocks) {
    const n = block.length;
    if (n < LEAST_BLOCK) continue;
    const a = growthScale(n);
    whole += n * longRunVariance(block, a);
    half += n * longRunVariance(block, a / 2);
    scale = Math.max(scale, a);
  }
  return half > 0 && whole / half > LEAST_GROWTH ? memoryOfGrowth(whole / half, scale) : 0;
}

/** Whether n values are too few for any answer under this memory. */
export const tooShort = (n: number, memory: number): boolean => n < LEAST_MEMORIES * memory;
