import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LatencyBlock, prepareLatency } from '../../../domain/statistics/latency-sample.ts';
import {
  pairLatency,
  quantileRatio,
  type QuantileRatio,
  type QuantileRatioOptions,
  smallestFiniteSample,
} from '../../../domain/statistics/quantile-ratio.ts';
import { expectClose, oracles, value } from './oracles.ts';

type Durations = readonly (readonly number[])[];

function ratio(baseline: Durations, shadow: Durations, options: QuantileRatioOptions): QuantileRatio {
  const sample = (blocks: Durations) =>
    value(prepareLatency(blocks.map((block): LatencyBlock => ({ durations_ms: Float64Array.from(block) }))))
      .sample;
  return value(quantileRatio(value(pairLatency(sample(baseline), sample(shadow))).pair, options));
}

describe('quantileRatio against the first oracle: what the error terms of today leave as it was', () => {
  const section = oracles.woodruff_obm_mover_quantile_ratio;
  it.each(section.cases)('p = $p, alpha = $alpha_one_sided', (c) => {
    const r = ratio([section.base], [section.shadow], { p: c.p, alpha: c.alpha_one_sided });
    expectClose(r.baseline.quantile_ms, c.q_base);
    expectClose(r.shadow.quantile_ms, c.q_shadow);
    expectClose(r.log.estimate, c.log_ratio);
    expectClose(r.baseline.rawLongRunVariance, c.lrv_base_raw);
    expectClose(r.shadow.rawLongRunVariance, c.lrv_shadow_raw);
    expectClose(r.rawLongRunCovariance, c.lrv_cross_raw);
  });
});

describe('smallestFiniteSample', () => {
  it('is 92 for p95 and 476 for p99 at alpha 0.025, and the interval agrees', () => {
    expect(smallestFiniteSample(0.95, 0.025)).toBe(92);
    expect(smallestFiniteSample(0.99, 0.025)).toBe(476);
    expect(smallestFiniteSample(0.05, 0.025)).toBe(92);
  });
  it.each([
    [0.95, 92],
    [0.99, 476],
  ])('p = %d has no upper bound below n = %d', (p, n) => {
    // Spread so evenly that batch means find less than independence would: the floor p (1 - p) decides.
    const even = (count: number) => [Array.from({ length: count }, (_, i) => 100 + ((i * 0.618034) % 1))];
    expect(ratio(even(n - 1), even(n - 1), { p }).ratio.upper).toBe(Infinity);
    expect(ratio(even(n), even(n), { p }).ratio.upper).toBeLessThan(Infinity);
  });
});

const durations = fc.array(fc.double({ min: 0.5, max: 5000, noNaN: true }), {
  minLength: 200,
  maxLength: 400,
});
const blocks = fc
  .integer({ min: 1, max: 4 })
  .chain((count) =>
    fc.tuple(
      fc.array(durations, { minLength: count, maxLength: count }),
      fc.array(durations, { minLength: count, maxLength: count }),
    ),
  );
const percentile = fc.constantFrom(0.5, 0.9, 0.95);

