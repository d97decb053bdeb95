/** The terminal's view and comparison.md, case by case against golden files; UPDATE_GOLDEN=1 rewrites them. */
import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../../cli/report/markdown.ts';
import { runReport } from '../../cli/report/run.ts';
import { renderText, TEXT_COLUMNS } from '../../cli/report/text.ts';
import { displayWidth, fitColumns, wrapText } from '../../cli/report/text-width.ts';
import { made, type Made } from '../support/run-data.ts';
import { CASE_NAMES, caseOf } from './cases.ts';
import { expectGolden } from './golden.ts';

const better = { accuracy: 0.91 };
const CASES: Readonly<Record<string, Partial<Made>>> = {
  pass: { n: 4000, shadow: better },
  fail: { n: 2000, shadow: { ...better, median_ms: 420 } },
  inconclusive: { n: 400, shadow: { ...better, median_ms: 333 } },
  failures: { n: 1000, shadow: { ...better, error_share: 0.04 } },
  one_variant: { n: 1000, shadow: null },
  small_sample: { n: 30, shadow: better },
  no_costs: { n: 1000, baseline: { cost_eur: null }, shadow: { ...better, cost_eur: null } },
  several_blocks: { n: 1000, blocks: 4, shadow: better },
};

describe.each(Object.keys(CASES))('%s', (name) => {
  const { report, comparison } = runReport(made(CASES[name] ?? {}));
  it('in the terminal', () => expectGolden(`text/${name}.txt`, renderText(report, false)));
  it('as markdown', () => expectGolden(`text/${name}.md`, renderMarkdown(report)));
  it('says its verdict last in the terminal, first in the file', () => {
    const last = renderText(report, false).trimEnd().split('\n\n').at(-1) ?? '';
    expect(last).toMatch(/^(✅|❌|❔|⚠️) /u);
    expect(last.replaceAll(/[\n ]+/g, ' ')).toContain(report.sentence);
    expect(renderMarkdown(report).split('\n')[0]).toContain(comparison.verdict.word);
  });
});

/** Independent of the renderer's own measure: these marks take two columns each, all else here takes one. */
const columns = (line: string): number =>
  Array.from(line.replaceAll('\uFE0F', '').replaceAll(/[✅❌❔⚠]/gu, '##')).length;

describe.each(CASE_NAMES)('%s', (name) => {
  it(`fits ${TEXT_COLUMNS} columns`, () => {
    for (const line of renderText(caseOf(name).report, false).split('\n'))
      expect(columns(line), line).toBeLessThanOrEqual(TEXT_COLUMNS);
  });
});

describe('a run that can\u2019t be trusted', () => {
  const { report } = caseOf('invalid');
  it('shows no mark of a pass, and no answer that is one', () => {
    for (const text of [renderText(report, false), renderMarkdown(report)]) {
      expect(text).not.toContain('✅');
      expect(text).not.toMatch(/\bpass\b/);
    }
  });
});

describe('a table', () => {
  it('keeps a number with its unit, and cuts no word but one that is longer than a line', () => {
    expect(wrapText('between 12 % and 15 ms of it', 12)).toEqual(['between 12 %', 'and 15 ms of', 'it']);
    expect(wrapText('http://example.test/a', 10)).toEqual(['http://exa', 'mple.test/', 'a']);
  });
  it('leaves out the columns that find no place, and names them', () => {
    const row = Array.from({ length: 12 }, (_, i) => `${'x'.repeat(20)}${i}`);
    const { widths, left_out } = fitColumns([row, row], { columns: 99, gap: 2 });
    expect(widths.reduce((sum, width) => sum + width + 2, -2)).toBeLessThanOrEqual(99);
    expect(left_out).toEqual(row.slice(widths.length));
    expect(left_out.length).toBeGreaterThan(0);
  });
  it('counts wide characters as two', () => {
    expect(displayWidth('✅ 漢字')).toBe(7);
    expect(displayWidth('e\u0301')).toBe(1);
  });
});

it('has colour only where it is asked for', () => {
  const { report } = caseOf('inconclusive');
  expect(renderText(report, true)).toContain('\u001B[');
  expect(renderText(report, false)).not.toContain('\u001B[');
});
