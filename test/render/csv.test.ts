import { describe, expect, test } from 'vitest';
import { renderCsv } from '../../cli/report/csv.ts';
import { CASES, type CaseName } from './cases.ts';
import { parseCsv } from './parsers.ts';

type Row = Readonly<Record<string, string>>;

function rows(name: CaseName): Row[] {
  const [head = [], ...records] = parseCsv(renderCsv(CASES[name].comparison));
  return records.map((record) => {
    expect(record).toHaveLength(head.length);
    return Object.fromEntries(head.map((key, i) => [key, record[i] ?? '']));
  });
}

const find = (all: readonly Row[], section: string, figure: string): Row | undefined =>
  all.find((row) => row['section'] === section && row['figure'] === figure);

describe('comparison.csv', () => {
  test('has the agreed columns', () => {
    expect(renderCsv(CASES.pass.comparison).split('\r\n')[0]).toBe(
      'section,figure,unit,baseline,shadow,delta,low,high,limit,answer,n',
    );
  });

  test('a gate: change, interval and limit on one scale', () => {
    const all = rows('pass');
    const p95 = find(all, 'gate', 'request_duration_p95');
    expect(p95).toMatchObject({ unit: 'ms', answer: 'pass', n: '1800' });
    expect([p95?.['delta'], p95?.['low'], p95?.['high'], p95?.['limit']].map(Number)).toEqual(
      [0.05, -0.019, 0.118, 0.15].map((x) => expect.closeTo(x, 9)),
    );
    expect(find(all, 'gate', 'accuracy_correction')).toMatchObject({
      unit: 'share',
      delta: '0.15',
      limit: '-0.02',
    });
    expect(find(all, 'gate', 'throughput')).toMatchObject({ limit: '-0.15', answer: 'advisory' });
    expect(find(all, 'gate', 'request_duration_p99')).toMatchObject({ answer: 'advisory', high: '' });
  });

  test('a figure stands in the column of its variant', () => {
    const limits = rows('fail').filter(
      (row) => row['section'] === 'limit' && row['figure'] === 'request_failed_rate',
    );
    expect(limits.map((row) => [row['baseline'], row['shadow'], row['answer']])).toEqual([
      ['0', '', 'pass'],
      ['', String(34 / 1800), 'fail'],
    ]);
    expect(rows('one-variant').every((row) => row['shadow'] === '')).toBe(true);
  });

  test('failures: infinite is inf, kinds are counted, a share changes by its difference', () => {
    const all = rows('fail');
    expect(find(all, 'request_duration_with_failures', 'p99')).toMatchObject({
      baseline: '',
      shadow: 'inf',
      delta: '',
    });
    expect(find(all, 'errors', 'status 503')).toMatchObject({ baseline: '0', shadow: '29' });
    expect(find(all, 'errors', 'error_rate')?.['delta']).toBe(String(34 / 1800));
  });

  test('no field of a hostile run starts a formula', () => {
    for (const row of rows('hostile')) {
      for (const value of Object.values(row))
        if (!/^-?[\d.e-]+$/.test(value)) expect(value).not.toMatch(/^\s*[=+\-@]/);
    }
  });
});
