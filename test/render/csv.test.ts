import { describe, expect, test } from 'vitest';
import { renderCsv } from '../../cli/report/csv.ts';
import { caseOf, type CaseName } from './cases.ts';
import { parseCsv } from './parsers.ts';

type Row = Readonly<Record<string, string>>;

function rows(name: CaseName): Row[] {
  const [head = [], ...records] = parseCsv(renderCsv(caseOf(name).report));
  return records.map((record) => {
    expect(record).toHaveLength(head.length);
    return Object.fromEntries(head.map((key, i) => [key, record[i] ?? '']));
  });
}

const find = (all: readonly Row[], section: string, figure: string): Row | undefined =>
  all.find((row) => row['section'] === section && row['figure'] === figure);

describe('comparison.csv', () => {
  test('has the agreed columns', () => {
    expect(renderCsv(caseOf('pass').report).split('\r\n')[0]).toBe(
      'section,figure,unit,baseline,shadow,delta,low,high,limit,answer,n',
    );
  });

  test('a gate: change, interval and limit on one scale', () => {
    const all = rows('pass');
    const of = (id: string) => caseOf('pass').comparison.checks.find((check) => check.id === id);
    const p95 = find(all, 'gate', 'request_duration_p95');
    expect(p95).toMatchObject({ unit: 'ms', answer: 'pass', n: '4000' });
    const { value = 0, interval = null } = of('request_duration_p95') ?? {};
    expect([p95?.['delta'], p95?.['low'], p95?.['high'], p95?.['limit']].map(Number)).toEqual(
      [(value ?? 0) - 1, (interval?.low ?? 0) - 1, (interval?.high ?? 0) - 1, 0.15].map((x) =>
        expect.closeTo(x, 9),
      ),
    );
    expect(find(all, 'gate', 'accuracy_correction')).toMatchObject({
      unit: 'share',
      delta: String(of('accuracy_correction')?.value),
      limit: '-0.05',
    });
    expect(find(all, 'gate', 'throughput')).toMatchObject({ limit: '-0.15', answer: 'advisory' });
  });

  test('a figure stands in the column of its variant', () => {
    const limits = rows('fail').filter(
      (row) => row['section'] === 'limit' && row['figure'] === 'request_failed_rate',
    );
    expect(limits.map((row) => [row['baseline'], row['shadow'], row['answer']])).toEqual([
      ['0', '', 'pass'],
      ['', String(55 / 2000), 'fail'],
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
    expect(find(all, 'errors', 'status 503')).toMatchObject({ baseline: '0', shadow: '55' });
    expect(find(all, 'errors', 'error_rate')?.['delta']).toBe(String(55 / 2000));
  });

  test('several candidates: a column each, and a row a figure and candidate, with its own change', () => {
    expect(renderCsv(caseOf('three-variants').report).split('\r\n')[0]).toBe(
      'section,figure,unit,baseline,shadow,canary,delta,low,high,limit,answer,n',
    );
    const p95 = rows('three-variants').filter(
      (row) => row['section'] === 'gate' && row['figure'] === 'request_duration_p95',
    );
    expect(p95.map(({ shadow, canary }) => [shadow !== '', canary !== ''])).toEqual([
      [true, false],
      [false, true],
    ]);
    expect(p95.map(({ answer }) => answer)).toEqual(['fail', 'pass']);
    expect(new Set(p95.map(({ baseline }) => baseline)).size).toBe(1);
  });

  test('an invalid run has no answer that is a pass', () => {
    const all = rows('invalid');
    expect(all.map(({ answer }) => answer)).not.toContain('pass');
    expect(find(all, 'gate', 'request_duration_p95')).toMatchObject({ answer: 'not judged' });
  });

  test('no field of a hostile run starts a formula', () => {
    for (const row of rows('hostile')) {
      for (const value of Object.values(row))
        if (!/^-?[\d.e-]+$/.test(value)) expect(value).not.toMatch(/^\s*[=+\-@]/);
    }
  });
});
