/** Every rendering of every case against the files in test/golden/render; what changes there is to be looked at. */
import { describe, test } from 'vitest';
import { renderCsv } from '../../cli/report/csv.ts';
import { renderHtml } from '../../cli/report/html.ts';
import { renderJunit } from '../../cli/report/junit.ts';
import { CASE_NAMES, caseOf } from './cases.ts';
import { expectGolden, FAKE_ASSETS } from './golden.ts';

describe.each(CASE_NAMES)('%s', (name) => {
  const { report } = caseOf(name);
  test('comparison.csv', () => expectGolden(`${name}/comparison.csv`, renderCsv(report)));
  test('junit.xml', () => expectGolden(`${name}/junit.xml`, renderJunit(report)));
  test('report.html', () => expectGolden(`${name}/report.html`, renderHtml(report, { assets: FAKE_ASSETS })));
});
