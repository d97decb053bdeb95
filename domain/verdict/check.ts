/** The shape of a judged check: limits and targets (one variant, point figure) and gates (the difference, its interval). */
import type { Unit } from '../record/metrics.ts';
import type { Variant } from '../variants.ts';

/** A two-sided interval at confidence 1 - 2 alpha; a bound that the data can't give is null. */
export interface Interval {
  readonly low: number | null;
  readonly high: number | null;
}

export interface LimitCheck {
  readonly kind: 'limit' | 'target';
  readonly id: string;
  readonly metric: string;
  readonly statistic: string;
  readonly variant: Variant;
  readonly op: '<' | '<=' | '>' | '>=';
  readonly limit: number;
  readonly unit: Unit;
  /** Null: no data, which never passes. */
  readonly value: number | null;
  readonly interval: Interval | null;
  readonly answer: 'pass' | 'fail';
  /** Of a target: within this is acceptable where the target itself is missed; null: it has one level. */
  readonly acceptable?: number | null;
  /** Why there is no value; null where there is one. */
  readonly missing?: 'no_data' | 'too_few' | 'never' | null;
  /** The interval holds values on both sides of the limit. */
  readonly straddles: boolean;
  readonly n: number;
}

/** Why a gate has no yes or no. */
export type Undecided =
  | {
      readonly reason: 'need_more';
      /** Of what the gate's n counts, to one digit; null: at least as many again, no number is known. */
      readonly more: number | null;
      /** What an equal shadow would need more, to one digit; null: not known. */
      readonly equal?: number | null;
      /** At this rate; more than an hour is no advice: a smaller spread, fewer gates or another margin is cheaper. */
      readonly minutes: number | null;
    }
  /** The difference may be as large as the limit: no number can be named. */
  | { readonly reason: 'grey_zone'; readonly equal?: number | null }
  /** Slow spells last about so many requests, and the run is shorter than 20 of them. */
  | { readonly reason: 'memory'; readonly requests: number }
  /** Beyond its margin alone, but not at the level that the number of gates asks for: the interval is at that level. */
  | { readonly reason: 'fails_alone'; readonly more: number | null; readonly minutes: number | null }
  | { readonly reason: 'deployment_noise'; readonly log_sd: number }
  | { readonly reason: 'no_data'; readonly problem: string };

/** Why a gate is shown and left out of the verdict. */
export type Advisory =
  | { readonly reason: 'too_few'; readonly needs: number; readonly has: number }
  | { readonly reason: 'restates_latency' }
  /** The plan: at this size an equal shadow would pass with this chance only; `needs`: requests or payloads for 80 %. */
  | { readonly reason: 'power'; readonly power: number; readonly needs: number | null };

/** How the difference is written: 1.07 = 7 % more, or 0.15 = 15 percentage points more. */
export type Scale = 'ratio' | 'difference';

export interface GateCheck {
  readonly kind: 'gate';
  readonly id: string;
  readonly gate:
    | 'latency'
    | 'typical'
    | 'mean'
    | 'error_rate'
    | 'accuracy'
    | 'cost'
    | 'cpqu'
    | 'throughput'
    | 'output_length';
  readonly metric: string;
  readonly statistic: string | null;
  readonly scale: Scale;
  readonly better: 'lower' | 'higher';
  readonly estimate: number | null;
  readonly interval: Interval;
  /** On the same scale as the estimate: 1.15, or 0.01 for one percentage point. */
  readonly limit: number;
  readonly answer: 'pass' | 'fail' | 'inconclusive';
  readonly undecided: Undecided | null;
  /** Not null: shown, and left out of the verdict. */
  readonly advisory: Advisory | null;
  readonly n: number;
  /** What n counts. */
  readonly n_of: 'requests' | 'payloads' | 'windows' | 'blocks';
  /** One-sided level of the interval shown, which is the one that its answer was taken at. */
  readonly alpha: number;
  readonly baseline: number | null;
  readonly shadow: number | null;
  /** What a latency gate was judged over: all answers, failures as infinitely slow, or each payload's first sending. */
  readonly basis?: 'answers' | 'with_failures' | 'first_sendings';
  /** Bursts of failures longer than this could have been missed by a run without a failure. */
  readonly unseen?: number | null;
  /** Of the accuracy gate, where answers never vary: McNemar's mid-p. */
  readonly mid_p?: number | null;
}

export type Check = LimitCheck | GateCheck;

export type VerdictWord = 'pass' | 'fail' | 'inconclusive' | 'invalid';

export interface Verdict {
  readonly word: VerdictWord;
  /** Ids of the checks that made it so, the deciding one first. */
  readonly because: readonly string[];
  readonly rule: 'interval' | 'point';
}
