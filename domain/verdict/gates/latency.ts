/** A percentile's ratio: latency, TTFT, TPOT, whatever is a trend. */
import { METRICS } from '../../record/metrics.ts';
import { pairLatency, quantileRatio, smallestFiniteSample } from '../../statistics/quantile-ratio.ts';
import { pooledQuantile } from '../../statistics/latency-sample.ts';
import { PERCENTILES, type Gate } from '../thresholds.ts';
import type { Evaluation, Pair } from './evaluation.ts';

/** @param deployment_log_sd log-SD between deployments of one build; 0: not known */
export function latencyGate(
  gate: Extract<Gate, { gate: 'latency' }>,
  pair: Pair,
  alpha: number,
  deployment_log_sd: number,
): Evaluation {
  const p = PERCENTILES[gate.statistic];
  const baseline = pair.baseline.samples.of(gate.metric);
  const shadow = pair.shadow.samples.of(gate.metric);
  const n = Math.min(baseline.ok ? baseline.sample.n : 0, shadow.ok ? shadow.sample.n : 0);
  const floor = smallestFiniteSample(p, alpha);
  const margin = gate.margin;
  return {
    gate: 'latency',
    metric: gate.metric,
    statistic: gate.statistic,
    scale: 'ratio',
    better: METRICS[gate.metric].better === 'higher' ? 'higher' : 'lower',
    limit: margin,
    n,
    n_of: 'requests',
    // By design, not by luck: below the floor no data of this size can bound the percentile.
    advisory: n > 0 && n < floor ? { reason: 'too_few', needs: floor, has: n } : null,
    baseline: baseline.ok ? pooledQuantile(baseline.sample, p) : null,
    shadow: shadow.ok ? pooledQuantile(shadow.sample, p) : null,
    at(level) {
      if (!baseline.ok) return baseline;
      if (!shadow.ok) return shadow;
      const paired = pairLatency(baseline.sample, shadow.sample);
      if (!paired.ok) return paired;
      const outcome = quantileRatio(paired.pair, { p, alpha: level, deployment_log_sd });
      if (!outcome.ok) return outcome;
      const { ratio, log, se, critical } = outcome;
      const deployment_sd = Math.SQRT2 * deployment_log_sd;
      const working = { estimate: log.estimate, margin: Math.log(margin), se, critical, deployment_sd };
      return { ok: true, ...ratio, working };
    },
  };
}
