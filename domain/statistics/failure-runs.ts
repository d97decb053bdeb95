/**
 * Failures come in runs: a server that is down fails whoever asks. A run of failures is one event, and the sample is the
 * runs (compound Poisson with geometric sizes: Polya and Aeppli 1930), not the failures.
 */
import { betaQuantile } from './distributions.ts';

/** Level of the upper bound of the chance that a run of failures goes on: for error rates, and for lost throughput. */
export const GEOMETRIC_LEVEL = 0.65;
export const GEOMETRIC_LEVEL_THROUGHPUT = 0.75;

/**
 * Sizes of the runs of failures, 1 for a failed request and 0 for an answer in start order. Failures with at most `gap`
 * answers between them are one run: they were in flight together.
 */
export function failureRuns(failed: Float64Array, gap = 0): number[] {
  const sizes: number[] = [];
  let [size, last] = [0, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < failed.length; i++) {
    if (failed[i] === 0) continue;
    if (size > 0 && i - last > gap + 1) {
      sizes.push(size);
      size = 0;
    }
    size++;
    last = i;
  }
  if (size > 0) sizes.push(size);
  return sizes;
}

/**
 * Variance of a count of failures over that of independent ones: the larger of each variant's own sum X^2 / sum X over
 * its runs, and of (1 + c) / (1 - c), c an upper bound of the chance that a run goes on, from the runs of all. At least 1.
 */
export function inflationOfRuns(variants: readonly (readonly number[])[], level = GEOMETRIC_LEVEL): number {
  let [inflation, runs, failures] = [1, 0, 0];
  for (const sizes of variants) {
    const sum = sizes.reduce((total, size) => total + size, 0);
    if (sum === 0) continue;
    inflation = Math.max(inflation, sizes.reduce((total, size) => total + size * size, 0) / sum);
    runs += sizes.length;
    failures += sum;
  }
  if (runs === 0) return 1;
  const c = betaQuantile(level, failures - runs + 1, runs);
  return Math.max(inflation, (1 + c) / (1 - c));
}

/** Bursts longer than this would have been missed by n faultless requests with more than 2.5 %: exp(-n margin / L) > 0.025. */
export const longestUnseen = (n: number, margin: number): number => (n * margin) / 3.7;
