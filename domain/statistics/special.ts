/**
 * The regularised incomplete beta function and the binomial mass, accurate for parameters from 0.5 to 1e7.
 * Why these are ours and not a library's: docs/decisions/010-distributions.md.
 */

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/**
 * Error of Stirling's formula, ln Gamma(z+1) - [(z+1/2) ln z - z + ln(2 pi)/2], for z > 0.
 * Asymptotic series (Abramowitz and Stegun 1964, 6.1.41) above 16, reached from below by the recurrence
 * delta(z) = delta(z+1) + (z+1/2) ln(1+1/z) - 1.
 */
function stirlingError(z: number): number {
  let shift = 0;
  let x = z;
  for (; x < 16; x++) shift += (x + 0.5) * Math.log1p(1 / x) - 1;
  const y = 1 / (x * x);
  return (
    shift +
    (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - (y * 691) / 360360))))) / x
  );
}

/** Deviance x ln(x/m) + m - x without cancellation near x = m (Loader 2000, "Fast and accurate computation of binomial probabilities"). */
function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let term = 2 * x * v;
  for (let j = 1; ; j++) {
    term *= v * v;
    const next = sum + term / (2 * j + 1);
    if (next === sum) return sum;
    sum = next;
  }
}

/**
 * Gamma(n+1) / (Gamma(k+1) Gamma(n-k+1)) x^k y^(n-k) with x + y = 1, k from 0 to n, not only whole numbers: the
 * binomial mass by saddle point (Loader 2000).
 */
export function binomialMass(k: number, n: number, x: number, y: number): number {
  if (x === 0) return k === 0 ? 1 : 0;
  if (y === 0) return k === n ? 1 : 0;
  // log1p of the other side's share keeps the digits that a power of a number near 1 would lose.
  if (k === 0) return Math.exp(n * (x < y ? Math.log1p(-x) : Math.log(y)));
  if (k === n) return Math.exp(n * (y < x ? Math.log1p(-y) : Math.log(x)));
  const exponent =
    stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, n * x) - deviance(n - k, n * y);
  return Math.exp(exponent - HALF_LOG_TWO_PI) * Math.sqrt(n / (k * (n - k)));
}

/** x^a y^b / B(a, b), the beta density times x y. */
export function betaKernel(x: number, y: number, a: number, b: number): number {
  return ((a * b) / (a + b)) * binomialMass(a, a + b, x, y);
}

/** Continued fraction of I_x(a,b) (Didonato and Morris 1992, eq. 9), by the modified Lentz method; fast for x <= a/(a+b). */
function betaFraction(x: number, y: number, a: number, b: number): number {
  const tiny = 1e-300;
  const lambda = a * y - b * x;
  let f = tiny;
  let c = f;
  let d = 0;
  for (let n = 0; n < 100_000; n++) {
    let alpha = 1;
    if (n > 0) {
      const q = a + 2 * n - 1;
      alpha = (((a + n - 1) / q) * (a + b + n - 1) * n * (b - n) * x * x) / q;
    }
    const tail = ((a + n) * (lambda + 1 + n * (1 + y))) / (a + 2 * n + 1);
    const beta = n === 0 ? tail : n + (n * (b - n) * x) / (a + 2 * n - 1) + tail;
    d = beta + alpha * d;
    if (d === 0) d = tiny;
    d = 1 / d;
    c = beta + alpha / c;
    if (c === 0) c = tiny;
    const factor = c * d;
    f *= factor;
    if (Math.abs(factor - 1) < 1e-15) return f;
  }
  throw new RangeError(`incomplete beta did not converge at x = ${x}, a = ${a}, b = ${b}`);
}

/**
 * Regularised incomplete beta I_x(a, b), a, b > 0. `y` is 1 - x, given apart so that neither end loses digits.
 * Source: Didonato and Morris 1992, "Significant digit computation of the incomplete beta function ratios".
 */
export function regularizedBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  if (x * (a + b) > a) return 1 - regularizedBeta(y, x, b, a);
  return betaKernel(x, y, a, b) * betaFraction(x, y, a, b);
}
