/** A verdict in one sentence, for every kind of result: what anyone reads of it, if they read one line. */
import { CAPACITY } from '../../../domain/jobs/capacity/ratio.ts';
import type { GatewayReport } from '../../../domain/jobs/gateway/report.ts';
import { METRICS, isMetricName } from '../../../domain/record/metrics.ts';
import type { Comparison } from '../../../domain/result/comparison.ts';
import type { Suite } from '../../../domain/result/suite.ts';
import { candidatesOf, presentVariants } from '../../../domain/variants.ts';
import {
  blocks,
  checkKey,
  type Check,
  type Verdict,
  type VerdictWord,
} from '../../../domain/verdict/check.ts';
import type { Finding } from '../../../domain/verdict/findings.ts';
import { amount, percent } from '../format.ts';
import { checkBound, checkLabel, checkValue, onScale, undecided } from './checks.ts';
import { wordFinding } from './findings.ts';

const WORDS: Readonly<Record<VerdictWord, string>> = {
  pass: 'pass',
  fail: 'fail',
  inconclusive: 'inconclusive',
  invalid: 'invalid: no verdict',
};

/** Of each verdict, the answer that its deciding check has. */
const DECIDES: Readonly<Record<Exclude<VerdictWord, 'invalid'>, Check['answer']>> = {
  pass: 'pass',
  fail: 'fail',
  inconclusive: 'inconclusive',
};

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Which values of a figure are on which side of the baseline's. */
function sides({ metric, unit }: Check): readonly [below: string, above: string] {
  if (metric === 'accuracy') return ['worse', 'better'];
  if (metric === 'output_length') return ['apart', 'apart'];
  const time = isMetricName(metric) && METRICS[metric].unit === 'ms' && unit === 'ms';
  return time ? ['faster', 'slower'] : ['lower', 'higher'];
}

/** "2.0 % faster" */
function side(check: Check, value: number): string {
  const ratio = check.scale === 'ratio';
  const size = Math.abs(ratio ? value - 1 : value) * 100;
  const [below, above] = sides(check);
  return `${size.toFixed(1)} ${ratio ? '%' : 'pp'} ${value < (ratio ? 1 : 0) ? below : above}`;
}

/** "is between 2.0 % faster and 11.0 % slower" */
function between(check: Check): string {
  const { value, interval } = check;
  const { low, high } = interval ?? { low: null, high: null };
  if (low !== null && high !== null) return `is between ${side(check, low)} and ${side(check, high)}`;
  if (value === null) return 'is not known';
  return `is ${side(check, value)} by the point figures, and the data can't bound it`;
}

/** The check that made a verdict so; undefined where none did. */
export function decidingCheck(verdict: Verdict, checks: readonly Check[]): Check | undefined {
  const { word } = verdict;
  if (word === 'invalid') return undefined;
  const mine = checks.filter((check) => blocks(check) && check.answer === DECIDES[word]);
  // A limit and a gate of one figure have one key: a limit that fails comes before its gate, a gate that passes before its limit.
  const gates = mine.filter(({ kind }) => kind === 'gate');
  const limits = mine.filter(({ kind }) => kind !== 'gate');
  const ordered = word === 'fail' ? [...limits, ...gates] : [...gates, ...limits];
  return verdict.because
    .map((key) => ordered.find((check) => checkKey(check) === key))
    .find((check) => check !== undefined);
}

/** Why a measurement can't be trusted: what gave the load up comes before what that did to it. */
export const invalidCause = (findings: readonly Finding[]): Finding | undefined =>
  findings.find(({ code }) => code === 'rate_not_sent') ??
  findings.find(({ severity }) => severity === 'invalid');

function judgedSentence(verdict: Verdict, checks: readonly Check[], findings: readonly Finding[]): string {
  const word = WORDS[verdict.word];
  if (verdict.word === 'invalid') {
    const cause = invalidCause(findings);
    return `The measurement can't be trusted: ${cause === undefined ? verdict.because.join(', ') : wordFinding(cause)}. Verdict: ${word}.`;
  }
  const gone = findings.find(({ code }) => code === verdict.because[0]);
  const deciding = gone === undefined ? decidingCheck(verdict, checks) : undefined;
  if (deciding === undefined) {
    return `${gone === undefined ? 'Nothing was judged' : capital(wordFinding(gone))}. Verdict: ${word}.`;
  }
  const whose = `${deciding.subject.variant === null ? 'The' : `The ${deciding.subject.variant}'s`} ${checkLabel(deciding)}`;
  const why = undecided(deciding);
  const open = why === '' ? '' : ` (${why})`;
  if (deciding.kind === 'gate')
    return `${whose} ${compared(verdict, deciding)}: ${word}${open}${informing(verdict, checks)}.`;
  const value = deciding.value === null ? 'is not measured' : `is ${checkValue(deciding)}`;
  const limit = `the limit is ${onScale(deciding, deciding.limit)}`;
  return verdict.word === 'pass'
    ? `${whose} ${value}; ${limit}: all limits are met, ${word}.`
    : `${whose} ${value}; ${limit}: ${word}${open}.`;
}

/** A pass says what it does not speak of. */
function informing({ word }: Verdict, checks: readonly Check[]): string {
  if (word !== 'pass') return '';
  const labels = checks
    .filter(({ kind, advisory }) => kind === 'gate' && advisory?.reason === 'power')
    .map((check) => checkLabel(check));
  if (labels.length === 0) return '';
  return `; not decided at this size: ${labels.join('; ')}`;
}

