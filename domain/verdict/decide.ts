/** From checks and findings to one word and one exit code, in every job. */
import type { Settings } from '../settings/settings.ts';
import { blocks, checkKey, type Check, type Verdict, type VerdictWord } from './check.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Finding } from './findings.ts';

/** Which answers fail a CI step. */
export type FailOn = readonly ('fail' | 'inconclusive')[];

export const FAIL_ON_ANY: FailOn = ['fail', 'inconclusive'];

export function failOn(setting: Settings['failOn']): FailOn {
  if (setting === 'none') return [];
  return setting === 'fail,inconclusive' ? FAIL_ON_ANY : [setting];
}

export interface VerdictContext {
  readonly rule: Verdict['rule'];
  /** The user ended the run: how far it got may depend on what was seen. */
  readonly interrupted: boolean;
  readonly fail_on: FailOn;
  /** Names of parts that did not run or could not be seen: a pass of the others leaves the whole open. */
  readonly unseen?: readonly string[];
  /** Findings are the judgement of this job, checks or not: without either it has passed. */
  readonly always_judged?: boolean;
}

export interface Decided {
  readonly verdict: Verdict;
  readonly exit_code: ExitCode;
}

/** A pass needs every check that blocks (intersection-union: no correction for their number), and at least one of them. */
export function decide(
  checks: readonly Check[],
  findings: readonly Finding[],
  context: VerdictContext,
): Decided {
  const { rule, interrupted, fail_on, unseen = [], always_judged = false } = context;
  const counted = checks.filter(blocks);
  const answered = (answer: Check['answer']): Check[] => counted.filter((check) => check.answer === answer);
  const [failed, open] = [answered('fail'), answered('inconclusive')];
  const codes = (severity: Finding['severity']): string[] =>
    findings.filter((one) => one.severity === severity).map(({ code }) => code);
  const keys = (of: readonly Check[]): string[] => of.map(checkKey);
  const answer = (word: VerdictWord, because: readonly string[], exit_code: ExitCode): Decided => ({
    verdict: { word, because, rule },
    exit_code: interrupted ? EXIT.interrupted : exit_code,
  });
  const soft = (kind: FailOn[number], code: ExitCode): ExitCode =>
    fail_on.includes(kind) ? code : EXIT.pass;

  const invalid = codes('invalid');
  if (invalid.length > 0) return answer('invalid', invalid, EXIT.invalid);
  const limits = failed.filter(({ kind }) => kind === 'limit');
  const gates = failed.filter(({ kind }) => kind !== 'limit');
  if (limits.length > 0) return answer('fail', keys([...limits, ...gates]), EXIT.threshold_failed);
  const faults = codes('fail');
  if (gates.length + faults.length > 0)
    return answer('fail', [...keys(gates), ...faults], soft('fail', EXIT.gate_failed));
  if (interrupted) return answer('inconclusive', ['interrupted'], EXIT.interrupted);
  const unknown = [...codes('open'), ...keys(open), ...unseen];
  if (unknown.length > 0) return answer('inconclusive', unknown, soft('inconclusive', EXIT.inconclusive));
  if (counted.length === 0 && !always_judged)
    return answer('inconclusive', ['no_checks'], soft('inconclusive', EXIT.inconclusive));
  const [deciding] = counted.filter(({ kind }) => kind === 'gate');
  return answer('pass', keys(deciding === undefined ? counted : [deciding]), EXIT.pass);
}

/** The order in which exit codes win where several parts of one command have one each. */
const ORDER: readonly ExitCode[] = [
  EXIT.interrupted,
  EXIT.our_bug,
  EXIT.bad_input,
  EXIT.invalid,
  EXIT.threshold_failed,
  EXIT.gate_failed,
  EXIT.inconclusive,
  EXIT.pass,
];

/** The first that applies, in the house order. */
export function worstExit(codes: readonly number[]): ExitCode {
  return ORDER.find((code) => codes.includes(code)) ?? EXIT.our_bug;
}

const WORST_FIRST: readonly VerdictWord[] = ['invalid', 'fail', 'inconclusive', 'pass'];

/** The word over several parts; of none, nothing is decided. */
export const worstWord = (words: readonly VerdictWord[]): VerdictWord =>
  WORST_FIRST.find((one) => words.includes(one)) ?? 'inconclusive';
