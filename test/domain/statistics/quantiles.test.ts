import { describe, expect, it } from 'vitest';
import { longRunCovariance, longRunVariance, mean } from '../../../domain/statistics/batch-means.ts';
import { binomialCdf } from '../../../domain/statistics/distributions.ts';
import {
  orderStatisticInterval,
  quantileRanks,
  smallestBoundedSample,
} from '../../../domain/statistics/order-statistics.ts';
import {
  atRank,
  logQuantile,
  quantile,
  quantileWithFailures,
  sortSamples,
} from '../../../domain/statistics/quantiles.ts';
import { expectClose, oracles, value } from './oracles.ts';

const sortedOf = (values: readonly number[]) => value(sortSamples(Float64Array.from(values))).sorted;

describe('quantile', () => {
  const withSamples = oracles.quantiles.cases.flatMap((c) => {
    const x = c.x ?? (c.name === '1..100' ? Array.from({ length: 100 }, (_, i) => i + 1) : undefined);
    return x === undefined ? [] : [{ ...c, x: x.length === c.n ? x : [] }];
  });
  it('has the oracle cases that give their samples', () => expect(withSamples.length).toBe(8));
  it.each(withSamples)('$name at $p is type 7', ({ x, p, linear }) => {
    expectClose(quantile(sortedOf(x), p), linear);
  });
  it('on logarithms is the logarithm of an order statistic where one lies at the place', () => {
    const sorted = sortedOf([1, 2, 4, 8, 16]);
    expect(logQuantile(sorted, 0.5)).toBe(Math.log(4));
    expectClose(logQuantile(sorted, 0.625), Math.log(4) + 0.5 * Math.log(2), 1e-15);
  });
  it('counts failures as infinite, by the upper order statistic', () => {
    const sorted = sortedOf([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(quantileWithFailures(sorted, 0, 0.5)).toBe(5);
    expect(quantileWithFailures(sorted, 1, 0.5)).toBe(6);
    expect(quantileWithFailures(sorted, 1, 0.95)).toBe(Infinity);
    expect(quantileWithFailures(sorted, -1, 0.95)).toMatchObject({ ok: false, reason: 'bad_value' });
  });
  it('has infinite bounds outside the sample', () => {
    const sorted = sortedOf([3, 4]);
    expect([atRank(sorted, 0), atRank(sorted, 1), atRank(sorted, 3)]).toEqual([-Infinity, 3, Infinity]);
  });
});

describe('sortSamples refuses', () => {
  it.each([
    [[], 'no_data', /no samples/],
    [[1, Number.NaN], 'bad_value', /samples\[1\] is NaN/],
    [[-1, 2], 'bad_value', /samples\[0\] is -1/],
    [[Infinity], 'bad_value', /samples\[0\] is Infinity/],
  ])('%j', (values, reason, message) => {
    const outcome = sortSamples(Float64Array.from(values), 0);
    expect(outcome).toMatchObject({ ok: false, reason, message: expect.stringMatching(message) });
  });
});

describe('order statistics', () => {
  const outside = (rank: number, n: number) => (rank < 1 || rank > n ? null : rank);
  it.each(oracles.order_stat_ci.cases)('ranks at p = $p, n = $n', (c) => {
    const two = quantileRanks(c.n, c.p, 0.025);
    const one = quantileRanks(c.n, c.p, 0.05);
    expect(outside(two.lower, c.n)).toBe(c.lo_rank);
    expect(outside(two.upper, c.n)).toBe(c.hi_rank);
    expect(outside(one.lower, c.n)).toBe(c.one_sided95_lower_rank);
    expect(outside(one.upper, c.n)).toBe(c.one_sided95_upper_rank);
    if (c.coverage_if_both === null) return;
    expectClose(
      binomialCdf(two.upper - 1, c.n, c.p) - binomialCdf(two.lower - 1, c.n, c.p),
      c.coverage_if_both,
    );
  });
  it.each(Object.entries(oracles.min_n_for_finite_upper_bound.values))(
    'smallest n at p = %s',
    (p, expected) => {
      expect(smallestBoundedSample(Number(p), 0.05)).toBe(expected.one_sided95_upper);
      expect(smallestBoundedSample(Number(p), 0.025)).toBe(expected.two_sided95_upper);
    },
  );
  it('bounds the quantile of a sample, and has no bound where the sample is too small', () => {
    const hundred = sortedOf(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(orderStatisticInterval(hundred, 0.5, 0.025)).toEqual({ estimate: 50.5, lower: 40, upper: 61 });
    expect(orderStatisticInterval(hundred, 0.99, 0.025).upper).toBe(Infinity);
  });
});

describe('overlapping batch means', () => {
  const { x, mean: expectedMean, overlapping_batch_means_LRV: expected } = oracles.autocorrelated_mean;
  const values = Float64Array.from(x);
  it('match the oracle', () => {
    expectClose(mean(values), expectedMean);
    expectClose(longRunVariance(values, 4), expected['m=4']);
    expectClose(longRunVariance(values, 6), expected['m=6']);
  });
  it('of a sum split into variances and covariance', () => {
    const other = values.map((v, i) => v * Math.cos(i));
    const sum = values.map((v, i) => v + (other[i] ?? 0));
    const parts = longRunVariance(values) + longRunVariance(other) + 2 * longRunCovariance(values, other);
    expectClose(longRunVariance(sum), parts, 1e-12);
  });
  it('throw for series of two lengths and for a batch as long as the series', () => {
    expect(() => longRunCovariance(values, values.subarray(1))).toThrow('40 and 39');
    expect(() => longRunVariance(values, 40)).toThrow('m is 40');
  });
  it('have no variance for a single value', () => {
    expect(longRunVariance(Float64Array.of(1))).toBeNaN();
  });
});