/** What a gate saw, and what it tolerates. */
function compared(verdict: Verdict, check: Check): string {
  const { scale, limit, value } = check;
  if (scale === 'value') return `is ${checkValue(check)}; it must be ${checkBound(check)}`;
  const tolerated =
    scale === 'ratio' ? percent(Math.abs(limit - 1), 0) : `${(Math.abs(limit) * 100).toFixed(0)} pp`;
  const said =
    verdict.rule === 'point' && value !== null
      ? `is ${side(check, value)} by the point figures alone`
      : between(check);
  return `${said}; the limit is ${tolerated}`;
}

/** A run's result; of several candidates, each by itself, the best first. */
export function comparisonSentence(comparison: Comparison): string {
  const { verdict, checks, findings, verdicts, capacity } = comparison;
  if (verdict.word !== 'invalid' && capacity !== undefined && capacity !== null)
    return capacitySentence(capacity, checks, WORDS[verdict.word]);
  if (verdicts === null) return judgedSentence(verdict, checks, findings);
  const best = (word: VerdictWord): number => (word === verdict.word ? 0 : 1);
  return candidatesOf(verdicts)
    .flatMap((candidate) => {
      const own = verdicts[candidate];
      if (own === undefined) return [];
      const others = candidatesOf(verdicts).filter((one) => one !== candidate);
      const mine = (variant: string | null): boolean => variant === null || !others.includes(variant);
      const said = judgedSentence(
        own,
        checks.filter(({ subject }) => mine(subject.variant)),
        findings.filter(({ variant }) => mine(variant)),
      );
      // A reason that is the baseline's or the run's does not name the candidate that it decides on.
      const named = said.startsWith(`The ${candidate}'s`) ? said : `${capital(candidate)}: ${said}`;
      return [{ said: named, rank: best(own.word) }];
    })
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ said }) => said)
    .join(' ');
}

/** `The shadow sustains 31 requests/s, the baseline 36, between 82 % and 91 % of it; tolerated is 85 %: ...` */
function capacitySentence(
  capacities: NonNullable<Comparison['capacity']>,
  checks: readonly Check[],
  word: string,
): string {
  const said = presentVariants(capacities)
    .toReversed()
    .map((variant, i) => {
      const capacity = capacities[variant];
      const { load } = capacity?.sustained ?? { load: null };
      if (load === null) return `the ${variant}${i === 0 ? ' sustains' : ''} none of the loads tried`;
      return `the ${variant} ${i === 0 ? `sustains ${amount(load)} ${capacity?.unit}` : amount(load)}`;
    });
  const sustains = capital(said.join(', '));
  const ratios = checks.filter(({ id }) => id === CAPACITY);
  const [first, second] = ratios;
  if (first === undefined) return `${sustains}: ${word}.`;
  const shares = ratios.map((ratio) =>
    second === undefined
      ? shareOfBaseline(ratio)
      : `the ${ratio.subject.variant ?? ''} ${shareOfBaseline(ratio)}`,
  );
  const open = ratios.map(undecided).find((why) => why !== '') ?? '';
  const tolerated = shares.every((share) => share === BOTH)
    ? ''
    : `; tolerated is ${percent(first.limit, 0)}`;
  return `${sustains}, ${shares.join(', ')}${tolerated}: ${word}${open === '' ? '' : ` (${open})`}.`;
}

const BOTH = 'and neither gave out';

function shareOfBaseline({ interval }: Check): string {
  const { low, high } = interval ?? { low: null, high: null };
  if (low === null && high === null) return BOTH;
  if (high === null) return `at least ${percent(low ?? 0, 0)} of it`;
  return low === null
    ? `at most ${percent(high, 0)} of it`
    : `between ${percent(low, 0)} and ${percent(high, 0)} of it`;
}

/** A suite of loads: what went wrong, where. */
export function suiteSentence(suite: Suite): string {
  const { scenarios, skipped } = suite;
  const named = (word: VerdictWord): string =>
    scenarios.flatMap(({ name, verdict }) => (verdict.word === word ? name : [])).join(', ');
  const missed = scenarios.filter(({ rows }) =>
    rows.some(({ level }) => level === 'acceptable' || level === 'beyond'),
  );
  const parts = [
    ["the measurement can't be trusted in", named('invalid')],
    ['it fails in', named('fail')],
    ['not all of it is decided in', named('inconclusive')],
    ['targets are missed in', missed.map(({ name }) => name).join(', ')],
    ['not run:', skipped.map(({ name }) => name).join(', ')],
  ].flatMap(([what, names]) => (names === '' ? [] : `${what} ${names}`));
  return `${capital(parts.length === 0 ? 'every limit and every target is met' : parts.join('; '))}.`;
}

/** A gateway's run: its scenarios, and the worst finding. */
export function gatewaySentence({ verdict, scenarios }: GatewayReport): string {
  const list = verdict.because.join(', ');
  const findings = scenarios.flatMap((one) => one.findings);
  switch (verdict.word) {
    case 'pass':
      return `The gateway passes ${scenarios.length === 1 ? list : `all ${scenarios.length} scenarios`}.`;
    case 'fail': {
      const worst = findings.find(({ severity }) => severity === 'fail');
      return `The gateway fails ${list}${worst === undefined ? ': a limit is missed' : `: ${wordFinding(worst)}`}.`;
    }
    case 'invalid': {
      const cause = findings.find(({ severity }) => severity === 'invalid');
      return `The measurement can't be trusted (${list})${cause === undefined ? '' : `: ${wordFinding(cause)}`}. No verdict.`;
    }
    case 'inconclusive':
      return list === ''
        ? 'Nothing was judged: no verdict.'
        : `Not all was seen (${list}): no verdict. What ran has passed.`;
  }
}
