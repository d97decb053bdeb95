/** junit.xml: one test case a check, for CI systems; what can't be trusted has errors, not failures. */
import type { FailOn } from '../../domain/verdict/decide.ts';
import type { Finding } from '../../domain/verdict/findings.ts';
import { checkKey } from '../../domain/verdict/check.ts';
import { xmlText } from './escape.ts';
import type { Judgement, Report } from './report.ts';
import { wordCheck } from './words/checks.ts';
import { wordFinding } from './words/findings.ts';
import type { JudgedCheck } from './words/marks.ts';

type Outcome =
  | { readonly of: 'passed' }
  | { readonly of: 'failure' | 'error' | 'skipped'; readonly type: string; readonly message: string };

interface TestCase {
  readonly group: string;
  readonly name: string;
  readonly outcome: Outcome;
  /** What a person reads of it. */
  readonly text: string;
}

interface TestSuite {
  readonly job: string;
  readonly started_ms: number;
  readonly ended_ms: number | null;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly TestCase[];
  readonly output: readonly string[];
}

/** A suite a judgement: the report's own, or those of its parts; what did not run is a skipped case. */
export function renderJunit(report: Report): string {
  const { parts, not_run, fail_on } = report;
  const judgements =
    parts.length === 0 && not_run.length === 0 ? [report] : parts.map((one) => one.judgement);
  const left_out = not_run.map(({ name, reason }): TestSuite => {
    const outcome = { of: 'skipped', type: 'not run', message: reason } as const;
    return {
      job: name,
      started_ms: report.started_ms,
      ended_ms: null,
      properties: {},
      output: [],
      cases: [{ group: 'suite', name, outcome, text: `not run: ${reason}` }],
    };
  });
  return junit([...judgements.map((one) => testSuite(one, fail_on)), ...left_out]);
}

const testSuite = (judgement: Judgement, fail_on: FailOn): TestSuite => ({
  job: judgement.name,
  started_ms: judgement.started_ms,
  ended_ms: judgement.ended_ms,
  properties: judgement.properties,
  cases: testCases(judgement, fail_on),
  output: [
    judgement.sentence,
    ...judgement.findings.map((finding) => `${finding.severity}: ${wordFinding(finding)}`),
  ],
});

function countAttributes(suites: readonly TestSuite[]): string {
  const cases = suites.flatMap((suite) => suite.cases);
  const count = (of: Outcome['of']): number => cases.filter(({ outcome }) => outcome.of === of).length;
  const ms = suites.reduce(
    (sum, { started_ms, ended_ms }) => sum + ((ended_ms ?? started_ms) - started_ms),
    0,
  );
  return attributes({
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: (ms / 1000).toFixed(3),
  });
}

