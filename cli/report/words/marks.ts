/** The marks of answers, as every form of a report has them. */
import type { Check, VerdictWord } from '../../../domain/verdict/check.ts';
import { levelOf } from '../../../domain/result/suite.ts';
import { NOT_JUDGED, advisory, howJudged, undecided } from './checks.ts';

/** `none` stands where nothing was judged. */
export const MARKS = { pass: '✅', fail: '❌', warn: '⚠️', open: '❔', none: '' } as const;
export type MarkName = keyof typeof MARKS;

export const VERDICT_MARKS: Readonly<Record<VerdictWord, MarkName>> = {
  pass: 'pass',
  fail: 'fail',
  inconclusive: 'open',
  invalid: 'warn',
};

/** A check beside the word on the measurement that it was made from. */
export interface JudgedCheck {
  readonly check: Check;
  /** False: the measurement can't be trusted, so that its answer is none. */
  readonly judged: boolean;
}

/** A check's answer as it is shown: no mark and no answer where the measurement can't be trusted. */
export function shownAnswer({ check, judged }: JudgedCheck): { mark: MarkName; word: string; why: string } {
  if (!judged) return { mark: 'none', word: NOT_JUDGED, why: '' };
  const { kind, answer, role } = check;
  const why = [role === 'blocks' || kind !== 'gate' ? undecided(check) : advisory(check), howJudged(check)]
    .filter((one) => one !== '')
    .join('; ');
  if (kind === 'gate' && role !== 'blocks') return { mark: 'warn', word: answer, why };
  if (kind !== 'target') return { mark: ANSWERS[answer], word: answer, why };
  if (answer === 'pass') return { mark: 'pass', word: answer, why };
  const acceptable = levelOf(check) === 'acceptable';
  return { mark: 'warn', word: answer === 'fail' ? (acceptable ? 'acceptable' : 'missed') : answer, why };
}

const ANSWERS: Readonly<Record<Check['answer'], MarkName>> = {
  pass: 'pass',
  fail: 'fail',
  inconclusive: 'open',
};
