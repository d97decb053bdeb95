/** A ramp's result in every form, from searches on simulated servers. */
import { describe, expect, it } from 'vitest';
import { renderCsv } from '../../cli/report/csv.ts';
import { renderHtml } from '../../cli/report/html.ts';
import { readAssets } from '../../cli/report/html/assets.ts';
import { renderJunit } from '../../cli/report/junit.ts';
import { renderText } from '../../cli/report/text.ts';
import type { Capacity } from '../../domain/jobs/capacity/capacity.ts';
import { capacityRatio } from '../../domain/jobs/capacity/ratio.ts';
import type { SimulatedServer } from '../../proof/capacity/simulated-server.ts';
import { IID_SERVER, TRIAL_PLAN, simulateRamp } from '../../proof/capacity/trials.ts';
import { compare } from '../../domain/result/compare.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { ROOT } from '../support/suite.ts';
import { made } from '../support/run-data.ts';

const searched = (server: SimulatedServer): Capacity => simulateRamp(server, TRIAL_PLAN, 1).capacity;

function ramp(shadow: SimulatedServer): Comparison {
  const capacity = {
    baseline: searched(IID_SERVER),
    shadow: { ...searched(shadow), variant: 'shadow' as const },
  };
  const ratio = capacityRatio(capacity, { gates: [] });
  const plain = compare(made({ n: 400 }));
  const word = ratio?.answer ?? 'inconclusive';
  return {
    ...plain,
    checks: [],
    findings: [],
    capacity,
    capacity_ratio: ratio,
    verdict: { ...plain.verdict, word, because: ['capacity'] },
  };
}

const same = ramp(IID_SERVER);
const slower = ramp({ ...IID_SERVER, median_ms: 1.5 * IID_SERVER.median_ms });

describe('two servers alike', () => {
  it('lead with what they sustain, and how that compares', () => {
    expect(renderText(same, false)).toMatch(
      /✅ The shadow sustains \d+(\.\d)? requests\/s, the baseline \d+(\.\d)?, between \d+ % and \d+ % of it; tolerated is 85 %: pass\./,
    );
  });
  it('have a row a step, its answer and no column that says nothing', () => {
    const text = renderText(same, false);
    const [, steps = ''] = text.split('\nSteps\n');
    expect(steps.split('\n')[0]).toMatch(/variant +load +answer +n +requests\/s/);
    expect(steps.split('\n')[0]).not.toContain('TTFT');
    expect(steps).toMatch(/baseline +\d+ requests\/s +a growing queue/);
    expect(steps).toMatch(/✅ +shadow +[\d.]+ requests\/s +sustained/);
  });
  it('are a passed case of JUnit', () => {
    const xml = renderJunit(same, ['fail', 'inconclusive']);
    expect(xml).toContain('tests="1" failures="0"');
    expect(xml).toContain('<testcase name="capacity"');
  });
  it('are drawn, knee and limit named', () => {
    const html = renderHtml(same, readAssets(ROOT));
    expect(html).toContain('id="chart-capacity"');
    expect(html.match(/class="named">(knee|sustained): /g)).toHaveLength(4);
  });
  it('are rows of the CSV, step by step', () => {
    const rows = renderCsv(same).split('\r\n');
    expect(rows.find((row) => row.startsWith('capacity,sustained,requests/s,'))).toContain(',pass,');
    expect(rows.filter((row) => /^step [\d.]+ requests\/s,p95,ms,/.test(row)).length).toBe(
      (same.capacity?.baseline?.steps.length ?? 0) + (same.capacity?.['shadow']?.steps.length ?? 0),
    );
  });
});

describe('a shadow that sustains two thirds', () => {
  it('fails, and says between what and what', () => {
    expect(renderText(slower, false)).toMatch(
      /❌ The shadow sustains .* between [67]\d % and [67]\d % of it; .*: fail\./,
    );
    expect(renderJunit(slower, ['fail'])).toContain('<failure type="fail"');
    expect(renderJunit(slower, [])).toContain('failures="0"');
  });
});
