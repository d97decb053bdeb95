/**
 * Rank comparisons, for the reader's eye only. Never a gate: they see no difference in a tail (70-fold, and Mann-Whitney
 * passes), and their p-values take requests as independent, which under load they are not.
 */
import { normalCdf } from './distributions.ts';
import { countSorted, type SortedSamples } from './quantiles.ts';

export interface MannWhitney {
  /** Pairs in which the first is greater, ties by half. */
  readonly u: number;
  /** P(first > second) + P(tie) / 2. */
  readonly superiority: number;
  /** Two-sided, by the normal with ties and continuity corrected. 1 where all values are equal. */
  readonly p: number;
}

/** Mann and Whitney 1947, in O((n + m) log m). */
export function mannWhitney(first: SortedSamples, second: SortedSamples): MannWhitney {
  const [n, m] = [first.length, second.length];
  let u = 0;
  let ties = 0;
  for (const x of first) u += (countSorted(second, x, true) + countSorted(second, x)) / 2;
  for (const count of runs(first, second)) ties += count ** 3 - count;
  const total = n + m;
  const spread = Math.sqrt(((n * m) / 12) * (total + 1 - ties / (total * (total - 1))));
  const far = Math.abs(u - (n * m) / 2) - 0.5;
  return { u, superiority: u / (n * m), p: spread > 0 ? Math.min(1, 2 * normalCdf(-far / spread)) : 1 };
}

/** Greatest distance between the two distribution functions, 0 to 1 (Smirnov 1948). */
export function kolmogorovSmirnov(first: SortedSamples, second: SortedSamples): number {
  let most = 0;
  for (const [values, other] of [
    [first, second],
    [second, first],
  ] as const) {
    for (const x of values) {
      const gap = countSorted(values, x) / values.length - countSorted(other, x) / other.length;
      most = Math.max(most, Math.abs(gap));
    }
  }
  return most;
}

/** Lengths of the runs of equal values in both samples together. */
function* runs(first: SortedSamples, second: SortedSamples): Generator<number> {
  for (let i = 0, j = 0; i < first.length || j < second.length;) {
    const value = Math.min(first[i] ?? Infinity, second[j] ?? Infinity);
    const start = i + j;
    while (first[i] === value) i++;
    while (second[j] === value) j++;
    yield i + j - start;
  }
}
