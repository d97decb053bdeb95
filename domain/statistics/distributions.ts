/**
 * Cumulative distributions and quantiles. Each throws RangeError for a parameter outside its domain.
 * Measured errors, and why no library: docs/decisions/010-distributions.md.
 */
import { checkProbability } from './outcome.ts';
import { betaKernel, binomialMass, regularizedBeta } from './special.ts';

/** Share of a bracket below which a root is taken as found: a few units in the last place. */
const ROOT_TOLERANCE = 4e-16;

function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/** P(Z > z) for z >= 3 by Laplace's continued fraction (Abramowitz and Stegun 1964, 26.2.14), backwards. */
function normalTail(z: number): number {
  let fraction = z;
  for (let k = 200; k >= 1; k--) fraction = z + k / fraction;
  return normalDensity(z) / fraction;
}

/** P(Z <= z), accurate relative to itself in the lower tail. Series: Marsaglia 2004, "Evaluating the normal distribution". */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) throw new RangeError('z is NaN; it must be a number');
  if (z < -3) return normalTail(-z);
  if (z > 3) return 1 - normalTail(z);
  let sum = z;
  let term = z;
  for (let k = 3; ; k += 2) {
    term *= (z * z) / k;
    const next = sum + term;
    if (next === sum) return 0.5 + sum * normalDensity(z);
    sum = next;
  }
}

/** z with P(Z <= z) = p, 0 < p < 1. Start: Abramowitz and Stegun 26.2.23; mended by Halley steps on the cdf. */
export function normalQuantile(p: number): number {
  checkProbability('p', p);
  if (p === 0.5) return 0;
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  let z =
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let step = 0; step < 3; step++) {
    const e = (normalCdf(z) - p) / normalDensity(z);
    z -= e / (1 + (z * e) / 2);
  }
  return z;
}

/** P(T <= t), df > 0, not only whole numbers. Source: Abramowitz and Stegun 1964, 26.7.1. */
export function studentTCdf(t: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`df is ${df}; it must be > 0`);
  if (Number.isNaN(t)) throw new RangeError('t is NaN; it must be a number');
  if (!Number.isFinite(t)) return t < 0 ? 0 : 1;
  if (df === Infinity) return normalCdf(t);
  const square = t * t;
  const tail = 0.5 * regularizedBeta(df / (df + square), square / (df + square), df / 2, 0.5);
  return t < 0 ? tail : 1 - tail;
}

/** Density at t != 0: the incomplete beta's, times the derivative of its argument x = t^2 / (df + t^2). */
function studentTDensity(t: number, df: number): number {
  const square = t * t;
  return betaKernel(square / (df + square), df / (df + square), 0.5, df / 2) / Math.abs(t);
}

/** t with P(T <= t) = p, 0 < p < 1, df > 0: Newton steps on the cdf, kept inside a bracket. */
export function studentTQuantile(p: number, df: number): number {
  checkProbability('p', p);
  if (!(df > 0)) throw new RangeError(`df is ${df}; it must be > 0`);
  if (df === Infinity) return normalQuantile(p);
  if (p === 0.5) return 0;
  if (p > 0.5) return -studentTQuantile(1 - p, df);
  let low = normalQuantile(p);
  while (studentTCdf(low, df) > p) low *= 2;
  return root(
    (t) => studentTCdf(t, df) - p,
    (t) => studentTDensity(t, df),
    low,
    0,
  );
}

/** I_x(a, b): P(Beta(a, b) <= x), 0 <= x <= 1, a, b > 0. */
export function betaCdf(x: number, a: number, b: number): number {
  checkShape(a, b);
  if (!(x >= 0 && x <= 1)) throw new RangeError(`x is ${x}; it must lie in [0, 1]`);
  return regularizedBeta(x, 1 - x, a, b);
}

/** x with P(Beta(a, b) <= x) = p, 0 < p < 1, a, b > 0. */
export function betaQuantile(p: number, a: number, b: number): number {
  checkShape(a, b);
  checkProbability('p', p);
  const slope = (x: number): number => betaKernel(x, 1 - x, a, b) / (x * (1 - x));
  // The smaller of x and 1 - x is solved for, so that it keeps its digits.
  if (regularizedBeta(0.5, 0.5, a, b) >= p) {
    return root((x) => regularizedBeta(x, 1 - x, a, b) - p, slope, 0, 0.5);
  }
  return (
    1 -
    root(
      (y) => p - regularizedBeta(1 - y, y, a, b),
      (y) => slope(1 - y),
      0,
      0.5,
    )
  );
}

/** P(F > f) with d1 and d2 degrees of freedom (Abramowitz and Stegun 1964, 26.6.2). */
export function fisherTail(f: number, d1: number, d2: number): number {
  if (!(d1 > 0 && d2 > 0)) throw new RangeError(`degrees are ${d1} and ${d2}; both must be > 0`);
  if (Number.isNaN(f)) throw new RangeError('f is NaN; it must be a number');
  if (f <= 0) return 1;
  if (f === Infinity) return 0;
  const whole = d2 + d1 * f;
  return regularizedBeta(d2 / whole, (d1 * f) / whole, d2 / 2, d1 / 2);
}

/** x with P(chi-square of `degrees` <= x) = p, by Wilson and Hilferty 1931: within 1 % from 9 degrees on. */
export function chiSquareQuantile(p: number, degrees: number): number {
  checkProbability('p', p);
  if (!(degrees > 0)) throw new RangeError(`degrees is ${degrees}; it must be > 0`);
  const spread = 2 / (9 * degrees);
  return degrees * Math.max(0, 1 - spread + normalQuantile(p) * Math.sqrt(spread)) ** 3;
}

/** P(X <= k) for X ~ Binomial(n, p), as an incomplete beta (Abramowitz and Stegun 1964, 26.5.24). */
export function binomialCdf(k: number, n: number, p: number): number {
  if (!(Number.isInteger(n) && n >= 0)) throw new RangeError(`n is ${n}; it must be an integer >= 0`);
  if (!(p >= 0 && p <= 1)) throw new RangeError(`p is ${p}; it must lie in [0, 1]`);
  if (k < 0) return 0;
  if (k >= n) return 1;
  const whole = Math.floor(k);
  return regularizedBeta(1 - p, p, n - whole, whole + 1);
}

/** P(X = k) for X ~ Binomial(n, p). */
export function binomialPmf(k: number, n: number, p: number): number {
  return k < 0 || k > n ? 0 : binomialMass(k, n, p, 1 - p);
}

function checkShape(a: number, b: number): void {
  if (!(a > 0 && b > 0)) throw new RangeError(`a and b are ${a} and ${b}; both must be > 0`);
}

/** Root of an increasing function in [low, high]: Newton steps, halving wherever one leaves the bracket. */
function root(f: (x: number) => number, slope: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  let x = (a + b) / 2;
  for (let step = 0; step < 200; step++) {
    const value = f(x);
    if (value === 0) return x;
    if (value > 0) b = x;
    else a = x;
    const newton = x - value / slope(x);
    const next = newton > a && newton < b ? newton : (a + b) / 2;
    if (Math.abs(next - x) <= ROOT_TOLERANCE * Math.abs(next)) return next;
    x = next;
  }
  return x;
}
