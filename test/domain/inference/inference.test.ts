import { describe, expect, test } from 'vitest';
import type { Check } from '../../../domain/verdict/check.ts';
import { EXIT } from '../../../domain/verdict/exit-codes.ts';
import { latencyDrift, memoryDrift } from '../../../domain/jobs/inference/drift.ts';
import { parseExposition, readMetrics } from '../../../domain/text/exposition.ts';
import { SCENARIO_NAMES, type ScenarioName } from '../../../domain/jobs/inference/names.ts';
import {
  expectedMs,
  measuredStages,
  planLoad,
  stageOf,
  type LoadPlan,
} from '../../../domain/load/counted-plan.ts';
import { SCENARIOS } from '../../../domain/jobs/inference/scenarios.ts';
import { parseServerSample, type ServerSample } from '../../../domain/run/server-sample.ts';
import { serverReport } from '../../../domain/figures/server-report.ts';
import { spikeReport } from '../../../domain/jobs/inference/spike.ts';
import { levelOf, worstLevel } from '../../../domain/result/suite.ts';
import { worstExit } from '../../../domain/verdict/decide.ts';
import { RequestTable, type Measured } from '../../../domain/record/request-table.ts';
import { parseRecord } from '../../../domain/record/request-record.ts';
import { parseSettings, type Settings } from '../../../domain/settings/settings.ts';
import { parseThresholds } from '../../../domain/verdict/thresholds.ts';

function settingsOf(name: ScenarioName, flags: Parameters<typeof parseSettings>[0]['flags'] = {}): Settings {
  const { settings, problems } = parseSettings({ flags, env: {}, job: SCENARIOS[name].settings });
  expect(problems).toEqual([]);
  return settings;
}

function planOf(name: ScenarioName, flags: Parameters<typeof parseSettings>[0]['flags'] = {}): LoadPlan {
  const plan = planLoad(settingsOf(name, flags));
  if (plan === null) throw new Error(`${name} has no plan`);
  return plan;
}

describe('plan', () => {
  // The contract's table, clients and requests.
  const CONTRACT: Record<ScenarioName, [clients: number, requests: number, timeout_ms: number][]> = {
    health: [[10, 100, 30_000]],
    tokenize: [[5, 50, 30_000]],
    generate: [[5, 25, 60_000]],
    'batch-tokenize': [[5, 25, 30_000]],
    'batch-generate': [[3, 15, 60_000]],
    sustained: [[10, 200, 30_000]],
    spike: [
      [2, 10, 30_000],
      [20, 100, 30_000],
      [2, 10, 30_000],
    ],
  };
  test.for(SCENARIO_NAMES)('%s has the clients, requests and timeout of the contract', (name) => {
    const stages = measuredStages(planOf(name));
    const { timeoutMs } = settingsOf(name);
    expect(stages.map(({ clients, requests }) => [clients, requests, timeoutMs])).toEqual(CONTRACT[name]);
  });

  test('sustained takes about 30 s', () => {
    // 10 for the warm-up and 200 measured, each client one in 1.5 s
    expect(expectedMs(planOf('sustained'))).toBe(31_500);
  });

  test('stages follow one another without a gap', () => {
    const plan = planOf('spike');
    expect(plan.requests).toBe(122);
    expect([0, 11, 12, 111, 112, 121, 122].map((index) => stageOf(plan, index)?.name)).toEqual([
      'before',
      'before',
      'spike',
      'spike',
      'after',
      'after',
      undefined,
    ]);
  });

  test('a cap on requests cuts the end off', () => {
    const plan = planOf('spike', { maxRequests: '20' });
    expect(plan.stages.map(({ name, requests }) => [name, requests])).toEqual([
      ['before', 12],
      ['spike', 8],
    ]);
    expect(plan.requests).toBe(20);
  });
});

interface Row {
  readonly index: number;
  readonly start_ms: number;
  readonly duration_ms: number;
  readonly error?: 'status';
}

function measured(rows: readonly Row[]): Measured {
  const table = new RequestTable('baseline');
  for (const { error = null, ...row } of rows)
    table.add(
      parseRecord(
        JSON.stringify({
          variant: 'baseline',
          scenario: 'x',
          block: 0,
          payload_id: 'p',
          phase: 'measured',
          status: 200,
          error,
          ...row,
        }),
      ),
    );
  return table.measured();
}

