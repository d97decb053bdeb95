/** The terminal's view: the tables, what to know beside them, and the verdict last, where the eye is when it ends. */
import pc from 'picocolors';
import type { Severity } from '../../domain/verdict/findings.ts';
import { terminalText } from './escape.ts';
import { allFindings, type Report } from './report.ts';
import type { Section } from './section.ts';
import { displayWidth, fitColumns, wrapText } from './text-width.ts';
import { wordFinding } from './words/findings.ts';
import { MARKS, VERDICT_MARKS } from './words/marks.ts';

type Colours = ReturnType<typeof pc.createColors>;

/** What most terminals and every CI log show without wrapping it. */
export const TEXT_COLUMNS = 100;

/** Between two columns of a table, and before the first. */
const GAP = 2;
const INDENT = 1;
/** What stands below a row begins under its first words, after the mark. */
const BELOW = 5;

const NUMBER = /^(?:-|[+-]?[\d\u202F.]+(?: (?:ms|s|%|pp))?|[^\s\d]{1,8} [\d.]+|)$/;

export function textTable(section: Section, colours: Colours = pc.createColors(false)): string {
  const { title, note, below = [] } = section;
  const cells = [section.head, ...section.rows].map((row) => row.map(terminalText));
  const { widths, left_out } = fitColumns(cells, { columns: TEXT_COLUMNS - INDENT, gap: GAP });
  const numeric = widths.map(
    (_, column) => column > 0 && cells.slice(1).every((row) => NUMBER.test(row[column] ?? '')),
  );
  const [head = [], ...rows] = cells.map((row) => rowLines(row, widths, numeric));
  const under = (text: string): string[] =>
    text === ''
      ? []
      : wrapText(terminalText(text), TEXT_COLUMNS - BELOW).map((line) => ' '.repeat(BELOW) + line);
  const notes = [
    ...(note === undefined ? [] : [terminalText(note)]),
    ...(left_out.length === 0 ? [] : [`also in report.html: ${left_out.join(', ')}`]),
  ];
  return [
    colours.bold(terminalText(title)),
    ...head.map(colours.dim),
    ...rows.flatMap((lines, i) => [...lines, ...under(below[i] ?? '').map(colours.dim)]),
    ...notes.flatMap((one) => wrapText(one, TEXT_COLUMNS - GAP).map((line) => colours.dim(`  ${line}`))),
  ].join('\n');
}

/** A row as lines, each cell wrapped to its column. */
function rowLines(row: readonly string[], widths: readonly number[], numeric: readonly boolean[]): string[] {
  const wrapped = widths.map((width, i) => wrapText(row[i] ?? '', Math.max(1, width)));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) => {
    const parts = widths.map((width, i) => {
      const text = wrapped[i]?.[at] ?? '';
      const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
      return numeric[i] === true ? blanks + text : text + blanks;
    });
    return (' '.repeat(INDENT) + parts.join(' '.repeat(GAP))).trimEnd();
  });
}

/** `1. warning: ...`, the lines after the first below the text rather than below the number. */
function item(number: number | null, text: string): string[] {
  const before = number === null ? '  ' : `  ${number}. `;
  const [first = '', ...more] = wrapText(terminalText(text), TEXT_COLUMNS - before.length);
  return [`${before}${first}`, ...more.map((line) => ' '.repeat(before.length) + line)];
}

function findings(report: Report, colours: Colours): string[] {
  const tint: Readonly<Record<Severity, (text: string) => string>> = {
    invalid: colours.magenta,
    fail: colours.red,
    open: colours.yellow,
    warning: colours.yellow,
    note: colours.dim,
  };
  const lines = allFindings(report).flatMap(({ finding, part }, i) => {
    const { severity, cases } = finding;
    const text = `${part === null ? '' : `${part}: `}${severity === 'note' ? '' : `${severity}: `}${wordFinding(finding)}`;
    return [
      ...item(i + 1, text).map(tint[severity]),
      ...cases.flatMap((one) => item(null, `    ${one}`)).map(colours.dim),
    ];
  });
  return lines.length === 0 ? [] : [[colours.bold('Findings'), ...lines].join('\n')];
}

/** What was judged, and how it came about: the verdict itself stands at the end. */
function heading({ title, facts }: Report, colours: Colours): string {
  const lines = facts.flatMap((fact) => item(null, fact)).map(colours.dim);
  return [colours.bold(terminalText(title)), ...lines].join('\n');
}

/** All but the verdict. */
export function textBody(report: Report, colour: boolean): string {
  const colours = pc.createColors(colour);
  const parts = [
    heading(report, colours),
    ...report.sections.filter(({ detail }) => detail !== true).map((one) => textTable(one, colours)),
    ...findings(report, colours),
    ...(report.unseen.length === 0
      ? []
      : [[colours.bold('Not seen'), ...report.unseen.flatMap((one) => item(null, one))].join('\n')]),
  ];
  return `\n${parts.join('\n\n')}\n`;
}

/** The verdict: the last that is said. */
export function textVerdict(report: Report, colour: boolean): string {
  const colours = pc.createColors(colour);
  const paint = {
    pass: colours.green,
    fail: colours.red,
    inconclusive: colours.yellow,
    invalid: colours.magenta,
  }[report.word];
  const mark = MARKS[VERDICT_MARKS[report.word]];
  const lines = wrapText(terminalText(report.sentence), TEXT_COLUMNS - displayWidth(mark) - 1);
  return `${lines.map((line, i) => `${i === 0 ? `${mark} ` : '   '}${paint(colours.bold(line))}`).join('\n')}\n`;
}

export const renderText = (report: Report, colour: boolean): string =>
  `${textBody(report, colour)}\n${textVerdict(report, colour)}`;
