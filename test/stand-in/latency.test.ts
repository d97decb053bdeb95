import { describe, expect, test } from 'vitest';
import { profiles } from '../../stand-in/grammar/profiles.ts';
import { LatencySource } from '../../stand-in/kit/latency.ts';
import { normal, randomFor } from '../../stand-in/kit/random.ts';
import { closedLoop, quantile } from './closed-loop.ts';

const mean = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0) / xs.length;
const sd = (xs: readonly number[]) => {
  const m = mean(xs);
  return Math.sqrt(mean(xs.map((x) => (x - m) ** 2)));
};
const plain = { median_ms: 100, sigma: 0.3, sigma_text: 0, slow_share: 0, slow_factor: 1 };

function logs(autocorrelation: number, n = 20_000): number[] {
  const source = new LatencySource(plain, { autocorrelation, burst: null }, 7, 'baseline');
  return Array.from({ length: n }, (_, i) => Math.log(source.next(i, 'text')));
}

function lag1(xs: readonly number[]): number {
  const m = mean(xs);
  const products = xs.slice(1).map((x, i) => (x - m) * ((xs[i] ?? m) - m));
  return mean(products) / mean(xs.map((x) => (x - m) ** 2));
}

test('keyed random numbers repeat, differ by key and are uniform', () => {
  expect(randomFor(1, 'a', 2)()).toBe(randomFor(1, 'a', 2)());
  expect(randomFor(1, 'a', 2)()).not.toBe(randomFor(1, 'a', 3)());
  expect(randomFor(1, 'ab', 'c')()).not.toBe(randomFor(1, 'a', 'bc')());
  const firsts = Array.from({ length: 20_000 }, (_, i) => randomFor(3, 'u', i)());
  expect(mean(firsts)).toBeCloseTo(0.5, 1.9);
  expect(Math.abs(lag1(firsts))).toBeLessThan(0.03);
  const normals = Array.from({ length: 20_000 }, (_, i) => normal(randomFor(3, 'n', i)));
  expect(Math.abs(mean(normals))).toBeLessThan(0.03);
  expect(Math.abs(mean(normals.map((z) => z * z)) - 1)).toBeLessThan(0.04);
});

test('latency is lognormal with the median and sigma asked for', () => {
  const xs = logs(0);
  expect(Math.exp(mean(xs)) / 100).toBeCloseTo(1, 1.9);
  expect(sd(xs)).toBeCloseTo(0.3, 1.9);
  expect(Math.abs(lag1(xs))).toBeLessThan(0.03);
});

test('autocorrelation is what the flag says and leaves the spread alone', () => {
  const xs = logs(0.6, 40_000);
  expect(Math.abs(lag1(xs) - 0.6)).toBeLessThan(0.04);
  expect(Math.abs(sd(xs) - 0.3)).toBeLessThan(0.02);
});

test('a burst multiplies the first requests of each stretch', () => {
  const source = (burst: { every: number; length: number; factor: number } | null) =>
    new LatencySource(plain, { autocorrelation: 0, burst }, 1, 'baseline');
  const calm = source(null);
  const bursty = source({ every: 10, length: 3, factor: 4 });
  const ratios = Array.from({ length: 20 }, (_, i) => bursty.next(i, 't') / calm.next(i, 't'));
  expect(ratios.map(Math.round)).toEqual([4, 4, 4, 1, 1, 1, 1, 1, 1, 1, 4, 4, 4, 1, 1, 1, 1, 1, 1, 1]);
});

test('a text is slow or fast for both variants alike, requests differ', () => {
  const shape = { ...plain, sigma: 0, sigma_text: 0.2 };
  const none = { autocorrelation: 0, burst: null };
  const a = new LatencySource(shape, none, 1, 'baseline');
  const b = new LatencySource(shape, none, 1, 'shadow');
  expect(a.next(0, 'one')).toBe(b.next(0, 'one'));
  expect(a.next(1, 'two')).not.toBe(b.next(0, 'one'));
  const noisy = new LatencySource(plain, none, 1, 'baseline');
  expect(noisy.next(0, 'one')).not.toBe(new LatencySource(plain, none, 1, 'shadow').next(0, 'one'));
});

describe('profiles at ten clients', () => {
  const at = (name: keyof typeof profiles, variant: 'baseline' | 'shadow') => {
    const { latency, workers } = profiles[name][variant];
    const sorted = closedLoop({ shape: latency, workers, variant, clients: 10, requests: 40_000 });
    return {
      p50: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      p99: quantile(sorted, 0.99),
      mean: mean(sorted),
    };
  };
  const near = (value: number, wanted: number, share: number) =>
    expect(Math.abs(value / wanted - 1), `${value} is not near ${wanted}`).toBeLessThan(share);

  test('lab has the figures of the contract', () => {
    const { p50, p95, p99, mean: mean_ms } = at('lab', 'baseline');
    near(p50, 3050, 0.03);
    near(p95, 4610, 0.03);
    near(p99, 5820, 0.04);
    near((60_000 / mean_ms) * 10, 185, 0.05);
  });

  test('default: 300 ms at the median, and the shadow 5, 7 and 6 % slower', () => {
    const baseline = at('default', 'baseline');
    const shadow = at('default', 'shadow');
    near(baseline.p50, 300, 0.03);
    near(shadow.p50 / baseline.p50, 1.05, 0.015);
    near(shadow.p95 / baseline.p95, 1.07, 0.02);
    near(shadow.p99 / baseline.p99, 1.06, 0.035);
  });

  test.each([
    ['pass', 0.95],
    ['equal', 1],
    ['marginal', 1.15],
  ] as const)('%s: the shadow at %d', (name, ratio) => {
    near(at(name, 'shadow').p95 / at(name, 'baseline').p95, ratio, 0.02);
  });

  test('fail: the shadow beyond any margin', () => {
    expect(at('fail', 'shadow').p95 / at('fail', 'baseline').p95).toBeGreaterThan(1.4);
  });
});