describe('spike', () => {
  const plan = planOf('spike', { warmUpRequests: '0' });
  const stage = (first: number, n: number, from: number, ms: (i: number) => number): Row[] =>
    Array.from({ length: n }, (_, i) => ({
      index: first + i,
      start_ms: from + i * 100,
      duration_ms: ms(i),
    }));
  const calm = stage(0, 10, 0, () => 50);
  const spike = stage(10, 100, 1000, () => 400);

  test('recovers at once', () => {
    const { recovery, stages } = spikeReport(
      measured([...calm, ...spike, ...stage(110, 10, 12_000, () => 55)]),
      plan,
      1.5,
    );
    expect(recovery).toEqual({ state: 'recovered', after_ms: 0, bar_ms: 75, n: 10 });
    expect(stages.map(({ stage: name, requests, p95_ms }) => [name, requests, p95_ms])).toEqual([
      ['before', 10, 50],
      ['spike', 100, 400],
      ['after', 10, 55],
    ]);
  });

  test('recovers after its slow requests, counted from the end of the spike', () => {
    const after = stage(110, 10, 11_300, (i) => (i < 3 ? 300 : 50));
    const { recovery } = spikeReport(measured([...calm, ...spike, ...after]), plan, 1.5);
    // The spike's last request ends at 1000 + 99 x 100 + 400; the fourth request after it starts at 11 600.
    expect(recovery).toEqual({ state: 'recovered', after_ms: 300, bar_ms: 75, n: 10 });
  });

  test('never recovers', () => {
    const { recovery } = spikeReport(
      measured([...calm, ...spike, ...stage(110, 10, 12_000, () => 200)]),
      plan,
      1.5,
    );
    expect(recovery.state).toBe('never');
  });

  test('a failure after the spike is infinitely slow', () => {
    const after = stage(110, 10, 12_000, () => 50).map((row) => ({ ...row, error: 'status' as const }));
    expect(spikeReport(measured([...calm, ...spike, ...after]), plan, 1.5).recovery.state).toBe('never');
  });

  test('says nothing of too few', () => {
    const { recovery } = spikeReport(
      measured([...calm, ...spike, ...stage(110, 4, 12_000, () => 50)]),
      plan,
      1.5,
    );
    expect(recovery.state).toBe('unknown');
  });
});

describe('drift', () => {
  const wave = (i: number): number => Math.sin(i * 1.7) * 5;
  const rows = (ms: (i: number) => number): Measured =>
    measured(Array.from({ length: 100 }, (_, i) => ({ index: i, start_ms: i * 100, duration_ms: ms(i) })));

  test('of a latency that grows', () => {
    const drift = latencyDrift(
      rows((i) => 50 + i + wave(i)),
      0.025,
    );
    expect(drift?.growth).toBeGreaterThan(80);
    expect(drift?.low).toBeGreaterThan(0);
  });

  test('of a steady one is within chance', () => {
    const drift = latencyDrift(
      rows((i) => 50 + wave(i)),
      0.025,
    );
    expect(drift?.low).toBeLessThan(0);
    expect(drift?.high).toBeGreaterThan(0);
  });

  test('is unknown for a handful', () => {
    expect(latencyDrift(measured([{ index: 0, start_ms: 0, duration_ms: 1 }]), 0.025)).toBeNull();
  });

  test('memory counts only while requests are measured', () => {
    const of = rows(() => 50);
    const sample = (at_ms: number, rss_bytes: number): ServerSample => ({
      at_ms,
      block: 0,
      variant: 'baseline',
      process: { cpu_s: 0, rss_bytes, processes: 1 },
    });
    const steady = Array.from({ length: 60 }, (_, i) => sample(i * 160, 100 + (i % 3)));
    // Before the load the model is loaded: that is no leak.
    const found = memoryDrift([sample(0, 0), ...steady.slice(1), sample(1e6, 1e9)], of, 0.025);
    expect(found?.n).toBeLessThanOrEqual(60);
    expect(Math.abs(found?.growth ?? Infinity)).toBeLessThan(50);
  });
});

describe('server', () => {
  test('reads what Prometheus writes, and what it does not', () => {
    const text = [
      '# HELP http_requests_total Requests',
      '# TYPE http_requests_total counter',
      'http_requests_total{path="/generate",status="200"} 7',
      'http_requests_total{path="/he\\"alth",status="200"} 2 1700000000000',
      'http_request_duration_seconds_bucket{le="+Inf"} 9',
      'http_request_duration_seconds_count 9',
      'http_request_duration_seconds_sum 1.5',
      'broken{',
      'nan_metric NaN',
      '',
    ].join('\n');
    const samples = parseExposition(text);
    expect(samples.map(({ name }) => name)).toContain('http_requests_total');
    expect(samples.find(({ labels }) => labels['path'] === '/he"alth')?.value).toBe(2);
    expect(
      readMetrics(samples, ['http_requests_total', 'http_request_duration_seconds', 'gone'], '/generate'),
    ).toEqual({
      http_requests_total: { all: 9, own: 7, max: 7 },
      http_request_duration_seconds_count: { all: 9, own: null, max: 9 },
      http_request_duration_seconds_sum: { all: 1.5, own: null, max: 1.5 },
    });
  });

  const look = (at_ms: number, more: Partial<ServerSample>): ServerSample => ({
    at_ms,
    block: 0,
    variant: 'baseline',
    process: null,
    ...more,
  });

  test('sums up: cores, memory, counters that grow, metrics that vanish', () => {
    const of = measured([
      { index: 0, start_ms: 1000, duration_ms: 100 },
      { index: 1, start_ms: 4900, duration_ms: 100 },
    ]);
    const process = (cpu_s: number, rss_bytes: number) => ({ cpu_s, rss_bytes, processes: 2 });
    const report = serverReport(
      [
        look(0, {
          process: process(10, 500),
          metrics: { up: { all: 1, own: null }, late: { all: 5, own: 5 } },
        }),
        look(1000, { process: process(10, 600) }),
        look(5000, { process: process(14, 900), metrics: { up: { all: 4, own: null } } }),
      ],
      of,
      2,
      ['up', 'late', 'never'],
    );
    expect(report?.process).toEqual({
      samples: 3,
      rss_start_bytes: 500,
      rss_max_bytes: 900,
      cores: 1,
      processes: 2,
    });
    expect(report?.metrics.map(({ name, state, delta }) => [name, state, delta])).toEqual([
      ['up', 'present', 3],
      ['late', 'vanished', 0],
      ['never', 'absent', null],
    ]);
  });

  test('a cut or foreign line is no sample', () => {
    const line = JSON.stringify(look(1, { metrics: null }));
    expect(parseServerSample(line)).toEqual(look(1, { metrics: null }));
    expect(parseServerSample(line.slice(0, -5))).toBeNull();
    expect(parseServerSample('{"at_ms":"now"}')).toBeNull();
  });
});

