/**
 * Ratios over payloads, shadow / baseline, on the logarithm: the typical ratio, which pairs each payload with itself, and
 * the mean ratio, in which a few payloads that became much slower weigh what they weigh.
 */
import { batchLength, blockDegrees, longRunVariance, mean, variance } from './batch-means.ts';
import { blockRule, type BlockRule, blockWeights } from './blocks.ts';
import { type ClientBlock, clientHalf, clientsDiffer, clusterVariance } from './clients.ts';
import { studentTQuantile } from './distributions.ts';
import { type LatencySample, type Pairs, pairedValues } from './latency-sample.ts';
import { memoryOf, tooShort } from './memory.ts';
import { atLeast, symmetric } from './mover.ts';
import { checkAlpha, type Interval, type Outcome, refuse } from './outcome.ts';
import type { LatencyPair } from './quantile-ratio.ts';

export interface PayloadRatio {
  readonly ratio: Interval;
  readonly log: Interval;
  readonly se: number;
  readonly critical: number;
  readonly degrees: number;
  /** Distinct payloads that both variants answered. */
  readonly payloads: number;
  readonly memory: number;
  /** Both bounds are infinite, since the run is shorter than 20 memories. */
  readonly short: boolean;
  /** Whether both variants sent the payloads in one order. */
  readonly paired: boolean;
}

/** One variant's answers gathered by payload: positions 0 to G - 1 of the payloads that both variants answered. */
interface Gathered {
  /** Block by block, the place of each answer's payload; -1 where the other variant never answered it. */
  readonly places: readonly Int32Array[];
  readonly counts: Float64Array;
  readonly means: Float64Array;
  /** Answers to common payloads. */
  readonly n: number;
}

interface Sides<T> {
  readonly baseline: T;
  readonly shadow: T;
}

interface Both extends Sides<Gathered> {
  readonly payloads: number;
}

function payloadsOf({ blocks }: LatencySample): Int32Array[] | null {
  const codes = blocks.flatMap(({ payloads }) => (payloads === undefined ? [] : [payloads]));
  return codes.length === blocks.length ? codes : null;
}

/** Both variants by payload; null where payloads are not known. `value`: which figure of an answer. */
function gather({ baseline, shadow }: LatencyPair, value: 'logs' | 'durations_ms'): Both | null {
  const [before, after] = [payloadsOf(baseline), payloadsOf(shadow)];
  if (before === null || after === null) return null;
  let largest = -1;
  for (const codes of [...before, ...after])
    for (let i = 0; i < codes.length; i++) largest = Math.max(largest, codes[i] ?? -1);
  const seen = (blocks: readonly Int32Array[]): Uint8Array => {
    const found = new Uint8Array(largest + 1);
    for (const codes of blocks) for (let i = 0; i < codes.length; i++) found[codes[i] ?? 0] = 1;
    return found;
  };
  const [b, s] = [seen(before), seen(after)];
  const places = new Int32Array(largest + 1).fill(-1);
  let payloads = 0;
  for (let code = 0; code <= largest; code++) if (b[code] === 1 && s[code] === 1) places[code] = payloads++;
  const one = (sample: LatencySample, codes: readonly Int32Array[]): Gathered => {
    const [counts, means] = [new Float64Array(payloads), new Float64Array(payloads)];
    let n = 0;
    const placed = codes.map((block) => block.map((code) => places[code] ?? -1));
    placed.forEach((block, at) => {
      const values = sample.blocks[at]?.[value] ?? new Float64Array(0);
      for (let i = 0; i < block.length; i++) {
        const place = block[i] ?? -1;
        if (place < 0) continue;
        counts[place] = (counts[place] ?? 0) + 1;
        means[place] = (means[place] ?? 0) + (values[i] ?? 0);
        n++;
      }
    });
    for (let place = 0; place < payloads; place++)
      means[place] = (means[place] ?? 0) / Math.max(1, counts[place] ?? 0);
    return { places: placed, counts, means, n };
  };
  return { baseline: one(baseline, before), shadow: one(shadow, after), payloads };
}

const position = (pairs: Pairs, side: 'left' | 'right', i: number): number => pairs.positions?.[side][i] ?? i;

