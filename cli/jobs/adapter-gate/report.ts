/** A load test and a decision as tables: for the terminal, and as the report that goes to MLflow. */
import pc from 'picocolors';
import type { Interval } from '../../../domain/verdict/check.ts';
import type { Check } from '../../../domain/jobs/adapter-gate/checks.ts';
import type { Decision } from '../../../domain/jobs/adapter-gate/decision.ts';
import type { Finding } from '../../../domain/verdict/findings.ts';
import type { LoadTest } from '../../../domain/jobs/adapter-gate/load-test.ts';
import { FIGURES, STATISTICS, type FigureName } from '../../../domain/jobs/adapter-gate/promql.ts';
import type { Io } from '../../io.ts';
import { markdownText, terminalText } from '../../report/escape.ts';
import { MISSING, change, percent, points } from '../../report/format.ts';
import { markdownTable } from '../../report/markdown.ts';
import type { Section } from '../../report/sections.ts';
import { textTable } from '../../report/text.ts';
import { wordGateFinding } from './words.ts';

/** What is shown: a heading, a line under it, tables, findings. */
export interface Report {
  readonly heading: string;
  readonly good: boolean;
  readonly line: string;
  readonly sections: readonly Section[];
  readonly findings: readonly Finding[];
}

const plain = (value: number, unit: string): string =>
  `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3)}${unit}`;

function figure(name: FigureName | 'client_success_rate', value: number | null): string {
  if (value === null) return MISSING;
  if (name === 'client_success_rate' || name === 'kv_cache_usage') return percent(value);
  if (name === 'gpu_utilization') return plain(value, ' %');
  return plain(value, name === 'throughput_rps' ? ' req/s' : ' s');
}

const LABELS: Readonly<Record<FigureName | 'client_success_rate', string>> = {
  p50_latency_s: 'E2E p50',
  p95_latency_s: 'E2E p95',
  p99_latency_s: 'E2E p99',
  p50_ttft_s: 'TTFT p50',
  p95_ttft_s: 'TTFT p95',
  p99_ttft_s: 'TTFT p99',
  throughput_rps: 'throughput',
  kv_cache_usage: 'KV cache',
  gpu_utilization: 'GPU',
  client_success_rate: 'success rate (client)',
};

/** The server's figures, how coarse they are, the contract's, the client's. */
export function loadTestReport(test: LoadTest): Report {
  const { exact, contract } = test.server;
  const buckets = new Map<FigureName, string>();
  const clients = new Map<FigureName, string>();
  for (const statistic of STATISTICS)
    for (const metric of ['latency', 'ttft'] as const) {
      const name = `${statistic}_${metric}_s` as const;
      const bucket = exact?.buckets[metric][statistic] ?? null;
      if (bucket !== null)
        buckets.set(
          name,
          bucket.bucket_high === null
            ? `above ${bucket.bucket_low}`
            : `${bucket.bucket_low} to ${bucket.bucket_high}`,
        );
      const seen = (metric === 'latency' ? test.client.latency_s : test.client.ttft_s)?.[statistic];
      if (seen !== undefined)
        clients.set(
          name,
          withInterval(seen.value, seen, (x) => plain(x, ' s')),
        );
    }
  const { throughput_rps } = test.client;
  if (throughput_rps !== null)
    clients.set(
      'throughput_rps',
      withInterval(throughput_rps.value, throughput_rps, (x) => plain(x, ' req/s')),
    );
  const rows = FIGURES.map((name) => [
    LABELS[name],
    figure(name, exact?.figures[name] ?? null),
    buckets.get(name) ?? '',
    figure(name, contract?.[name] ?? null),
    clients.get(name) ?? '',
  ]);
  const rate =
    test.client.success_rate === null
      ? MISSING
      : withInterval(test.client.success_rate.value, test.client.success_rate, percent);
  return {
    heading: `Load test of ${test.adapter_name}: ${test.status}`,
    good: test.status === 'completed',
    line: `${test.success_count} of ${test.total_requests} requests answered (success rate ${rate}), ${test.concurrency} at a time, max_tokens ${test.max_tokens}, in ${test.wall_clock_duration_s === null ? MISSING : plain(test.wall_clock_duration_s, ' s')}; decided on the ${test.window === 'exact' ? "server's figures over exactly the test" : "contract's window"}`,
    sections: [
      {
        id: 'figures',
        title: 'Server and client',
        head: [
          'figure',
          'server, exact',
          'bucket, s',
          `contract (${test.contract_window ?? MISSING})`,
          'client, 95 %',
        ],
        rows,
      },
      ...(test.failure_count === 0
        ? []
        : [
            {
              id: 'failures',
              title: 'Failed requests',
              head: ['kind', 'requests'],
              rows: Object.entries(test.client.failures).map(([kind, n]) => [kind, String(n)]),
            },
          ]),
    ],
    findings: test.findings,
  };
}

