import { betaQuantile, normalQuantile } from './distributions.ts';
import { mover } from './mover.ts';
import { checkAlpha, findBadCount, type Interval, type Outcome } from './outcome.ts';

/** `count` among `n`. */
export interface Proportion {
  readonly count: number;
  readonly n: number;
}

/**
 * Wilson's score interval (Wilson 1927) at a critical value, for counts that need not be whole numbers: where trials
 * cluster, the effective count and n stand in. No checks.
 */
export function wilsonScore(count: number, n: number, critical: number): Interval {
  const square = critical * critical;
  const estimate = count / n;
  const centre = (count + square / 2) / (n + square);
  const half = (critical / (n + square)) * Math.sqrt((count * (n - count)) / n + square / 4);
  return {
    estimate,
    // Rounding must not lift a bound off the end where the formula puts it.
    lower: count === 0 ? 0 : Math.max(0, centre - half),
    upper: count === n ? 1 : Math.min(1, centre + half),
  };
}

/** Wilson's score interval of a share of independent trials, each bound at one-sided alpha. */
export function wilson({ count, n }: Proportion, alpha: number): Outcome<Interval> {
  checkAlpha(alpha);
  return (
    findBadCount('proportion', count, n) ?? { ok: true, ...wilsonScore(count, n, normalQuantile(1 - alpha)) }
  );
}

/** The exact interval of a share of independent trials (Clopper and Pearson 1934), each bound at one-sided alpha. */
export function clopperPearson({ count, n }: Proportion, alpha: number): Outcome<Interval> {
  checkAlpha(alpha);
  const bad = findBadCount('proportion', count, n);
  if (bad !== undefined) return bad;
  return {
    ok: true,
    estimate: count / n,
    lower: count === 0 ? 0 : betaQuantile(alpha, count, n - count + 1),
    upper: count === n ? 1 : betaQuantile(1 - alpha, count + 1, n - count),
  };
}

/**
 * Interval of shadow - baseline of two independent shares: Wilson's intervals, squared and added (Newcombe 1998,
 * "Interval estimation for the difference between independent proportions", method 10), each bound at one-sided alpha.
 */
export function newcombeDifference(
  shadow: Proportion,
  baseline: Proportion,
  alpha: number,
): Outcome<Interval> {
  const a = wilson(shadow, alpha);
  const b = wilson(baseline, alpha);
  if (!a.ok) return a;
  if (!b.ok) return b;
  return { ok: true, ...mover(a, b) };
}
