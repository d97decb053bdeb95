/**
 * How often two variants answer one payload differently, without any label, beside how often the baseline's own repeats
 * do. An answer is known by its digest.
 */
import { NO_ANSWER, type Measured } from '../record/request-table.ts';

/** Of one payload that both variants answered: the shares of pairs of answers that differ. */
export interface Difference {
  /** One answer of each variant. */
  readonly between: number;
  /** Two answers of the baseline; null where it answered once. */
  readonly within: number | null;
}

/** By payload id. */
type Counts = ReadonlyMap<string, ReadonlyMap<string, number>>;

function answersByPayload(of: Measured): Counts {
  const counts = new Map<string, Map<string, number>>();
  for (let i = 0; i < of.n; i += 1) {
    const answer = of.answers[of.answer[i] ?? NO_ANSWER];
    const payload = of.payload_ids[of.payload[i] ?? -1];
    if (of.error[i] !== 0 || answer === undefined || payload === undefined) continue;
    let found = counts.get(payload);
    if (found === undefined) counts.set(payload, (found = new Map()));
    found.set(answer, (found.get(answer) ?? 0) + 1);
  }
  return counts;
}

const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, n) => sum + n, 0);

/**
 * For each payload that both variants answered. A share of pairs is unbiased however often each was asked (Gini and
 * Simpson's index: 1 - sum n_a (n_a - 1) / n (n - 1) within, 1 - sum p_a q_a between).
 */
export function differences(baseline: Measured, candidate: Measured): Difference[] {
  const others = answersByPayload(candidate);
  return [...answersByPayload(baseline)].flatMap(([payload, mine]): Difference[] => {
    const theirs = others.get(payload);
    if (theirs === undefined) return [];
    const [n, m] = [total(mine), total(theirs)];
    let [shared, repeated] = [0, 0];
    for (const [answer, count] of mine) {
      shared += (count / n) * ((theirs.get(answer) ?? 0) / m);
      repeated += count * (count - 1);
    }
    return [{ between: 1 - shared, within: n < 2 ? null : 1 - repeated / (n * (n - 1)) }];
  });
}

/** In a sentence: "differs on 12 % of the prompts, where the baseline differs from itself on 0.4 %". */
export interface Agreement {
  readonly payloads: number;
  readonly between: number;
  /** Over the payloads that the baseline answered more than once; null where there is none. */
  readonly within: number | null;
  readonly repeated: number;
}

export function agreement(of: readonly Difference[]): Agreement | null {
  if (of.length === 0) return null;
  const within = of.flatMap((one) => one.within ?? []);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, one) => sum + one, 0) / values.length;
  return {
    payloads: of.length,
    between: mean(of.map(({ between }) => between)),
    within: within.length === 0 ? null : mean(within),
    repeated: within.length,
  };
}