function withInterval(value: number, interval: Interval, show: (value: number) => string): string {
  const bound = (of: number | null): string => (of === null ? 'unknown' : show(of));
  return interval.low === null && interval.high === null
    ? show(value)
    : `${show(value)} (${bound(interval.low)} to ${bound(interval.high)})`;
}

export function decisionReport(decision: Decision): Report {
  const { candidate, baseline, checks } = decision;
  return {
    heading: `${candidate.model_name}${candidate.version === null ? '' : ` version ${candidate.version}`} (${candidate.adapter_name}): ${decision.decision}`,
    good: decision.decision === 'passed',
    line: `${decision.mode}${baseline === null ? ', no baseline' : `, against ${baseline.source}`}; decided by ${decision.rule === 'point' ? 'the point figures, intervals are advisory' : 'points and intervals (--strict)'}`,
    sections: [
      {
        id: 'checks',
        title: 'Checks',
        head: ['check', 'candidate', 'baseline', 'is', 'must be', '', "client's 95 %", 'by interval'],
        rows: checks.map(checkRow),
      },
    ],
    findings: decision.findings,
  };
}

function checkRow(check: Check): string[] {
  const { figure: name, kind, op, limit, value, candidate, baseline, interval } = check;
  const show = (x: number): string => {
    if (kind === 'absolute') return figure(name, x);
    return name === 'client_success_rate' ? points(x) : change(x);
  };
  return [
    `${LABELS[name]}${kind === 'absolute' ? '' : ', relative'}`,
    figure(name, candidate),
    kind === 'absolute' ? '' : figure(name, baseline),
    value === null ? MISSING : show(value),
    `${op} ${show(limit)}`,
    check.passed ? '✅' : '❌',
    interval === null
      ? MISSING
      : `${interval.low === null ? 'unknown' : show(interval.low)} to ${interval.high === null ? 'unknown' : show(interval.high)}`,
    check.interval_answer ?? MISSING,
  ];
}

const worded = (finding: Finding): string =>
  `${finding.severity === 'note' ? '' : `${finding.severity}: `}${wordGateFinding(finding)}`;

export function reportText(io: Io, report: Report): string {
  const colours = pc.createColors(io.stdout.isTTY === true && (io.env['NO_COLOR'] ?? '') === '');
  const paint = report.good ? colours.green : colours.red;
  const parts = [
    `${report.good ? '✅' : '❌'} ${paint(colours.bold(terminalText(report.heading)))}\n  ${terminalText(report.line)}`,
    ...report.sections.map((section) => textTable(section, colours)),
  ];
  if (report.findings.length > 0)
    parts.push(
      [
        colours.bold('Findings'),
        ...report.findings.map((finding, i) => `  ${i + 1}. ${terminalText(worded(finding))}`),
      ].join('\n'),
    );
  return `\n${parts.join('\n\n')}\n`;
}

export function reportMarkdown(reports: readonly Report[]): string {
  return `${reports
    .map((report, i) =>
      [
        `#${i === 0 ? '' : '#'} ${markdownText(report.heading)}`,
        markdownText(report.line),
        ...report.sections.map(markdownTable),
        ...report.findings.map((finding) => `- ${markdownText(worded(finding))}`),
      ].join('\n\n'),
    )
    .join('\n\n')}\n`;
}
