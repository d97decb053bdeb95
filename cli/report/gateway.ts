/** A gateway's run as a report: what each side saw of each scenario, its limits, and the programs apart. */
import type { ScenarioResult } from '../../domain/jobs/gateway/judge.ts';
import type { GatewayReport } from '../../domain/jobs/gateway/report.ts';
import { formatDuration } from '../../domain/text/units.ts';
import type { VerdictWord } from '../../domain/verdict/check.ts';
import { FAIL_ON_ANY } from '../../domain/verdict/decide.ts';
import { MISSING, instant, integer, ms, orMissing, percent } from './format.ts';
import { wordSight } from './gateway-words.ts';
import { asJson, rowsOf, withoutPasses, type FigureRow, type Judgement, type Report } from './report.ts';
import type { Section } from './section.ts';
import { checkBound, checkLabel, checkValue } from './words/checks.ts';
import { MARKS, VERDICT_MARKS, shownAnswer, type JudgedCheck } from './words/marks.ts';
import { capital, gatewaySentence } from './words/verdict.ts';

/** The word that gateway.json has had for each from its first version. */
const OUTCOMES = {
  pass: 'pass',
  fail: 'fail',
  invalid: 'invalid',
  inconclusive: 'skipped',
} as const satisfies Readonly<Record<VerdictWord, string>>;

/** The bugs' names stand in the table itself. */
function answer({ verdict: { word }, findings, checks, unseen, from_k6 }: ScenarioResult): string {
  const missed = (of: 'fail' | 'inconclusive'): string[] =>
    checks.filter((check) => check.answer === of).map(checkLabel);
  switch (word) {
    case 'pass':
      return 'pass';
    case 'inconclusive':
      if (unseen.length === 0)
        return ['inconclusive', missed('inconclusive').join(', ')].filter((one) => one !== '').join(': ');
      return from_k6.length > 0 ? 'skipped in part' : 'skipped';
    case 'fail':
    case 'invalid': {
      const names = findings.filter((one) => one.severity === word).map(({ code }) => code);
      const why = names.length > 0 ? names : missed('fail');
      return `${word}: ${why.join(', ').replaceAll('_', ' ')}`;
    }
  }
}

const judgedChecks = ({ checks, verdict }: ScenarioResult): JudgedCheck[] =>
  checks.map((check) => ({ check, judged: verdict.word !== 'invalid' }));

function scenarios({ scenarios: results }: GatewayReport): Section {
  const seen = (sights: ScenarioResult['from_k6']): string =>
    sights.length === 0 ? MISSING : sights.map(wordSight).join('; ');
  return {
    id: 'scenarios',
    title: 'Scenarios',
    head: ['', 'scenario', 'as k6 saw it', 'as the other side saw it', 'answer'],
    rows: results.map((result) => [
      MARKS[VERDICT_MARKS[result.verdict.word]],
      result.scenario,
      seen(result.from_k6),
      seen(result.from_other_side),
      answer(result),
    ]),
    wide: true,
  };
}

function limits({ scenarios: results }: GatewayReport): Section | null {
  const all = results.flatMap((result) =>
    judgedChecks(result).map((one) => ({ one, scenario: result.scenario })),
  );
  if (all.length === 0) return null;
  return {
    id: 'limits',
    title: 'Limits',
    head: ['', 'scenario', 'figure', 'value', 'limit', 'n'],
    rows: all.map(({ one, scenario }) => [
      MARKS[shownAnswer(one).mark],
      scenario,
      checkLabel(one.check),
      checkValue(one.check),
      checkBound(one.check),
      integer(one.check.n),
    ]),
    below: all.map(({ one }) => shownAnswer(one).why),
  };
}

function programs(result: ScenarioResult): Section {
  return {
    id: `programs-${result.scenario}`,
    title: `By program: ${result.scenario}`,
    head: ['program', 'mode', 'model', 'requests', 'right', 'right/s', 'p50', 'p95', 'max'],
    rows: result.groups.map((row) => [
      row.group,
      row.mode ?? MISSING,
      row.model ?? MISSING,
      integer(row.requests),
      row.requests === 0 ? MISSING : percent(row.right / row.requests, 1),
      row.per_s.toFixed(1),
      orMissing(row.p50_ms, ms),
      orMissing(row.p95_ms, ms),
      orMissing(row.max_ms, ms),
    ]),
    wide: true,
    ...(result.scenario === 'load' ? {} : { detail: true }),
  };
}

