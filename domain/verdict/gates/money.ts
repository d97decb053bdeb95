/** What it costs: a request, and a correct answer (CpQU). */
import { costPerQualityRatio, costRatio, type TotalsRatio } from '../../statistics/ratio-of-totals.ts';
import { refuse, type Outcome } from '../../statistics/outcome.ts';
import type { Gate } from '../thresholds.ts';
import { scoresOf } from '../../quality/scores.ts';
import { byPayload, type PayloadScores } from './by-payload.ts';
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

/** The metric of a gate that names none. */
const USUAL_METRIC = 'correction';

function costPerQuality(scores: ReadonlyMap<string, PayloadScores>): number | null {
  let [cost, right] = [0, 0];
  for (const { cost_eur, cost_right } of scores.values())
    [cost, right] = [cost + cost_eur, right + cost_right];
  return right > 0 ? cost / right : null;
}

const NOTHING = { cost_eur: 0, cost_right: 0 };

export function cpquGate(gate: Extract<Gate, { gate: 'cpqu' }>, pair: Pair): Evaluation {
  const metric = gate.metric ?? USUAL_METRIC;
  const sides = [pair.baseline, pair.shadow].map(({ measured }) => ({
    measured,
    scores: scoresOf(measured, metric),
  }));
  const undecided =
    sides.map(({ scores }) => scores?.undecided ?? null).find((words) => words !== null) ?? null;
  const none: ReadonlyMap<string, PayloadScores> = new Map();
  const [baseline = none, shadow = none] = sides.map(({ measured, scores }) =>
    undecided === null && scores !== null ? byPayload(measured, scores.values) : none,
  );
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
    baseline: costPerQuality(baseline),
    shadow: costPerQuality(shadow),
    at: (level) =>
      undecided === null
        ? bounds(costPerQualityRatio(totals, level), gate.margin)
        : refuse('no_data', `the answers could not be scored: ${undecided}`),
  };
}
