import { binomialQuantile } from './distributions.ts';
import { checkAlpha, checkProbability, type Interval } from './outcome.ts';
import { atRank, quantile, type SortedSamples } from './quantiles.ts';

/** 1-based ranks; 0 and n + 1 stand outside the sample: an infinite bound. */
export interface Ranks {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Ranks that bound the p-quantile of n independent values, each side at one-sided alpha, free of any distribution
 * (David and Nagaraja 2003, Order Statistics, 7.1): the binomial quantiles at alpha, and at 1 - alpha plus one.
 */
export function quantileRanks(n: number, p: number, alpha: number): Ranks {
  checkAlpha(alpha);
  checkProbability('p', p);
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`n is ${n}; it must be an integer >= 1`);
  return { lower: binomialQuantile(alpha, n, p), upper: binomialQuantile(1 - alpha, n, p) + 1 };
}

/** Interval of the p-quantile of independent values. Requests under load are not: see `quantileInterval` for those. */
export function orderStatisticInterval(samples: SortedSamples, p: number, alpha: number): Interval {
  const ranks = quantileRanks(samples.length, p, alpha);
  return {
    estimate: quantile(samples, p),
    lower: atRank(samples, ranks.lower),
    upper: atRank(samples, ranks.upper),
  };
}

/** Smallest n whose maximum bounds the p-quantile at one-sided alpha: p^n <= alpha (Wilks 1941). */
export function smallestBoundedSample(p: number, alpha: number): number {
  checkAlpha(alpha);
  checkProbability('p', p);
  return Math.ceil(Math.log(alpha) / Math.log(p));
}
