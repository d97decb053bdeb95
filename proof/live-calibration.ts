/**
 * What runs of two equal builds teach, fresh deployments each: how often a gate is wrong, and how much two deployments
 * differ beyond what the noise inside a run explains.
 */
import type { RunData } from '../domain/run/data.ts';
import { samples } from '../domain/figures/samples.ts';
import { decide, type Decision } from '../domain/statistics/decision.ts';
import { prepareLatency, type LatencySample } from '../domain/statistics/latency-sample.ts';
import { clopperPearson } from '../domain/statistics/proportions.ts';
import { pairLatency, quantileRatio } from '../domain/statistics/quantile-ratio.ts';
import { PERCENTILES } from '../domain/verdict/thresholds.ts';

const STATISTICS = ['p50', 'p95', 'p99'] as const;
export type CalibratedStatistic = (typeof STATISTICS)[number];

export interface LiveRow {
  readonly statistic: CalibratedStatistic;
  /** Deployments whose interval is finite. */
  readonly runs: number;
  readonly answers: Readonly<Record<Decision, number>>;
  /** One-sided 97.5 % upper bound of the rate of false fails (Clopper and Pearson). */
  readonly fail_rate_upper: number;
  /** SD of the log ratio from one pair of deployments to the next. */
  readonly between_sd: number;
  /** What the noise inside a run makes of that: root mean square of the runs' own standard errors. */
  readonly within_sd: number;
  /** Log-SD of one deployment: sqrt(max(0, (between^2 - within^2) / 2)), both variants being deployed anew. */
  readonly log_sd: number;
}

/** The live part of the page: its rows, and what they were measured on. */
export interface LiveCalibration {
  readonly rows: readonly LiveRow[];
  readonly target: string;
  readonly run_id: string;
  readonly clients: number;
  readonly seconds: number;
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
    const answers: Record<Decision, number> = { pass: 0, fail: 0, inconclusive: 0 };
    const logs: number[] = [];
    let squares = 0;
    for (const [i, one] of before.entries()) {
      const other = after[i];
      const paired = other === undefined ? null : pairLatency(one, other);
      if (paired?.ok !== true) continue;
      const outcome = quantileRatio(paired.pair, { p: PERCENTILES[statistic], alpha });
      if (!outcome.ok) continue;
      answers[decide(outcome.ratio, margin, 'lower')] += 1;
      if (!Number.isFinite(outcome.se)) continue;
      logs.push(outcome.log.estimate);
      squares += outcome.se ** 2;
    }
    const runs = answers.pass + answers.fail + answers.inconclusive;
    const exact = clopperPearson({ count: answers.fail, n: Math.max(runs, 1) }, alpha);
    const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
    const between = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (logs.length - 1);
    const within = squares / logs.length;
    return {
      statistic,
      runs,
      answers,
      fail_rate_upper: exact.ok ? exact.upper : 1,
      between_sd: Math.sqrt(between),
      within_sd: Math.sqrt(within),
      log_sd: Math.sqrt(Math.max(0, (between - within) / 2)),
    };
  });
}
