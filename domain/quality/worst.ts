/** The payloads where a candidate lost most against the baseline: what a person looks at first. */
import type { Measured } from '../record/request-table.ts';
import { metricsIn, scoresOf } from './scores.ts';

export interface Loss {
  readonly payload_id: string;
  /** By metric: the baseline's mean score less the candidate's, where that is more than 0. */
  readonly lost: Readonly<Record<string, number>>;
  /** The candidate's mean latency over the baseline's, ms; null where one of them has no answer. */
  readonly slower_ms: number | null;
  /** A digest of an answer of each variant. */
  readonly baseline_sha256: string | null;
  readonly candidate_sha256: string | null;
}

/** By payload id. */
function meansOf(of: Measured, values: Float64Array): ReadonlyMap<string, number> {
  const sums = new Map<string, { sum: number; n: number }>();
  for (let i = 0; i < of.n; i += 1) {
    const value = values[i] ?? Number.NaN;
    const payload = of.payload_ids[of.payload[i] ?? -1];
    if (of.error[i] !== 0 || Number.isNaN(value) || payload === undefined) continue;
    const found = sums.get(payload) ?? { sum: 0, n: 0 };
    sums.set(payload, { sum: found.sum + value, n: found.n + 1 });
  }
  return new Map([...sums].map(([payload, { sum, n }]) => [payload, sum / n]));
}

/** The first valid answer to each payload, by its digest. */
function firstAnswers(of: Measured): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  for (let i = of.n - 1; i >= 0; i -= 1) {
    const [payload, answer] = [of.payload_ids[of.payload[i] ?? -1], of.answers[of.answer[i] ?? -1]];
    if (of.error[i] === 0 && payload !== undefined && answer !== undefined) first.set(payload, answer);
  }
  return first;
}

const total = ({ lost }: Loss): number => Object.values(lost).reduce((sum, one) => sum + one, 0);

/** At most so many: by what was lost in all metrics, then by how much slower they became. Payloads that lost nothing are none. */
export function worst(baseline: Measured, candidate: Measured, most: number): Loss[] {
  const [was_ms, is_ms] = [
    meansOf(baseline, baseline.duration_ms),
    meansOf(candidate, candidate.duration_ms),
  ];
  const metrics = metricsIn([baseline, candidate]).flatMap((metric) => {
    const [was, is] = [scoresOf(baseline, metric), scoresOf(candidate, metric)];
    if (was === null || is === null || was.undecided !== null || is.undecided !== null) return [];
    return [{ metric, was: meansOf(baseline, was.values), is: meansOf(candidate, is.values) }];
  });
  const [before, after] = [firstAnswers(baseline), firstAnswers(candidate)];
  const losses = [...was_ms].map(([payload_id, baseline_ms]): Loss => {
    const lost = metrics.flatMap(({ metric, was, is }) => {
      const less = (was.get(payload_id) ?? Number.NaN) - (is.get(payload_id) ?? Number.NaN);
      return less > 0 ? [[metric, less] as const] : [];
    });
    const candidate_ms = is_ms.get(payload_id);
    return {
      payload_id,
      lost: Object.fromEntries(lost),
      slower_ms: candidate_ms === undefined ? null : candidate_ms - baseline_ms,
      baseline_sha256: before.get(payload_id) ?? null,
      candidate_sha256: after.get(payload_id) ?? null,
    };
  });
  return losses
    .filter((loss) => total(loss) > 0 || (loss.slower_ms ?? 0) > 0)
    .toSorted((a, b) => total(b) - total(a) || (b.slower_ms ?? 0) - (a.slower_ms ?? 0))
    .slice(0, most);
}
