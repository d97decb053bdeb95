/**
 * One judged figure, in every job: what is judged, against which limit, by which interval, with which answer, and whether
 * that answer decides anything.
 */
import type { Unit } from '../record/metrics.ts';
import type { Variant } from '../variants.ts';

/** A two-sided interval at confidence 1 - 2 alpha; a bound that the data can't give is null. */
export interface Interval {
  readonly low: number | null;
  readonly high: number | null;
}

export const OPS = ['<', '<=', '>', '>='] as const;
export type Op = (typeof OPS)[number];

const HOLDS: Readonly<Record<Op, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

export const holds = (op: Op, value: number, limit: number): boolean => HOLDS[op](value, limit);

/** Whether smaller values are the good ones. */
export const lowerIsBetter = (op: Op): boolean => op === '<' || op === '<=';

/** Whose figure is judged. A comparison's subject is the candidate; null says that the run as a whole is meant. */
export interface Subject {
  readonly variant: Variant | null;
  /** An endpoint of a mix, a program of a gateway, or a scenario of a suite, where the figure is of that part alone. */
  readonly part?: string;
}

/** The three answers. Only a value and its evidence give yes or no. */
export type Answer = 'pass' | 'fail' | 'inconclusive';

/**
 * limit: a contracted number, judged on the point figure as k6's threshold does. target: the same, with two levels, which
 * never blocks. gate: a comparison with the baseline, judged on the interval of the difference.
 */
export type Kind = 'limit' | 'target' | 'gate';

/** blocks: the verdict needs its pass. advises: it would count, but this load can't make evidence of it. informs: for the reader. */
export type Role = 'blocks' | 'advises' | 'informs';

/** What a check's `n` counts: the sample that its answer rests on. */
export type Counted =
  | 'requests'
  | 'payloads'
  | 'windows'
  | 'blocks'
  | 'steps'
  | 'clients'
  | 'samples'
  | 'runs'
  | 'observations';

/** Why a check has no yes or no. `more` is counted in what the check's `n` counts. */
export type Undecided =
  | {
      readonly reason: 'need_more';
      /** To one digit; null: at least as many again, no number is known. */
      readonly more: number | null;
      /** What an equal candidate would need more, to one digit; null: not known. */
      readonly equal: number | null;
      /** At this rate; more than an hour is no advice: a smaller spread, fewer gates or another margin is cheaper. */
      readonly minutes: number | null;
    }
  /** The difference may be as large as the limit: no number can be named. */
  | { readonly reason: 'grey_zone'; readonly equal: number | null }
  | { readonly reason: 'deployment_noise'; readonly log_sd: number }
  /** Slow spells last about so many requests, and the run is too short to average over them. */
  | { readonly reason: 'memory'; readonly requests: number }
  /** It fails alone, at the plain level, but not beside the other gates: at Holm's level its interval reaches the limit. */
  | { readonly reason: 'fails_alone'; readonly more: number | null; readonly minutes: number | null }
  /** The loads tried lie too far apart. */
  | { readonly reason: 'closer_steps' }
  | { readonly reason: 'no_data'; readonly problem: string }
  | { readonly reason: 'too_few'; readonly needs: number | null }
  /** The evidence that a pass needs was not seen. */
  | { readonly reason: 'no_evidence'; readonly problem: string };

/** Why a gate is shown and does not decide. */
export type Advisory =
  | { readonly reason: 'too_few'; readonly needs: number; readonly has: number }
  | { readonly reason: 'restates_latency' }
  /** The plan: at this size an equal candidate would pass with this chance only; `needs`: of what n counts, for 80 %. */
  | { readonly reason: 'power'; readonly power: number; readonly needs: number | null }
  /** Asked for as an informing one by the thresholds file. */
  | { readonly reason: 'by_choice' };

/** How a value is written: in its unit, as a ratio (1.07 is 7 % more), or as a difference (0.15 is 15 percentage points more). */
export type Scale = 'value' | 'ratio' | 'difference';

export interface Check {
  readonly kind: Kind;
  /** Names the figure within a run, as `--require` does: `request_duration_p95`, `error_rate`. */
  readonly id: string;
  readonly subject: Subject;
  /** A metric's name, or the name of another figure: `cpqu`, `server_memory`. */
  readonly metric: string;
  readonly statistic: string | null;
  readonly scale: Scale;
  /** Of the value where the scale is `value`, else of the two figures that are compared. */
  readonly unit: Unit;
  readonly op: Op;
  /** On the value's scale: 5000, 1.15, or 0.01 for one percentage point. */
  readonly limit: number;
  /** The second level of a target: a value within it is acceptable; null where there is one level. */
  readonly acceptable: number | null;
  /** Null where there is none, which never passes. */
  readonly value: number | null;
  /** A gate's answer was taken from it; beside a limit or target it stands for the reader. Null where nothing can give one. */
  readonly interval: Interval | null;
  /** One-sided level of the interval's bounds; null without one. */
  readonly alpha: number | null;
  readonly answer: Answer;
  readonly role: Role;
  /** Why a gate does not block; null where it does, and for limits and targets. */
  readonly advisory: Advisory | null;
  readonly undecided: Undecided | null;
  readonly n: number;
  readonly n_of: Counted;
  /** The two figures that a gate compares, in `unit`; null for limits and targets. */
  readonly compared: { readonly baseline: number | null; readonly candidate: number | null } | null;
  /** What a latency gate was judged over: all answers, failures as infinitely slow, or each payload's first sending. */
  readonly basis?: 'answers' | 'with_failures' | 'first_sendings';
  /** Of error rates without a failure: bursts of failures longer than this could have been missed. */
  readonly unseen?: number;
  /** Of accuracy where answers never vary: McNemar's mid-p. */
  readonly mid_p?: number;
}

/** The values on both sides of the limit lie within the interval: another run may answer a limit differently. */
export function straddles({ interval, op, limit }: Check): boolean {
  if (interval === null) return false;
  const inside = (bound: number | null, otherwise: number): boolean => holds(op, bound ?? otherwise, limit);
  return inside(interval.low, Number.NEGATIVE_INFINITY) !== inside(interval.high, Number.POSITIVE_INFINITY);
}

export const blocks = ({ role }: Check): boolean => role === 'blocks';

/** What a verdict calls a check: its id, with the part of a suite or mix that it is about. */
export const checkKey = ({ id, subject: { part } }: Check): string =>
  part === undefined ? id : `${part}.${id}`;

export const VERDICT_WORDS = ['pass', 'fail', 'inconclusive', 'invalid'] as const;
export type VerdictWord = (typeof VERDICT_WORDS)[number];

export interface Verdict {
  readonly word: VerdictWord;
  /** Keys of the checks and codes of the findings that made it so, the deciding one first. */
  readonly because: readonly string[];
  readonly rule: 'interval' | 'point';
}
