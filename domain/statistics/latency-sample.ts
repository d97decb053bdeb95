import { blockWeights } from './blocks.ts';
import { type Outcome, refuse, type Refusal } from './outcome.ts';
import { countSorted, quantilePlace, sortSamples, type SortedSamples } from './quantiles.ts';

/** Measured answers of one variant in one block (one k6 process). */
export interface LatencyBlock {
  /** In start order; finite, >= 0. */
  readonly durations_ms: Float64Array;
  /**
   * Place of each in the payload sequence, strictly ascending; the position itself where absent. Needed where requests
   * failed and have no duration: pairs drift apart by one for each, and past a batch's length no longer correlate.
   */
  readonly index?: Float64Array;
}

/** The same, checked, and sorted once for all percentiles. Only from {@link prepareLatency}. */
export interface PreparedBlock extends LatencyBlock {
  readonly sorted: SortedSamples;
}

/** All measured answers of one variant; at least one block, none of them empty. */
export interface LatencySample {
  readonly blocks: readonly [PreparedBlock, ...PreparedBlock[]];
  /** Answers in all blocks. */
  readonly n: number;
  /** Share of each block in n. */
  readonly weights: Float64Array;
}

/** Checks and sorts. Refuses no blocks, an empty block, a duration that is NaN, negative or infinite, a bad index. */
export function prepareLatency(blocks: readonly LatencyBlock[]): Outcome<{ sample: LatencySample }> {
  const prepared: PreparedBlock[] = [];
  for (const block of blocks) {
    const outcome = sortSamples(block.durations_ms, 0);
    if (!outcome.ok) return outcome;
    const bad = findBadIndex(block);
    if (bad !== undefined) return bad;
    prepared.push({ ...block, sorted: outcome.sorted });
  }
  const [first, ...rest] = prepared;
  if (first === undefined) return refuse('no_data', 'there are no blocks; at least one is needed');
  const sizes = prepared.map((block) => block.sorted.length);
  return {
    ok: true,
    sample: {
      blocks: [first, ...rest],
      n: sizes.reduce((sum, size) => sum + size, 0),
      weights: blockWeights(sizes),
    },
  };
}

function findBadIndex({ durations_ms, index }: LatencyBlock): Refusal | undefined {
  if (index === undefined) return undefined;
  if (index.length !== durations_ms.length) {
    return refuse(
      'bad_value',
      `index has ${index.length} values; allowed is one a duration, ${durations_ms.length}`,
    );
  }
  let last = -Infinity;
  for (const place of index) {
    if (!(place > last))
      return refuse('bad_value', `index ${place} follows ${last}; allowed are ascending indices`);
    last = place;
  }
  return undefined;
}

/** Answers of two blocks to the same payload index. */
export interface Pairs {
  readonly count: number;
  /** Their positions; absent where the pairs are simply the first `count` of each. */
  readonly positions?: { readonly left: Int32Array; readonly right: Int32Array };
}

export function pairByIndex(a: LatencyBlock, b: LatencyBlock): Pairs {
  const [sizeA, sizeB] = [a.durations_ms.length, b.durations_ms.length];
  const most = Math.min(sizeA, sizeB);
  if (a.index === undefined && b.index === undefined) return { count: most };
  const [left, right] = [new Int32Array(most), new Int32Array(most)];
  let [i, j, count] = [0, 0, 0];
  while (i < sizeA && j < sizeB) {
    const gap = (a.index?.[i] ?? i) - (b.index?.[j] ?? j);
    if (gap === 0) {
      left[count] = i;
      right[count] = j;
      count++;
    }
    if (gap <= 0) i++;
    if (gap >= 0) j++;
  }
  return { count, positions: { left: left.subarray(0, count), right: right.subarray(0, count) } };
}

/** The paired values of one side, `side` of the positions. */
export function pairedValues(values: Float64Array, pairs: Pairs, side: 'left' | 'right'): Float64Array {
  const at = pairs.positions?.[side];
  if (at === undefined) return values.subarray(0, pairs.count);
  const paired = new Float64Array(pairs.count);
  for (let i = 0; i < paired.length; i++) paired[i] = values[at[i] ?? 0] ?? 0;
  return paired;
}

/** Type-7 quantile of the answers of all blocks together, in ms. */
export function pooledQuantile(sample: LatencySample, p: number): number {
  const { below, fraction } = quantilePlace(sample.n, p);
  const value = valueAtRank(sample, below + 1);
  return fraction === 0 ? value : value + fraction * (valueAtRank(sample, below + 2) - value);
}

/**
 * Value at a 1-based rank among the answers of all blocks, those of block b divided by `scales[b]`, without merging
 * them: bisection on the value. A rank outside the sample is an infinite bound.
 */
export function valueAtRank(sample: LatencySample, rank: number, scales?: Float64Array): number {
  if (rank < 1) return -Infinity;
  if (rank > sample.n) return Infinity;
  const [only, ...others] = sample.blocks;
  if (others.length === 0) return (only.sorted[rank - 1] ?? Infinity) / (scales?.[0] ?? 1);
  let low = -1;
  let high = 0;
  sample.blocks.forEach(({ sorted }, b) => {
    high = Math.max(high, ((sorted[sorted.length - 1] ?? 0) / (scales?.[b] ?? 1)) * (1 + 1e-15));
  });
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    if (countUpTo(sample, middle, scales) >= rank) high = middle;
    else low = middle;
  }
  // `high` lies within a rounding of the value sought: the largest that is no greater.
  let value = 0;
  sample.blocks.forEach(({ sorted }, b) => {
    const scale = scales?.[b] ?? 1;
    value = Math.max(value, (sorted[countSorted(sorted, high * scale) - 1] ?? 0) / scale);
  });
  return value;
}

function countUpTo(sample: LatencySample, limit: number, scales?: Float64Array): number {
  let count = 0;
  sample.blocks.forEach(({ sorted }, b) => {
    count += countSorted(sorted, limit * (scales?.[b] ?? 1));
  });
  return count;
}
