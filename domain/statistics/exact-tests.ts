import { binomialCdf, binomialPmf } from './distributions.ts';
import { findBadCount, type Outcome } from './outcome.ts';
import type { Proportion } from './proportions.ts';

export interface FisherExact {
  /** P(as many or more of the first), the other margins held. */
  readonly greater: number;
  readonly less: number;
  /** Over all tables no likelier than the one seen. */
  readonly twoSided: number;
}

/** Fisher's exact test of two independent shares (Fisher 1935): for failures too few for an interval to say much. */
export function fisherExact(first: Proportion, second: Proportion): Outcome<FisherExact> {
  const bad = findBadCount('first', first.count, first.n) ?? findBadCount('second', second.count, second.n);
  if (bad !== undefined) return bad;
  const successes = first.count + second.count;
  const total = first.n + second.n;
  const share = successes / total;
  // Hypergeometric mass as a ratio of binomial ones (Loader 2000); any share would do, this one keeps them large.
  const whole = binomialPmf(successes, total, share);
  const mass = (k: number): number =>
    (binomialPmf(k, first.n, share) * binomialPmf(successes - k, second.n, share)) / whole;
  const seen = mass(first.count);
  let [greater, less, twoSided] = [0, 0, 0];
  for (let k = Math.max(0, successes - second.n); k <= Math.min(first.n, successes); k++) {
    const here = mass(k);
    if (k >= first.count) greater += here;
    if (k <= first.count) less += here;
    // Tables as likely as the one seen differ from it by rounding only.
    if (here <= seen * (1 + 1e-7)) twoSided += here;
  }
  return {
    ok: true,
    greater: Math.min(1, greater),
    less: Math.min(1, less),
    twoSided: Math.min(1, twoSided),
  };
}

export interface McNemar {
  /** Exact, two-sided. */
  readonly exact: number;
  /** Two-sided mid-p: the exact one is too cautious by half the probability of what was seen (Fagerland et al. 2013). */
  readonly midP: number;
  /** P(as few or fewer that only the baseline got right): small where the shadow is better. */
  readonly oneSided: number;
}

/** McNemar's test of paired answers, on the pairs that differ. */
export function mcnemar(onlyBaselineOk: number, onlyShadowOk: number): Outcome<McNemar> {
  const n = onlyBaselineOk + onlyShadowOk;
  if (n === 0) return { ok: true, exact: 1, midP: 1, oneSided: 1 };
  const bad = findBadCount('pairs that differ', onlyBaselineOk, n);
  if (bad !== undefined) return bad;
  const fewer = Math.min(onlyBaselineOk, onlyShadowOk);
  const exact = Math.min(1, 2 * binomialCdf(fewer, n, 0.5));
  return {
    ok: true,
    exact,
    midP: onlyBaselineOk === onlyShadowOk ? 1 : exact - binomialPmf(fewer, n, 0.5),
    oneSided: binomialCdf(onlyBaselineOk, n, 0.5),
  };
}
