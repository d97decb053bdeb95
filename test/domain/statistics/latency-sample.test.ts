import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type LatencyBlock,
  pairByIndex,
  pooledQuantile,
  prepareLatency,
  valueAtRank,
} from '../../../domain/statistics/latency-sample.ts';
import { quantileInterval } from '../../../domain/statistics/quantile-interval.ts';
import { pairLatency, quantileRatio } from '../../../domain/statistics/quantile-ratio.ts';
import { quantile, sortSamples } from '../../../domain/statistics/quantiles.ts';
import { seededRandom } from '../../../domain/statistics/random.ts';
import { simulate } from '../../../proof/statistics/simulate.ts';
import { expectClose, value } from './oracles.ts';

const block = (durations: readonly number[], index?: readonly number[]): LatencyBlock => ({
  durations_ms: Float64Array.from(durations),
  ...(index === undefined ? {} : { index: Float64Array.from(index) }),
});
const sampleOf = (...blocks: LatencyBlock[]) => value(prepareLatency(blocks)).sample;

describe('prepareLatency refuses', () => {
  it.each([
    [[], 'no_data', /no blocks/],
    [[block([1]), block([])], 'no_data', /no samples/],
    [[block([1, -0.5])], 'bad_value', /samples\[1\] is -0.5/],
    [[block([Number.NaN])], 'bad_value', /NaN/],
    [[block([1, Infinity])], 'bad_value', /Infinity/],
    [[block([1, 2], [0])], 'bad_value', /index has 1 values/],
    [[block([1, 2], [3, 3])], 'bad_value', /index 3 follows 3/],
    [[block([1, 2], [0, Number.NaN])], 'bad_value', /index NaN follows 0/],
  ])('%#', (blocks, reason, message) => {
    const outcome = prepareLatency(blocks);
    expect(outcome).toMatchObject({ ok: false, reason, message: expect.stringMatching(message) });
  });
});

describe('values across blocks', () => {
  const durations = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 });
  it('ranks as the merged sample does', () => {
    fc.assert(
      fc.property(
        fc.array(durations, { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (lists, p) => {
          const sample = sampleOf(...lists.map((list) => block(list)));
          const merged = value(sortSamples(Float64Array.from(lists.flat()))).sorted;
          for (let rank = 1; rank <= merged.length; rank++)
            expect(valueAtRank(sample, rank)).toBe(merged[rank - 1]);
          expectClose(pooledQuantile(sample, p), quantile(merged, p), 1e-12);
          expect(valueAtRank(sample, 0)).toBe(-Infinity);
          expect(valueAtRank(sample, merged.length + 1)).toBe(Infinity);
        },
      ),
    );
  });
  it('are divided by the scale of their block', () => {
    const sample = sampleOf(block([2, 4]), block([30, 10]));
    const scales = Float64Array.of(2, 10);
    expect([1, 2, 3, 4].map((rank) => valueAtRank(sample, rank, scales))).toEqual([1, 1, 2, 3]);
  });
});

describe('pairs', () => {
  it('are the common prefix where no index is given', () => {
    expect(pairByIndex(block([1, 2, 3]), block([1, 2]))).toEqual({ count: 2 });
  });
  it('share a payload index, whatever failed in between', () => {
    const pairs = pairByIndex(block([1, 1, 1], [0, 2, 3]), block([1, 1, 1], [1, 2, 3]));
    expect(pairs).toEqual({ count: 2, positions: { left: Int32Array.of(1, 2), right: Int32Array.of(1, 2) } });
  });
  it('keep the correlation that a batch of failed requests would destroy', () => {
    const { normal } = seededRandom(5);
    const baseline = Float64Array.from({ length: 2400 }, () => Math.exp(normal()));
    const shadow = baseline.map((x) => x * Math.exp(0.1 * normal()));
    const index = Float64Array.from(baseline, (_, i) => i);
    const without = (values: Float64Array) => values.subarray(400);
    const rho = (indexed: boolean) => {
      const of = (durations_ms: Float64Array, at: Float64Array) =>
        sampleOf(indexed ? { durations_ms, index: at } : { durations_ms });
      const { pair } = value(pairLatency(of(without(baseline), without(index)), of(shadow, index)));
      return value(quantileRatio(pair, { p: 0.5 })).rho;
    };
    expect(rho(true)).toBeGreaterThan(0.4);
    expect(Math.abs(rho(false))).toBeLessThan(0.3);
  });
});

describe('quantileInterval', () => {
  const run = simulate(seededRandom(11), { noise: 'ar1', n: 3000, ratio: 1 });
  const sample = sampleOf(...run.map(({ baseline_ms }) => ({ durations_ms: baseline_ms })));
  it('holds the percentile that k6 reports, and narrows with alpha', () => {
    const strict = quantileInterval(sample, 0.95, 0.01);
    const mild = quantileInterval(sample, 0.95, 0.05);
    expect(mild.estimate).toBe(pooledQuantile(sample, 0.95));
    expect(strict.lower).toBeLessThanOrEqual(mild.lower);
    expect(mild.lower).toBeLessThan(mild.estimate);
    expect(mild.upper).toBeGreaterThan(mild.estimate);
    expect(strict.upper).toBeGreaterThanOrEqual(mild.upper);
  });
  it('has no upper bound where the sample is too small, down to one answer', () => {
    expect(quantileInterval(sampleOf(block([1, 2, 3])), 0.95, 0.025).upper).toBe(Infinity);
    const one = quantileInterval(sampleOf(block([7])), 0.95, 0.025);
    expect([one.estimate, one.lower, one.upper]).toEqual([7, -Infinity, Infinity]);
  });
  it('misses no more often than it says under autocorrelation', () => {
    const truth = 200 * Math.exp(Math.hypot(0.3, 0.42) * 1.6448536269514722);
    const random = seededRandom(23);
    let missed = 0;
    for (let i = 0; i < 400; i++) {
      const [simulated] = simulate(random, { noise: 'ar1', n: 1000, ratio: 1 });
      const { lower, upper } = quantileInterval(
        sampleOf({ durations_ms: simulated?.baseline_ms ?? new Float64Array() }),
        0.95,
        0.025,
      );
      if (truth < lower || truth > upper) missed++;
    }
    // 20 expected; 34 or more has a probability of 0.002.
    expect(missed).toBeLessThan(34);
  });
  it('is wider where blocks differ', () => {
    const blocks = (sd: number) =>
      sampleOf(
        ...simulate(seededRandom(3), {
          noise: 'iid',
          n: 1000,
          ratio: 1,
          blocks: 4,
          block_level_log_sd: sd,
        }).map(({ baseline_ms }) => ({ durations_ms: baseline_ms })),
      );
    const width = (sd: number) => {
      const { lower, upper } = quantileInterval(blocks(sd), 0.5, 0.025);
      return Math.log(upper / lower);
    };
    expect(width(0.2)).toBeGreaterThan(2 * width(0));
  });
});
