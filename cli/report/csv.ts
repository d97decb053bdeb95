/** The CSV of a report (RFC 4180): one row a figure, raw numbers, for spreadsheets and other systems. */
import { BASELINE } from '../../domain/variants.ts';
import type { Check } from '../../domain/verdict/check.ts';
import { csvField } from './escape.ts';
import { allFindings, type FigureRow, type Report } from './report.ts';
import { NOT_JUDGED } from './words/checks.ts';
import type { JudgedCheck } from './words/marks.ts';

/**
 * `delta` is the change from baseline to candidate: relative (0.07 is 7 % more), but for shares their difference. In gate
 * rows `low`, `high` and `limit` are on that scale too; in limit and target rows they are in `unit`, as the figure itself.
 * Several candidates have a row each, with the baseline's value and their own. Absent is empty, infinite is `inf`.
 */
export function renderCsv(report: Report): string {
  const { columns } = report;
  const head = ['section', 'figure', 'unit', ...columns, 'delta', 'low', 'high', 'limit', 'answer', 'n'];
  const rows: readonly FigureRow[] = [
    { section: 'verdict', figure: report.run_id, answer: report.word },
    ...report.checks.map((one) => checkRow(one, null, columns)),
    ...report.parts.flatMap(({ judgement }) => [
      { section: 'part', figure: judgement.name, answer: judgement.word },
      ...judgement.checks.map((one) => checkRow(one, judgement.name, columns)),
    ]),
    ...report.not_run.map(({ name }) => ({ section: 'part', figure: name, answer: 'not run' })),
    ...report.rows,
    ...allFindings(report).map(({ finding: { code, severity, variant }, part }) => ({
      section: 'finding',
      figure: [part, code, variant].filter((one) => one !== null).join(' '),
      answer: severity,
    })),
  ];
  const fields = ({ section, figure, unit, values, delta, low, high, limit, answer, n }: FigureRow) => [
    section,
    figure,
    unit,
    ...columns.map((name) => values?.[name]),
    delta,
    low,
    high,
    limit,
    answer,
    n,
  ];
  return [head, ...rows.map(fields)].map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
}

/** @param part whose check it is, where the report has several parts */
function checkRow(
  { check, judged }: JudgedCheck,
  part: string | null,
  columns: Report['columns'],
): FigureRow {
  const { kind, unit, answer, role, n, limit, value, interval, compared, scale } = check;
  const { variant } = check.subject;
  const own = variant !== null && columns.includes(variant);
  const column = own ? variant : (columns.at(-1) ?? '');
  const on = (of: number | null | undefined): number | null =>
    of === null || of === undefined ? null : scale === 'ratio' ? relative(of) : of;
  return {
    section: kind,
    figure: keyOf(check, part, own),
    unit,
    values: {
      [column]: compared === null ? (scale === 'value' ? value : null) : compared.candidate,
      ...(compared === null || !columns.includes(BASELINE) ? {} : { [BASELINE]: compared.baseline }),
    },
    delta: scale === 'value' ? null : on(value),
    low: on(interval?.low),
    high: on(interval?.high),
    limit: on(limit),
    answer: judged ? (kind === 'gate' && role !== 'blocks' ? 'advisory' : answer) : NOT_JUDGED,
    n,
  };
}

/** @param own the columns say already whose it is */
const keyOf = ({ id, subject: { variant } }: Check, part: string | null, own: boolean): string =>
  [part, own ? null : variant, id].filter((one) => one !== null).join('.');

/** 1.15 to 0.15: the subtraction's rounding (0.1499999999999999) left out. */
export const relative = (ratio: number): number => Number((ratio - 1).toPrecision(12));
