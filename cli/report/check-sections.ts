/** A comparison's checks as two tables: candidates against the baseline, and each variant against its limits. */
import type { Comparison } from '../../domain/result/comparison.ts';
import { candidatesOf } from '../../domain/variants.ts';
import { integer } from './format.ts';
import type { Section } from './section.ts';
import {
  checkBound,
  checkInterval,
  checkLabel,
  checkValue,
  confidence,
  ownLevel,
  plainLevel,
} from './words/checks.ts';
import { MARKS, shownAnswer, type JudgedCheck } from './words/marks.ts';
import { decidingCheck } from './words/verdict.ts';

/** Whether a check's answer says anything: not where its variant's measurement, or the run's, can't be trusted. */
export function judgedChecks({ checks, verdict, verdicts }: Comparison): JudgedCheck[] {
  return checks.map((check) => {
    const own = check.subject.variant === null ? undefined : verdicts?.[check.subject.variant];
    return { check, judged: (own ?? verdict).word !== 'invalid' };
  });
}

/** What decided stands first, then what else counts, then what only informs; several candidates one after the other. */
export function gatesSection(comparison: Comparison): Section | null {
  const gates = judgedChecks(comparison).filter(({ check }) => check.kind === 'gate');
  if (gates.length === 0) return null;
  const { verdict, verdicts, checks } = comparison;
  const deciding = [verdict, ...Object.values(verdicts ?? {})].flatMap((one) =>
    one === undefined ? [] : (decidingCheck(one, checks) ?? []),
  );
  const rank = ({ check }: JudgedCheck): number =>
    deciding.includes(check) ? 0 : check.role === 'blocks' ? 1 : 2;
  const candidates = candidatesOf(comparison.variants);
  const place = ({ check }: JudgedCheck): number => candidates.indexOf(check.subject.variant ?? '');
  const ordered = gates.toSorted((a, b) => place(a) - place(b) || rank(a) - rank(b));
  const several = candidates.length > 1;
  const plain = plainLevel(checks);
  const untrusted = ordered.filter(({ judged }) => !judged).length;
  const notes = [
    ...(plain === null ? [] : [`intervals are at ${confidence(plain)}, where a row does not say otherwise`]),
    ...(untrusted === ordered.length
      ? ['the run is invalid: these figures are shown to find out why, and decide nothing']
      : []),
  ];
  return {
    id: 'gates',
    title: 'Verdict',
    head: [
      '',
      ...(several ? ['candidate', 'against baseline'] : [`${candidates[0] ?? 'candidate'} against baseline`]),
      'change',
      'interval',
      'limit',
      'n',
      'answer',
    ],
    rows: ordered.map((one) => {
      const { mark, word } = shownAnswer(one);
      const { check } = one;
      return [
        MARKS[mark],
        ...(several ? [check.subject.variant ?? ''] : []),
        checkLabel(check),
        checkValue(check),
        checkInterval(check),
        checkBound(check),
        `${integer(check.n)} ${check.n_of}`,
        word,
      ];
    }),
    below: ordered.map((one) => whyAndLevel(one, plain)),
    gates: ordered.map((one) => ({ ...one, decides: one.judged && deciding.includes(one.check) })),
    wide: true,
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  };
}

/** Why a check has its answer, and at which level its interval is where that is not the run's. */
const whyAndLevel = (one: JudgedCheck, plain: number | null): string =>
  [shownAnswer(one).why, ownLevel(one.check, plain)].filter((text) => text !== '').join('; ');

export function limitsSection(comparison: Comparison): Section | null {
  const limits = judgedChecks(comparison).filter(({ check }) => check.kind !== 'gate');
  if (limits.length === 0) return null;
  const plain = plainLevel(comparison.checks);
  return {
    id: 'limits',
    title: 'Limits and targets',
    head: ['', 'variant', 'figure', 'value', 'interval', 'limit', 'n'],
    rows: limits.map((one) => [
      MARKS[shownAnswer(one).mark],
      one.check.subject.variant ?? '',
      checkLabel(one.check),
      checkValue(one.check),
      checkInterval(one.check),
      `${one.check.kind === 'target' ? 'target ' : ''}${checkBound(one.check)}`,
      `${integer(one.check.n)}${one.check.n_of === 'requests' ? '' : ` ${one.check.n_of}`}`,
    ]),
    below: limits.map((one) => whyAndLevel(one, plain)),
    wide: true,
  };
}
