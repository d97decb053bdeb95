/**
 * Long-run variances by overlapping batch means (Meketon and Schmeiser 1984, "Overlapping batch means: something for
 * nothing?"): LRV = n m / ((n - m + 1)(n - m)) * sum over all batches of (batch mean - mean)^2, and var(mean) = LRV / n.
 */

/** A batch holds this many memories, where there are enough values for this many batches. */
const MEMORIES_A_BATCH = 4;
const LEAST_BATCHES = 5;

/**
 * Batch length, below n: round(3 sqrt n), or four memories where that is longer and still leaves five batches.
 * `memory`: how many values the series remembers (see `memoryOf`); 0 where none shows.
 */
export function batchLength(n: number, memory = 0): number {
  const least = Math.max(1, Math.min(Math.round(3 * Math.sqrt(n)), n - 1));
  if (memory === 0) return least;
  const wanted = Math.round(MEMORIES_A_BATCH * Math.min(memory, n));
  return Math.max(least, Math.min(wanted, Math.floor(n / LEAST_BATCHES), n - 1));
}

/** Degrees of freedom of the estimate: 1.5 (n/m - 1) (Meketon and Schmeiser 1984), for one stretch of n values. */
export function batchDegrees(n: number, m = batchLength(n)): number {
  return 1.5 * (n / m - 1);
}

/** Long-run variance of one stretch of values, in their unit squared. NaN below two values, which have none. */
export function longRunVariance(values: Float64Array, m = batchLength(values.length)): number {
  return longRunCovariance(values, values, m);
}

/** Long-run covariance of two series of one length, matched by position. NaN below two values. */
export function longRunCovariance(a: Float64Array, b: Float64Array, m = batchLength(a.length)): number {
  const n = a.length;
  if (b.length !== n)
    throw new RangeError(`the series have ${n} and ${b.length} values; they must have as many`);
  if (n < 2) return Number.NaN;
  if (!Number.isInteger(m) || m < 1 || m >= n) {
    throw new RangeError(`batch length m is ${m}; it must be an integer from 1 to n - 1 = ${n - 1}`);
  }
  const scale = n / (m * (n - m + 1) * (n - m));
  // Centred first, so that the running sums stay small and lose nothing over a million steps.
  const meanA = mean(a);
  if (a === b) return scale * batchSquares(a, meanA, m);
  const meanB = mean(b);
  let [sumA, sumB, total] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    sumA += (a[i] ?? 0) - meanA;
    sumB += (b[i] ?? 0) - meanB;
    if (i >= m) {
      sumA -= (a[i - m] ?? 0) - meanA;
      sumB -= (b[i - m] ?? 0) - meanB;
    }
    if (i >= m - 1) total += sumA * sumB;
  }
  return scale * total;
}

/** Sum of the squares of all batch sums. */
function batchSquares(values: Float64Array, centre: number, m: number): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < m - 1; i++) sum += (values[i] ?? 0) - centre;
  for (let i = m - 1; i < values.length; i++) {
    sum += (values[i] ?? 0) - centre;
    total += sum * sum;
    sum -= (values[i - m + 1] ?? 0) - centre;
  }
  return total;
}

/** Degrees of freedom of an estimate over blocks, at least 2. */
export function blockDegrees(sizes: readonly number[], memory = 0): number {
  let degrees = 0;
  for (const n of sizes) if (n >= 2) degrees += batchDegrees(n, batchLength(n, memory));
  return Math.max(degrees, 2);
}

/** Arithmetic mean; NaN of nothing. */
export function mean(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
}

/** Sample variance, n - 1 below the line; NaN below two values. */
export function variance(values: Float64Array): number {
  const centre = mean(values);
  let squares = 0;
  for (const value of values) squares += (value - centre) ** 2;
  return values.length < 2 ? Number.NaN : squares / (values.length - 1);
}
