import type { Interval } from './outcome.ts';

/**
 * Interval of a - b from an interval of each: MOVER, "method of variance estimates recovery" (Zou and Donner 2008;
 * Newcombe 1998 method 10 where rho is 0). `rho` is the correlation of the two estimates. An infinite bound that is used makes the result's infinite.
 */
export function mover(a: Interval, b: Interval, rho = 0): Interval {
  const estimate = a.estimate - b.estimate;
  return {
    estimate,
    lower: estimate - hypotenuse(a.estimate - a.lower, b.upper - b.estimate, rho),
    upper: estimate + hypotenuse(a.upper - a.estimate, b.estimate - b.lower, rho),
  };
}

function hypotenuse(x: number, y: number, rho: number): number {
  // Infinity - Infinity would be NaN, and NaN compares as "no".
  if (x === Infinity || y === Infinity) return Infinity;
  return Math.sqrt(Math.max(0, x * x + y * y - 2 * rho * x * y));
}

/** An interval of one half width on either side. */
export function symmetric(estimate: number, half: number): Interval {
  return { estimate, lower: estimate - half, upper: estimate + half };
}

/** The interval, reaching at least `half` to either side of its estimate. */
export function atLeast({ estimate, lower, upper }: Interval, half: number): Interval {
  return { estimate, lower: Math.min(lower, estimate - half), upper: Math.max(upper, estimate + half) };
}
