import { mean } from './batch-means.ts';
import { blockRule } from './blocks.ts';
import { clientsDiffer } from './clients.ts';
import { clientBlocks, type LatencySample, logAtRank, pooledQuantile } from './latency-sample.ts';
import { memoryOf, tooShort } from './memory.ts';
import { checkAlpha, checkProbability, type Interval } from './outcome.ts';
import {
  indicator,
  type Ranks,
  shareClients,
  shareError,
  sharePrecision,
  woodruffRanks,
} from './woodruff.ts';

export interface QuantileInterval extends Interval {
  readonly n: number;
  readonly degrees: number;
  readonly ranks: Ranks;
  /** In answers; 0 where none longer than a batch shows. Where the sample is too short for it, both bounds are infinite. */
  readonly memory: number;
}

interface Dependence {
  readonly memory: number;
  readonly clients: boolean;
}
/** Of a sample, whatever percentile is asked for: found once. */
const dependences = new WeakMap<LatencySample, Dependence>();

function dependence(sample: LatencySample): Dependence {
  const known = dependences.get(sample);
  if (known !== undefined) return known;
  const logs = sample.blocks.map((block) => block.logs);
  const finite = logs.map((values) =>
    values.every(Number.isFinite) ? values : values.filter(Number.isFinite),
  );
  const found = { memory: memoryOf(finite), clients: clientsDiffer(clientBlocks(sample)) };
  dependences.set(sample, found);
  return found;
}

/**
 * Interval of one variant's percentile under load, in ms, each bound at one-sided alpha: what stands beside a limit.
 * Woodruff 1952 on the long-run variance by overlapping batch means; with several blocks, by how much the share of
 * answers below the percentile differs between them (see `blockRule`).
 */
export function quantileInterval(sample: LatencySample, p: number, alpha: number): QuantileInterval {
  checkAlpha(alpha);
  checkProbability('p', p);
  const { memory, clients } = dependence(sample);
  const { weights, n } = sample;
  const estimate = pooledQuantile(sample, p);
  const indicators = sample.blocks.map((block) => indicator(block, estimate));
  const error = {
    ...shareError(indicators, weights, memory),
    clients: clients ? shareClients(sample, indicators, weights) : null,
  };
  const [precision] = sharePrecision([error], p, memory, alpha);
  if (precision === undefined) throw new RangeError('a sample has one precision');
  const rule = blockRule(
    {
      within: precision.variance / error.n,
      withinCritical: precision.critical,
      withinDegrees: precision.degrees,
      estimates: Float64Array.from(indicators, mean),
      weights,
    },
    alpha,
  );
  const ranks = woodruffRanks(n, p, tooShort(n, memory) ? Infinity : rule.critical * rule.se);
  // A bound outside the sample, on whichever side, is none; one at a duration of 0 ms is 0 ms.
  const at = (rank: number, none: number): number =>
    rank >= 1 && rank <= n ? Math.exp(logAtRank(sample, rank)) : none;
  return {
    estimate,
    lower: Math.min(estimate, at(ranks.lower, -Infinity)),
    upper: Math.max(estimate, at(ranks.upper, Infinity)),
    n,
    degrees: rule.degrees,
    ranks,
    memory,
  };
}
