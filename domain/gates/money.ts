/** What it costs: a request, and a correct answer (CpQU). */
import { blocksOf } from '../samples.ts';
import type { Measured } from '../request-table.ts';
import {
  costPerQualityRatio,
  costRatio,
  type PairedBlock,
  type TotalsRatio,
} from '../statistics/ratio-of-totals.ts';
import type { Outcome } from '../statistics/outcome.ts';
import type { Gate } from '../thresholds.ts';
import { byPayload } from './by-payload.ts';
import type { Bounds, Evaluation, Pair } from './evaluation.ts';

function bounds(outcome: Outcome<TotalsRatio>, margin: number): Outcome<Bounds> {
  if (!outcome.ok) return outcome;
  const { ratio, log, se, critical } = outcome;
  return {
    ok: true,
    ...ratio,
    working: { estimate: log.estimate, margin: Math.log(margin), se, critical, deployment_sd: 0 },
  };
}

/** Costs by place in the payload sequence, of the valid answers that carry one. */
function costs(of: Measured, block: number): Map<number, number> {
  const out = new Map<number, number>();
  for (let i = 0; i < of.n; i += 1) {
    const cost = of.cost_eur[i] ?? Number.NaN;
    if (of.block[i] === block && of.error[i] === 0 && !Number.isNaN(cost)) out.set(of.index[i] ?? 0, cost);
  }
  return out;
}

function pairedCosts({ baseline, shadow }: Pair): PairedBlock[] {
  const others = blocksOf(shadow.measured);
  return blocksOf(baseline.measured).flatMap((block, i): PairedBlock[] => {
    const other = others[i];
    if (other === undefined) return [];
    const after = costs(shadow.measured, other);
    const pairs = [...costs(baseline.measured, block)].flatMap(([index, cost]): [number, number][] => {
      const matched = after.get(index);
      return matched === undefined ? [] : [[cost, matched]];
    });
    return [
      {
        baseline: Float64Array.from(pairs, ([cost]) => cost),
        shadow: Float64Array.from(pairs, ([, cost]) => cost),
      },
    ];
  });
}

export function costGate(gate: Extract<Gate, { gate: 'cost' }>, pair: Pair): Evaluation {
  const blocks = pairedCosts(pair);
  return {
    gate: 'cost',
    metric: 'request_cost_eur',
    statistic: 'mean',
    scale: 'ratio',
    better: 'lower',
    limit: gate.margin,
    n: blocks.reduce((sum, { baseline }) => sum + baseline.length, 0),
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
