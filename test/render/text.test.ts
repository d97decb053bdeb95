/** The terminal's table and comparison.md, case by case against golden files; UPDATE_GOLDEN=1 rewrites them. */
import { describe, expect, it } from 'vitest';
import { compare } from '../../domain/result/compare.ts';
import { renderMarkdown } from '../../cli/report/markdown.ts';
import { renderText } from '../../cli/report/text.ts';
import { made, type Made } from '../support/run-data.ts';
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
  const comparison = compare(made(CASES[name] ?? {}));
  it('in the terminal', () => expectGolden(`text/${name}.txt`, renderText(comparison, false)));
  it('as markdown', () => expectGolden(`text/${name}.md`, renderMarkdown(comparison)));
  it('says its verdict first', () => {
    const [, first] = renderText(comparison, false).split('\n');
    expect(first).toContain(comparison.verdict.word);
  });
});

it('has colour only where it is asked for', () => {
  const comparison = compare(made({ n: 400 }));
  expect(renderText(comparison, true)).toContain('\u001B[');
  expect(renderText(comparison, false)).not.toContain('\u001B[');
});
