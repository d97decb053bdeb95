/** What the answers are worth: the mean of any metric, and, without labels, how often they differ. */
import { agreement, differences } from '../../quality/agreement.ts';
import { studentTQuantile } from '../../statistics/distributions.ts';
import { payloadDifference } from '../../statistics/means.ts';
import { refuse, type Outcome } from '../../statistics/outcome.ts';
import type { Gate } from '../thresholds.ts';
import { scoredEvaluation } from './accuracy.ts';
import { differenceBounds, type Bounds, type Evaluation, type Pair } from './evaluation.ts';

export const qualityGate = (
  gate: Extract<Gate, { gate: 'quality' }>,
  pair: Pair,
  alpha: number,
): Evaluation =>
  scoredEvaluation({ gate: 'quality', metric: gate.metric, statistic: null }, gate, {
    pair,
    scored: gate.metric,
    alpha,
  });

/**
 * By payload: how much more often two answers differ between the variants than within the baseline. Payloads that the
 * baseline answered once say nothing of the latter and are left out. It informs unless it is required by name.
 */
export function agreementGate(gate: Extract<Gate, { gate: 'agreement' }>, pair: Pair): Evaluation {
  const margin = gate.margin_pp / 100;
  const repeated = differences(pair.baseline.measured, pair.shadow.measured).filter(
    ({ within }) => within !== null,
  );
  const found = agreement(repeated);
  const excess = Float64Array.from(repeated, ({ between, within }) => between - (within ?? 0));
  return {
    gate: 'agreement',
    metric: 'agreement',
    statistic: null,
    scale: 'difference',
    better: 'lower',
    limit: margin,
    n: repeated.length,
    n_of: 'payloads',
    advisory: { reason: 'by_choice' },
    baseline: found?.within ?? null,
    shadow: found?.between ?? null,
    at: (level) => bounds(excess, margin, level),
  };
}

function bounds(excess: Float64Array, margin: number, level: number): Outcome<Bounds> {
  if (excess.length === 0)
    return refuse(
      'no_data',
      'no payload was answered twice by the baseline; measure longer, or with fewer payloads',
    );
  const outcome = payloadDifference(excess, level);
  if (!outcome.ok) return outcome;
  return { ok: true, ...differenceBounds(outcome, studentTQuantile(1 - level, outcome.degrees), margin) };
}
