/** junit.xml: one test case a check, for CI systems; an invalid run has errors, not failures. */
import type { FailOn } from '../../domain/verdict.ts';
import type { Check } from '../../domain/checks.ts';
import type { Comparison } from '../../domain/comparison.ts';
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

/** The shape that Jenkins, GitLab, GitHub's reporters and Azure share: testsuites > testsuite > properties, testcase, system-out. */
export function renderJunit(comparison: Comparison, fail_on: FailOn): string {
  const { run } = comparison;
  const cases = testCases(comparison, fail_on);
  const count = (of: Outcome['of']): number => cases.filter(({ outcome }) => outcome.of === of).length;
  const seconds = run.ended_ms === null ? 0 : (run.ended_ms - run.started_ms) / 1000;
  const counts = attributes({
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds.toFixed(3),
  });
  const properties = {
    run_id: run.run_id,
    verdict: comparison.verdict.word,
    baseline: run.variants.baseline?.label,
    shadow: run.variants.shadow?.label,
  };
  const findings = comparison.findings.map((finding) => `${finding.severity}: ${wordFinding(finding)}`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="k6-shadow"${counts}>`,
    `  <testsuite${attributes({ name: run.job, timestamp: new Date(run.started_ms).toISOString().slice(0, 19), hostname: 'localhost' })}${counts}>`,
    '    <properties>',
    ...Object.entries(properties).flatMap(([name, value]) =>
      value === undefined ? [] : [`      <property${attributes({ name, value })}/>`],
    ),
    '    </properties>',
    ...cases.map((one) => testCase(run.job, one)),
    `    <system-out>${lines([sentence(comparison), ...findings])}</system-out>`,
    '  </testsuite>',
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
    const outcome: Outcome = untrusted
      ? { of: 'skipped', type: 'invalid', message: 'the run is invalid: nothing is judged' }
      : outcomeOf(check, text, fail_on);
    return {
      group: check.kind,
      name: check.kind === 'gate' ? check.id : `${check.id} ${check.variant}`,
      outcome,
      text,
    };
  });
  return [...causes, ...checks];
}

function outcomeOf(check: Check, message: string, fail_on: FailOn): Outcome {
  const skipped = (type: string): Outcome => ({ of: 'skipped', type, message });
  if (check.kind === 'gate' && check.advisory !== null) return skipped('advisory');
  if (check.answer === 'pass') return { of: 'passed' };
  if (check.kind === 'target') return skipped('target'); // it informs and never blocks
  if (check.kind === 'limit') return { of: 'failure', type: 'limit', message };
  return fail_on.includes(check.answer)
    ? { of: 'failure', type: check.answer, message }
    : skipped(check.answer);
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
