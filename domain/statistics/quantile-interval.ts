import { blockRule } from './blocks.ts';
import { type LatencySample, pooledQuantile, valueAtRank } from './latency-sample.ts';
import { checkAlpha, checkProbability, type Interval } from './outcome.ts';
import type { Ranks } from './order-statistics.ts';
import { mean } from './batch-means.ts';
import { indicator, shareError, woodruffRanks } from './woodruff.ts';

export interface QuantileInterval extends Interval {
  readonly n: number;
  readonly degrees: number;
  readonly ranks: Ranks;
}

/**
 * Interval of one variant's percentile under load, in ms, each bound at one-sided alpha: what stands beside a limit.
 * Woodruff 1952 on the long-run variance by overlapping batch means; with several blocks, by how much the share of
 * answers below the percentile differs between them (see `blockRule`).
 */
export function quantileInterval(sample: LatencySample, p: number, alpha: number): QuantileInterval {
  checkAlpha(alpha);
  checkProbability('p', p);
  const estimate = pooledQuantile(sample, p);
  const indicators = sample.blocks.map((block) => indicator(block, estimate));
  const error = shareError(indicators, sample.weights, p);
  const rule = blockRule(
    {
      within: error.variance,
      withinDegrees: error.degrees,
      estimates: Float64Array.from(indicators, mean),
      weights: sample.weights,
    },
    alpha,
  );
  const ranks = woodruffRanks(sample.n, p, rule.critical * rule.se);
  return {
    estimate,
    lower: valueAtRank(sample, ranks.lower),
    upper: valueAtRank(sample, ranks.upper),
    n: sample.n,
    degrees: rule.degrees,
    ranks,
  };
}
