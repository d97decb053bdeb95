import { describe, expect, it } from 'vitest';
import {
  betaCdf,
  betaQuantile,
  binomialCdf,
  binomialPmf,
  chiSquareQuantile,
  fisherTail,
  normalCdf,
  normalQuantile,
  studentTCdf,
  studentTQuantile,
} from '../../../domain/statistics/distributions.ts';

/** Relative agreement with figures by mpmath 1.4.1 at 40 digits and scipy 1.17.1. */
function expectRelative(actual: number, expected: number, tolerance: number): void {
  expect(Math.abs(actual / expected - 1), `${actual} against ${expected}`).toBeLessThan(tolerance);
}

describe('the normal distribution', () => {
  it.each([
    [-30, 4.906713927148187e-198],
    [-8, 6.220960574271785e-16],
    [-3.1, 9.676032132183561e-4],
    [-2.9, 1.8658133003840378e-3],
    [1, 0.8413447460685429],
    [3.2, 0.9993128620620841],
  ])('cdf(%d)', (z, p) => expectRelative(normalCdf(z), p, 1e-12));
  it.each([
    [0.025, -1.959963984540054],
    [1e-10, -6.361340902404056],
    [0.975, 1.959963984540054],
    [0.6, 0.2533471031357998],
  ])('quantile(%d)', (p, z) => expectRelative(normalQuantile(p), z, 1e-13));
  it('takes the median as 0', () => expect(normalQuantile(0.5)).toBe(0));
});

describe("Student's t", () => {
  it.each([
    [0.975, 1, 12.706204736174694],
    [0.975, 2, 4.302652729749462],
    [0.975, 8.5, 2.282604893392452],
    [0.975, 30.5, 2.04086944518632],
    [0.99, 200, 2.345137082259468],
    [0.975, 497, 1.9647486136388719],
    [0.9999, 3, 22.203742273205],
  ])('quantile(%d, df %d)', (p, df, t) => expectRelative(studentTQuantile(p, df), t, 1e-11));
  it('falls to the normal with infinite degrees', () => {
    expect(studentTQuantile(0.975, Infinity)).toBe(normalQuantile(0.975));
    expect(studentTCdf(1, Infinity)).toBe(normalCdf(1));
  });
  it('inverts itself in the far tail', () => {
    for (const df of [0.5, 1, 4.7, 300]) {
      for (const p of [1e-6, 0.01, 0.4]) expectRelative(studentTCdf(studentTQuantile(p, df), df), p, 1e-12);
    }
  });
});

describe('beta and binomial', () => {
  // jstat 1.9.6 gives 0.5012763 and 0.4999999622 for the first two.
  it.each([
    [0.95, 949_999, 50_001, 0.5012813277111383],
    [0.5, 1000, 1000, 0.5],
    [0.9502, 949_999, 50_001, 0.821745859548353],
  ])('betaCdf(%d, %d, %d)', (x, a, b, p) => expectRelative(betaCdf(x, a, b), p, 1e-10));
  it.each([
    [1e-8, 300, 0.5, 0.9466925971218056],
    [0.025, 1, 20, 0.0012650894979498038],
    [0.025, 81, 183, 0.25273674558527126],
    [0.975, 82, 182, 0.36762192260135135],
    [0.975, 50_000, 950_000, 0.05042801574118966],
    [0.025, 990_000, 10_000, 0.9898040596406952],
  ])('betaQuantile(%d, %d, %d)', (p, a, b, x) => expectRelative(betaQuantile(p, a, b), x, 1e-13));
  it('sums the mass to the cdf', () => {
    let sum = 0;
    for (let k = 0; k <= 50; k++) {
      sum += binomialPmf(k, 50, 0.3);
      expect(Math.abs(sum - binomialCdf(k, 50, 0.3))).toBeLessThan(1e-13);
    }
  });
  it('F with one degree above is the square of t; chi-square is near its tables', () => {
    for (const [t, df] of [
      [2, 7],
      [0.5, 30],
      [5, 3],
    ] as const)
      expect(Math.abs(fisherTail(t * t, 1, df) - 2 * studentTCdf(-t, df))).toBeLessThan(1e-13);
    // With two degrees above, F has a closed form.
    expect(Math.abs(fisherTail(3, 2, 10) - (1 + (2 * 3) / 10) ** -5)).toBeLessThan(1e-13);
    expect(Math.abs(chiSquareQuantile(0.025, 9) / 2.7004 - 1)).toBeLessThan(0.01);
    expect(chiSquareQuantile(0.975, 58) / 80.936).toBeCloseTo(1, 3);
  });
});

describe('parameters outside their domain throw and are named', () => {
  it.each([
    () => normalQuantile(0),
    () => normalQuantile(Number.NaN),
    () => normalCdf(Number.NaN),
    () => studentTQuantile(0.975, 0),
    () => studentTCdf(1, Number.NaN),
    () => betaQuantile(0.5, -1, 2),
    () => betaCdf(1.5, 1, 2),
    () => binomialCdf(1, 2.5, 0.5),
    () => fisherTail(1, 0, 3),
    () => chiSquareQuantile(0.5, 0),
  ])('%s', (call) => expect(call).toThrow(/is|are/));
});
