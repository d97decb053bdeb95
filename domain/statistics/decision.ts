/** Three answers from an interval and a margin, and what would turn an open one into a decision. */
import { normalCdf } from './distributions.ts';
import type { Interval } from './outcome.ts';

export type Decision = 'pass' | 'fail' | 'inconclusive';

/**
 * Non-inferiority on an interval. `better: 'lower'`: the figure must not exceed the margin (a latency ratio, 1.15);
 * `'higher'`: it must not fall below it (a throughput ratio, 0.85). Passes when the whole interval is on the good side,
 * the margin itself included; fails when it is wholly beyond. Throws RangeError on NaN: it would read as undecided.
 */
export function decide({ lower, upper }: Interval, margin: number, better: 'lower' | 'higher'): Decision {
  for (const [name, bound] of Object.entries({ lower, upper, margin })) {
    if (Number.isNaN(bound)) throw new RangeError(`${name} is NaN; it must be a number`);
  }
  if (better === 'lower') return upper <= margin ? 'pass' : lower > margin ? 'fail' : 'inconclusive';
  return lower >= margin ? 'pass' : upper < margin ? 'fail' : 'inconclusive';
}

/** An open gate on the scale that its statistics works on: logarithms for a ratio. */
export interface Undecided {
  /** Sampling interval, without the noise between deployments. */
  readonly interval: Interval;
  /** The multiplier of the standard error in its bounds. */
  readonly critical: number;
  readonly margin: number;
  /** Standard deviation of the noise that more requests cannot lower, sqrt(2) s for two deployments; 0 by default. */
  readonly deployment_sd?: number;
  /** What there is so far: requests, payloads, windows. */
  readonly n: number;
}

export type Advice =
  | {
      readonly kind: 'need_more';
      /** How many more of what `n` counts, to one digit; null: at least as many again, no number is known. */
      readonly more: number | null;
      /** How many more an equal shadow would need, to one digit; 0 for none, null where that is not known. */
      readonly equal: number | null;
    }
  /** The difference may be as large as the limit: no number can be named. */
  | { readonly kind: 'grey_zone'; readonly equal: number | null }
  /** More requests will not help: servers differ by more than this from one deployment to the next. */
  | { readonly kind: 'deployment_noise' };

/** Chance of a decision that a named number must have; and of a pass, as a normal quantile, for an equal shadow. */
const POWER = 0.8;
const EQUAL_POWER = 1.28;
/** Nearer to the margin than this many standard errors no number comes true. */
const NEAR = 0.8;
/** A run this many times as long is no advice. */
const MOST_FACTOR = 20;

/**
 * Chance that a run `factor` times as long decides, all of this one kept: predictive power under a flat prior
 * (Spiegelhalter, Freedman and Blackburn 1986). `z`: standard errors from the estimate to the margin.
 */
export function decidedAfter(z: number, critical: number, factor: number): number {
  const kept = 1 / factor;
  const spread = Math.sqrt(1 - kept);
  const reach = critical * Math.sqrt(kept);
  return normalCdf((z - reach) / spread) + normalCdf((-z - reach) / spread);
}

/** How many more decide with 80 % chance, not rounded; 0 where decided; null where no number helps. */
export function needsMore(z: number, critical: number, n: number): number | null {
  if (Math.abs(z) >= critical) return 0;
  if (Math.abs(z) < NEAR || decidedAfter(z, critical, MOST_FACTOR) < POWER) return null;
  let [low, high] = [1 + 1e-9, MOST_FACTOR];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (decidedAfter(z, critical, middle) < POWER) low = middle;
    else high = middle;
  }
  return Math.ceil((high - 1) * n);
}

/** Rounded up to one digit: a forecast from one run is no better. */
export function upToOneDigit(value: number): number {
  if (!(value > 0)) return 0;
  const unit = 10 ** Math.floor(Math.log10(value));
  // Rounding must not lift 4,000 to 5,000.
  return Math.ceil(value / unit - 1e-9) * unit;
}

/**
 * What an open gate needs. The standard error is the bound's distance over its critical value on the side of the margin,
 * or on the other side where that bound is infinite.
 */
export function advise({ interval, critical, margin, deployment_sd = 0, n }: Undecided): Advice {
  const { estimate, lower, upper } = interval;
  const [near, far] = margin > estimate ? [upper, lower] : [lower, upper];
  const half = [near, far].map((bound) => Math.abs(bound - estimate)).find((width) => width < Infinity);
  if (half === undefined || !Number.isFinite(estimate)) return { kind: 'need_more', more: null, equal: null };
  const se = half / critical;
  const equal = margin === 0 ? null : upToOneDigit(n * (((critical + EQUAL_POWER) * se) / margin) ** 2 - n);
  const gap = Math.abs(margin - estimate);
  const left = gap ** 2 - (critical * deployment_sd) ** 2;
  if (left <= 0 && deployment_sd > 0) return { kind: 'deployment_noise' };
  const more = needsMore(Math.sqrt(left) / se, critical, n);
  if (more === null) return { kind: 'grey_zone', equal };
  // The side of the margin has no bound: what is missing is answers enough for one, not a smaller error.
  if (more === 0 && !Number.isFinite(near)) return { kind: 'need_more', more: null, equal };
  // Within rounding of the margin: a handful more.
  return { kind: 'need_more', more: upToOneDigit(Math.max(1, more)), equal };
}
