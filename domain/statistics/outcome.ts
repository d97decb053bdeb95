/**
 * How every estimator here answers. Data that cannot carry an answer gives a {@link Refusal}, a value the caller must
 * look at before it can read an interval. A wrong parameter (an alpha of 2, a batch of half a request) is a
 * programming error and throws a RangeError that names the value. Nothing is ever passed over in silence.
 */
export type RefusalReason = 'no_data' | 'too_few' | 'bad_value';

export interface Refusal {
  readonly ok: false;
  readonly reason: RefusalReason;
  /** The bad value, what is allowed, in one sentence. */
  readonly message: string;
}

export type Outcome<T> = (Readonly<T> & { readonly ok: true }) | Refusal;

/** An estimate with one-sided bounds, each at the alpha that was asked for; a bound the data cannot give is infinite. */
export interface Interval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

export function refuse(reason: RefusalReason, message: string): Refusal {
  return { ok: false, reason, message };
}

/** Throws RangeError unless 0 < alpha < 0.5, the one-sided level of one bound. */
export function checkAlpha(alpha: number): void {
  if (!(alpha > 0 && alpha < 0.5)) throw new RangeError(`alpha is ${alpha}; it must lie in (0, 0.5)`);
}

/** Throws RangeError unless 0 < p < 1. */
export function checkProbability(name: string, p: number): void {
  if (!(p > 0 && p < 1)) throw new RangeError(`${name} is ${p}; it must lie in (0, 1)`);
}

/** The first value that is not finite, or lies below `least`, as a refusal; undefined when all are fine. */
export function findBadValue(
  name: string,
  values: Float64Array,
  least = -Infinity,
  infinite = false,
): Refusal | undefined {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    // Negated so that NaN is caught.
    if (!(value >= least && (infinite || value < Infinity)) || value === -Infinity) {
      const allowed = least === -Infinity ? 'finite numbers' : `finite numbers >= ${least}`;
      return refuse('bad_value', `${name}[${i}] is ${value}; allowed are ${allowed}`);
    }
  }
  return undefined;
}

/** A count of `x` among `n` that cannot be, as a refusal. */
export function findBadCount(name: string, x: number, n: number): Refusal | undefined {
  if (!Number.isInteger(n) || n < 0)
    return refuse('bad_value', `${name}: n is ${n}; allowed are integers >= 0`);
  if (n === 0) return refuse('no_data', `${name}: n is 0; at least one observation is needed`);
  if (!Number.isInteger(x) || x < 0 || x > n) {
    return refuse('bad_value', `${name}: x is ${x}; allowed are integers from 0 to n = ${n}`);
  }
  return undefined;
}
