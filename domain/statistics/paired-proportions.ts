import { normalQuantile } from './distributions.ts';
import { checkAlpha, type Interval, type Outcome, refuse, type Refusal } from './outcome.ts';

/** Payloads by which variant answered them right. Each payload counts once, however often it was sent. */
export interface PairedCounts {
  readonly bothOk: number;
  readonly onlyShadowOk: number;
  readonly onlyBaselineOk: number;
  readonly neither: number;
}

function size({ bothOk, onlyShadowOk, onlyBaselineOk, neither }: PairedCounts): number {
  return bothOk + onlyShadowOk + onlyBaselineOk + neither;
}

function findBad(counts: PairedCounts): Refusal | undefined {
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isInteger(count) || count < 0) {
      return refuse('bad_value', `${name} is ${String(count)}; allowed are integers >= 0`);
    }
  }
  return size(counts) === 0 ? refuse('no_data', 'there are no payloads; at least one is needed') : undefined;
}

/**
 * Score interval of the difference of accuracies, shadow - baseline, on the same payloads (Tango 1998, "Equivalence
 * test and confidence interval for the difference in proportions for the paired-sample design"), each bound at
 * one-sided alpha. Holds where all answers agree: then it is Wilson's for none in n.
 */
export function tango(counts: PairedCounts, alpha: number): Outcome<Interval> {
  checkAlpha(alpha);
  const bad = findBad(counts);
  if (bad !== undefined) return bad;
  const n = size(counts);
  const { onlyShadowOk: up, onlyBaselineOk: down } = counts;
  const z = normalQuantile(1 - alpha);
  const estimate = (up - down) / n;
  // Falls as delta rises: above z below the lower bound, below -z above the upper one.
  const score = (delta: number): number => {
    const b = -up - down + (2 * n - up + down) * delta;
    const c = -down * delta * (1 - delta);
    const nuisance = (Math.sqrt(Math.max(0, b * b - 8 * n * c)) - b) / (4 * n);
    const spread = n * (2 * nuisance + delta * (1 - delta));
    return (up - down - n * delta) / Math.sqrt(Math.max(spread, Number.MIN_VALUE));
  };
  return {
    ok: true,
    estimate,
    lower: estimate === -1 ? -1 : bisect((delta) => score(delta) > z, -1, estimate),
    upper: estimate === 1 ? 1 : bisect((delta) => score(delta) >= -z, estimate, 1),
  };
}

/** Where a condition that holds at the low end ceases to. */
function bisect(holds: (x: number) => boolean, low: number, high: number): number {
  let [a, b] = [low, high];
  for (let step = 0; step < 60; step++) {
    const middle = (a + b) / 2;
    if (holds(middle)) a = middle;
    else b = middle;
  }
  return (a + b) / 2;
}
