/** A suite of scenarios as one table, for the terminal and as markdown. */
import pc from 'picocolors';
import type { Suite, SuiteRow } from '../../domain/result/suite.ts';
import { MISSING, integer, ms, percent } from './format.ts';
import { terminalText, markdownText } from './escape.ts';
import { LEVELS } from './inference.ts';
import { markdownTable } from './markdown.ts';
import type { Section } from './section.ts';
import { textTable } from './text.ts';
import { checkLabel, limitBound, limitValue, wordCheck, wordFinding } from './words.ts';

const orMissing = (value: number | null, show: (value: number) => string): string =>
  value === null ? MISSING : show(value);

/** `p95 latency 250 ms (target < 200 ms ...)`, and a gate with its interval. */
function because(row: SuiteRow): string {
  return row.because
    .map((check) =>
      check.kind === 'gate'
        ? wordCheck(check)
        : `${checkLabel(check)} ${limitValue(check)} (${check.kind} ${limitBound(check)})`,
    )
    .join('; ');
}

function table(suite: Suite): Section {
  const rows = suite.scenarios.flatMap((scenario) => scenario.rows);
  const both = rows.some(({ variant }) => variant === 'shadow');
  return {
    id: 'suite',
    title: 'All scenarios',
    head: ['', 'scenario', 'total', 'failed', 'errors', 'req/s', 'p50', 'p95', 'p99', 'max', 'result'],
    rows: [
      ...rows.map((row) => [
        LEVELS[row.level].mark,
        both ? `${row.scenario}, ${row.variant}` : row.scenario,
        integer(row.requests),
        integer(row.failed),
        orMissing(row.error_rate, percent),
        row.ok_per_s.toFixed(1),
        orMissing(row.p50_ms, ms),
        orMissing(row.p95_ms, ms),
        orMissing(row.p99_ms, ms),
        orMissing(row.max_ms, ms),
        [LEVELS[row.level].words, because(row)].filter((text) => text !== '').join(': '),
      ]),
      ...suite.skipped.map(({ name, reason }) => [
        '❔',
        name,
        ...Array.from({ length: 8 }, () => MISSING),
        `not run: ${reason}`,
      ]),
    ],
  };
}

/** In one sentence. */
export function suiteSentence(suite: Suite): string {
  const rows = suite.scenarios.flatMap((scenario) => scenario.rows);
  const named = (...levels: SuiteRow['level'][]): string =>
    [...new Set(rows.flatMap(({ level, scenario }) => (levels.includes(level) ? scenario : [])))].join(', ');
  const parts = [
    ['a limit or a gate fails in', named('failed')],
    ["the measurement can't be trusted in", named('invalid')],
    ['nothing is decided in', named('undecided')],
    ['targets are missed in', named('acceptable', 'beyond')],
    ['not run:', suite.skipped.map(({ name }) => name).join(', ')],
  ].flatMap(([what, names]) => (names === '' ? [] : `${what} ${names}`));
  const text = parts.length === 0 ? 'every limit and every target is met' : parts.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function findings(suite: Suite): string[] {
  return suite.scenarios.flatMap((scenario) =>
    scenario.findings
      .filter(({ severity }) => severity !== 'note')
      .map((finding) => `${scenario.name}: ${finding.severity}: ${wordFinding(finding)}`),
  );
}

export function suiteText(suite: Suite, colour: boolean): string {
  const colours = pc.createColors(colour);
  const paint = suite.exit_code === 0 ? colours.green : colours.red;
  const notes = findings(suite).map((text, i) => `  ${i + 1}. ${terminalText(text)}`);
  return [
    '',
    paint(colours.bold(terminalText(suiteSentence(suite)))),
    '',
    textTable(table(suite), colours),
    ...(notes.length === 0 ? [] : ['', colours.bold('Findings'), ...notes]),
    '',
  ].join('\n');
}

export function suiteMarkdown(suite: Suite): string {
  const notes = findings(suite).map((text, i) => `${i + 1}. ${markdownText(text)}`);
  return `${[
    `# Load suite ${markdownText(suite.suite_id)}`,
    `**${markdownText(suiteSentence(suite))}**`,
    markdownTable(table(suite)),
    ...(notes.length === 0 ? [] : ['## Findings', notes.join('\n')]),
    '✅ limits and targets met · ⚠️ limits met, a target missed (acceptable, or beyond) · ❔ a gate has no yes or no yet · ❌ a limit or a gate failed. Each scenario has a report of its own beside this file.',
  ].join('\n\n')}\n`;
}
