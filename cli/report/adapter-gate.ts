/** An adapter's gate as reports: its load test, and the decision that was made on it. */
import { decisionExit, passStands, type Decision } from '../../domain/jobs/adapter-gate/decision.ts';
import { byInterval, contractCheck } from '../../domain/jobs/adapter-gate/checks.ts';
import type { LoadTest } from '../../domain/jobs/adapter-gate/load-test.ts';
import { FIGURES, STATISTICS, type FigureName } from '../../domain/jobs/adapter-gate/promql.ts';
import { BASELINE } from '../../domain/variants.ts';
import type { Interval, VerdictWord } from '../../domain/verdict/check.ts';
import { FAIL_ON_ANY } from '../../domain/verdict/decide.ts';
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import { MISSING, instant, orMissing, percent, quantity } from './format.ts';
import { asJson, withoutPasses, type FigureRow, type Report } from './report.ts';
import type { Section } from './section.ts';
import { checkBound, checkInterval, checkLabel, checkValue, confidence } from './words/checks.ts';
import { wordFinding } from './words/findings.ts';
import { MARKS, shownAnswer, type JudgedCheck } from './words/marks.ts';
import { invalidCause } from './words/verdict.ts';

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
function loadTestSections(test: LoadTest): Section[] {
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
  return [
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
  ];
}

function withInterval(value: number, interval: Interval, show: (value: number) => string): string {
  const bound = (of: number | null): string => (of === null ? 'unknown' : show(of));
  return interval.low === null && interval.high === null
    ? show(value)
    : `${show(value)} (${bound(interval.low)} to ${bound(interval.high)})`;
}

/** What was sent, and over which figures it is decided. */
function loadInWords(test: LoadTest): string {
  const rate =
    test.client.success_rate === null
      ? MISSING
      : withInterval(test.client.success_rate.value, test.client.success_rate, percent);
  return `${test.success_count} of ${test.total_requests} requests answered (success rate ${rate}), ${test.concurrency} at a time, max_tokens ${test.max_tokens}, in ${orMissing(test.wall_clock_duration_s, (value) => plain(value, ' s'))}; decided on the ${test.window === 'exact' ? "server's figures over exactly the test" : "contract's window"}`;
}

const figureRows = ({ server, client_success_rate }: LoadTest): FigureRow[] => [
  ...FIGURES.map((name) => ({
    section: 'server',
    figure: name,
    values: { candidate: server.exact?.figures[name] },
  })),
  {
    section: 'client',
    figure: 'client_success_rate',
    unit: 'share',
    values: { candidate: client_success_rate },
  },
];

const COLUMNS = [BASELINE, 'candidate'];

/** What the report of a load test and that of the decision on it have in common. */
const shared = (test: LoadTest) => ({
  started_ms: test.client.started_ms ?? 0,
  ended_ms: test.client.ended_ms,
  sides: [],
  figures: [],
  columns: COLUMNS,
  rows: figureRows(test),
  parts: [],
  not_run: [],
  unseen: [],
  closing: CLOSING,
  fail_on: FAIL_ON_ANY,
});
const CLOSING =
  "The server's figures are Prometheus's, over the test; the client's are recomputed from `requests.jsonl` (type 7, as k6).";

export function loadTestReport(test: LoadTest): Report {
  const good = test.status === 'completed';
  const cause = invalidCause(test.findings);
  const why = good ? loadInWords(test) : cause === undefined ? 'see its findings' : wordFinding(cause);
  return {
    name: 'gate-load-test',
    run_id: test.load_test_id,
    word: good ? 'pass' : 'invalid',
    title: `Load test of ${test.adapter_name}`,
    sentence: `Load test of ${test.adapter_name}: ${test.status}: ${why}.`,
    checks: [],
    findings: test.findings,
    properties: { run_id: test.load_test_id, adapter: test.adapter_name },
    ...shared(test),
    facts: [orMissing(test.client.started_ms, instant), loadInWords(test), test.load_test_id],
    sections: loadTestSections(test),
    json: asJson(test),
    exit_code: good ? EXIT.pass : EXIT.invalid,
  };
}

const WORDS: Readonly<Record<Decision['decision'], VerdictWord>> = {
  passed: 'pass',
  failed: 'fail',
  invalid: 'invalid',
};

const judgedChecks = ({ checks, decision }: Decision): JudgedCheck[] =>
  checks.map((check) => ({ check, judged: decision !== 'invalid' }));

function checksSection(decision: Decision): Section {
  const all = judgedChecks(decision);
  return {
    id: 'gates',
    title: 'Checks',
    head: ['check', 'candidate', 'baseline', 'is', 'must be', ''],
    rows: all.map((one) => {
      const { check } = one;
      const { compared, value, unit } = check;
      const shown = (of: number | null): string => orMissing(of, (figure_) => quantity(figure_, unit));
      return [
        checkLabel(check),
        shown(compared === null ? value : compared.candidate),
        compared === null ? '' : shown(compared.baseline),
        checkValue(check),
        checkBound(check),
        MARKS[shownAnswer(one).mark],
      ];
    }),
    below: all.map((one) => {
      const { check } = one;
      const said = byInterval(check);
      const interval =
        check.interval === null
          ? ''
          : `the client's ${check.alpha === null ? '' : `${confidence(check.alpha)} `}interval: ${checkInterval(check)}, by it: ${said ?? MISSING}`;
      return [shownAnswer(one).why, interval].filter((text) => text !== '').join('; ');
    }),
    wide: true,
  };
}

/** Of a decision with the load test that it was made on. */
export function decisionReport(decision: Decision, test: LoadTest): Report {
  const { candidate, baseline, checks } = decision;
  const name = `${candidate.model_name}${candidate.version === null ? '' : ` version ${candidate.version}`} (${candidate.adapter_name})`;
  const basis = `${decision.mode}${baseline === null ? ', no baseline' : `, against ${baseline.source}`}`;
  const rule = `decided by ${decision.rule === 'point' ? 'the point figures, intervals are advisory' : 'points and intervals (--strict)'}`;
  const cause = invalidCause(decision.findings);
  const missed = checks
    .filter(({ answer }) => answer !== 'pass')
    .map((check) => `${checkLabel(check)} is ${checkValue(check)}, must be ${checkBound(check)}`);
  const why =
    decision.decision === 'invalid'
      ? cause === undefined
        ? "the load test can't be trusted"
        : wordFinding(cause)
      : missed.length > 0
        ? missed.join('; ')
        : `all ${checks.length} checks hold`;
  const sections = [checksSection(decision), ...loadTestSections(test)];
  return {
    name: 'gate',
    run_id: decision.load_test_id,
    word: decision.decision === 'passed' && !passStands(decision) ? 'fail' : WORDS[decision.decision],
    title: name,
    sentence: `${name}: ${decision.decision}: ${why}.`,
    checks: judgedChecks(decision),
    findings: decision.findings,
    properties: {
      run_id: decision.load_test_id,
      adapter: candidate.adapter_name,
      decision: decision.decision,
    },
    ...shared(test),
    facts: [basis, rule, loadInWords(test)],
    sections: decision.decision === 'invalid' ? withoutPasses(sections) : sections,
    json: asJson({ ...decision, checks: checks.map(contractCheck) }),
    exit_code: decisionExit(decision),
  };
}
