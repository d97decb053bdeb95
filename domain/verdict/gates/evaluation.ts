/** What every kind of gate gives: how to ask its data for an interval at any level. */
import type { Advisory, Counted } from '../check.ts';
import type { Gate } from '../thresholds.ts';
import type { Measured } from '../../record/request-table.ts';
import type { Samples } from '../../figures/samples.ts';
import type { Outcome } from '../../statistics/outcome.ts';
import type { VariantSummary } from '../../figures/summary.ts';

export interface Side {
  readonly measured: Measured;
  readonly samples: Samples;
  readonly summary: VariantSummary;
}

/** Both variants of one run, block i of one beside block i of the other. */
export interface Pair {
  readonly baseline: Side;
  readonly shadow: Side;
}

/** An interval of the difference at one level, with what advice needs: on the logarithm for a ratio. */
export interface Bounds {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  readonly working: {
    readonly estimate: number;
    readonly margin: number;
    readonly se: number;
    readonly critical: number;
    readonly deployment_sd: number;
  };
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
  readonly advisory: Advisory | null;
  readonly baseline: number | null;
  readonly shadow: number | null;
  /** @param alpha one-sided level of each bound */
  at(alpha: number): Outcome<Bounds>;
}
