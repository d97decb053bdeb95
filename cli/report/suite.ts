/** A suite of loads as a report: a row a load and variant, and each load a part with a page of its own. */
import { formatDuration } from '../../domain/text/units.ts';
import type { Suite, SuiteRow, SuiteScenario } from '../../domain/result/suite.ts';
import { presentVariants } from '../../domain/variants.ts';
import { FAIL_ON_ANY, worstWord } from '../../domain/verdict/decide.ts';
import { comparisonReport } from './comparison.ts';
import { MISSING, instant, integer, ms, orMissing, percent } from './format.ts';
import { LEVELS } from './inference.ts';
import { asJson, rowsOf, type FigureRow, type Part, type Report } from './report.ts';
import type { Section } from './section.ts';
import { checkBound, checkLabel, checkValue, wordCheck } from './words/checks.ts';
import { MARKS } from './words/marks.ts';
import { suiteSentence } from './words/verdict.ts';
import { FILES } from '../run/directory.ts';

/** `p95 latency 250 ms (target < 200 ms ...)`, and a gate with its interval. */
const because = (row: SuiteRow): string =>
  row.because
    .map((check) =>
      check.kind === 'gate'
        ? wordCheck(check, row.level !== 'invalid')
        : `${checkLabel(check)} ${checkValue(check)} (${check.kind} ${checkBound(check)})`,
    )
    .join('; ');

function table(suite: Suite): Section {
  const rows = suite.scenarios.flatMap((scenario) => scenario.rows);
  const several = new Set(rows.map(({ variant }) => variant)).size > 1;
  return {
    id: 'suite',
    title: 'All scenarios',
    head: ['', 'scenario', 'total', 'failed', 'errors', 'req/s', 'p50', 'p95', 'p99', 'max', 'result'],
    rows: [
      ...rows.map((row) => [
        LEVELS[row.level].mark,
        several ? `${row.scenario}, ${row.variant}` : row.scenario,
        integer(row.requests),
        integer(row.failed),
        orMissing(row.error_rate, percent),
        row.ok_per_s.toFixed(1),
        orMissing(row.p50_ms, ms),
        orMissing(row.p95_ms, ms),
        orMissing(row.p99_ms, ms),
        orMissing(row.max_ms, ms),
        row.level,
      ]),
      ...suite.skipped.map(({ name }) => [
        MARKS.open,
        name,
        ...Array.from({ length: 8 }, () => MISSING),
        'not run',
      ]),
    ],
    below: [
      ...rows.map((row) =>
        row.level === 'met'
          ? ''
          : [LEVELS[row.level].words, because(row)].filter((text) => text !== '').join(': '),
      ),
      ...suite.skipped.map(({ reason }) => `not run: ${reason}`),
    ],
    note: 'met: limits and targets are; acceptable, beyond: limits are met, a target is missed; undecided: a gate has no yes or no yet; failed: a limit or a gate',
    wide: true,
  };
}

const csvRows = (suite: Suite): FigureRow[] =>
  suite.scenarios
    .flatMap(({ rows }) => rows)
    .flatMap((row) =>
      rowsOf(row.scenario, row.variant, row.requests, [
        ['requests', 'count', row.requests],
        ['failed', 'count', row.failed],
        ['ok_per_s', 'requests/s', row.ok_per_s],
        ['error_rate', 'share', row.error_rate],
        ['p50', 'ms', row.p50_ms],
        ['p95', 'ms', row.p95_ms],
        ['p99', 'ms', row.p99_ms],
        ['max', 'ms', row.max_ms],
      ]),
    );

/** @param scenarios that the suite was made of */
export function suiteReport(suite: Suite, scenarios: readonly SuiteScenario[]): Report {
  const parts = scenarios.map(({ name, directory, comparison }): Part => ({
    judgement: { ...comparisonReport(comparison, null, FAIL_ON_ANY), name },
    href: `${directory}/${FILES.report}`,
  }));
  const incomplete = suite.skipped.length > 0 || suite.interrupted;
  const word = worstWord([
    ...suite.scenarios.map(({ verdict }) => verdict.word),
    ...(incomplete ? (['inconclusive'] as const) : []),
  ]);
  const variants = new Set(scenarios.flatMap(({ comparison }) => presentVariants(comparison.variants)));
  return {
    name: suite.title,
    run_id: suite.suite_id,
    word,
    title: `Load suite ${suite.suite_id}`,
    sentence: suiteSentence(suite),
    started_ms: suite.started_ms,
    ended_ms: suite.ended_ms,
    checks: [],
    findings: [],
    properties: { run_id: suite.suite_id, verdict: word },
    sides: [],
    facts: [
      suite.title,
      instant(suite.started_ms),
      formatDuration(Math.max(0, Math.round((suite.ended_ms - suite.started_ms) / 1000)) * 1000),
      [...variants].join(' against '),
      suite.suite_id,
    ].filter((fact) => fact !== ''),
    sections: [table(suite)],
    figures: [],
    columns: ['value'],
    rows: csvRows(suite),
    parts,
    not_run: suite.skipped,
    unseen: [],
    closing: 'Each scenario has a report of its own beside this file.',
    json: asJson(suite),
    exit_code: suite.exit_code,
    fail_on: FAIL_ON_ANY,
  };
}
