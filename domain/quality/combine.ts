/** Scores of single assertions to one score a metric, and what a scorer's own result means. */
import { isFields } from '../text/fields.ts';
import type { Assertion } from './assertion.ts';

/** What one assertion says of one answer: a score from 0 to 1, or why there is none. */
export type Opinion =
  | { readonly score: number; readonly detail: string | null }
  | { readonly undecided: string };

export interface MetricOpinion {
  readonly metric: string;
  readonly opinion: Opinion;
}

/** By metric: the mean by weight; one that is undecided leaves its metric undecided. */
export function combined(
  of: readonly { readonly assertion: Assertion; readonly opinion: Opinion }[],
): MetricOpinion[] {
  const metrics = [...new Set(of.map(({ assertion }) => assertion.metric))];
  return metrics.map((metric) => {
    let [sum, weights] = [0, 0];
    const details: string[] = [];
    for (const { assertion, opinion } of of) {
      if (assertion.metric !== metric) continue;
      if ('undecided' in opinion)
        return { metric, opinion: { undecided: `${assertion.type}: ${opinion.undecided}` } };
      sum += assertion.weight * opinion.score;
      weights += assertion.weight;
      if (opinion.detail !== null) details.push(opinion.detail);
    }
    return {
      metric,
      opinion: { score: sum / weights, detail: details.length === 0 ? null : details.join('; ') },
    };
  });
}

/** A graded score as its assertion counts it: 1 from the threshold on, where it has one; turned around by `not-`. */
export function graded(score: number, threshold: number | null, not: boolean): number {
  const counted = threshold === null ? score : score >= threshold ? 1 : 0;
  return not ? 1 - counted : counted;
}

/** What a scorer of the user's may return: true, false, a number from 0 to 1, or `{pass, score, reason}`. */
export function opinionOf(result: unknown): Opinion {
  if (typeof result === 'boolean') return { score: result ? 1 : 0, detail: null };
  if (typeof result === 'number' && result >= 0 && result <= 1) return { score: result, detail: null };
  if (isFields(result)) {
    const { pass, score, reason } = result;
    const value = score ?? pass;
    const detail = typeof reason === 'string' && reason !== '' ? reason.slice(0, 500) : null;
    if (typeof value === 'boolean') return { score: value ? 1 : 0, detail };
    if (typeof value === 'number' && value >= 0 && value <= 1) return { score: value, detail };
  }
  const shown = (JSON.stringify(result) ?? 'nothing').slice(0, 80);
  return {
    undecided: `it returned ${shown}; allowed: true, false, a number from 0 to 1, or {"pass", "score", "reason"}`,
  };
}
