/** junit.xml: one test case a check, for CI systems; an invalid run has errors, not failures. */
import type { FailOn } from '../../domain/verdict/decide.ts';
import type { Check } from '../../domain/verdict/check.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { xmlText } from './escape.ts';
import { sentence, wordCheck, wordFinding } from './words.ts';

/** Which soft answers fail a CI step (`--fail-on`); a failed limit always does. */

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
  readonly properties: Readonly<Record<string, string | undefined>>;
  readonly cases: readonly TestCase[];
  readonly output: readonly string[];
}

export function renderJunit(comparison: Comparison, fail_on: FailOn): string {
  return junit([testSuite(comparison, fail_on)]);
}

/** Several runs as one file, a suite each; what did not run is a skipped case. */
export function renderJunitOf(
  comparisons: readonly Comparison[],
  skipped: readonly { readonly name: string; readonly reason: string }[],
  fail_on: FailOn,
): string {
  const suites = comparisons.map((comparison) => testSuite(comparison, fail_on));
  const at = { started_ms: suites[0]?.started_ms ?? 0, ended_ms: null, properties: {}, output: [] };
  const left_out = skipped.map(({ name, reason }): TestSuite => {
    const message = `not run: ${reason}`;
    const outcome = { of: 'skipped', type: 'not run', message: reason } as const;
    return { ...at, job: name, cases: [{ group: 'suite', name, outcome, text: message }] };
  });
  return junit([...suites, ...left_out]);
}

function testSuite(comparison: Comparison, fail_on: FailOn): TestSuite {
  const { run } = comparison;
  const findings = comparison.findings.map((finding) => `${finding.severity}: ${wordFinding(finding)}`);
  return {
    job: run.job,
    started_ms: run.started_ms,
    ended_ms: run.ended_ms,
    properties: {
      run_id: run.run_id,
      verdict: comparison.verdict.word,
      baseline: run.variants.baseline?.label,
      shadow: run.variants['shadow']?.label,
    },
    cases: testCases(comparison, fail_on),
    output: [sentence(comparison), ...findings],
  };
}

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
      ...Object.entries(suite.properties).flatMap(([name, value]) =>
        value === undefined ? [] : [`      <property${attributes({ name, value })}/>`],
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

function testCases(comparison: Comparison, fail_on: FailOn): TestCase[] {
  const invalid = comparison.findings.filter(({ severity }) => severity === 'invalid');
  const untrusted = comparison.verdict.word === 'invalid';
  const causes = invalid.map((finding): TestCase => {
    const message = wordFinding(finding);
    return {
      group: 'trust',
      name: finding.variant === null ? finding.code : `${finding.code} ${finding.variant}`,
      outcome: { of: 'error', type: 'invalid', message },
      text: message,
    };
  });
  const checks = comparison.checks.map((check): TestCase => {
    const text = wordCheck(check);
    const outcome: Outcome = untrusted ? UNTRUSTED : outcomeOf(check, text, fail_on);
    return {
      group: check.kind,
      name: check.kind === 'gate' ? check.id : `${check.id} ${check.variant}`,
      outcome,
      text,
    };
  });
  return [...causes, ...checks, ...capacityCase(comparison, fail_on)];
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

/** A ramp has no checks but this: what the variants sustain, against each other. */
function capacityCase(comparison: Comparison, fail_on: FailOn): TestCase[] {
  const { capacity, verdict } = comparison;
  if (capacity === undefined || capacity === null) return [];
  const message = sentence(comparison);
  const { word } = verdict;
  const outcome: Outcome =
    word === 'pass' ? { of: 'passed' } : word === 'invalid' ? UNTRUSTED : softly(word, message, fail_on);
  return [{ group: 'gate', name: 'capacity', outcome, text: message }];
}

function outcomeOf(check: Check, message: string, fail_on: FailOn): Outcome {
  const skipped = (type: string): Outcome => ({ of: 'skipped', type, message });
  if (check.kind === 'gate' && check.advisory !== null) return skipped('advisory');
  if (check.answer === 'pass') return { of: 'passed' };
  if (check.kind === 'target') return skipped('target'); // it informs and never blocks
  if (check.kind === 'limit') return { of: 'failure', type: 'limit', message };
  return softly(check.answer, message, fail_on);
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
