/** A percentile's ratio, the typical ratio and the ratio of the means: of latency, TTFT, TPOT, whatever is a trend. */
import { METRICS, type TrendName } from '../../record/metrics.ts';
import { pooledQuantile } from '../../statistics/latency-sample.ts';
import type { Outcome } from '../../statistics/outcome.ts';
import {
  LEAST_MEAN_PAIRS,
  meanRatio,
  typicalRatio,
  type PayloadRatio,
} from '../../statistics/payload-ratio.ts';
import { quantileRatio, smallestFiniteSample, type LatencyPair } from '../../statistics/quantile-ratio.ts';
import { PERCENTILES, type Gate } from '../thresholds.ts';
import { ratioBounds, type Bounds, type Evaluation, type Pair } from './evaluation.ts';
import { fairBasis, matchedLatency } from './latency-pair.ts';

/** Fewer payloads than this say nothing of others. */
export const LEAST_TYPICAL_PAYLOADS = 20;

const betterOf = (metric: TrendName): Evaluation['better'] =>
  METRICS[metric].better === 'higher' ? 'higher' : 'lower';

/**
 * @param alpha the final level: what the floor without a plan is computed at
 * @param deployment_log_sd log-SD between deployments of one build; 0: not known
 */
export function latencyGate(
  gate: Extract<Gate, { gate: 'latency' }>,
  pair: Pair,
  alpha: number,
  deployment_log_sd: number,
): Evaluation {
  const p = PERCENTILES[gate.statistic];
  const { metric, margin } = gate;
  const basis = fairBasis(pair);
  const paired = matchedLatency(pair, metric, basis);
  const n = paired.ok ? Math.min(paired.pair.baseline.n, paired.pair.shadow.n) : 0;
  const floor = smallestFiniteSample(p, alpha);
  const better = betterOf(metric);
  const failed = pair.baseline.summary.failed + pair.shadow.summary.failed > 0;
  const point = (side: 'baseline' | 'shadow'): number | null =>
    paired.ok ? pooledQuantile(paired.pair[side], p) : null;
  const bounds = (of: LatencyPair, level: number): Outcome<Bounds> => {
    const outcome = quantileRatio(of, { p, alpha: level, deployment_log_sd });
    if (!outcome.ok) return outcome;
    return { ok: true, ...ratioBounds(outcome, margin, Math.SQRT2 * deployment_log_sd) };
  };
  return {
    gate: 'latency',
    metric,
    statistic: gate.statistic,
    scale: 'ratio',
    better,
    limit: margin,
    n,
    n_of: 'requests',
    floor,
    // By design, not by luck: below the floor no data of this size can bound the percentile.
    advisory: n > 0 && n < floor ? { reason: 'too_few', needs: floor, has: n } : null,
    baseline: point('baseline'),
    shadow: point('shadow'),
    at(level) {
      if (!paired.ok) return paired;
      const answers = bounds(paired.pair, level);
      const taken = basis.first === true ? 'first_sendings' : 'answers';
      // A shadow that fails its slowest requests must not look faster for it: the worse of both counts.
      const all =
        failed && better === 'lower' ? matchedLatency(pair, metric, { ...basis, failures: true }) : null;
      const withFailures = all?.ok === true ? bounds(all.pair, level) : null;
      if (withFailures?.ok === true && (!answers.ok || withFailures.estimate > answers.estimate))
        return { ...withFailures, basis: 'with_failures' };
      return answers.ok ? { ...answers, basis: taken } : answers;
    },
  };
}

type PayloadGate = Extract<Gate, { gate: 'typical' | 'mean' }>;
const STATISTICS = { typical: typicalRatio, mean: meanRatio } as const;

/**
 * Ratio over payloads: of each with itself, or of the means over the payload list.
 * @param alpha the level that will be asked for first
 */
export function payloadGate(gate: PayloadGate, pair: Pair, alpha: number): Evaluation {
  const { metric, margin } = gate;
  const basis = fairBasis(pair);
  const paired = matchedLatency(pair, metric, basis);
  const levels = new Map<number, Outcome<PayloadRatio>>();
  const ratio = (level: number): Outcome<PayloadRatio> => {
    const known = levels.get(level);
    if (known !== undefined) return known;
    const found = paired.ok ? STATISTICS[gate.gate](paired.pair, level) : paired;
    levels.set(level, found);
    return found;
  };
  const answered = ratio(alpha);
  const payloads = answered.ok ? answered.payloads : 0;
  const n = paired.ok ? Math.min(paired.pair.baseline.n, paired.pair.shadow.n) : 0;
  const [has, needs] = gate.gate === 'typical' ? [payloads, LEAST_TYPICAL_PAYLOADS] : [n, LEAST_MEAN_PAIRS];
  return {
    gate: gate.gate,
    metric,
    statistic: gate.gate,
    scale: 'ratio',
    better: betterOf(metric),
    limit: margin,
    n,
    n_of: 'requests',
    // Fixed by the payload list, or by a reference that kept none: never by which answers came.
    advisory: paired.ok && has < needs ? { reason: 'too_few', needs, has } : null,
    baseline: pair.baseline.summary.trends[metric]?.mean ?? null,
    shadow: pair.shadow.summary.trends[metric]?.mean ?? null,
    at(level) {
      const outcome = ratio(level);
      if (!outcome.ok) return outcome;
      const taken = basis.first === true ? 'first_sendings' : 'answers';
      return { ok: true, ...ratioBounds(outcome, margin), basis: taken };
    },
  };
}
