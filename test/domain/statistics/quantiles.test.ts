import { describe, expect, it } from 'vitest';
import { longRunCovariance, longRunVariance, mean } from '../../../domain/statistics/batch-means.ts';
import { logQuantile, quantile, sortSamples } from '../../../domain/statistics/quantiles.ts';
import { logAtRank, prepareLatency } from '../../../domain/statistics/latency-sample.ts';
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
  it('has infinite bounds outside the sample', () => {
    const { sample } = value(prepareLatency([{ durations_ms: Float64Array.of(3, 4) }]));
    const at = (rank: number): number => logAtRank(sample, rank);
    expect([at(0), at(1), at(3)]).toEqual([-Infinity, Math.log(3), Infinity]);
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
