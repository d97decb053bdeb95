import { binomialCdf, binomialPmf } from './distributions.ts';
import { findBadCount, type Outcome } from './outcome.ts';

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