function setup({ run }: GatewayReport): Section {
  const own = " (the suite's stand-ins, fresh for each scenario)";
  return {
    id: 'setup',
    title: 'Setup',
    head: ['what', 'value'],
    rows: [
      [
        'run',
        `${run.run_id}${run.interrupted ? ' (interrupted)' : ''}, started ${instant(run.started_ms)}, ${formatDuration(Math.round((run.ended_ms - run.started_ms) / 1000) * 1000)}`,
      ],
      ['gateway', run.gateway.stand_in ? own.trim() : run.gateway.url],
      [
        'LM',
        run.lm === null
          ? 'not controlled'
          : `${run.lm.stand_in ? own.trim() : run.lm.url}, ${formatDuration(run.lm_delay_ms)} an answer`,
      ],
      [
        'programs',
        run.programs
          .map(({ name, model, mode }) => `${name} (${model}${mode === null ? '' : `, ${mode}`})`)
          .join(', '),
      ],
      ['users', String(run.users)],
      ['machine', `${run.machine.cpus} CPUs, ${run.machine.os}`],
      ['versions', `suite ${run.versions.suite}, ${run.versions.k6}, Node ${run.versions.node}`],
    ],
    detail: true,
  };
}

/** What would let the rest be seen, each said once. */
function unseenLines({ scenarios: results }: GatewayReport): string[] {
  const by_text = new Map<string, string[]>();
  for (const { scenario, unseen } of results)
    for (const { set } of unseen) by_text.set(set, [...(by_text.get(set) ?? []), scenario]);
  return [...by_text].map(([set, of]) => `${of.join(', ')}: ${set}`);
}

function judgementOf(result: ScenarioResult, { run }: GatewayReport): Judgement {
  return {
    name: result.scenario,
    word: result.verdict.word,
    sentence: `${capital(answer(result))}.`,
    started_ms: run.started_ms,
    ended_ms: null,
    checks: judgedChecks(result),
    findings: result.findings,
    properties: { run_id: run.run_id, verdict: result.verdict.word },
  };
}

const programRows = ({ scenarios: results }: GatewayReport): FigureRow[] =>
  results.flatMap(({ scenario, groups }) =>
    groups.flatMap((group) =>
      rowsOf(`program ${scenario}`, group.group, group.requests, [
        ['requests', 'count', group.requests],
        ['right', 'count', group.right],
        ['right_per_s', 'requests/s', group.per_s],
        ['p50', 'ms', group.p50_ms],
        ['p95', 'ms', group.p95_ms],
        ['max', 'ms', group.max_ms],
      ]),
    ),
  );

export function gatewayReportOf(report: GatewayReport): Report {
  const { run, verdict, exit_code } = report;
  const programs_of = report.scenarios.filter(({ groups }) => groups.length > 0).map(programs);
  const sections = [scenarios(report), limits(report), ...programs_of, setup(report)].filter(
    (one) => one !== null,
  );
  return {
    name: 'gateway',
    run_id: run.run_id,
    word: verdict.word,
    title: 'Gateway',
    sentence: gatewaySentence(report),
    started_ms: run.started_ms,
    ended_ms: run.ended_ms,
    checks: [],
    findings: [],
    properties: { run_id: run.run_id, verdict: verdict.word },
    sides: [],
    facts: [
      instant(run.started_ms),
      run.gateway.stand_in ? "the suite's stand-ins" : run.gateway.url,
      `${run.users} users`,
      run.run_id,
    ],
    sections: verdict.word === 'invalid' ? withoutPasses(sections) : sections,
    figures: [],
    columns: ['value'],
    rows: programRows(report),
    parts: report.scenarios.map((result) => ({ judgement: judgementOf(result, report), href: null })),
    not_run: [],
    unseen: unseenLines(report),
    closing: 'Percentiles are of right answers, recomputed from `requests.jsonl` (type 7, as k6).',
    json: asJson({
      ...report,
      scenarios: report.scenarios.map((result) => ({
        ...result,
        outcome: OUTCOMES[result.verdict.word],
      })),
    }),
    exit_code,
    fail_on: FAIL_ON_ANY,
  };
}
