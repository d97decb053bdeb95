import { blockWeights } from './blocks.ts';
import type { ClientBlock } from './clients.ts';
import { type Outcome, refuse, type Refusal } from './outcome.ts';
import { countSorted, quantilePlace, sortSamples, type SortedSamples } from './quantiles.ts';

/** Measured answers of one variant in one block (one k6 process). */
export interface LatencyBlock {
  /** In start order; finite, >= 0. Infinity stands for a failure where those count as answers that never came. */
  readonly durations_ms: Float64Array;
  /**
   * Place of each in the payload sequence, strictly ascending; the position itself where absent. Needed where requests
   * failed and have no duration: pairs drift apart by one for each, and past a batch's length no longer correlate.
   */
  readonly index?: Float64Array;
  /** Which client sent each; absent where it is not known. */
  readonly clients?: Int32Array;
  /** Which payload each answered, in numbers that a pair's variants share; absent where it is not known. */
  readonly payloads?: Int32Array;
}

/** The same, checked, and sorted once for all percentiles. Only from {@link prepareLatency}. */
export interface PreparedBlock extends LatencyBlock {
  readonly sorted: SortedSamples;
  /** Logarithms in start order; a duration of 0 ms counts as the variant's smallest positive one. */
  readonly logs: Float64Array;
}

/** All measured answers of one variant; at least one block, none of them empty. Only from {@link prepareLatency}. */
export interface LatencySample {
  readonly blocks: readonly PreparedBlock[];
  /** Answers in all blocks. */
  readonly n: number;
  /** Share of each block in n. */
  readonly weights: Float64Array;
}

/**
 * Checks and sorts. Refuses no blocks, an empty block, a duration that is NaN, negative or infinite, a bad index.
 * @param failures whether an infinite duration may stand for a failure
 */
export function prepareLatency(
  blocks: readonly LatencyBlock[],
  failures: 'refused' | 'infinite' = 'refused',
): Outcome<{ sample: LatencySample }> {
  const checked: (LatencyBlock & { readonly sorted: SortedSamples })[] = [];
  for (const block of blocks) {
    const outcome = sortSamples(block.durations_ms, 0, failures === 'infinite');
    if (!outcome.ok) return outcome;
    const bad = findBadIndex(block);
    if (bad !== undefined) return bad;
    checked.push({ ...block, sorted: outcome.sorted });
  }
  const least = checked.reduce(
    (smallest, { sorted }) => Math.min(smallest, sorted[countSorted(sorted, 0)] ?? Infinity),
    Infinity,
  );
  const prepared = checked.map((block): PreparedBlock => {
    const logs = new Float64Array(block.durations_ms.length);
    for (let i = 0; i < logs.length; i++) logs[i] = Math.log(Math.max(block.durations_ms[i] ?? 0, least));
    return { ...block, logs };
  });
  if (prepared.length === 0) return refuse('no_data', 'there are no blocks; at least one is needed');
  const sizes = prepared.map((block) => block.sorted.length);
  return {
    ok: true,
    sample: {
      blocks: prepared,
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
  let prefix = true;
  while (i < sizeA && j < sizeB) {
    const gap = (a.index?.[i] ?? i) - (b.index?.[j] ?? j);
    if (gap === 0) {
      left[count] = i;
      right[count] = j;
      prefix &&= i === count && j === count;
      count++;
    }
    if (gap <= 0) i++;
    if (gap >= 0) j++;
  }
  // Most runs lose nothing: then their pairs are simply the first of each, which reads faster.
  if (prefix) return { count };
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

/** Log latencies by client, block by block; empty where a block does not say who sent what. */
export function clientBlocks({ blocks }: LatencySample): ClientBlock[] {
  const known = blocks.flatMap(({ logs, clients }) =>
    clients === undefined ? [] : [{ values: logs, clients }],
  );
  return known.length === blocks.length ? known : [];
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
  if (only !== undefined && others.length === 0)
    return (only.sorted[rank - 1] ?? Infinity) / (scales?.[0] ?? 1);
  let low = -1;
  let high = 0;
  let finite = 0;
  sample.blocks.forEach(({ sorted }, b) => {
    const count = countSorted(sorted, Number.MAX_VALUE);
    finite += count;
    high = Math.max(high, ((sorted[count - 1] ?? 0) / (scales?.[b] ?? 1)) * (1 + 1e-15));
  });
  if (rank > finite) return Infinity;
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

/** The logarithm at a real rank, linear between those of the order statistics beside it. */
export function logAtRank(sample: LatencySample, rank: number, scales?: Float64Array): number {
  if (!(rank >= 1)) return -Infinity;
  if (rank > sample.n) return Infinity;
  const whole = Math.floor(rank);
  const below = Math.log(valueAtRank(sample, whole, scales));
  if (whole === rank) return below;
  const above = Math.log(valueAtRank(sample, whole + 1, scales));
  // Between a duration of 0 ms and another there is nothing to interpolate.
  return above === below || below === -Infinity ? below : below + (rank - whole) * (above - below);
}

function countUpTo(sample: LatencySample, limit: number, scales?: Float64Array): number {
  let count = 0;
  sample.blocks.forEach(({ sorted }, b) => {
    count += countSorted(sorted, limit * (scales?.[b] ?? 1));
  });
  return count;
}
