/**
 * What runs of two equal builds teach, fresh deployments each: how often a gate is wrong, and how much two deployments
 * differ beyond what the noise inside a run explains.
 */
import type { RunData } from '../domain/run/data.ts';
import { samples } from '../domain/figures/samples.ts';
import { decide, type Decision } from '../domain/statistics/decision.ts';
import { chiSquareQuantile } from '../domain/statistics/distributions.ts';
import { prepareLatency, type LatencySample } from '../domain/statistics/latency-sample.ts';
import { clopperPearson } from '../domain/statistics/proportions.ts';
import { pairLatency, quantileRatio } from '../domain/statistics/quantile-ratio.ts';
import { logQuantile, sortSamples } from '../domain/statistics/quantiles.ts';
import { PERCENTILES } from '../domain/verdict/thresholds.ts';

const STATISTICS = ['p50', 'p95', 'p99'] as const;
export type CalibratedStatistic = (typeof STATISTICS)[number];

/** Fewer deployments tell nothing of how deployments differ. */
export const LEAST_DEPLOYMENTS = 10;
/** Stretches of a run that the jackknife leaves out one by one. */
const STRETCHES = 10;

export interface LiveRow {
  readonly statistic: CalibratedStatistic;
  /** Deployments in which both variants answered enough for a jackknife. */
  readonly runs: number;
  readonly answers: Readonly<Record<Decision, number>>;
  /** One-sided 97.5 % upper bound of the rate of false fails (Clopper and Pearson). */
  readonly fail_rate_upper: number;
  /** What two deployments of one build differ by. */
  readonly noise: DeploymentNoise;
}

export interface DeploymentNoise {
  /** SD of the log ratio from one pair of deployments to the next. */
  readonly between_sd: number;
  /** What the noise inside a run makes of that: root mean square of the runs' own standard errors, by the jackknife. */
  readonly within_sd: number;
  /** Log-SD of one deployment: sqrt(max(0, (between^2 - within^2) / 2)), both variants being deployed anew. */
  readonly log_sd: number;
  /** Its upper bound at one-sided 2.5 %, by the chi-square of the variance between runs. */
  readonly at_most: number;
  /** The noise inside a run explains all that was seen: `log_sd` may be 0, and is at most `at_most`. */
  readonly indistinct: boolean;
}

/** The live part of the page: its rows, and what they were measured on. */
export interface LiveCalibration {
  readonly rows: readonly LiveRow[];
  readonly target: string;
  readonly run_id: string;
  readonly clients: number;
  readonly seconds: number;
}

/** From the log ratio of each run and its own variance (Miller 1974 for the jackknife; NaN of fewer than two runs). */
export function deploymentNoise(logs: readonly number[], variances: readonly number[]): DeploymentNoise {
  const n = logs.length;
  const centre = logs.reduce((sum, value) => sum + value, 0) / n;
  const between = logs.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (n - 1);
  const within = variances.reduce((sum, value) => sum + value, 0) / n;
  const log_sd = Math.sqrt(Math.max(0, (between - within) / 2));
  const [low, high] =
    n < 2 ? [Number.NaN, Number.NaN] : [chiSquareQuantile(0.025, n - 1), chiSquareQuantile(0.975, n - 1)];
  return {
    between_sd: Math.sqrt(between),
    within_sd: Math.sqrt(within),
    log_sd,
    at_most: Math.sqrt(Math.max(0, ((between * (n - 1)) / low - within) / 2)),
    indistinct: !((between * (n - 1)) / high > within),
  };
}

/**
 * Variance of one run's log ratio, shadow / baseline, by leaving out one of ten stretches after the other, which keeps
 * neighbours in time together. Null where a stretch would hold no answer.
 */
export function jackknifeVariance(
  baseline_ms: Float64Array,
  shadow_ms: Float64Array,
  p: number,
): number | null {
  if (Math.min(baseline_ms.length, shadow_ms.length) < 2 * STRETCHES) return null;
  const without = (values: Float64Array, stretch: number): number | null => {
    const edge = (s: number): number => Math.floor((s * values.length) / STRETCHES);
    const kept = values.filter((_, i) => i < edge(stretch) || i >= edge(stretch + 1));
    const outcome = sortSamples(kept, 0);
    return outcome.ok ? logQuantile(outcome.sorted, p) : null;
  };
  const logs: number[] = [];
  for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
    const [b, s] = [without(baseline_ms, stretch), without(shadow_ms, stretch)];
    if (b === null || s === null || !Number.isFinite(s - b)) return null;
    logs.push(s - b);
  }
  const centre = logs.reduce((sum, value) => sum + value, 0) / STRETCHES;
  return ((STRETCHES - 1) / STRETCHES) * logs.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

function singles(of: LatencySample): LatencySample[] {
  return of.blocks.flatMap((block) => {
    const one = prepareLatency([block]);
    return one.ok ? [one.sample] : [];
  });
}

/** One row a percentile; none where a variant has no answers. @param margin of the latency gates, as 1.15 */
export function liveCalibration(data: RunData, margin: number, alpha: number): LiveRow[] {
  const { baseline, shadow } = data.measured;
  if (baseline === undefined || shadow === undefined) return [];
  const a = samples(baseline).of('request_duration');
  const b = samples(shadow).of('request_duration');
  if (!a.ok || !b.ok) return [];
  const before = singles(a.sample);
  const after = singles(b.sample);
  return STATISTICS.map((statistic) => {
    const p = PERCENTILES[statistic];
    const answers: Record<Decision, number> = { pass: 0, fail: 0, inconclusive: 0 };
    const logs: number[] = [];
    const variances: number[] = [];
    for (const [i, one] of before.entries()) {
      const other = after[i];
      const paired = other === undefined ? null : pairLatency(one, other);
      if (paired?.ok !== true) continue;
      const outcome = quantileRatio(paired.pair, { p, alpha });
      if (!outcome.ok) continue;
      answers[decide(outcome.ratio, margin, 'lower')] += 1;
      const inside = jackknifeVariance(
        one.blocks[0]?.durations_ms ?? new Float64Array(0),
        other?.blocks[0]?.durations_ms ?? new Float64Array(0),
        p,
      );
      if (inside === null) continue;
      logs.push(outcome.log.estimate);
      variances.push(inside);
    }
    const judged = answers.pass + answers.fail + answers.inconclusive;
    const exact = clopperPearson({ count: answers.fail, n: Math.max(judged, 1) }, alpha);
    return {
      statistic,
      runs: logs.length,
      answers,
      fail_rate_upper: exact.ok ? exact.upper : 1,
      noise: deploymentNoise(logs, variances),
    };
  });
}
