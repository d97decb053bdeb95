/** What it costs: an answer, and a correct answer (CpQU). Payloads are clusters in both. */
import { costPerQualityRatio, costRatio } from '../../statistics/ratio-of-totals.ts';
import type { Gate } from '../thresholds.ts';
import { costsByPayload } from './by-payload.ts';
import { ratioBounds, type Evaluation, type Pair } from './evaluation.ts';

type MoneyGate = Extract<Gate, { gate: 'cost' | 'cpqu' }>;

export function moneyGate({ gate, margin }: MoneyGate, { baseline, shadow }: Pair): Evaluation {
  const per = gate === 'cost' ? 'answer' : 'right_answer';
  const totals = costsByPayload(baseline.measured, shadow.measured, per);
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
    baseline: gate === 'cost' ? (baseline.summary.cost?.mean ?? null) : baseline.summary.cpqu,
    shadow: gate === 'cost' ? (shadow.summary.cost?.mean ?? null) : shadow.summary.cpqu,
    at(level) {
      const outcome = statistics(totals, level);
      return outcome.ok ? { ok: true, ...ratioBounds(outcome, margin) } : outcome;
    },
  };
}
