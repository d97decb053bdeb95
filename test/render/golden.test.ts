/** Every rendering of every case against the files in test/golden/render; what changes there is to be looked at. */
import { describe, test } from 'vitest';
import { renderCsv } from '../../cli/report/csv.ts';
import { renderHtml } from '../../cli/report/html.ts';
import { renderJunit } from '../../cli/report/junit.ts';
import { CASES, type RenderCase } from './cases.ts';
import { expectGolden, FAKE_ASSETS } from './golden.ts';

describe.each(Object.entries<RenderCase>(CASES))('%s', (name, { comparison, series }) => {
  test('input.json', () =>
    expectGolden(`${name}/input.json`, `${JSON.stringify({ comparison, series }, null, 1)}\n`));
  test('comparison.csv', () => expectGolden(`${name}/comparison.csv`, renderCsv(comparison)));
  test('junit.xml', () =>
    expectGolden(`${name}/junit.xml`, renderJunit(comparison, ['fail', 'inconclusive'])));
  test('report.html', () => expectGolden(`${name}/report.html`, renderHtml(comparison, FAKE_ASSETS, series)));
});
