/**
 * What `npm run bench` times: the three latency gates on arrays as a run leaves them, sorting included, beside the
 * paired bootstrap. The bootstrap is linear in n and in resamples: time it on fewer requests, scale, and say so.
 */
import { pairedBootstrap } from '../domain/statistics/bootstrap.ts';
import { prepareLatency } from '../domain/statistics/latency-sample.ts';
import type { Interval } from '../domain/statistics/outcome.ts';
import { pairLatency, quantileRatio } from '../domain/statistics/quantile-ratio.ts';
import { seededRandom } from '../domain/statistics/random.ts';
import { simulate, type SimulatedBlock } from '../proof/statistics/simulate.ts';

export const GATED_PERCENTILES = [0.5, 0.95, 0.99] as const;

/** A run of n requests a variant under autocorrelated noise, the same for the same seed. */
export function benchmarkRun(n: number, seed = 1, blocks = 1): SimulatedBlock[] {
  return simulate(seededRandom(seed), { noise: 'ar1', n: Math.floor(n / blocks), ratio: 1.05, blocks });
}

/** Log intervals of p50, p95 and p99 by the verdict's method. Throws on refusal. */
export function verdictIntervals(run: readonly SimulatedBlock[]): Interval[] {
  const baseline = prepareLatency(run.map((block) => ({ durations_ms: block.baseline_ms })));
  const shadow = prepareLatency(run.map((block) => ({ durations_ms: block.shadow_ms })));
  if (!baseline.ok) throw new Error(baseline.message);
  if (!shadow.ok) throw new Error(shadow.message);
  const paired = pairLatency(baseline.sample, shadow.sample);
  if (!paired.ok) throw new Error(paired.message);
  return GATED_PERCENTILES.map((p) => {
    const outcome = quantileRatio(paired.pair, { p });
    if (!outcome.ok) throw new Error(outcome.message);
    return outcome.log;
  });
}

/** The same by a paired bootstrap, of one block. Throws on refusal. */
export function bootstrapIntervals({ baseline_ms, shadow_ms }: SimulatedBlock, resamples = 1000): Interval[] {
  return GATED_PERCENTILES.map((p) => {
    const random = seededRandom(2);
    const outcome = pairedBootstrap(baseline_ms, shadow_ms, { p, alpha: 0.025, resamples, random });
    if (!outcome.ok) throw new Error(outcome.message);
    return outcome;
  });
}
