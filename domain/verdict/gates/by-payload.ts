/** Scored answers gathered by payload: repeats of one payload are a cluster, never more evidence. */
import type { Measured } from '../../record/request-table.ts';

export interface PayloadScores {
  readonly answers: number;
  readonly right: number;
  /** Of the answers that carried a cost. */
  readonly cost_eur: number;
  readonly cost_right: number;
}

/** By payload id; only scored answers: a score from 0 to 1, or a flag; anything else is none. */
export function byPayload(
  of: Measured,
  flags: Uint8Array | Float64Array,
): ReadonlyMap<string, PayloadScores> {
  const empty = of.payload_ids.map(() => ({ answers: 0, right: 0, cost_eur: 0, cost_right: 0 }));
  for (let i = 0; i < of.n; i += 1) {
    const flag = flags[i] ?? 255;
    const scores = empty[of.payload[i] ?? -1];
    if (!(flag <= 1) || scores === undefined) continue;
    scores.answers += 1;
    scores.right += flag;
    const cost = of.cost_eur[i] ?? Number.NaN;
    if (Number.isNaN(cost)) continue;
    scores.cost_eur += cost;
    scores.cost_right += flag;
  }
  const out = new Map<string, PayloadScores>();
  of.payload_ids.forEach((id, place) => {
    const scores = empty[place];
    if (scores !== undefined && scores.answers > 0) out.set(id, scores);
  });
  return out;
}
