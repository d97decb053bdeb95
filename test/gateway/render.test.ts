import { expect, test } from 'vitest';
import { gatewayReportOf } from '../../cli/report/gateway.ts';
import { renderHtml } from '../../cli/report/html.ts';
import { renderJunit } from '../../cli/report/junit.ts';
import { renderMarkdown } from '../../cli/report/markdown.ts';
import type { Report } from '../../cli/report/report.ts';
import { renderText, textVerdict } from '../../cli/report/text.ts';
import { FAKE_ASSETS } from '../render/golden.ts';
import { judgeScenario, skippedScenario, type ScenarioResult } from '../../domain/jobs/gateway/judge.ts';
import { gatewayReport } from '../../domain/jobs/gateway/report.ts';
import { evidence, programs, records, terms } from './build.ts';

const report = (scenarios: readonly ScenarioResult[]): Report =>
  gatewayReportOf(
    gatewayReport(
      {
        run_id: 'run-1',
        started_ms: Date.UTC(2026, 10, 22),
        ended_ms: Date.UTC(2026, 10, 22, 0, 2),
        gateway: { url: 'http://gw', stand_in: false },
        lm: null,
        settings: {},
        programs,
        lm_delay_ms: 500,
        users: 10,
        interrupted: false,
        versions: { suite: '1', k6: 'k6 v2.2.0', node: 'v20' },
        machine: { os: 'Linux', cpus: 2 },
      },
      scenarios,
    ),
  );
const routing = (model: string): ScenarioResult =>
  judgeScenario(
    evidence(
      'routing',
      records('routing', 20, (i) => (i === 3 ? { model, error: 'wrong_answer' } : {})),
    ),
    terms,
    [],
    [],
  );

test('the bug’s name stands in the last line, in the table and in its finding', () => {
  const shown = report([routing('model-a')]);
  const text = renderText(shown, false);
  expect(textVerdict(shown, false).replaceAll(/\n +/g, ' ')).toBe(
    "❌ The gateway fails routing: context leak between requests: 1 of 20 answers name another program's model.\n",
  );
  expect(text.endsWith(textVerdict(shown, false))).toBe(true);
  expect(text).toMatch(/routing .* fail: context/);
  expect(text.replaceAll(/\n +/g, ' ')).toContain(
    'gw-abc123-12-3 to Sum (model-b) was answered by model-a; in flight with it: Ask gw-abc123-12-0',
  );
});

test('what was not seen is said with what to set, once for all its scenarios', () => {
  const unseen = [{ what: 'lm', set: 'set LM_CONTROL_URL' }] as const;
  const shown = report([skippedScenario('load', unseen), skippedScenario('error-storm', unseen)]);
  expect(shown.exit_code).toBe(3);
  expect(renderText(shown, false)).toContain('  load, error-storm: set LM_CONTROL_URL\n');
  expect(renderMarkdown(shown)).toContain('## Not seen\n\n- load, error-storm: set LM\\_CONTROL\\_URL\n');
});

test('a gateway’s text is data: no colours in a terminal, no markup in markdown', () => {
  const hostile = report([routing('\u001B[31mred|<script>[x](y)\n# big')]);
  expect(renderText(hostile, false)).not.toContain('\u001B');
  const markdown = renderMarkdown(hostile);
  expect(markdown).not.toMatch(/<script>|\n# big|[^\\]\[x\]/);
});

test('a page and a JUnit suite as every job has: a suite a scenario, its faults as failures', () => {
  const shown = report([routing('model-a'), skippedScenario('load', [{ what: 'lm', set: 'set it' }])]);
  const html = renderHtml(shown, { assets: FAKE_ASSETS });
  expect(html).toContain('<h1>Fail</h1>');
  expect(html).toContain('context leak between requests');
  const xml = renderJunit(shown);
  expect(xml).toContain('<testsuite name="routing"');
  expect(xml).toMatch(/<testcase name="context_leak"[^>]*>\s*<failure type="fail"/);
  expect(xml).toMatch(
    /<testsuite name="load"[^]*<testcase name="verdict"[^>]*>\s*<failure type="inconclusive"/,
  );
});

test('gateway.json says of each scenario what it always said', () => {
  const { json } = report([routing('model-a'), skippedScenario('load', [{ what: 'lm', set: 'set it' }])]);
  expect(JSON.parse(json)).toMatchObject({ scenarios: [{ outcome: 'fail' }, { outcome: 'skipped' }] });
});
