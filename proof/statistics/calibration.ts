/** How often the verdict is right where the truth is known: all questions of the calibration page. */
import { seededRandom } from '../../domain/statistics/random.ts';
import type { Gate } from '../../domain/verdict/thresholds.ts';
import { COUNTING_QUESTIONS } from './failures.ts';
import { LATENCY_QUESTIONS } from './percentiles.ts';
import type { Question, Row } from './questions.ts';
import { ADVICE_QUESTIONS, verdictQuestions } from './verdicts.ts';

export const SEED = 20_261_126;

/** @param gates the default gates of k6:shadow */
export const calibrationQuestions = (gates: readonly Gate[]): readonly Question[] => [
  ...verdictQuestions(gates),
  ...LATENCY_QUESTIONS,
  ...COUNTING_QUESTIONS,
  ...ADVICE_QUESTIONS,
];

/** Simulated runs a row of this question. */
export const pairsOf = ({ weight = 1 }: Question, pairs: number): number =>
  Math.max(1, Math.round(pairs / weight));

export interface Answered {
  readonly question: Question;
  /** Those known so far. */
  readonly rows: readonly Row[];
}

/**
 * Row after row, each with its question's place. A question's rows come from its own seed, so that they do not change with the
 * other questions.
 */
export function* calibrate(
  questions: readonly Question[],
  pairs: number,
  seed = SEED,
): Generator<{ readonly place: number; readonly row: Row }> {
  if (!Number.isInteger(pairs) || pairs < 1)
    throw new RangeError(`pairs is ${pairs}; it must be an integer >= 1`);
  for (const [place, question] of questions.entries())
    for (const row of question.rows(seededRandom(seed + place), pairsOf(question, pairs)))
      yield { place, row };
}