describe('quantileRatio holds for any data', () => {
  it('monotone in alpha: a stricter level never gives a narrower interval', () => {
    fc.assert(
      fc.property(blocks, percentile, ([b, s], p) => {
        const [strict, mild] = [ratio(b, s, { p, alpha: 0.01 }).log, ratio(b, s, { p, alpha: 0.05 }).log];
        expect(strict.lower).toBeLessThanOrEqual(mild.lower + 1e-12);
        expect(strict.upper).toBeGreaterThanOrEqual(mild.upper - 1e-12);
        expect(mild.lower).toBeLessThanOrEqual(mild.estimate);
        expect(mild.upper).toBeGreaterThanOrEqual(mild.estimate);
      }),
      { numRuns: 60 },
    );
  });

  it('symmetric under swapping the variants: the ratio turns into its inverse', () => {
    fc.assert(
      fc.property(blocks, percentile, ([b, s], p) => {
        const [one, other] = [ratio(b, s, { p }).log, ratio(s, b, { p }).log];
        expectClose(one.estimate, -other.estimate, 1e-12);
        if (Number.isFinite(one.lower)) expectClose(one.lower, -other.upper, 1e-12);
        else expect(other.upper).toBe(Infinity);
      }),
      { numRuns: 60 },
    );
  });

  it('invariant to units: seconds give the ratio that milliseconds give', () => {
    fc.assert(
      fc.property(blocks, percentile, fc.constantFrom(0.001, 1000, 7), ([b, s], p, unit) => {
        const each = (v: Durations, of: (x: number) => number) => v.map((block) => block.map(of));
        // To the nanosecond: values closer than a float can hold in another unit would become ties.
        const [base, shad] = [b, s].map((v) => each(v, (x) => Math.max(1e-6, Math.round(x * 1e6) / 1e6)));
        const scale = (v: Durations = []) => each(v, (x) => x * unit);
        const [one, other] = [
          ratio(base ?? [], shad ?? [], { p }).log,
          ratio(scale(base), scale(shad), { p }).log,
        ];
        expectClose(one.estimate, other.estimate, 1e-10);
        if (Number.isFinite(one.upper)) expectClose(one.upper, other.upper, 1e-10);
        else expect(other.upper).toBe(Infinity);
      }),
      { numRuns: 60 },
    );
  });
});

describe('quantileRatio at its edges', () => {
  const many = Array.from({ length: 1000 }, (_, i) => 100 + ((i * 0.618034) % 1) * 50);
  it('has infinite bounds where there is too little data', () => {
    const { ratio: r } = ratio([[1, 2]], [[3]], { p: 0.95 });
    expect([r.lower, r.upper]).toEqual([0, Infinity]);
  });
  it('widens by the noise between deployments', () => {
    const plain = ratio([many], [many], { p: 0.5 });
    const noisy = ratio([many], [many], { p: 0.5, deployment_log_sd: 0.05 });
    expectClose(noisy.log.upper, Math.hypot(plain.log.upper, Math.SQRT2 * plain.critical * 0.05), 1e-12);
    expect(noisy.sampling).toEqual(plain.sampling);
  });
  it('takes durations of 0 ms, but not a percentile of 0 ms', () => {
    const some = [0, ...many];
    expect(ratio([some], [many], { p: 0.5 }).ratio.estimate).toBeGreaterThan(1);
    const zeros = value(prepareLatency([{ durations_ms: new Float64Array(500) }])).sample;
    const { pair } = value(pairLatency(zeros, zeros));
    expect(quantileRatio(pair, { p: 0.5 })).toMatchObject({ ok: false, reason: 'bad_value' });
  });
  it('refuses blocks that do not come in pairs', () => {
    const sample = (count: number) =>
      value(prepareLatency(Array.from({ length: count }, () => ({ durations_ms: Float64Array.of(1) }))))
        .sample;
    expect(pairLatency(sample(2), sample(3))).toMatchObject({
      ok: false,
      message: expect.stringContaining('baseline has 2 blocks and shadow 3'),
    });
  });
  it('has no bound from blocks that are too short to judge, however well they agree', () => {
    const short = [0, 1, 2].map((i) => [100 + i, 101, 102]);
    expect(ratio(short, short, { p: 0.99 }).ratio.upper).toBe(Infinity);
  });
  it('throws for parameters that cannot be', () => {
    expect(() => ratio([many], [many], { p: 1 })).toThrow('p is 1');
    expect(() => ratio([many], [many], { p: 0.5, alpha: 0 })).toThrow('alpha is 0');
    expect(() => ratio([many], [many], { p: 0.5, deployment_log_sd: -1 })).toThrow('deployment_log_sd is -1');
  });
});
