/** A ramp's result in every form, from searches on simulated servers. */
import { describe, expect, it } from 'vitest';
import { renderCsv } from '../../cli/report/csv.ts';
import { renderHtml } from '../../cli/report/html.ts';
import { readAssets } from '../../cli/report/html/assets.ts';
import { renderJunit } from '../../cli/report/junit.ts';
import { comparisonReport } from '../../cli/report/comparison.ts';
import type { Report } from '../../cli/report/report.ts';
import { renderText, textVerdict } from '../../cli/report/text.ts';
import type { Capacity } from '../../domain/jobs/capacity/capacity.ts';
import { capacityChecks } from '../../domain/jobs/capacity/ratio.ts';
import { FAIL_ON_ANY, decide } from '../../domain/verdict/decide.ts';
import type { SimulatedServer } from '../../proof/capacity/simulated-server.ts';
import { IID_SERVER, TRIAL_PLAN, simulateRamp } from '../../proof/capacity/trials.ts';
import { compare } from '../../domain/result/compare.ts';
import { ROOT } from '../support/suite.ts';
import { made } from '../support/run-data.ts';

const searched = (server: SimulatedServer): Capacity => simulateRamp(server, TRIAL_PLAN, 1).capacity;

function ramp(shadow: SimulatedServer): Report {
  const capacity = {
    baseline: searched(IID_SERVER),
    shadow: { ...searched(shadow), variant: 'shadow' },
  };
  const plain = compare(made({ n: 400 }));
  const checks = capacityChecks(capacity, { gates: [] });
  const context = { rule: 'interval', interrupted: false, fail_on: FAIL_ON_ANY } as const;
  const comparison = { ...plain, checks, findings: [], capacity, ...decide(checks, [], context) };
  return comparisonReport(comparison, null, FAIL_ON_ANY);
}

const same = ramp(IID_SERVER);
const slower = ramp({ ...IID_SERVER, median_ms: 1.5 * IID_SERVER.median_ms });
const steps = 2 * searched(IID_SERVER).steps.length;

/** On one line, as a reader takes it. */
const verdictOf = (report: Report): string => textVerdict(report, false).replaceAll(/\n +/g, ' ');

describe('two servers alike', () => {
  it('end with what they sustain, and how that compares', () => {
    expect(verdictOf(same)).toMatch(
      /✅ The shadow sustains \d+(\.\d)? requests\/s, the baseline \d+(\.\d)?, between \d+ % and \d+ % of it; tolerated is 85 %: pass\./,
    );
  });
  it('have a row a step, its answer and no column that says nothing', () => {
    const text = renderText(same, false);
    const [, shown = ''] = text.split('\nSteps\n');
    expect(shown.split('\n')[0]).toMatch(/variant +load +answer +n +requests\/s/);
    expect(shown.split('\n')[0]).not.toContain('TTFT');
    expect(shown).toMatch(/❌ +baseline +40 requests\/s +a growing/);
    expect(shown).toMatch(/✅ +shadow +[\d.]+ +sustained/);
  });
  it('are a passed case of JUnit', () => {
    const xml = renderJunit(same);
    expect(xml).toContain('tests="3" failures="0"');
    expect(xml).toContain('<testcase name="capacity"');
  });
  it('are drawn, knee and limit named', () => {
    const html = renderHtml(same, { assets: readAssets(ROOT) });
    expect(html).toContain('id="chart-capacity"');
    expect(html.match(/class="named">(knee|sustained): /g)).toHaveLength(4);
  });
  it('are rows of the CSV, step by step', () => {
    const rows = renderCsv(same).split('\r\n');
    expect(rows.find((row) => row.startsWith('capacity,sustained,requests/s,'))).toContain(',pass,');
    expect(rows.filter((row) => /^step [\d.]+ requests\/s,p95,ms,/.test(row)).length).toBe(steps);
  });
});

describe('a shadow that sustains two thirds', () => {
  it('fails, and says between what and what', () => {
    expect(verdictOf(slower)).toMatch(
      /❌ The shadow sustains .* between [67]\d % and [67]\d % of it; .*: fail\./,
    );
    expect(renderJunit(slower)).toContain('<failure type="fail"');
    expect(renderJunit({ ...slower, fail_on: [] })).toContain('failures="0"');
  });
});
