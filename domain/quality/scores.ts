/** Scores of answers: each answer of each payload once, and joined to the requests that were answered so. */
import { amountOrNull, asFields, text, textOrNull } from '../text/fields.ts';
import { UNKNOWN_FLAG } from '../record/row.ts';
import { NO_ANSWER, type Measured, type MetricScores } from '../record/request-table.ts';

/** The metric of an assertion that names none. */
export const DEFAULT_METRIC = 'accuracy';

/** The metric that a cost of right answers is by, where nothing names another. */
export const USUAL_METRIC = 'correction';

/** One line of scores.jsonl: what one answer of one payload is worth by one metric. */
export interface AnswerScore {
  readonly payload_id: string;
  readonly sha256: string;
  readonly metric: string;
  /** From 0 to 1; null: undecided, and `detail` says why. */
  readonly score: number | null;
  /** Untrusted: it may quote the answer or a judge. */
  readonly detail: string | null;
}

/** @throws BadField; SyntaxError where the line is not JSON */
export function parseScore(line: string): AnswerScore {
  const of = asFields(JSON.parse(line), 'the line');
  return {
    payload_id: text(of, 'payload_id'),
    sha256: text(of, 'sha256'),
    metric: text(of, 'metric'),
    score: amountOrNull(of, 'score'),
    detail: textOrNull(of, 'detail'),
  };
}

/** An answer to a payload, by their places in the columns. */
export interface Answered {
  readonly payload_id: string;
  readonly sha256: string;
}

/** Each distinct valid answer to each payload, over these variants. */
export function distinctAnswers(of: readonly Measured[]): Answered[] {
  const found = new Map<string, Answered>();
  for (const measured of of) {
    const seen = new Set<number>();
    for (let i = 0; i < measured.n; i += 1) {
      const place = pairPlace(measured, i);
      if (place === null || seen.has(place)) continue;
      seen.add(place);
      const payload_id = measured.payload_ids[measured.payload[i] ?? -1];
      const sha256 = measured.answers[measured.answer[i] ?? -1];
      if (payload_id !== undefined && sha256 !== undefined)
        found.set(key(payload_id, sha256), { payload_id, sha256 });
    }
  }
  return [...found.values()];
}

const key = (payload_id: string, sha256: string): string => `${sha256} ${payload_id}`;

/** One number for payload and answer of a row; null where it has no valid answer. */
function pairPlace(of: Measured, row: number): number | null {
  const answer = of.answer[row] ?? NO_ANSWER;
  return of.error[row] !== 0 || answer === NO_ANSWER
    ? null
    : (of.payload[row] ?? 0) * of.answers.length + answer;
}

/** The columns with a metric's scores for each row; a metric with an undecided score is undecided as a whole. */
export function withScores(of: Measured, scores: readonly AnswerScore[]): Measured {
  const by_metric = new Map<string, { known: Map<string, number>; undecided: string | null }>();
  for (const { payload_id, sha256, metric, score, detail } of scores) {
    let found = by_metric.get(metric);
    if (found === undefined) by_metric.set(metric, (found = { known: new Map(), undecided: null }));
    if (score === null) found.undecided ??= detail ?? 'no reason was given';
    else found.known.set(key(payload_id, sha256), score);
  }
  const quality = new Map(
    [...by_metric].map(([metric, { known, undecided }]): [string, MetricScores] => [
      metric,
      { values: column(of, known), undecided },
    ]),
  );
  return { ...of, quality };
}

function column(of: Measured, known: ReadonlyMap<string, number>): Float64Array {
  const values = new Float64Array(of.n).fill(Number.NaN);
  const by_place = new Map<number, number>();
  for (let i = 0; i < of.n; i += 1) {
    const place = pairPlace(of, i);
    if (place === null) continue;
    let value = by_place.get(place);
    if (value === undefined) {
      const payload_id = of.payload_ids[of.payload[i] ?? -1] ?? '';
      value = known.get(key(payload_id, of.answers[of.answer[i] ?? -1] ?? '')) ?? Number.NaN;
      by_place.set(place, value);
    }
    values[i] = value;
  }
  return values;
}

/** What k6 itself scores, on a JSON service's labels, where nobody has scored the kept answers. */
const IN_LOAD = { correction: 'correct', translation: 'correct_translation' } as const;
const isInLoad = (metric: string): metric is keyof typeof IN_LOAD => Object.hasOwn(IN_LOAD, metric);

/** A metric's scores; null where the run has none of it. */
export function scoresOf(of: Measured, metric: string): MetricScores | null {
  const scored = of.quality?.get(metric);
  if (scored !== undefined) return scored;
  if (!isInLoad(metric)) return null;
  const flags = of[IN_LOAD[metric]];
  let found = made_of_flags.get(flags);
  if (found === undefined) made_of_flags.set(flags, (found = scoresOfFlags(flags)));
  return found;
}

/** Columns do not change once they are measured, and many figures ask for the same. */
const made_of_flags = new WeakMap<Uint8Array, MetricScores | null>();

function scoresOfFlags(flags: Uint8Array): MetricScores | null {
  const values = new Float64Array(flags.length);
  let known = 0;
  for (let i = 0; i < flags.length; i += 1) {
    const flag = flags[i] ?? UNKNOWN_FLAG;
    values[i] = flag <= 1 ? flag : Number.NaN;
    if (flag <= 1) known += 1;
  }
  return known === 0 ? null : { values, undecided: null };
}

/** Why a metric says nothing of these, as a sentence; null: it was scored throughout, or not at all. */
export function undecidedBy(of: readonly Measured[], metric: string): string | null {
  const words = of.map((one) => scoresOf(one, metric)?.undecided ?? null).find((one) => one !== null) ?? null;
  return words === null ? null : `the answers could not be scored: ${words}`;
}

/** Total cost over the sum of the scores, of the answers that have both; null where nothing was right or decided. */
export function costPerRight(of: Measured, metric: string): number | null {
  const scores = scoresOf(of, metric);
  if (scores === null || scores.undecided !== null) return null;
  let [cost, right] = [0, 0];
  for (let i = 0; i < of.n; i += 1) {
    const [score, price] = [scores.values[i] ?? Number.NaN, of.cost_eur[i] ?? Number.NaN];
    if (Number.isNaN(score) || Number.isNaN(price)) continue;
    cost += price;
    right += score;
  }
  return right === 0 ? null : cost / right;
}

/** Every metric that any of these has, in the order of their first. */
export const metricsIn = (of: readonly Measured[]): readonly string[] => [
  ...new Set([
    ...of.flatMap(({ quality }) => [...(quality?.keys() ?? [])]),
    ...Object.keys(IN_LOAD).filter((metric) => of.some((one) => scoresOf(one, metric) !== null)),
  ]),
];
