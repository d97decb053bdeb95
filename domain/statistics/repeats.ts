/**
 * First sendings against repeats of one payload. A cache that one variant has answers repeats in no time: the ratio of
 * first to repeat then differs between the variants, and percentiles over all answers compare caches, not servers.
 */
import { batchLength, blockDegrees, longRunVariance, mean, variance } from './batch-means.ts';
import { studentTQuantile } from './distributions.ts';
import type { Pairs } from './latency-sample.ts';
import { symmetric } from './mover.ts';
import type { Interval } from './outcome.ts';
import type { LatencyPair } from './quantile-ratio.ts';

/** Level of the test, two-sided, and the ratio of ratios below which it does not matter. */
const LEVEL = 0.01;
const MATERIAL = Math.log(1.05);
/** Payloads that were sent again, below which nothing is said. */
const LEAST_REPEATED = 10;

export interface RepeatEffect {
  /** Geometric mean over payloads of repeat / first, by variant: well below 1 where repeats come from a cache. */
  readonly baseline: number;
  readonly shadow: number;
  /** Of the shadow's over the baseline's, first against repeat, at 99 %. */
  readonly ratio: Interval;
  /** Payloads that were sent again. */
  readonly payloads: number;
  /** The variants differ in it by more than chance and by more than 5 %. */
  readonly differs: boolean;
}

const at = (pairs: Pairs, side: 'left' | 'right', i: number): number => pairs.positions?.[side][i] ?? i;

interface Repeated {
  readonly first: readonly [number, number];
  repeats: number;
  readonly sums: [number, number];
}

/** Null where payloads are not known, the variants sent them in different orders, or too few were sent again. */
export function repeatEffect(pair: LatencyPair): RepeatEffect | null {
  const seen = new Map<number, Repeated>();
  const differences: Float64Array[] = [];
  let [firsts, again] = [0, 0];
  for (const [b, pairs] of pair.pairs.entries()) {
    const [before, after] = [pair.baseline.blocks[b], pair.shadow.blocks[b]];
    if (before?.payloads === undefined || after?.payloads === undefined) return null;
    const block = new Float64Array(pairs.count);
    for (let i = 0; i < pairs.count; i++) {
      const [left, right] = [at(pairs, 'left', i), at(pairs, 'right', i)];
      const payload = before.payloads[left] ?? -1;
      if (payload !== after.payloads[right]) return null;
      const [x, y] = [before.logs[left] ?? 0, after.logs[right] ?? 0];
      block[i] = y - x;
      let repeated = seen.get(payload);
      if (repeated === undefined) seen.set(payload, (repeated = { first: [x, y], repeats: 0, sums: [0, 0] }));
      else {
        repeated.repeats++;
        repeated.sums[0] += x;
        repeated.sums[1] += y;
        again++;
      }
    }
    differences.push(block);
  }
  const own: [number[], number[]] = [[], []];
  for (const { first, repeats, sums } of seen.values()) {
    if (repeats === 0) continue;
    firsts++;
    own[0].push(sums[0] / repeats - first[0]);
    own[1].push(sums[1] / repeats - first[1]);
  }
  if (firsts < LEAST_REPEATED) return null;
  const [baseline, shadow] = [Float64Array.from(own[0]), Float64Array.from(own[1])];
  // Positive where the shadow's first sendings are the slow ones, against its repeats, by more than the baseline's.
  const effects = baseline.map((log, j) => log - (shadow[j] ?? 0));
  const total = differences.reduce((sum, { length }) => sum + length, 0);
  let slow = 0;
  for (const block of differences)
    if (block.length > 1)
      slow += (block.length / total) * longRunVariance(block, batchLength(block.length, pair.memory));
  const spread = Math.max(variance(effects) / firsts, slow * (1 / firsts + 1 / again));
  const sizes = differences.map(({ length }) => length);
  const degrees = Math.min(firsts - 1, blockDegrees(sizes, pair.memory));
  const log = symmetric(mean(effects), studentTQuantile(1 - LEVEL / 2, degrees) * Math.sqrt(spread));
  return {
    baseline: Math.exp(mean(baseline)),
    shadow: Math.exp(mean(shadow)),
    ratio: { estimate: Math.exp(log.estimate), lower: Math.exp(log.lower), upper: Math.exp(log.upper) },
    payloads: firsts,
    differs: !pair.short && (log.lower > MATERIAL || log.upper < -MATERIAL),
  };
}
