/** What every kind of gate gives: how to ask its data for an interval at any level. */
import type { Advisory, Counted } from '../check.ts';
import type { Gate } from '../thresholds.ts';
import type { Samples } from '../../figures/samples.ts';
import type { VariantSummary } from '../../figures/summary.ts';
import type { Measured } from '../../record/request-table.ts';
import type { Undecided } from '../../statistics/decision.ts';
import type { Interval, Outcome } from '../../statistics/outcome.ts';

export interface Side {
  readonly measured: Measured;
  /** Its requests before the measurement; absent: there were none, or they are not known. */
  readonly warm_up?: Measured | undefined;
  readonly samples: Samples;
  readonly summary: VariantSummary;
}

/** Both variants of one run, block i of one beside block i of the other. */
export interface Pair {
  readonly baseline: Side;
  readonly shadow: Side;
  /** By block, which replicate it belongs to: an A-B-B-A is one as a whole. Absent: each block is one. */
  readonly replicates?: readonly number[] | undefined;
}

/** An interval of the difference at one level, on the gate's scale, with what advice needs: on the logarithm for a ratio. */
export interface Bounds extends Interval {
  readonly working: Omit<Undecided, 'n'>;
  /** Slow spells last about so many requests, and the run is shorter than 20 of them: no bound. Null: long enough. */
  readonly memory: number | null;
  /** What the interval was taken over. */
  readonly basis?: 'answers' | 'with_failures' | 'first_sendings';
}

export interface Evaluation {
  readonly gate: Gate['gate'];
  readonly metric: string;
  readonly statistic: string | null;
  readonly scale: 'ratio' | 'difference';
  readonly better: 'lower' | 'higher';
  /** On the scale of the estimate. */
  readonly limit: number;
  readonly n: number;
  readonly n_of: Counted;
  /** Where there is no plan: why data of this size can't decide the gate. */
  readonly advisory: Advisory | null;
  readonly baseline: number | null;
  readonly shadow: number | null;
  /** Fewest of what n counts with which any data could decide; absent: any. */
  readonly floor?: number;
  /** Bursts of failures longer than this were not seen in a run without one; null elsewhere. */
  readonly unseen?: number | null;
  /** McNemar's mid-p of the payloads that one variant alone got right, where answers never vary; null elsewhere. */
  readonly mid_p?: number | null;
  /** @param alpha one-sided level of each bound */
  at(alpha: number): Outcome<Bounds>;
}

/** Bounds of a ratio from those of its logarithm. */
export function ratioBounds(
  of: {
    readonly ratio: Interval;
    readonly log: Interval;
    readonly critical: number;
    readonly sampling?: Interval;
    readonly memory?: number;
    readonly short?: boolean;
  },
  margin: number,
  deployment_sd = 0,
): Bounds {
  const { ratio, log, critical, sampling = log } = of;
  return {
    estimate: ratio.estimate,
    lower: ratio.lower,
    upper: ratio.upper,
    working: { interval: sampling, critical, margin: Math.log(margin), deployment_sd },
    memory: of.short === true ? (of.memory ?? null) : null,
  };
}

/** The same of a difference. */
export function differenceBounds(
  { estimate, lower, upper }: Interval,
  critical: number,
  margin: number,
): Bounds {
  const interval = { estimate, lower, upper };
  return { ...interval, working: { interval, critical, margin, deployment_sd: 0 }, memory: null };
}
