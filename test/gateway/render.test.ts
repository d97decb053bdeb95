import { expect, test } from 'vitest';
import { renderGatewayMarkdown, renderGatewayText } from '../../cli/report/gateway.ts';
import { judgeScenario, skippedScenario, type ScenarioResult } from '../../domain/jobs/gateway/judge.ts';
import { gatewayReport, type GatewayReport } from '../../domain/jobs/gateway/report.ts';
import { evidence, programs, records, terms } from './build.ts';

const report = (scenarios: readonly ScenarioResult[]): GatewayReport =>
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

test('the bug’s name stands in the first line, in the table and in its finding', () => {
  const text = renderGatewayText(report([routing('model-a')]), false);
  const [, head] = text.split('\n');
  expect(head).toBe(
    "❌ The gateway fails routing: context leak between requests: 1 of 20 answers name another program's model.",
  );
  expect(text).toMatch(/routing .* fail: context leak/);
  expect(text).toContain(
    'gw-abc123-12-3 to Sum (model-b) was answered by model-a; in flight with it: Ask gw-abc123-12-0',
  );
});

test('what was not seen is said with what to set, once for all its scenarios', () => {
  const unseen = [{ what: 'lm', set: 'set LM_CONTROL_URL' }] as const;
  const shown = report([skippedScenario('load', unseen), skippedScenario('error-storm', unseen)]);
  expect(shown.exit_code).toBe(3);
  expect(renderGatewayText(shown, false)).toContain('  load, error-storm: set LM_CONTROL_URL\n');
  expect(renderGatewayMarkdown(shown)).toContain(
    '## Not seen\n\n- load, error-storm: set LM\\_CONTROL\\_URL\n',
  );
});

test('a gateway’s text is data: no colours in a terminal, no markup in markdown', () => {
  const hostile = report([routing('\u001B[31mred|<script>[x](y)\n# big')]);
  expect(renderGatewayText(hostile, false)).not.toContain('\u001B');
  const markdown = renderGatewayMarkdown(hostile);
  expect(markdown).not.toMatch(/<script>|\n# big|[^\\]\[x\]/);
});