/** Whether each pair of answers is to one payload: the variants then sent payloads in one order. */
function inOneOrder({ pairs }: LatencyPair, { baseline, shadow }: Both): boolean {
  return pairs.every((matched, b) => {
    const [left, right] = [baseline.places[b], shadow.places[b]];
    for (let i = 0; i < matched.count; i++)
      if (left?.[position(matched, 'left', i)] !== right?.[position(matched, 'right', i)]) return false;
    return true;
  });
}

const lengthOf = (blocks: readonly Float64Array[]): number =>
  blocks.reduce((sum, { length }) => sum + length, 0);

/** Long-run variance over blocks, weighted so that over the number of values it is the variance of their mean. */
function pooledVariance(blocks: readonly Float64Array[], memory: number | null): number {
  const n = lengthOf(blocks);
  let sum = 0;
  for (const block of blocks) {
    if (block.length < 2) continue;
    // Without a memory to tell of, values count as independent: batches of one.
    const m = memory === null ? 1 : batchLength(block.length, memory);
    sum += (block.length / n) * longRunVariance(block, m);
  }
  return sum;
}

const degreesOf = (blocks: readonly Float64Array[], memory: number): number =>
  blockDegrees(
    blocks.map(({ length }) => length),
    memory,
  );

/** A value for each answer, block by block, in start order; NaN where the other variant never answered the payload. */
function series(of: Gathered, value: (block: number, i: number, place: number) => number): Float64Array[] {
  return of.places.map((places, b) => {
    const out = new Float64Array(places.length).fill(Number.NaN);
    for (let i = 0; i < places.length; i++) {
      const place = places[i] ?? -1;
      if (place >= 0) out[i] = value(b, i, place);
    }
    return out;
  });
}

const known = (blocks: readonly Float64Array[]): Float64Array[] =>
  blocks.map((block) => (block.some(Number.isNaN) ? block.filter((value) => !Number.isNaN(value)) : block));

const LEAST_PAYLOADS = 2;

function find(pair: LatencyPair, value: 'logs' | 'durations_ms'): Outcome<{ both: Both }> {
  const both = gather(pair, value);
  if (both === null)
    return refuse('no_data', 'the payloads of a variant are not known; each answer needs one');
  if (both.payloads === 0)
    return refuse('no_data', 'no payload was answered by both variants; at least two are needed');
  return both.payloads < LEAST_PAYLOADS
    ? refuse('too_few', `${both.payloads} payload was answered by both variants; at least two are needed`)
    : { ok: true, both };
}

/**
 * Geometric mean over payloads of the ratio of geometric mean latencies: what "30 % slower" means to a person. Payloads
 * are clusters; what time adds beyond independent answers comes on top.
 */
export function typicalRatio(pair: LatencyPair, alpha: number): Outcome<PayloadRatio> {
  checkAlpha(alpha);
  const found = find(pair, 'logs');
  if (!found.ok) return found;
  const { both } = found;
  const { baseline, shadow, payloads } = both;
  const paired = inOneOrder(pair, both);
  const ratios = shadow.means.map((log, j) => log - (baseline.means[j] ?? 0));
  const estimate = mean(ratios);
  const byPayload = variance(ratios) / payloads;
  const time = paired ? pairedTime(pair, both) : ownTime(pair, both);
  const extra = Math.max(0, time.extra);
  const degrees = time.extra > 0 ? Math.min(payloads - 1, Math.max(time.degrees, 2)) : payloads - 1;
  const rule = blockRule(
    {
      within: byPayload + extra,
      withinCritical: studentTQuantile(1 - alpha, degrees),
      withinDegrees: degrees,
      estimates: Float64Array.from(time.blocks, mean),
      weights: blockWeights(time.blocks.map(({ length }) => length)),
      replicates: pair.replicates,
    },
    alpha,
  );
  const clients = pair.clients ? clientWidth(pair, residuals(pair, both), alpha) : 0;
  return finish(estimate, Math.max(rule.critical * rule.se, clients), rule, {
    payloads,
    memory: time.memory,
    short: tooShort(time.length, time.memory),
    paired,
  });
}

interface Time {
  /** What time adds to the variance of the estimate; may be negative. */
  readonly extra: number;
  readonly degrees: number;
  readonly memory: number;
  /** Values that the memory is counted in. */
  readonly length: number;
  /** The series whose blocks' means are the blocks' estimates. */
  readonly blocks: readonly Float64Array[];
}

