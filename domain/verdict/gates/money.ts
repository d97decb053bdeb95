/** What it costs: an answer, and a correct answer (CpQU). Payloads are clusters in both. */
import { costPerQualityRatio, costRatio } from '../../statistics/ratio-of-totals.ts';
import { costPerRight, undecidedBy, USUAL_METRIC } from '../../quality/scores.ts';
import { refuse } from '../../statistics/outcome.ts';
import type { Gate } from '../thresholds.ts';
import { costsByPayload } from './by-payload.ts';
import { ratioBounds, type Evaluation, type Pair } from './evaluation.ts';

type MoneyGate = Extract<Gate, { gate: 'cost' | 'cpqu' }>;

export function moneyGate(of: MoneyGate, { baseline, shadow }: Pair): Evaluation {
  const { gate, margin } = of;
  const metric = of.gate === 'cpqu' ? (of.metric ?? USUAL_METRIC) : null;
  const per = metric === null ? 'answer' : 'right_answer';
  const totals = costsByPayload(baseline.measured, shadow.measured, per, metric ?? USUAL_METRIC);
  const undecided = metric === null ? null : undecidedBy([baseline.measured, shadow.measured], metric);
  const statistics = gate === 'cost' ? costRatio : costPerQualityRatio;
  return {
    gate,
    metric: gate === 'cost' ? 'request_cost_eur' : 'cpqu',
    statistic: gate === 'cost' ? 'mean' : null,
    scale: 'ratio',
    better: 'lower',
    limit: margin,
    n: totals.length,
    n_of: 'payloads',
    advisory: null,
    baseline:
      metric === null ? (baseline.summary.cost?.mean ?? null) : costPerRight(baseline.measured, metric),
    shadow: metric === null ? (shadow.summary.cost?.mean ?? null) : costPerRight(shadow.measured, metric),
    at(level) {
      if (undecided !== null) return refuse('no_data', undecided);
      const outcome = statistics(totals, level);
      return outcome.ok ? { ok: true, ...ratioBounds(outcome, margin) } : outcome;
    },
  };
}
