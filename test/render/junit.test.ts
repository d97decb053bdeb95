import { describe, expect, test } from 'vitest';
import { renderJunit } from '../../cli/report/junit.ts';
import type { FailOn } from '../../domain/verdict/decide.ts';
import { finding } from '../../domain/verdict/findings.ts';
import { CASE_NAMES, caseOf, type CaseName } from './cases.ts';
import { parseXml, type XmlElement } from './parsers.ts';

function suite(name: CaseName, fail_on: FailOn = ['fail', 'inconclusive']): XmlElement {
  const [root, ...others] = parseXml(renderJunit({ ...caseOf(name).report, fail_on }));
  expect(others).toEqual([]);
  expect(root?.name).toBe('testsuites');
  const [found] = root?.children ?? [];
  if (found === undefined) throw new Error('no testsuite');
  return found;
}

const cases = (of: XmlElement): readonly XmlElement[] =>
  of.children.filter(({ name }) => name === 'testcase');
const named = (of: XmlElement, name: string): XmlElement | undefined =>
  cases(of).find((one) => one.attributes['name'] === name);
const outcome = (of: XmlElement | undefined): string =>
  of?.children.find(({ name }) => name !== 'system-out')?.name ?? 'passed';

/** The common JUnit schema: names and order of elements, attributes required and allowed. */
function assertShape(of: XmlElement): void {
  const order = of.children.map(({ name }) => name).join(' ');
  expect(order).toMatch(/^properties( testcase)* system-out$/);
  expect(Object.keys(of.attributes).toSorted()).toEqual([
    'errors',
    'failures',
    'hostname',
    'name',
    'skipped',
    'tests',
    'time',
    'timestamp',
  ]);
  expect(of.attributes['timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  for (const [attribute, kind] of [
    ['failures', 'failure'],
    ['errors', 'error'],
    ['skipped', 'skipped'],
  ] as const)
    expect(Number(of.attributes[attribute])).toBe(cases(of).filter((one) => outcome(one) === kind).length);
  expect(Number(of.attributes['tests'])).toBe(cases(of).length);
  for (const one of cases(of)) {
    expect(Object.keys(one.attributes)).toEqual(['name', 'classname', 'time']);
    expect(one.children.map(({ name }) => name).join(' ')).toMatch(
      /^(?:failure|error|skipped system-out|system-out)$/,
    );
    for (const child of one.children) {
      if (child.name === 'failure' || child.name === 'error')
        expect(Object.keys(child.attributes)).toEqual(['type', 'message']);
      if (child.name === 'skipped') expect(Object.keys(child.attributes)).toEqual(['message']);
    }
  }
  const names = cases(of).map(({ attributes }) => `${attributes['classname']} ${attributes['name']}`);
  expect(new Set(names).size).toBe(names.length);
}

describe('junit.xml', () => {
  test('what nothing may pass beside is a case, though every check passes', () => {
    const { report } = caseOf('pass');
    const beside = finding(
      'repeats_differ',
      { baseline: 1, candidate: 0.1, payloads: 302 },
      { variant: 'shadow' },
    );
    const root = parseXml(renderJunit({ ...report, findings: [beside], word: 'inconclusive' }))[0];
    const of = root?.children[0];
    expect(of === undefined ? undefined : outcome(named(of, 'repeats_differ shadow'))).toBe('failure');
  });

  test.each(CASE_NAMES)('%s has the common shape', (name) => assertShape(suite(name)));

  test('a failed check is a failure with its sentence', () => {
    const fail = suite('fail');
    const p95 = named(fail, 'request_duration_p95');
    expect(outcome(p95)).toBe('failure');
    expect(p95?.children[0]?.text).toContain('+55.8 %');
    expect(outcome(named(fail, 'request_failed_rate shadow'))).toBe('failure');
    expect(outcome(named(fail, 'request_failed_rate baseline'))).toBe('passed');
  });

  test('--fail-on says what becomes of soft answers; a limit is none', () => {
    expect(outcome(named(suite('inconclusive'), 'request_duration_p50'))).toBe('failure');
    expect(outcome(named(suite('inconclusive', ['fail']), 'request_duration_p50'))).toBe('skipped');
    expect(outcome(named(suite('fail', ['inconclusive']), 'request_duration_p95'))).toBe('skipped');
    expect(outcome(named(suite('fail', []), 'request_failed_rate shadow'))).toBe('failure');
  });

  test('what only informs is skipped, never failed', () => {
    expect(outcome(named(suite('pass'), 'throughput'))).toBe('skipped');
  });

  test('an invalid run has errors, and judges nothing', () => {
    const invalid = suite('invalid');
    expect(
      cases(invalid)
        .map(outcome)
        .filter((one) => one === 'error'),
    ).toHaveLength(2);
    expect(cases(invalid).map(outcome)).not.toContain('failure');
    expect(cases(invalid).map(outcome)).not.toContain('passed');
    for (const one of cases(invalid).filter(
      ({ attributes }) => !(attributes['classname'] ?? '').endsWith('trust'),
    ))
      expect(one.children.map(({ text }) => text).join(' ')).not.toMatch(/: (pass|met)\b/);
  });

  test('findings are in the output of the suite', () => {
    expect(suite('pass').children.at(-1)?.text).toContain('300 distinct payloads');
  });

  test('several candidates have a case each, by name', () => {
    const three = suite('three-variants');
    expect(outcome(named(three, 'request_duration_p95 shadow'))).toBe('failure');
    expect(outcome(named(three, 'request_duration_p95 canary'))).toBe('passed');
  });
});