/** One order: the differences of the pairs, and each variant's own residuals for "the larger of both". */
function pairedTime(pair: LatencyPair, { baseline, shadow, payloads }: Both): Time {
  const counts = new Float64Array(payloads);
  const places = pair.pairs.map((matched, b) => {
    const out = new Int32Array(matched.count);
    for (let i = 0; i < out.length; i++) {
      const place = baseline.places[b]?.[position(matched, 'left', i)] ?? -1;
      out[i] = place;
      if (place >= 0) counts[place] = (counts[place] ?? 0) + 1;
    }
    return out;
  });
  const total = places.reduce(
    (sum, block) => sum + block.reduce((n, place) => n + (place >= 0 ? 1 : 0), 0),
    0,
  );
  const over = (value: (left: number, right: number, place: number) => number): Float64Array[] =>
    places.map((block, b) => {
      const matched = pair.pairs[b] ?? { count: 0 };
      const [left, right] = [pair.baseline.blocks[b]?.logs, pair.shadow.blocks[b]?.logs];
      const out = new Float64Array(block.length);
      let n = 0;
      for (let i = 0; i < block.length; i++) {
        const place = block[i] ?? -1;
        if (place < 0) continue;
        const [x, y] = [left?.[position(matched, 'left', i)], right?.[position(matched, 'right', i)]];
        out[n++] = (value(x ?? 0, y ?? 0, place) * total) / (payloads * (counts[place] ?? 1));
      }
      return out.subarray(0, n);
    });
  const u = over((x, y) => y - x);
  const memory = memoryOf(u);
  let extra = pooledVariance(u, memory) - pooledVariance(u, null);
  if (memory > 0) {
    const middle = (place: number): number => ((baseline.means[place] ?? 0) + (shadow.means[place] ?? 0)) / 2;
    const a = pooledVariance(
      over((x, _, place) => x - middle(place)),
      memory,
    );
    const b = pooledVariance(
      over((_, y, place) => y - middle(place)),
      memory,
    );
    extra += 2 * Math.max(a, b) - a - b;
  }
  return { extra: extra / total, degrees: degreesOf(u, memory), memory, length: total, blocks: u };
}

/** Another order, or another hour: each variant's own series around the other's payload means. */
function ownTime(pair: LatencyPair, both: Both): Time {
  const sides = (['shadow', 'baseline'] as const).map((side) => {
    const [own, other] = side === 'shadow' ? [both.shadow, both.baseline] : [both.baseline, both.shadow];
    const logs = pair[side].blocks.map((block) => block.logs);
    const weighed = series(
      own,
      (b, i, place) =>
        (((logs[b]?.[i] ?? 0) - (other.means[place] ?? 0)) * own.n) /
        (both.payloads * (own.counts[place] ?? 1)),
    );
    return known(weighed);
  });
  const memory = sides.reduce((longest, blocks) => Math.max(longest, memoryOf(blocks)), 0);
  const parts = sides.map((blocks) => ({
    extra: (pooledVariance(blocks, memory) - pooledVariance(blocks, null)) / lengthOf(blocks),
    degrees: degreesOf(blocks, memory),
    n: lengthOf(blocks),
  }));
  const extras = parts.map(({ extra }) => extra);
  return {
    extra: memory > 0 ? 2 * Math.max(...extras) : extras.reduce((sum, extra) => sum + extra, 0),
    degrees: Math.min(...parts.map(({ degrees }) => degrees)),
    memory,
    length: Math.min(...parts.map(({ n }) => n)),
    blocks: sides[0] ?? [],
  };
}

/** Residuals around the payload means of both variants, weighed so that each payload counts once. */
function residuals(pair: LatencyPair, { baseline, shadow, payloads }: Both): Sides<readonly Float64Array[]> {
  const one = (side: 'baseline' | 'shadow', of: Gathered): Float64Array[] => {
    const logs = pair[side].blocks.map((block) => block.logs);
    return series(of, (b, i, place) => {
      const middle = ((baseline.means[place] ?? 0) + (shadow.means[place] ?? 0)) / 2;
      return (((logs[b]?.[i] ?? 0) - middle) * of.n) / (payloads * (of.counts[place] ?? 1));
    });
  };
  return { baseline: one('baseline', baseline), shadow: one('shadow', shadow) };
}

