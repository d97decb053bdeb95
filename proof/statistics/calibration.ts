/** How often the verdict is right where the truth is known: simulated runs, each rate with its exact interval. */
import { decide } from '../../domain/statistics/decision.ts';
import { prepareLatency } from '../../domain/statistics/latency-sample.ts';
import type { Interval } from '../../domain/statistics/outcome.ts';
import { clopperPearson } from '../../domain/statistics/proportions.ts';
import { pairLatency, quantileRatio } from '../../domain/statistics/quantile-ratio.ts';
import { type Random, seededRandom } from '../../domain/statistics/random.ts';
import { type NoiseKind, simulate, type Simulation } from './simulate.ts';

export interface CalibrationPlan {
  readonly noises: readonly NoiseKind[];
  /** Requests a variant in each block. */
  readonly sizes: readonly number[];
  /** True ratios, shadow / baseline. */
  readonly ratios: readonly number[];
  /** Percentiles as shares. */
  readonly percentiles: readonly number[];
  /** Simulated runs a row. */
  readonly runs: number;
  readonly margin: number;
  /** One-sided level of each bound. */
  readonly alpha: number;
  readonly seed: number;
  readonly blocks?: Pick<Simulation, 'blocks' | 'block_ratio_log_sd' | 'block_level_log_sd'>;
}

/** A rate of decisions, with its exact 95 % interval (Clopper-Pearson). */
export interface Rate extends Interval {
  readonly count: number;
}

export interface CalibrationRow {
  readonly noise: NoiseKind;
  readonly n: number;
  readonly ratio: number;
  readonly p: number;
  readonly runs: number;
  readonly pass: Rate;
  readonly fail: Rate;
  readonly inconclusive: Rate;
  /** The wrong decision at this ratio and how often it may happen. */
  readonly error: { readonly decision: 'pass' | 'fail'; readonly nominal: number };
  /** The error's interval lies above what is allowed. */
  readonly red: boolean;
}

/** Bursts outlast the batches: twice the nominal rate is their known price. */
const BURST_ALLOWANCE = 2;

/**
 * Rows in the plan's order, noise by size by percentile by ratio, each as soon as it is known. `onProgress` hears the share done, from 0
 * to 1, at most a hundred times. The ratios of a row's neighbours share their runs: a true ratio multiplies every latency
 * of the shadow, and so moves the interval by exactly its logarithm.
 */
export function* calibrate(
  plan: CalibrationPlan,
  onProgress?: (share: number) => void,
): Generator<CalibrationRow> {
  if (!Number.isInteger(plan.runs) || plan.runs < 1) {
    throw new RangeError(`runs is ${plan.runs}; it must be an integer >= 1`);
  }
  const total = plan.noises.length * plan.sizes.length * plan.runs;
  const tick = Math.max(1, Math.floor(total / 100));
  let done = 0;
  const random = seededRandom(plan.seed);
  for (const noise of plan.noises) {
    for (const n of plan.sizes) {
      const intervals = plan.percentiles.map((): Interval[] => []);
      for (let run = 0; run < plan.runs; run++) {
        judgeRun(random, plan, noise, n).forEach((interval, i) => intervals[i]?.push(interval));
        done++;
        if (done % tick === 0) onProgress?.(done / total);
      }
      for (const [i, p] of plan.percentiles.entries()) {
        for (const ratio of plan.ratios) yield toRow(plan, { noise, n, p, ratio }, intervals[i] ?? []);
      }
    }
  }
}

/** Log intervals of the percentiles of one simulated run at a true ratio of 1. */
function judgeRun(random: Random, plan: CalibrationPlan, noise: NoiseKind, n: number): Interval[] {
  const blocks = simulate(random, { noise, n, ratio: 1, ...plan.blocks });
  const baseline = prepareLatency(blocks.map((block) => ({ durations_ms: block.baseline_ms })));
  const shadow = prepareLatency(blocks.map((block) => ({ durations_ms: block.shadow_ms })));
  if (!baseline.ok) throw new Error(baseline.message);
  if (!shadow.ok) throw new Error(shadow.message);
  const paired = pairLatency(baseline.sample, shadow.sample);
  if (!paired.ok) throw new Error(paired.message);
  return plan.percentiles.map((p) => {
    const outcome = quantileRatio(paired.pair, { p, alpha: plan.alpha });
    if (!outcome.ok) throw new Error(outcome.message);
    return outcome.log;
  });
}

type Cell = Pick<CalibrationRow, 'noise' | 'n' | 'ratio' | 'p'>;

function toRow(plan: CalibrationPlan, cell: Cell, intervals: readonly Interval[]): CalibrationRow {
  const shift = Math.log(cell.ratio);
  const margin = Math.log(plan.margin);
  const counts = { pass: 0, fail: 0, inconclusive: 0 };
  for (const { estimate, lower, upper } of intervals) {
    const moved = { estimate: estimate + shift, lower: lower + shift, upper: upper + shift };
    counts[decide(moved, margin, 'lower')]++;
  }
  const rate = (count: number): Rate => {
    const exact = clopperPearson({ count, n: plan.runs }, 0.025);
    if (!exact.ok) throw new Error(exact.message);
    return { count, estimate: exact.estimate, lower: exact.lower, upper: exact.upper };
  };
  const rates = { pass: rate(counts.pass), fail: rate(counts.fail), inconclusive: rate(counts.inconclusive) };
  const decision = cell.ratio < plan.margin ? 'fail' : 'pass';
  const allowed = cell.noise === 'bursts' ? BURST_ALLOWANCE * plan.alpha : plan.alpha;
  return {
    ...cell,
    runs: plan.runs,
    ...rates,
    error: { decision, nominal: plan.alpha },
    red: rates[decision].lower > allowed,
  };
}
