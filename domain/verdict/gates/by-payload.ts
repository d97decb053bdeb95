/** Answers gathered by payload: repeats of one payload are a cluster, never more evidence. */
import type { Measured } from '../../record/request-table.ts';
import { scoresOf, USUAL_METRIC } from '../../quality/scores.ts';
import type { PayloadTotals } from '../../statistics/ratio-of-totals.ts';

export interface PayloadScores {
  readonly answers: number;
  readonly right: number;
}

interface Totals {
  answers: number;
  right: number;
  /** Of the answers that carried a cost. */
  priced: number;
  cost_eur: number;
  cost_right: number;
}

/** What each answer is worth, from 0 to 1; anything else: it was not scored. */
type Scores = Uint8Array | Float64Array;

/** By payload id, whoever was answered. @param flags null: every valid answer counts */
function gather(of: Measured, flags: Scores | null): Map<string, Totals> {
  const empty = of.payload_ids.map((): Totals => ({
    answers: 0,
    right: 0,
    priced: 0,
    cost_eur: 0,
    cost_right: 0,
  }));
  for (let i = 0; i < of.n; i += 1) {
    const flag = flags === null ? (of.error[i] === 0 ? 1 : 255) : (flags[i] ?? 255);
    const totals = empty[of.payload[i] ?? -1];
    if (!(flag <= 1) || totals === undefined) continue;
    totals.answers += 1;
    totals.right += flag;
    const cost = of.cost_eur[i] ?? Number.NaN;
    if (Number.isNaN(cost)) continue;
    totals.priced += 1;
    totals.cost_eur += cost;
    totals.cost_right += flag;
  }
  const out = new Map<string, Totals>();
  of.payload_ids.forEach((id, place) => {
    const totals = empty[place];
    if (totals !== undefined && totals.answers > 0) out.set(id, totals);
  });
  return out;
}

/** By payload id; only scored answers. */
export const byPayload = (of: Measured, flags: Scores): ReadonlyMap<string, PayloadScores> =>
  gather(of, flags);

/**
 * Cost by payload of both variants, and what it is divided by: right answers by the metric, of all scored ones; or all priced
 * answers of the payloads that both variants answered, so that a mean compares the same list.
 */
export function costsByPayload(
  baseline: Measured,
  shadow: Measured,
  per: 'answer' | 'right_answer',
  metric: string = USUAL_METRIC,
): PayloadTotals[] {
  const scored = (of: Measured): Map<string, Totals> =>
    gather(of, per === 'answer' ? null : (scoresOf(of, metric)?.values ?? new Float64Array()));
  const [before, after] = [scored(baseline), scored(shadow)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((id): PayloadTotals[] => {
    const [was, is] = [before.get(id), after.get(id)];
    if (per === 'answer' && !(was !== undefined && is !== undefined && was.priced > 0 && is.priced > 0))
      return [];
    const units = (of: Totals | undefined): number => (per === 'answer' ? of?.priced : of?.cost_right) ?? 0;
    return [
      {
        baseline_cost: was?.cost_eur ?? 0,
        baseline_units: units(was),
        shadow_cost: is?.cost_eur ?? 0,
        shadow_units: units(is),
      },
    ];
  });
}