/** What clients that differ ask for at least, from each variant's residuals, one an answer. */
function clientWidth(pair: LatencyPair, of: Sides<readonly Float64Array[]>, alpha: number): number {
  const sides = (['baseline', 'shadow'] as const).map((side) => {
    const blocks = of[side].flatMap((all, b): ClientBlock[] => {
      const clients = pair[side].blocks[b]?.clients;
      return clients === undefined
        ? []
        : [
            {
              values: all.filter(Number.isFinite),
              clients: clients.filter((_, i) => Number.isFinite(all[i])),
            },
          ];
    });
    const weights = blockWeights(blocks.map(({ values }) => values.length));
    const n = blocks.reduce((sum, { values }) => sum + values.length, 0);
    return { differ: clientsDiffer(blocks), cluster: clusterVariance(blocks, weights), n };
  });
  return sides.some(({ differ }) => differ) ? clientHalf(sides, alpha) : 0;
}

/** Fewer pairs than this say nothing of how answers depend on each other. */
export const LEAST_MEAN_PAIRS = 20;
/** Answers of each variant to each payload from which on its residuals are taken inside payloads. */
const INSIDE = 3;

/**
 * Ratio of the mean latencies over this payload list, in which each payload counts once. Where each common payload has
 * three answers of each variant or more, errors come from inside payloads (strata: Cochran 1977), with the degrees of
 * Satterthwaite 1946: where two payloads make the variance, they also make its degrees. It says nothing of other payloads.
 */
export function meanRatio(pair: LatencyPair, alpha: number): Outcome<PayloadRatio> {
  checkAlpha(alpha);
  const answered = pair.pairs.reduce((sum, { count }) => sum + count, 0);
  if (answered < LEAST_MEAN_PAIRS)
    return refuse(
      'too_few',
      `${answered} requests were answered by both variants; at least ${LEAST_MEAN_PAIRS} are needed`,
    );
  const both = gather(pair, 'durations_ms');
  // Where payloads are not known, or only one was sent, answers are taken around the plain mean.
  const strata =
    both !== null && both.payloads >= LEAST_PAYLOADS && fewestAnswers(both) >= INSIDE ? both : null;
  const payloads = both?.payloads ?? 0;
  const z = strata === null ? aroundMean(pair) : insidePayloads(pair, strata);
  if (!(z.baseline.centre > 0 && z.shadow.centre > 0))
    return refuse('bad_value', 'the mean of a variant is 0 ms; a ratio needs one above 0');
  const estimate = Math.log(z.shadow.centre / z.baseline.centre);
  const [zb, zs] = pairedBlocks(pair, z.baseline.blocks, z.shadow.blocks);
  const u = zs.map((block, b) => block.map((value, i) => value - (zb[b]?.[i] ?? 0)));
  const n = lengthOf(u);
  const { memory } = pair;
  const independent = pooledVariance(u, null);
  let measured = pooledVariance(u, memory);
  if (memory > 0) {
    const [a, b] = [pooledVariance(zb, memory), pooledVariance(zs, memory)];
    measured += Math.max(0, 2 * Math.max(a, b) - a - b);
  }
  const slow = measured > independent;
  if (strata !== null && slow) {
    // A payload's mean over k answers takes 1/k of slow noise away.
    const k = Math.min(pair.baseline.n, pair.shadow.n) / payloads;
    measured = independent + ((measured - independent) * k) / (k - 1);
  }
  const fewest = strata === null ? Infinity : strataDegrees(z, strata);
  const degrees = Math.min(fewest, measured < independent ? Infinity : degreesOf(u, memory));
  const [before, after] = pairedBlocks(pair, durations(pair.baseline), durations(pair.shadow));
  const rule = blockRule(
    {
      within: Math.max(measured, independent) / n,
      withinCritical: studentTQuantile(1 - alpha, degrees),
      withinDegrees: degrees,
      estimates: Float64Array.from(
        u,
        (_, b) =>
          mean(after[b] ?? new Float64Array(0)) / z.shadow.centre -
          mean(before[b] ?? new Float64Array(0)) / z.baseline.centre,
      ),
      weights: blockWeights(u.map(({ length }) => length)),
      replicates: pair.replicates,
    },
    alpha,
  );
  const clients = pair.clients
    ? clientWidth(pair, { baseline: z.baseline.blocks, shadow: z.shadow.blocks }, alpha)
    : 0;
  const short = tooShort(n, memory);
  return finish(estimate, Math.max(rule.critical * rule.se, clients), rule, {
    payloads,
    memory,
    short,
    paired: both !== null && inOneOrder(pair, both),
  });
}

