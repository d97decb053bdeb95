/** What it costs: a request, and a correct answer (CpQU). */
import { blockRows, type Measured } from '../request-table.ts';
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

const costAt = (of: Measured, row: number): number =>
  of.error[row] === 0 ? (of.cost_eur[row] ?? Number.NaN) : Number.NaN;

/** Of the valid answers that carry a cost, those to the same payload: both sides stand in the order of their index. */
function pairedCosts({ baseline, shadow }: Pair): PairedBlock[] {
  const [before, after] = [baseline.measured, shadow.measured];
  const others = blockRows(after);
  return blockRows(before).flatMap((rows, block): PairedBlock[] => {
    const other = others[block];
    if (other === undefined) return [];
    const most = Math.min(rows.to - rows.from, other.to - other.from);
    const pairs = { baseline: new Float64Array(most), shadow: new Float64Array(most) };
    let n = 0;
    for (let [i, j] = [rows.from, other.from]; i < rows.to && j < other.to;) {
      const gap = (before.index[i] ?? 0) - (after.index[j] ?? 0);
      if (gap === 0) {
        const [was, is] = [costAt(before, i), costAt(after, j)];
        if (!Number.isNaN(was) && !Number.isNaN(is)) {
          pairs.baseline[n] = was;
          pairs.shadow[n] = is;
          n += 1;
        }
      }
      if (gap <= 0) i += 1;
      if (gap >= 0) j += 1;
    }
    return [{ baseline: pairs.baseline.subarray(0, n), shadow: pairs.shadow.subarray(0, n) }];
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
