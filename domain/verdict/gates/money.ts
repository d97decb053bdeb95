/** What it costs: a request, and a correct answer (CpQU). */
import { costPerQualityRatio, costRatio, type TotalsRatio } from '../../statistics/ratio-of-totals.ts';
import type { Outcome } from '../../statistics/outcome.ts';
import type { Gate } from '../thresholds.ts';
import { byPayload } from './by-payload.ts';
import type { Bounds, Evaluation, Pair } from './evaluation.ts';
import { pairedValues, pairsIn } from './paired.ts';

function bounds(outcome: Outcome<TotalsRatio>, margin: number): Outcome<Bounds> {
  if (!outcome.ok) return outcome;
  const { ratio, log, se, critical } = outcome;
  return {
    ok: true,
    ...ratio,
    working: { estimate: log.estimate, margin: Math.log(margin), se, critical, deployment_sd: 0 },
  };
}

const costPairs = (pair: Pair): ReturnType<typeof pairedValues> =>
  pairedValues(pair, ({ cost_eur }) => cost_eur);

export function costGate(gate: Extract<Gate, { gate: 'cost' }>, pair: Pair): Evaluation {
  const blocks = costPairs(pair);
  return {
    gate: 'cost',
    metric: 'request_cost_eur',
    statistic: 'mean',
    scale: 'ratio',
    better: 'lower',
    limit: gate.margin,
    n: pairsIn(blocks),
    n_of: 'requests',
    advisory: null,
    baseline: pair.baseline.summary.cost?.mean ?? null,
    shadow: pair.shadow.summary.cost?.mean ?? null,
    at: (level) => bounds(costRatio(blocks, level), gate.margin),
  };
}

const NOTHING = { cost_eur: 0, cost_right: 0 };

export function cpquGate(gate: Extract<Gate, { gate: 'cpqu' }>, pair: Pair): Evaluation {
  const baseline = byPayload(pair.baseline.measured, pair.baseline.measured.correct);
  const shadow = byPayload(pair.shadow.measured, pair.shadow.measured.correct);
  const totals = [...new Set([...baseline.keys(), ...shadow.keys()])].map((id) => {
    const before = baseline.get(id) ?? NOTHING;
    const after = shadow.get(id) ?? NOTHING;
    return {
      baseline_cost: before.cost_eur,
      baseline_correct: before.cost_right,
      shadow_cost: after.cost_eur,
      shadow_correct: after.cost_right,
    };
  });
  return {
    gate: 'cpqu',
    metric: 'cpqu',
    statistic: null,
    scale: 'ratio',
    better: 'lower',
    limit: gate.margin,
    n: totals.length,
    n_of: 'payloads',
    advisory: null,
    baseline: pair.baseline.summary.cpqu,
    shadow: pair.shadow.summary.cpqu,
    at: (level) => bounds(costPerQualityRatio(totals, level), gate.margin),
  };
}
