/** What reaches files, the terminal and CI: the same set for every job, and nothing of it changes a verdict. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { decisionReport, loadTestReport } from '../../cli/report/adapter-gate.ts';
import { asJson, type Report } from '../../cli/report/report.ts';
import { suiteReport } from '../../cli/report/suite.ts';
import {
  DECISION_NAMES,
  LOAD_TEST_NAMES,
  RUN_NAMES,
  SUITE_NAMES,
  showReport,
  writeReport,
  type ReportNames,
} from '../../cli/report/write.ts';
import { LIMITS } from '../../domain/jobs/adapter-gate/checks.ts';
import { decideGate } from '../../domain/jobs/adapter-gate/decision.ts';
import { suiteOf, type SuiteScenario } from '../../domain/result/suite.ts';
import { testIo } from '../gate/io.ts';
import { loadTest } from '../gate/made.ts';
import { caseOf, type CaseName } from './cases.ts';

const folder = mkdtempSync(join(tmpdir(), 'reports-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scenarioOf = (name: string, of: CaseName): SuiteScenario => ({
  name,
  directory: name,
  comparison: caseOf(of).comparison,
});
const SCENARIOS = [scenarioOf('tokenize', 'one-variant'), scenarioOf('generate', 'invalid')];
const suite = (): Report =>
  suiteReport(
    suiteOf({
      suite_id: 'suite-1',
      title: 'inference',
      started_ms: 1_000_000,
      ended_ms: 1_100_000,
      interrupted: false,
      scenarios: SCENARIOS,
      skipped: [{ name: 'spike', reason: 'the server exited with <1>' }],
    }),
    SCENARIOS,
  );
const decision = (): Report => {
  const made = loadTest();
  return decisionReport(
    decideGate({
      test: made,
      baseline: null,
      limits: LIMITS,
      strict: false,
      candidate: { model_name: 'bot', version: '3', adapter_name: 'lora-a' },
      dataset: { name: 'eval-v1', digest: 'd', source: 's' },
    }),
    made,
  );
};

const REPORTS: readonly [string, () => Report, ReportNames][] = [
  ['a run', () => caseOf('pass').report, RUN_NAMES],
  ['a suite', suite, SUITE_NAMES],
  ['a load test', () => loadTestReport(loadTest()), LOAD_TEST_NAMES],
  ['a decision', decision, DECISION_NAMES],
];

describe.each(REPORTS)('%s', (what, report, names) => {
  const directory = join(folder, what.replaceAll(' ', '-'));
  mkdirSync(directory);
  const summary = join(directory, '..', `${what}.md`);
  const io = testIo({ GITHUB_STEP_SUMMARY: summary });

  test('leaves the whole set, and tells CI', () => {
    writeReport(io, report(), directory, names, { step_summary: true });
    expect(readdirSync(directory).toSorted()).toEqual(Object.values(names).toSorted());
    expect(readFileSync(summary, 'utf8')).toBe(`${readFileSync(join(directory, names.markdown), 'utf8')}\n`);
    expect(JSON.parse(readFileSync(join(directory, names.json), 'utf8'))).toMatchObject({
      schema_version: expect.any(Number),
    });
    expect(readFileSync(join(directory, names.html), 'utf8')).toMatch(/^<!doctype html>/);
    expect(readFileSync(join(directory, names.junit), 'utf8')).toContain('<testcase ');
  });

  test('ends with its verdict, and returns its exit code', () => {
    const shown = testIo({ NO_COLOR: '1' });
    expect(showReport(shown, report(), directory, names, { json: false, open: false })).toBe(
      report().exit_code,
    );
    const last = shown.said.out.trimEnd().split('\n\n').at(-1)?.replaceAll(/\n +/g, ' ') ?? '';
    expect(last).toContain(report().sentence);
    expect(shown.said.err).toContain(names.html);
  });

  test('is JSON alone on standard output where that is asked for', () => {
    const shown = testIo();
    showReport(shown, report(), directory, names, { json: true, open: false });
    expect(shown.said.out).toBe(report().json);
    expect(shown.said.err).toContain(report().sentence.slice(0, 40));
  });
});

test('what never ended is told apart from what is absent, in JSON too', () => {
  expect(JSON.parse(asJson({ a: Infinity, b: null, c: [1, -Infinity] }))).toEqual({
    a: 'inf',
    b: null,
    c: [1, '-inf'],
  });
});

describe('the step summary', () => {
  const { report } = caseOf('pass');
  const directory = join(folder, 'part');
  mkdirSync(directory);
  test('of a part is left to the whole', () => {
    const path = join(folder, 'none.md');
    writeReport(testIo({ GITHUB_STEP_SUMMARY: path }), report, directory, RUN_NAMES, {
      step_summary: false,
    });
    expect(readdirSync(folder)).not.toContain('none.md');
  });
  test('that can\u2019t be written is said, and the files and the verdict stand', () => {
    const io = testIo({ GITHUB_STEP_SUMMARY: join(folder, 'nowhere', 'summary.md') });
    writeReport(io, report, directory, RUN_NAMES, { step_summary: true });
    expect(io.said.err).toMatch(/step summary could not be written .*ENOENT.*the verdict stands/);
    expect(readdirSync(directory)).toContain('report.html');
    expect(showReport(io, report, directory, RUN_NAMES, { json: false, open: false })).toBe(0);
  });
});

test('a suite\u2019s page is an index: each part with its verdict and a link to its own page', () => {
  const directory = join(folder, 'index');
  mkdirSync(directory);
  for (const { name, comparison } of SCENARIOS) {
    mkdirSync(join(directory, name));
    const part = comparison.run.job === 'baseline' ? 'one-variant' : 'invalid';
    writeReport(testIo(), caseOf(part).report, join(directory, name), RUN_NAMES, { step_summary: false });
  }
  writeReport(testIo(), suite(), directory, SUITE_NAMES, { step_summary: false });
  const page = readFileSync(join(directory, 'report.html'), 'utf8');
  const links = [...page.matchAll(/<a href="([^"#]+)">([^<]+)<\/a> <b>(\w+)<\/b>/g)];
  expect(links.map(([, , name, word]) => [name, word])).toEqual([
    ['tokenize', 'pass'],
    ['generate', 'invalid'],
  ]);
  for (const [, href = ''] of links)
    expect(readdirSync(join(directory, dirname(href)))).toContain('report.html');
  expect(page).toContain('the server exited with &lt;1&gt;');
  const xml = readFileSync(join(directory, 'junit.xml'), 'utf8');
  expect(xml.match(/<testsuite name="(tokenize|generate|spike)"/g)).toHaveLength(3);
  expect(suite()).toMatchObject({ word: 'invalid', exit_code: 4 });
});