describe('levels and exit codes', () => {
  const limit = (more: Partial<Check>): Check => ({
    kind: 'target',
    id: 'x',
    subject: { variant: 'baseline' },
    metric: 'request_duration',
    statistic: 'p95',
    scale: 'value',
    op: '<',
    limit: 200,
    acceptable: 500,
    unit: 'ms',
    value: 300,
    interval: null,
    alpha: null,
    answer: 'fail',
    role: 'informs',
    advisory: null,
    undecided: null,
    n: 10,
    n_of: 'requests',
    compared: null,
    ...more,
  });
  test.for<[string, Check, string]>([
    ['met', limit({ value: 100, answer: 'pass' }), 'met'],
    ['acceptable', limit({}), 'acceptable'],
    ['beyond', limit({ value: 500 }), 'beyond'],
    ['one level only', limit({ acceptable: null }), 'beyond'],
    ['no data is beyond', limit({ value: null, answer: 'inconclusive' }), 'beyond'],
    ['a limit', limit({ kind: 'limit', acceptable: null }), 'failed'],
    ['a higher-is-better target', limit({ op: '>', limit: 50, acceptable: 45, value: 46 }), 'acceptable'],
  ])('%s', ([, check, level]) => {
    expect(levelOf(check)).toBe(level);
  });

  test('a gate fails, is open, or only advises', () => {
    const gate = limit({
      kind: 'gate',
      scale: 'ratio',
      op: '<=',
      limit: 1.2,
      value: 1,
      answer: 'inconclusive',
      role: 'blocks',
      undecided: { reason: 'no_data', problem: '' },
    });
    expect(levelOf(gate)).toBe('undecided');
    expect(levelOf({ ...gate, answer: 'fail' })).toBe('failed');
    expect(levelOf({ ...gate, answer: 'fail', role: 'informs' })).toBe('met');
  });

  test('the worst counts', () => {
    expect(worstLevel(['met', 'failed', 'beyond'])).toBe('failed');
    expect(worstLevel([])).toBe('met');
    expect(worstExit([EXIT.pass, EXIT.inconclusive, EXIT.threshold_failed])).toBe(99);
    expect(worstExit([EXIT.gate_failed, EXIT.invalid])).toBe(4);
    expect(worstExit([EXIT.interrupted, EXIT.bad_input])).toBe(130);
    expect(worstExit([])).toBe(EXIT.our_bug);
  });
});

describe('thresholds and settings', () => {
  test('a limit has one level', () => {
    const limits = [{ metric: 'throughput', statistic: 'rate', op: '>', limit: 5, acceptable: 4 }];
    expect(() => parseThresholds({ limits, targets: [], gates: [] }, 'x.json')).toThrow(
      /only a target has two levels/,
    );
  });

  test('an observed figure that is none is refused', () => {
    const observed = [{ figure: 'latency_drfit', kind: 'limit', op: '<', limit: 0.2 }];
    expect(() => parseThresholds({ limits: [], targets: [], gates: [], observed }, 'x.json')).toThrow(
      /x\.json: observed/,
    );
  });

  test.for<[Record<string, string>, RegExp]>([
    [{ start: 'x', noServer: 'true' }, /--start and --no-server are different ways/],
    [{ start: 'x', pid: '4' }, /--pid is given with --start/],
    [{ serverMetrics: 'a b' }, /names of metrics/],
    [{ port: '70000' }, /65535/],
    [{ requests: '0' }, /whole number/],
  ])('%o is refused', ([flags, message]) => {
    const { problems } = parseSettings({ flags, env: {}, job: SCENARIOS.generate.settings });
    expect(problems.join('\n')).toMatch(message);
  });
});
