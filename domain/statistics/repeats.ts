/**
 * First sendings against repeats of one payload. A cache that one variant has answers repeats in no time: the ratio of
 * first to repeat then differs between the variants, and percentiles over all answers compare caches, not servers.
 */
import { batchLength, blockDegrees, longRunVariance, mean, variance } from './batch-means.ts';
import { studentTQuantile } from './distributions.ts';
import { pairedValues, type Pairs } from './latency-sample.ts';
import { memoryOf, tooShort } from './memory.ts';
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

/** Payload of each pair of a block; null where it is not known, or not the same for both. */
function payloadsOf(pair: LatencyPair, pairs: Pairs, b: number): Int32Array | null {
  const [before, after] = [pair.baseline.blocks[b]?.payloads, pair.shadow.blocks[b]?.payloads];
  if (before === undefined || after === undefined) return null;
  const out = new Int32Array(pairs.count);
  for (let i = 0; i < out.length; i++) {
    const payload = before[pairs.positions?.left[i] ?? i] ?? -1;
    if (payload !== after[pairs.positions?.right[i] ?? i]) return null;
    out[i] = payload;
  }
  return out;
}

/** Null where payloads are not known, the variants sent them in different orders, or too few were sent again. */
export function repeatEffect(pair: LatencyPair): RepeatEffect | null {
  const codes = pair.pairs.map((pairs, b) => payloadsOf(pair, pairs, b));
  let largest = -1;
  for (const payloads of codes) {
    if (payloads === null) return null;
    for (let i = 0; i < payloads.length; i++) largest = Math.max(largest, payloads[i] ?? -1);
  }
  const column = (): Float64Array => new Float64Array(largest + 1);
  const [sent, firstB, firstS, sumB, sumS] = [column(), column(), column(), column(), column()];
  const differences: Float64Array[] = [];
  const groups = pair.pairs.map(({ count }) => new Uint8Array(count));
  const [totals, counts] = [new Float64Array(2), new Float64Array(2)];
  pair.pairs.forEach((pairs, b) => {
    const before = pairedValues(pair.baseline.blocks[b]?.logs ?? new Float64Array(0), pairs, 'left');
    const after = pairedValues(pair.shadow.blocks[b]?.logs ?? new Float64Array(0), pairs, 'right');
    const payloads = codes[b] ?? new Int32Array(0);
    const block = new Float64Array(pairs.count);
    const own_groups = groups[b] ?? new Uint8Array(0);
    for (let i = 0; i < block.length; i++) {
      const [x, y, payload] = [before[i] ?? 0, after[i] ?? 0, payloads[i] ?? 0];
      block[i] = y - x;
      const times = sent[payload] ?? 0;
      const group = times === 0 ? 0 : 1;
      own_groups[i] = group;
      totals[group] = (totals[group] ?? 0) + y - x;
      counts[group] = (counts[group] ?? 0) + 1;
      sent[payload] = times + 1;
      if (times === 0) [firstB[payload], firstS[payload]] = [x, y];
      else {
        sumB[payload] = (sumB[payload] ?? 0) + x;
        sumS[payload] = (sumS[payload] ?? 0) + y;
      }
    }
    differences.push(block);
  });
  const own: [number[], number[]] = [[], []];
  let again = 0;
  sent.forEach((times, j) => {
    if (times < 2) return;
    again += times - 1;
    own[0].push((sumB[j] ?? 0) / (times - 1) - (firstB[j] ?? 0));
    own[1].push((sumS[j] ?? 0) / (times - 1) - (firstS[j] ?? 0));
  });
  const firsts = own[0].length;
  if (firsts < LEAST_REPEATED) return null;
  const [baseline, shadow] = [Float64Array.from(own[0]), Float64Array.from(own[1])];
  // Positive where the shadow's first sendings are the slow ones, against its repeats, by more than the baseline's.
  const effects = baseline.map((log, j) => log - (shadow[j] ?? 0));
  // Around the means of first sendings and of repeats, whose difference is asked for and is no memory.
  const centres = totals.map((sum, group) => sum / Math.max(1, counts[group] ?? 0));
  differences.forEach((block, b) => {
    for (let i = 0; i < block.length; i++) block[i] = (block[i] ?? 0) - (centres[groups[b]?.[i] ?? 0] ?? 0);
  });
  const memory = memoryOf(differences);
  const total = differences.reduce((sum, { length }) => sum + length, 0);
  let slow = 0;
  for (const block of differences)
    if (block.length > 1)
      slow += (block.length / total) * longRunVariance(block, batchLength(block.length, memory));
  const spread = Math.max(variance(effects) / firsts, slow * (1 / firsts + 1 / again));
  const sizes = differences.map(({ length }) => length);
  const degrees = Math.min(firsts - 1, blockDegrees(sizes, memory));
  const log = symmetric(mean(effects), studentTQuantile(1 - LEVEL / 2, degrees) * Math.sqrt(spread));
  return {
    baseline: Math.exp(mean(baseline)),
    shadow: Math.exp(mean(shadow)),
    ratio: { estimate: Math.exp(log.estimate), lower: Math.exp(log.lower), upper: Math.exp(log.upper) },
    payloads: firsts,
    differs: !tooShort(total, memory) && (log.lower > MATERIAL || log.upper < -MATERIAL),
  };
}

/**
 * The same from one figure a payload and variant, log of the repeats' mean less log of the first sending, where the order
 * of the sendings is not that of one series: payloads are the sample. Null of too few.
 */
export function effectOfRepeats(baseline: Float64Array, shadow: Float64Array): RepeatEffect | null {
  const payloads = baseline.length;
  if (payloads < LEAST_REPEATED) return null;
  const effects = baseline.map((log, j) => log - (shadow[j] ?? 0));
  const reach = studentTQuantile(1 - LEVEL / 2, payloads - 1) * Math.sqrt(variance(effects) / payloads);
  const log = symmetric(mean(effects), reach);
  return {
    baseline: Math.exp(mean(baseline)),
    shadow: Math.exp(mean(shadow)),
    ratio: { estimate: Math.exp(log.estimate), lower: Math.exp(log.lower), upper: Math.exp(log.upper) },
    payloads,
    differs: log.lower > MATERIAL || log.upper < -MATERIAL,
  };
}