/** The shape that Jenkins, GitLab, GitHub's reporters and Azure share: testsuites > testsuite > properties, testcase, system-out. */
function junit(suites: readonly TestSuite[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="k6-shadow"${countAttributes(suites)}>`,
    ...suites.flatMap((suite) => [
      `  <testsuite${attributes({ name: suite.job, timestamp: new Date(suite.started_ms).toISOString().slice(0, 19), hostname: 'localhost' })}${countAttributes([suite])}>`,
      '    <properties>',
      ...Object.entries(suite.properties).map(
        ([name, value]) => `      <property${attributes({ name, value })}/>`,
      ),
      '    </properties>',
      ...suite.cases.map((one) => testCase(suite.job, one)),
      `    <system-out>${lines(suite.output)}</system-out>`,
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
}

/** Findings that are a judgement by themselves are cases: an invalid one is an error, a fault of what was tested a failure. */
function testCases({ findings, checks, word, sentence }: Judgement, fail_on: FailOn): TestCase[] {
  const of = (severity: Finding['severity'], outcome: (message: string) => Outcome): TestCase[] =>
    unique(
      findings
        .filter((finding) => finding.severity === severity)
        .map((finding): TestCase => {
          const message = wordFinding(finding);
          return {
            group: severity === 'invalid' ? 'trust' : 'fault',
            name: finding.variant === null ? finding.code : `${finding.code} ${finding.variant}`,
            outcome: outcome(message),
            text: message,
          };
        }),
    );
  const untrusted = word === 'invalid';
  const causes = of('invalid', (message) => ({ of: 'error', type: 'invalid', message }));
  const faults = of('fail', (message) => (untrusted ? UNTRUSTED : softly('fail', message, fail_on)));
  const open = of('open', (message) => (untrusted ? UNTRUSTED : softly('inconclusive', message, fail_on)));
  const cases = [...causes, ...faults, ...open, ...checks.map((one) => checkCase(one, checks, fail_on))];
  // A judgement by findings alone, or by nothing at all, is a case as well: no CI system shows an empty suite.
  if (cases.length > 0) return cases;
  const outcome: Outcome =
    word === 'pass' ? { of: 'passed' } : word === 'invalid' ? UNTRUSTED : softly(word, sentence, fail_on);
  return [{ group: 'verdict', name: 'verdict', outcome, text: sentence }];
}

/** Two cases of one name are one to a CI system: the later ones are numbered. */
function unique(cases: readonly TestCase[]): TestCase[] {
  const seen = new Map<string, number>();
  return cases.map((one) => {
    const times = (seen.get(one.name) ?? 0) + 1;
    seen.set(one.name, times);
    return times === 1 ? one : { ...one, name: `${one.name} ${times}` };
  });
}

function checkCase(one: JudgedCheck, all: readonly JudgedCheck[], fail_on: FailOn): TestCase {
  const { check, judged } = one;
  const text = wordCheck(check, judged);
  const { variant } = check.subject;
  // One candidate's gates need no name of theirs; several candidates' do.
  const several =
    new Set(all.flatMap((other) => (other.check.kind === 'gate' ? [other.check.subject.variant] : []))).size >
    1;
  const whose = variant !== null && (check.kind !== 'gate' || several) ? ` ${variant}` : '';
  return {
    group: check.kind,
    name: `${checkKey(check)}${whose}`,
    outcome: judged ? outcomeOf(one, text, fail_on) : UNTRUSTED,
    text,
  };
}

const UNTRUSTED: Outcome = {
  of: 'skipped',
  type: 'invalid',
  message: 'the run is invalid: nothing is judged',
};

/** An answer that fails a CI step only where it is asked to. */
const softly = (answer: FailOn[number], message: string, fail_on: FailOn): Outcome => ({
  of: fail_on.includes(answer) ? 'failure' : 'skipped',
  type: answer,
  message,
});

function outcomeOf({ check }: JudgedCheck, message: string, fail_on: FailOn): Outcome {
  const { kind, role, answer } = check;
  const skipped = (type: string): Outcome => ({ of: 'skipped', type, message });
  if (kind === 'gate' && role !== 'blocks') return skipped('advisory');
  if (answer === 'pass') return { of: 'passed' };
  if (kind === 'target') return skipped('target'); // it informs and never blocks
  if (kind === 'limit' && answer === 'fail') return { of: 'failure', type: 'limit', message };
  return softly(answer, message, fail_on);
}

function testCase(job: string, { group, name, outcome, text }: TestCase): string {
  const body = [
    ...(outcome.of === 'passed' ? [] : [`      ${element(outcome)}`]),
    // A failure's text is the failure itself; the others say here what they found.
    ...(outcome.of === 'failure' || outcome.of === 'error'
      ? []
      : [`      <system-out>${xmlText(text)}</system-out>`]),
  ];
  return [
    `    <testcase${attributes({ name, classname: `k6-shadow.${job}.${group}`, time: '0.000' })}>`,
    ...body,
    '    </testcase>',
  ].join('\n');
}

function element(outcome: Exclude<Outcome, { of: 'passed' }>): string {
  const { of, type, message } = outcome;
  // Of the three only `skipped` has no type in the common schema.
  if (of === 'skipped') return `<skipped${attributes({ message: `${type}: ${message}` })}/>`;
  return `<${of}${attributes({ type, message })}>${xmlText(message)}</${of}>`;
}

const attributes = (of: Readonly<Record<string, string | number>>): string =>
  Object.entries(of)
    .map(([name, value]) => ` ${name}="${xmlText(String(value))}"`)
    .join('');

const lines = (of: readonly string[]): string => of.map(xmlText).join('\n');
