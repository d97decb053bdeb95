/** Three answers from an interval and a margin, and what would turn an open one into a decision. */
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

export interface Undecided {
  /** Estimate and margin on the scale that `se` is on: logarithms for a ratio. */
  readonly estimate: number;
  readonly margin: number;
  /** Sampling standard error, without the noise between deployments. */
  readonly se: number;
  /** The multiplier of `se` in the bounds. */
  readonly critical: number;
  /** Standard deviation of the noise that more requests cannot lower, sqrt(2) s for two deployments; 0 by default. */
  readonly deployment_sd?: number;
  /** What there is so far: requests, blocks, payloads. */
  readonly n: number;
}

export type Advice =
  | { readonly kind: 'need_more'; /** How many more of what `n` counts. */ readonly more: number }
  /** The difference lies so near the margin that no reasonable amount decides it. */
  | { readonly kind: 'grey_zone' }
  /** More requests will not help: servers differ by more than this from one deployment to the next. */
  | { readonly kind: 'deployment_noise' };

/** Normal quantile of 0.9: the power that an advised sample has. */
const POWER = 1.28;
/** More than this many times the sample so far is no advice where the estimate lies near the margin: within half of it. */
const REASONABLE_FACTOR = 50;
const NEAR = 0.5;

/**
 * How many more for a decision with 90 % power if the estimate is right: n ((critical + 1.28) se / gap)^2 - n
 * (Julious 2004, "Sample sizes for clinical trials with Normal data"). Where `se` is infinite, the sample is too small
 * for any bound: `need_more` with Infinity, and the caller names the floor (`smallestFiniteSample`).
 */
export function advise({ estimate, margin, se, critical, deployment_sd = 0, n }: Undecided): Advice {
  if (se === Infinity) return { kind: 'need_more', more: Infinity };
  const gap = (margin - estimate) ** 2;
  const reach = (critical + POWER) ** 2;
  const factor = (reach * se * se) / gap;
  const far = gap > (NEAR * margin) ** 2 && margin !== 0;
  // Far from the margin a factor is large since the sample is tiny, and the advice is the number all the same.
  if (!(factor <= REASONABLE_FACTOR) && !(far && Number.isFinite(factor))) return { kind: 'grey_zone' };
  const left = gap - reach * deployment_sd ** 2;
  if (left <= 0) return { kind: 'deployment_noise' };
  const needed = n * ((reach * se * se) / left);
  if (needed > n * REASONABLE_FACTOR && factor <= REASONABLE_FACTOR) return { kind: 'deployment_noise' };
  return { kind: 'need_more', more: Math.max(1, Math.ceil(needed - n)) };
}
