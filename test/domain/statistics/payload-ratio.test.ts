/** The typical ratio and the mean ratio: what holds for any data. */
import { describe, expect, it } from 'vitest';
import { type LatencyBlock, prepareLatency } from '../../../domain/statistics/latency-sample.ts';
import { meanRatio, typicalRatio } from '../../../domain/statistics/payload-ratio.ts';
import { type LatencyPair, pairLatency } from '../../../domain/statistics/quantile-ratio.ts';
import { seededRandom } from '../../../domain/statistics/random.ts';
import { expectClose, value } from './oracles.ts';

const PAYLOADS = 40;

/** Answers to payloads in rounds, `lost` of them missing, in blocks; a payload's cost from 1 to 20. */
function blocksOf(
  seed: number,
  over: { n?: number; blocks?: number; ratio?: number; lost?: number; unit?: number } = {},
) {
  const { n = 400, blocks = 1, ratio = 1, lost = 0, unit = 1 } = over;
  const { normal } = seededRandom(seed);
  return Array.from({ length: blocks }, (): LatencyBlock => {
    const index = Array.from({ length: n }, (_, i) => i).filter((i) => lost === 0 || i % lost !== 3);
    return {
      durations_ms: Float64Array.from(
        index,
        (i) => unit * ratio * 20 ** ((i % PAYLOADS) / PAYLOADS) * Math.exp(0.2 * normal()),
      ),
      index: Float64Array.from(index),
      payloads: Int32Array.from(index, (i) => i % PAYLOADS),
    };
  });
}
const pairOf = (baseline: readonly LatencyBlock[], shadow: readonly LatencyBlock[]): LatencyPair =>
  value(pairLatency(value(prepareLatency(baseline)).sample, value(prepareLatency(shadow)).sample)).pair;

describe.each([
  ['typical', typicalRatio],
  ['mean', meanRatio],
] as const)('the %s ratio', (name, ratio) => {
  it('finds +30 % on prompts that differ 20-fold, where no percentile could', () => {
    const { log } = value(ratio(pairOf(blocksOf(1), blocksOf(2, { ratio: 1.3 })), 0.025));
    expect(log.lower).toBeGreaterThan(Math.log(1.15));
    expect(log.upper).toBeLessThan(Math.log(1.5));
  });
  it('turns into its inverse where the variants are swapped, and knows no units', () => {
    for (const blocks of [1, 3]) {
      const [b, s] = [blocksOf(3, { blocks, lost: 17 }), blocksOf(4, { blocks, ratio: 1.1, lost: 23 })];
      const [one, other] = [value(ratio(pairOf(b, s), 0.025)).log, value(ratio(pairOf(s, b), 0.025)).log];
      expectClose(one.estimate, -other.estimate, 1e-9);
      expectClose(one.lower, -other.upper, 1e-9);
      const scaled = blocksOf(3, { blocks, lost: 17, unit: 1000 });
      const thousand = pairOf(scaled, blocksOf(4, { blocks, ratio: 1.1, lost: 23, unit: 1000 }));
      expectClose(value(ratio(thousand, 0.025)).log.upper, one.upper, 1e-9);
    }
  });
  it('is wider at a stricter level, and where blocks disagree', () => {
    const [b, s] = [blocksOf(5, { blocks: 3 }), blocksOf(6, { blocks: 3 })];
    const width = (pair: LatencyPair, alpha: number): number => {
      const { log } = value(ratio(pair, alpha));
      return log.upper - log.lower;
    };
    expect(width(pairOf(b, s), 0.01)).toBeGreaterThan(width(pairOf(b, s), 0.05));
    const apart = s.map((block, i) => ({
      ...block,
      durations_ms: block.durations_ms.map((x) => x * (1 + 0.3 * i)),
    }));
    expect(width(pairOf(b, apart), 0.025)).toBeGreaterThan(3 * width(pairOf(b, s), 0.025));
  });
  it('says what it counted', () => {
    const found = value(ratio(pairOf(blocksOf(7), blocksOf(8)), 0.025));
    expect(found).toMatchObject({ payloads: PAYLOADS, paired: true, short: false });
  });
  it(`${name === 'typical' ? 'refuses' : 'does without'} payloads that are not known`, () => {
    const bare = (seed: number) => blocksOf(seed).map(({ durations_ms }) => ({ durations_ms }));
    expect(ratio(pairOf(bare(1), bare(2)), 0.025).ok).toBe(name === 'mean');
  });
});

it('the typical ratio of another order pairs payloads all the same', () => {
  const reversed = blocksOf(9, { ratio: 1.3 }).map((block) => ({
    ...block,
    durations_ms: block.durations_ms.slice().reverse(),
    payloads: block.payloads?.slice().reverse() ?? new Int32Array(0),
  }));
  const { paired, log } = value(typicalRatio(pairOf(blocksOf(10), reversed), 0.025));
  expect(paired).toBe(false);
  expect(log.lower).toBeGreaterThan(Math.log(1.15));
});
