/** A gateway report as titled tables, and as text and markdown by the same tables as every other result. */
import pc from 'picocolors';
import type { ScenarioResult } from '../../domain/jobs/gateway/judge.ts';
import type { GatewayReport } from '../../domain/jobs/gateway/report.ts';
import { formatDuration } from '../../domain/text/units.ts';
import { markdownText, terminalText } from './escape.ts';
import { MISSING, instant, integer, ms, percent } from './format.ts';
import { figureLabel, figureText, gatewaySentence, wordGatewayFinding, wordSight } from './gateway-words.ts';
import { markdownTable } from './markdown.ts';
import type { Section } from './sections.ts';
import { textTable } from './text.ts';
import { MARKS } from './words.ts';

const MARK_OF = {
  pass: MARKS.pass,
  fail: MARKS.fail,
  invalid: MARKS.warn,
  skipped: MARKS.open,
} as const satisfies Readonly<Record<ScenarioResult['outcome'], string>>;

const VERDICT_MARK = {
  pass: MARKS.pass,
  fail: MARKS.fail,
  invalid: MARKS.warn,
  inconclusive: MARKS.open,
} as const satisfies Readonly<Record<GatewayReport['verdict']['word'], string>>;

/** The bugs' names stand in the table itself. */
function answer({ outcome, findings, checks, unseen, from_k6 }: ScenarioResult): string {
  switch (outcome) {
    case 'pass':
      return 'pass';
    case 'skipped':
      return from_k6.length > 0 && unseen.length > 0 ? 'skipped in part' : 'skipped';
    case 'fail':
    case 'invalid': {
      const severity = outcome === 'fail' ? 'fail' : 'invalid';
      const names = findings.filter((one) => one.severity === severity).map(({ code }) => code);
      const missed = checks.filter((check) => check.answer === 'fail').map(figureLabel);
      const why = names.length > 0 ? names : missed;
      return `${outcome}: ${why.join(', ').replaceAll('_', ' ')}`;
    }
  }
}

function scenarios(report: GatewayReport): Section {
  const seen = (sights: ScenarioResult['from_k6']): string =>
    sights.length === 0 ? MISSING : sights.map(wordSight).join('; ');
  return {
    id: 'scenarios',
    title: 'Scenarios',
    head: ['', 'scenario', 'as k6 saw it', 'as the other side saw it', 'answer'],
    rows: report.scenarios.map((result) => [
      MARK_OF[result.outcome],
      result.scenario,
      seen(result.from_k6),
      seen(result.from_other_side),
      answer(result),
    ]),
  };
}

function limits(report: GatewayReport): Section | null {
  const rows = report.scenarios.flatMap(({ scenario, checks }) =>
    checks.map((check) => [
      check.answer === 'pass' ? MARKS.pass : MARKS.fail,
      scenario,
      figureLabel(check),
      check.value === null ? 'no data' : figureText(check.value, check.unit),
      `${check.op} ${figureText(check.limit, check.unit)}`,
      integer(check.n),
    ]),
  );
  return rows.length === 0
    ? null
    : { id: 'limits', title: 'Limits', head: ['', 'scenario', 'figure', 'value', 'limit', 'n'], rows };
}

function programs(result: ScenarioResult): Section {
  const time = (value: number | null): string => (value === null ? MISSING : ms(value));
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
      time(row.p50_ms),
      time(row.p95_ms),
      time(row.max_ms),
    ]),
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

function sections(report: GatewayReport): Section[] {
  const load = report.scenarios.filter(({ groups }) => groups.length > 0).map(programs);
  return [scenarios(report), limits(report), ...load, setup(report)].filter((one) => one !== null);
}

/** Findings in the order of the scenarios, each with its cases below. */
function findingLines(
  report: GatewayReport,
  write: (text: string) => string,
): { severity: ScenarioResult['findings'][number]['severity']; lines: string[] }[] {
  return report.scenarios.flatMap(({ scenario, findings }) =>
    findings.map((finding) => ({
      severity: finding.severity,
      lines: [
        `${scenario}: ${finding.severity === 'note' ? '' : `${finding.severity}: `}${write(wordGatewayFinding(finding))}`,
        ...finding.cases.map((one) => `    ${write(one)}`),
      ],
    })),
  );
}

/** What would let the rest be seen, each said once. */
function unseenLines(report: GatewayReport): string[] {
  const by_text = new Map<string, string[]>();
  for (const { scenario, unseen } of report.scenarios)
    for (const { set } of unseen) by_text.set(set, [...(by_text.get(set) ?? []), scenario]);
  return [...by_text].map(([set, of]) => `${of.join(', ')}: ${set}`);
}

export function renderGatewayText(report: GatewayReport, colour: boolean): string {
  const colours = pc.createColors(colour);
  const { word } = report.verdict;
  const paint = {
    pass: colours.green,
    fail: colours.red,
    inconclusive: colours.yellow,
    invalid: colours.magenta,
  }[word];
  const parts = sections(report)
    .filter(({ detail }) => detail !== true)
    .map((section) => textTable(section, colours));
  const findings = findingLines(report, terminalText).map(({ severity, lines: [head, ...cases] }, i) => {
    const tint = { fail: colours.red, invalid: colours.magenta, warning: colours.yellow, note: colours.dim }[
      severity
    ];
    return [`  ${tint(`${i + 1}. ${head ?? ''}`)}`, ...cases.map((one) => colours.dim(`  ${one}`))].join(
      '\n',
    );
  });
  if (findings.length > 0) parts.push([colours.bold('Findings'), ...findings].join('\n'));
  const unseen = unseenLines(report).map((line) => `  ${terminalText(line)}`);
  if (unseen.length > 0) parts.push([colours.bold('Not seen'), ...unseen].join('\n'));
  return `\n${VERDICT_MARK[word]} ${paint(colours.bold(terminalText(gatewaySentence(report))))}\n\n${parts.join('\n\n')}\n`;
}

export function renderGatewayMarkdown(report: GatewayReport): string {
  const parts = [
    `# Gateway: ${report.verdict.word}`,
    `${VERDICT_MARK[report.verdict.word]} **${markdownText(gatewaySentence(report))}**`,
    ...sections(report).map(markdownTable),
  ];
  const findings = findingLines(report, markdownText).map(({ lines: [head, ...cases] }, i) =>
    [`${i + 1}. ${head ?? ''}`, ...cases.map((one) => `   - ${one.trim()}`)].join('\n'),
  );
  if (findings.length > 0) parts.push(['## Findings', '', ...findings].join('\n'));
  const unseen = unseenLines(report).map((line) => `- ${markdownText(line)}`);
  if (unseen.length > 0) parts.push(['## Not seen', '', ...unseen].join('\n'));
  parts.push('Percentiles are of right answers, recomputed from `requests.jsonl` (type 7, as k6).');
  return `${parts.join('\n\n')}\n`;
}
