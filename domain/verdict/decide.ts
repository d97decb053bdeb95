/** From checks and findings to one word and one exit code. */
import type { CapacityRatio } from '../jobs/capacity/ratio.ts';
import type { Check, GateCheck, LimitCheck, Verdict } from './check.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Finding } from './findings.ts';
import type { Settings } from '../settings/settings.ts';

/** Which of the gates' answers fail a CI step. */
export type FailOn = readonly ('fail' | 'inconclusive')[];

export function failOn(setting: Settings['failOn']): FailOn {
  if (setting === 'none') return [];
  return setting === 'fail,inconclusive' ? ['fail', 'inconclusive'] : [setting];
}

export interface VerdictContext {
  /** Of a ramp, in place of limits and gates: whether what each sustains is known, and how the variants compare; null: another job. */
  readonly capacity?: { readonly known: boolean; readonly answer: CapacityRatio['answer'] | null } | null;
  readonly rule: Verdict['rule'];
  /** The user ended the run: how far it got may depend on what was seen. */
  readonly interrupted: boolean;
  readonly fail_on: FailOn;
}

const isGate = (check: Check): check is GateCheck => check.kind === 'gate';
const isLimit = (check: Check): check is LimitCheck => check.kind === 'limit';

/** A pass needs every limit and every gate that is not advisory (intersection-union: no correction for their number). */
export function decide(
  checks: readonly Check[],
  findings: readonly Finding[],
  context: VerdictContext,
): { verdict: Verdict; exit_code: ExitCode } {
  const failedLimits = checks.filter(isLimit).filter(({ answer }) => answer === 'fail');
  const gates = checks.filter(isGate).filter(({ advisory }) => advisory === null);
  const failedGates = gates.filter(({ answer }) => answer === 'fail');
  const open = gates.filter(({ answer }) => answer === 'inconclusive');
  const invalid = findings.filter(({ severity }) => severity === 'invalid');
  const gone = findings.filter(({ code }) => code === 'server_gone');
  const because = (list: readonly { id: string }[]): string[] => list.map(({ id }) => id);
  const answer = (
    word: Verdict['word'],
    reasons: readonly string[],
    exit_code: ExitCode,
  ): { verdict: Verdict; exit_code: ExitCode } => ({
    verdict: { word, because: reasons, rule: context.rule },
    exit_code: context.interrupted ? EXIT.interrupted : exit_code,
  });
  const soft = (kind: 'fail' | 'inconclusive', code: ExitCode): ExitCode =>
    context.fail_on.includes(kind) ? code : EXIT.pass;

  if (invalid.length > 0)
    return answer(
      'invalid',
      invalid.map(({ code }) => code),
      EXIT.invalid,
    );
  if (failedLimits.length > 0)
    return answer('fail', because([...failedLimits, ...failedGates]), EXIT.threshold_failed);
  if (failedGates.length > 0 || gone.length > 0)
    return answer(
      'fail',
      [...because(failedGates), ...gone.map(({ code }) => code)],
      soft('fail', EXIT.gate_failed),
    );
  if (context.interrupted) return answer('inconclusive', ['interrupted'], EXIT.interrupted);
  if (open.length > 0) return answer('inconclusive', because(open), soft('inconclusive', EXIT.inconclusive));
  if (context.capacity !== undefined && context.capacity !== null) {
    const { known, answer: word } = context.capacity;
    if (!known) return answer('inconclusive', ['capacity_unknown'], soft('inconclusive', EXIT.inconclusive));
    if (word === 'fail') return answer('fail', ['capacity'], soft('fail', EXIT.gate_failed));
    return word === 'inconclusive'
      ? answer('inconclusive', ['capacity'], soft('inconclusive', EXIT.inconclusive))
      : answer('pass', ['capacity'], EXIT.pass);
  }
  const [deciding] = gates;
  const limits = checks.filter(isLimit);
  if (deciding === undefined && limits.length === 0)
    return answer('inconclusive', ['no_checks'], soft('inconclusive', EXIT.inconclusive));
  return answer('pass', because(deciding === undefined ? limits : [deciding]), EXIT.pass);
}
