// What a report shows of quality and cost: every metric, the run's own currency, and words of strangers as text.
import { describe, expect, it } from 'vitest';
import { comparisonReport } from '../../cli/report/comparison.ts';
import { renderCsv } from '../../cli/report/csv.ts';
import { renderHtml } from '../../cli/report/html.ts';
import { readAssets } from '../../cli/report/html/assets.ts';
import { renderMarkdown } from '../../cli/report/markdown.ts';
import { worst } from '../../domain/quality/worst.ts';
import { withScores } from '../../domain/quality/scores.ts';
import { RequestTable, type Measured } from '../../domain/record/request-table.ts';
import { compare } from '../../domain/result/compare.ts';
import { series } from '../../domain/figures/series.ts';
import { failOn } from '../../domain/verdict/decide.ts';
import { made, record } from '../support/run-data.ts';

const HOSTILE = '<img src=x onerror=alert(1)>';

function side(variant: string, right: (payload: number) => number): Measured {
  const table = new RequestTable(variant);
  for (let i = 0; i < 200; i += 1)
    table.add(
      record({
        variant,
        index: i,
        payload_id: `p${i}`,
        answer_sha256: `${variant}-${i}`,
        duration_ms: variant === 'shadow' && i === 7 ? 900 : 300,
        correct: null,
        correct_translation: null,
      }),
    );
  const measured = table.measured();
  return withScores(
    measured,
    measured.answers.map((sha256, i) => ({
      payload_id: `p${i}`,
      sha256,
      metric: 'tone',
      score: right(i),
      detail: null,
    })),
  );
}

const of = (undecided: boolean) => {
  const data = made();
  const measured = {
    baseline: side('baseline', () => 1),
    shadow: side('shadow', (i) => (i % 4 === 0 ? 0 : 1)),
  };
  const broken = {
    ...measured.shadow,
    quality: new Map([['tone', { values: new Float64Array(200), undecided: HOSTILE }]]),
  };
  return {
    ...data,
    settings: { ...data.settings, currency: 'USD' },
    manifest: {
      ...data.manifest,
      thresholds: {
        limits: [],
        targets: [],
        gates: [{ gate: 'quality' as const, metric: 'tone', margin_pp: 5 }],
      },
    },
    measured: undecided ? { ...measured, shadow: broken } : measured,
  };
};

describe('a report', () => {
  it('names every metric and the currency of the run, in every form', () => {
    const data = of(false);
    const report = comparisonReport(compare(data), series(data.measured), failOn(data.settings.failOn));
    const context = { assets: readAssets(new URL('../..', import.meta.url).pathname) };
    for (const text of [renderMarkdown(report), renderCsv(report), renderHtml(report, context)]) {
      expect(text).toContain('tone');
      expect(text).toContain('USD');
      expect(text).not.toMatch(/EUR \d/);
    }
    expect(renderMarkdown(report)).toContain('75.0 %');
  });

  it("shows a scorer's words as text", () => {
    const data = of(true);
    const report = comparisonReport(compare(data), series(data.measured), failOn(data.settings.failOn));
    const html = renderHtml(report, { assets: readAssets(new URL('../..', import.meta.url).pathname) });
    expect(JSON.stringify(compare(data).checks)).toContain('onerror');
    expect(html).not.toContain('<img src=x');
  });

  it('finds the payloads where most was lost, then those that became slowest', () => {
    const { baseline, shadow } = of(false).measured;
    const found = worst(baseline, shadow, 60);
    expect(found).toHaveLength(51);
    expect(found[0]).toMatchObject({ payload_id: 'p0', lost: { tone: 1 }, candidate_sha256: 'shadow-0' });
    expect(found[50]).toMatchObject({ payload_id: 'p7', lost: {}, slower_ms: 600 });
  });
});