const fewestAnswers = ({ baseline, shadow }: Both): number =>
  [baseline, shadow].reduce((least, { counts }) => counts.reduce((a, b) => Math.min(a, b), least), Infinity);

interface Residuals {
  /** Mean latency, ms. */
  readonly centre: number;
  /** Residuals relative to it, block by block, one an answer. */
  readonly blocks: readonly Float64Array[];
}

const durations = ({ blocks }: LatencySample): Float64Array[] => blocks.map((block) => block.durations_ms);

function insidePayloads(pair: LatencyPair, both: Both): Sides<Residuals> {
  const one = (side: 'baseline' | 'shadow'): Residuals => {
    const of = both[side];
    const centre = mean(of.means);
    const values = durations(pair[side]);
    const blocks = series(of, (b, i, place) => {
      const k = of.counts[place] ?? INSIDE;
      const residual = (values[b]?.[i] ?? 0) - (of.means[place] ?? 0);
      return (residual * Math.sqrt(k / (k - 1)) * of.n) / (both.payloads * k * centre);
    });
    return { centre, blocks };
  };
  return { baseline: one('baseline'), shadow: one('shadow') };
}

function aroundMean(pair: LatencyPair): Sides<Residuals> {
  const paired = pairedBlocks(pair, durations(pair.baseline), durations(pair.shadow));
  const [b, s] = paired.map(
    (blocks) => blocks.reduce((sum, block) => sum + mean(block) * block.length, 0) / lengthOf(blocks),
  );
  const one = (side: 'baseline' | 'shadow', centre = Number.NaN): Residuals => ({
    centre,
    blocks: durations(pair[side]).map((block) => block.map((value) => value / centre)),
  });
  return { baseline: one('baseline', b), shadow: one('shadow', s) };
}

/** The values of the pairs, where both have one. */
function pairedBlocks(
  pair: LatencyPair,
  baseline: readonly Float64Array[],
  shadow: readonly Float64Array[],
): [Float64Array[], Float64Array[]] {
  const [before, after]: [Float64Array[], Float64Array[]] = [[], []];
  pair.pairs.forEach((matched, b) => {
    const left = pairedValues(baseline[b] ?? new Float64Array(0), matched, 'left');
    const right = pairedValues(shadow[b] ?? new Float64Array(0), matched, 'right');
    const [a, c] = [new Float64Array(left.length), new Float64Array(left.length)];
    let n = 0;
    for (let i = 0; i < left.length; i++) {
      const [x, y] = [left[i] ?? Number.NaN, right[i] ?? Number.NaN];
      if (!Number.isFinite(x + y)) continue;
      a[n] = x;
      c[n] = y;
      n++;
    }
    before.push(a.subarray(0, n));
    after.push(c.subarray(0, n));
  });
  return [before, after];
}

/** Degrees of the sum over payloads of variances that each have few: (sum v)^2 / sum(v^2 / (k - 1)), at least 2. */
function strataDegrees(z: Sides<Residuals>, both: Both): number {
  let [total, squares] = [0, 0];
  for (const side of ['baseline', 'shadow'] as const) {
    const { places, counts } = both[side];
    const v = new Float64Array(both.payloads);
    z[side].blocks.forEach((block, b) => {
      for (let i = 0; i < block.length; i++) {
        const place = places[b]?.[i] ?? -1;
        if (place >= 0) v[place] = (v[place] ?? 0) + (block[i] ?? 0) ** 2;
      }
    });
    v.forEach((value, j) => {
      total += value;
      squares += (value * value) / ((counts[j] ?? INSIDE) - 1);
    });
  }
  return squares > 0 ? Math.max((total * total) / squares, 2) : Infinity;
}

function finish(
  estimate: number,
  half: number,
  { se, critical, degrees, least }: BlockRule,
  of: Pick<PayloadRatio, 'payloads' | 'memory' | 'short' | 'paired'>,
): Outcome<PayloadRatio> {
  const log = atLeast(symmetric(estimate, of.short ? Infinity : half), least);
  const ratio = { estimate: Math.exp(log.estimate), lower: Math.exp(log.lower), upper: Math.exp(log.upper) };
  return { ok: true, ratio, log, se, critical, degrees, ...of };
}
