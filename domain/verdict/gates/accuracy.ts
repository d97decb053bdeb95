/** The difference of accuracy over distinct payloads. */
import { scoresOf, undecidedBy } from '../../quality/scores.ts';
import { normalQuantile, studentTQuantile } from '../../statistics/distributions.ts';
import { mcnemar } from '../../statistics/exact-tests.ts';
import { payloadDifference } from '../../statistics/means.ts';
import { tango, type PairedCounts } from '../../statistics/paired-proportions.ts';
import { refuse, type Outcome } from '../../statistics/outcome.ts';
import type { Gate } from '../thresholds.ts';
import { byPayload, type PayloadScores } from './by-payload.ts';
import { differenceBounds, type Bounds, type Evaluation, type Pair } from './evaluation.ts';

/**
 * Payloads below which no data could pass this margin: with every answer agreeing, Tango's bound is Wilson's for none in
 * n, z^2 / (n + z^2) (Tango 1998, Wilson 1927).
 */
export function fewestPayloads(margin: number, alpha: number): number {
  const z2 = normalQuantile(1 - alpha) ** 2;
  return margin <= 0 ? Number.POSITIVE_INFINITY : Math.ceil((z2 * (1 - margin)) / margin);
}

export function accuracyGate(
  gate: Extract<Gate, { gate: 'accuracy' }>,
  pair: Pair,
  alpha: number,
): Evaluation {
  return scoredEvaluation({ gate: 'accuracy', metric: 'accuracy', statistic: gate.answer }, gate, {
    pair,
    scored: gate.answer,
    alpha,
  });
}

export interface ScoredBy {
  readonly pair: Pair;
  /** The metric of the answers' scores. */
  readonly scored: string;
  readonly alpha: number;
}

/** The difference of a metric's means over the payloads that both variants answered. */
export function scoredEvaluation(
  about: Pick<Evaluation, 'gate' | 'metric' | 'statistic'>,
  { margin_pp }: { readonly margin_pp: number },
  { pair, scored, alpha }: ScoredBy,
): Evaluation {
  const margin = margin_pp / 100;
  const sides = [pair.baseline.measured, pair.shadow.measured];
  const undecided = undecidedBy(sides, scored);
  const [baseline, shadow] = sides.map((measured) =>
    byPayload(
      measured,
      (undecided === null ? scoresOf(measured, scored)?.values : null) ?? new Float64Array(),
    ),
  );
  const common = [...(baseline ?? [])].flatMap(([id, before]): [PayloadScores, PayloadScores][] => {
    const after = shadow?.get(id);
    return after === undefined ? [] : [[before, after]];
  });
  const n = common.length;
  const needs = fewestPayloads(margin, alpha);
  const share = (side: 0 | 1): number | null =>
    n === 0 ? null : common.reduce((sum, one) => sum + one[side].right / one[side].answers, 0) / n;
  const steady = common.every((both) => both.every(({ right, answers }) => right === 0 || right === answers));
  return {
    ...about,
    scale: 'difference',
    better: 'higher',
    limit: -margin,
    n,
    n_of: 'payloads',
    floor: needs,
    advisory: n > 0 && n < needs ? { reason: 'too_few', needs, has: n } : null,
    baseline: share(0),
    shadow: share(1),
    mid_p: steady && n > 0 ? midP(countsOf(common)) : null,
    at(level) {
      if (undecided !== null) return refuse('no_data', undecided);
      return steady ? byCounts(common, margin, level) : byMeans(common, margin, level);
    },
  };
}

type Scores = readonly (readonly [PayloadScores, PayloadScores])[];

/** Answers that never vary: one yes or no a payload and variant. */
function countsOf(common: Scores): PairedCounts {
  const counts: Record<keyof PairedCounts, number> = {
    bothOk: 0,
    onlyShadowOk: 0,
    onlyBaselineOk: 0,
    neither: 0,
  };
  for (const [before, after] of common) {
    const [was, is] = [before.right > 0, after.right > 0];
    counts[was ? (is ? 'bothOk' : 'onlyBaselineOk') : is ? 'onlyShadowOk' : 'neither'] += 1;
  }
  return counts;
}

function midP({ onlyBaselineOk, onlyShadowOk }: PairedCounts): number | null {
  const outcome = mcnemar(onlyBaselineOk, onlyShadowOk);
  return outcome.ok ? outcome.midP : null;
}

function byCounts(common: Scores, margin: number, level: number): Outcome<Bounds> {
  const outcome = tango(countsOf(common), level);
  if (!outcome.ok) return outcome;
  return { ok: true, ...differenceBounds(outcome, normalQuantile(1 - level), -margin) };
}

/** Answers that vary from one sending to the next: the mean difference by payload. */
function byMeans(common: Scores, margin: number, level: number): Outcome<Bounds> {
  const differences = Float64Array.from(
    common,
    ([before, after]) => after.right / after.answers - before.right / before.answers,
  );
  const outcome = payloadDifference(differences, level);
  if (!outcome.ok) return outcome;
  return { ok: true, ...differenceBounds(outcome, studentTQuantile(1 - level, outcome.degrees), -margin) };
}
