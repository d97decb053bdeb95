import { expect, test, describe } from 'vitest';
import thresholds from '../../thresholds/gateway.json';
import type { Evidence } from '../../domain/jobs/gateway/evidence.ts';
import { judgeScenario, skippedScenario, type ScenarioResult } from '../../domain/jobs/gateway/judge.ts';
import { k6GatewayThresholds, parseGatewayLimits } from '../../domain/jobs/gateway/limits.ts';
import { gatewayReport, type GatewayRun } from '../../domain/jobs/gateway/report.ts';
import { GATEWAY_SCENARIOS } from '../../domain/jobs/gateway/scenarios.ts';
import { evidence, line, lm, logsOf, machineAt, record, records, terms } from './build.ts';

const limits = parseGatewayLimits(thresholds, 'thresholds/gateway.json');
const judge = (of: Evidence): ScenarioResult => judgeScenario(of, terms, limits[of.scenario], []);
const codes = (of: Evidence): string[] => judge(of).findings.map(({ code }) => code);

const storm = (spoil: Parameters<typeof records>[2] = () => ({})) => [
  ...records('error-storm', 20, () => ({ phase: 'before' })),
  ...records('error-storm', 20, (i) => ({
    status: 500,
    error: 'status',
    clean_error: true,
    model: null,
    ...spoil(i),
  })),
  ...records('error-storm', 20, () => ({ phase: 'after', start_ms: 1_700_000_060_000 })),
];
const stormy = (of: readonly ReturnType<typeof record>[], more: Partial<Evidence> = {}): Evidence => {
  const calm = evidence('error-storm', of, more);
  return {
    ...calm,
    phases: calm.phases.map((one) =>
      one.phase === 'main' && one.lm !== null ? { ...one, lm: { ...one.lm, errors: 80, received: 80 } } : one,
    ),
  };
};
const burst = () => [
  ...records('backpressure', 3, () => ({ phase: 'before', program: 'Ask', model: 'model-a' })),
  ...records('backpressure', 12, (i) => ({
    program: 'Ask',
    model: 'model-a',
    start_ms: 1_700_000_010_000,
    duration_ms: (Math.floor(i / 3) + 1) * 500,
  })),
  ...records('backpressure', 3, () => ({
    phase: 'after',
    program: 'Ask',
    model: 'model-a',
    start_ms: 1_700_000_012_050,
  })),
];
const limited = (of: readonly ReturnType<typeof record>[], peak: number): Evidence =>
  evidence('backpressure', of, {
    phases: evidence('backpressure', of).phases.map((one, i) => ({
      ...one,
      lm:
        i === 0
          ? lm({ 'model-a': of.filter(({ status }) => status === 200).length }, { peak_in_flight: peak })
          : null,
    })),
  });

describe('what went well passes', () => {
  test.each(['load', 'routing', 'log-integrity'] as const)('%s', (scenario) => {
    const result = judge(evidence(scenario, records(scenario, 40)));
    expect(result.findings).toEqual([]);
    expect(result.verdict.word).toBe('pass');
  });
  test('error-storm', () => {
    expect(judge(stormy(storm()))).toMatchObject({ verdict: { word: 'pass' }, findings: [] });
  });
  test('backpressure: all queued, none refused, and it says that the refusal was not tried', () => {
    const result = judge(limited(burst(), 3));
    expect(result.verdict.word).toBe('pass');
    expect(result.findings.map(({ code }) => code)).toEqual(['burst_below_queue_timeout']);
    expect(result.checks).toMatchObject([{ id: 'recovery', value: 0, answer: 'pass' }]);
  });
});

describe('load', () => {
  test('a call at a time is a blocking call, from k6 alone and from the LM', () => {
    const slow = records('load', 40, (i) => ({ start_ms: i * 510 }));
    expect(codes(evidence('load', slow, { phases: [] }))).toContain('blocking_call');
    const seen = evidence('load', slow);
    const peak = (peak_in_flight: number): Evidence => ({
      ...seen,
      phases: seen.phases.map((one) => ({
        ...one,
        lm: one.lm === null ? null : { ...one.lm, peak_in_flight },
      })),
    });
    expect(codes(peak(1))).toContain('blocking_call');
    expect(codes(peak(10))).not.toContain('blocking_call');
  });
  test('no data never passes', () => {
    const result = judge(evidence('load', []));
    expect(result.verdict.word).toBe('invalid');
    expect(result.checks.map(({ answer }) => answer)).toEqual(['inconclusive', 'inconclusive']);
  });
  test('a full machine makes a miss no verdict, and a pass stays a pass', () => {
    const late = records('load', 40, () => ({ duration_ms: 2500 }));
    expect(judge(evidence('load', late)).verdict.word).toBe('fail');
    const full = { resources: machineAt(0.99) };
    expect(judge(evidence('load', late, full)).verdict.word).toBe('invalid');
    expect(judge(evidence('load', records('load', 40), full)).verdict.word).toBe('pass');
  });
  test('an answer cache: by times, by repeats, by the LM having served fewer', () => {
    expect(
      codes(
        evidence(
          'load',
          records('load', 40, () => ({ duration_ms: 3 })),
        ),
      ),
    ).toContain('answer_cache');
    const repeat = { kind: 'repeat', phase: 'before', start_ms: 5 } as const;
    const repeated = [
      ...records('load', 40),
      record('load', 0, repeat),
      record('load', 0, { ...repeat, start_ms: 600, duration_ms: 2 }),
    ];
    expect(codes(evidence('load', repeated))).toContain('answer_cache');
    const all = evidence('load', records('load', 40));
    const fewer = all.phases.map((one) => ({ ...one, lm: lm({ 'model-a': 20, 'model-b': 11 }) }));
    const result = judge({ ...all, phases: fewer });
    expect(result.verdict.word).toBe('invalid');
    expect(result.findings[0]).toMatchObject({ code: 'lm_served_fewer', args: { answers: 40, served: 31 } });
  });
});

describe('routing', () => {
  test('another program’s model is a context leak, with what was in flight', () => {
    const leaky = records('routing', 40, (i) => (i === 6 ? { model: 'model-b', error: 'wrong_answer' } : {}));
    const result = judge(evidence('routing', leaky));
    expect(result.verdict.word).toBe('fail');
    const [first] = result.findings;
    expect(first?.code).toBe('context_leak');
    expect(first?.args).toEqual({ wrong: 1, answers: 40 });
    expect(first?.cases[0]).toMatch(
      /^gw-abc123-12-6 to Ask \(model-a\) was answered by model-b; in flight with it: Sum gw-/,
    );
  });
  test('the LM asked for other models is seen without any answer that names one', () => {
    const all = evidence('routing', records('routing', 40));
    const phases = all.phases.map((one) => ({ ...one, lm: lm({ 'model-a': 23, 'model-b': 17 }) }));
    expect(codes({ ...all, phases })).toEqual(['lm_asked_for_other_models']);
  });
  test('an answer to another request, and one that names no model', () => {
    expect(
      codes(
        evidence(
          'routing',
          records('routing', 10, (i) => (i === 3 ? { echoed_id: 'gw-abc123-12-4' } : {})),
        ),
      ),
    ).toEqual(['crossed_answers']);
    expect(
      judge(
        evidence(
          'routing',
          records('routing', 10, () => ({ model: null })),
        ),
      ).verdict.word,
    ).toBe('invalid');
  });
});

describe('log-integrity', () => {
  const sent = records('log-integrity', 6);
  const own = (name: string) => sent.filter(({ program }) => program === name);
  const withLines = (change: (lines: string[]) => string[], found = sent): string[] =>
    codes(
      evidence('log-integrity', found, {
        logs: logsOf({
          Ask: change(own('Ask').map((one) => line(one))),
          Sum: own('Sum').map((one) => line(one)),
        }),
      }),
    );
  test('lost, doubled, torn, interleaved, cut', () => {
    expect(withLines((lines) => lines.slice(1))).toEqual(['lost_log']);
    expect(withLines(([a = '', ...rest]) => [a, a, ...rest])).toEqual(['doubled_log']);
    expect(withLines(([a = '', b = '', ...rest]) => [a.slice(0, 90) + b, a.slice(90), ...rest])).toEqual([
      'torn_log',
    ]);
    expect(withLines(([a = '', b = '', ...rest]) => [a + b, ...rest])).toEqual(['torn_log']);
    expect(withLines(([a = '', ...rest]) => [...rest, a.slice(0, -9)])).toEqual(['torn_log']);
  });
  test('fields and types are checked one by one', () => {
    const [first] = own('Ask');
    if (first === undefined) throw new Error('no record');
    const wrong: [string, unknown][] = [
      ['timestamp', 'yesterday'],
      ['timestamp', 17],
      ['program', 'Sum'],
      ['model', 'model-b'],
      ['duration_ms', '12'],
      ['duration_ms', -1],
      ['outputs', null],
      ['success', 'true'],
      ['success', false],
    ];
    for (const [field, value] of wrong)
      expect(
        withLines(([, ...rest]) => [line(first, { [field]: value }), ...rest]),
        field,
      ).toEqual(['log_bad_fields']);
  });
  test('old lines and other traffic don’t count; a line without its request does', () => {
    const [first] = own('Ask');
    if (first === undefined) throw new Error('no record');
    const foreign = line({ ...first, request_id: 'gw-otherrun-22-0' });
    expect(withLines((lines) => [foreign, ...lines])).toEqual(['foreign_log_lines']);
    expect(withLines((lines) => [...lines, line({ ...first, request_id: 'gw-abc123-22-99' })])).toEqual([
      'log_without_request',
    ]);
  });
  test('a 422 needs no line, an LM failure does', () => {
    const refused = [
      ...sent,
      record('log-integrity', 7, { kind: 'bad_input', status: 422, error: 'status', clean_error: true }),
    ];
    expect(withLines((lines) => lines, refused)).toEqual([]);
    const accepted = [...sent, record('log-integrity', 7, { kind: 'bad_input' })];
    expect(withLines((lines) => lines, accepted)).toContain('bad_input_accepted');
    const failed = [...sent, record('log-integrity', 7, { status: 500, error: 'status', clean_error: true })];
    expect(withLines((lines) => lines, failed)).toContain('lost_log');
  });
  test('success in the log against an error at the client', () => {
    const [first, ...rest] = sent;
    if (first === undefined) throw new Error('no record');
    const found = [{ ...first, status: 500, error: 'status', clean_error: true } as const, ...rest];
    expect(withLines((lines) => lines, found)).toContain('log_disagrees');
  });
});

describe('error-storm', () => {
  test.each([
    ['html_error', { clean_error: false }],
    ['hang_on_error', { status: null, error: 'timeout', clean_error: null }],
    ['crash_on_error', { status: null, error: 'reset', clean_error: null }],
    ['wrong_answer_in_storm', { status: 200, error: 'missing_field', clean_error: null }],
  ] as const)('%s', (code, spoiled) => {
    const result = judge(stormy(storm((i) => (i === 4 ? spoiled : {}))));
    expect(result.findings.map((one) => one.code)).toContain(code);
    expect(result.verdict.word).toBe('fail');
  });
  test('a process that ended, or began anew, is a crash', () => {
    const { before } = evidence('error-storm', []).process;
    expect(codes(stormy(storm(), { process: { before, after: null } }))).toContain('crash_on_error');
    const after = { start_time_s: 9, rss_bytes: 1, requests: null };
    expect(codes(stormy(storm(), { process: { before, after } }))).toContain('crash_on_error');
  });
  test('memory that stays, and service that does', () => {
    const { before } = evidence('error-storm', []).process;
    const after = { start_time_s: 1, rss_bytes: 300e6, requests: null };
    expect(codes(stormy(storm(), { process: { before, after } }))).toEqual(['memory_leak']);
    const limp = storm().map((one) => (one.phase === 'after' ? { ...one, duration_ms: 4000 } : one));
    expect(codes(stormy(limp))).toEqual(['not_normal_again']);
  });
  test('a storm that never was is no pass', () => {
    expect(judge(evidence('error-storm', storm()))).toMatchObject({
      verdict: { word: 'invalid' },
      findings: [{ code: 'storm_not_seen' }],
    });
  });
});

describe('backpressure', () => {
  const refused = (duration_ms: number) =>
    burst().map((one, i) =>
      i > 10 && one.phase === 'main'
        ? ({ ...one, status: 429, error: 'status', clean_error: true, model: null, duration_ms } as const)
        : one,
    );
  test('a 429 after the queue timeout is right, one before it is not', () => {
    expect(codes(limited(refused(2004), 3))).toEqual([]);
    expect(codes(limited(refused(4), 3))).toEqual(['instant_429']);
  });
  test('no limit in force: by the LM’s peak, and by k6’s times where the LM can’t be seen', () => {
    expect(codes(limited(burst(), 12))).toContain('no_limit_in_force');
    expect(codes(limited(burst(), 4))).toContain('limit_exceeded');
    const at_once = burst().map((one) => (one.phase === 'main' ? { ...one, duration_ms: 505 } : one));
    expect(codes({ ...limited(at_once, 3), phases: [] })).toContain('no_limit_in_force');
    expect(codes({ ...limited(burst(), 3), phases: [] })).not.toContain('no_limit_in_force');
  });
  test('recovery counts from the first single request, not from when k6 came to send it', () => {
    const slow = burst().map((one, i) => {
      if (one.phase !== 'after') return one;
      const start_ms = 1_700_000_013_500 + i * 900;
      return i === 15 ? { ...one, start_ms, duration_ms: 1800 } : { ...one, start_ms };
    });
    expect(judge(limited(slow, 3)).checks).toMatchObject([{ id: 'recovery', value: 900 }]);
  });
  test('a limit never released, a queue timeout ignored', () => {
    const stuck = burst().map((one) =>
      one.phase === 'after' ? ({ ...one, status: 429, error: 'status', clean_error: true } as const) : one,
    );
    expect(codes(limited(stuck, 3))).toContain('limit_never_released');
    const patient = burst().map((one, i) => (i === 14 ? { ...one, duration_ms: 9000 } : one));
    expect(codes(limited(patient, 3))).toContain('queue_timeout_ignored');
  });
});

describe('probes', () => {
  const asked = (duration_ms: number) => [
    ...records('probes', 20),
    ...records('probes', 20, (i) => ({
      kind: i % 2 === 0 ? 'live' : 'ready',
      program: '',
      model: null,
      duration_ms,
    })),
  ];
  const answer = (body: string, status = 200) => ({ status, body });
  const readiness = (without: Partial<NonNullable<NonNullable<Evidence['readiness']>['without_lm']>>) => ({
    idle: { live: answer('alive'), ready: answer('ready') },
    without_lm: {
      unready_after_ms: 100,
      waited_ms: 8000,
      live: answer('alive'),
      ready_again_after_ms: 100,
      ...without,
    },
  });
  test.each([
    [[], 5, {}],
    [['probe_behind_queue'], 4000, {}],
    [['ready_always_true'], 5, { unready_after_ms: null }],
    [['live_turns_false'], 5, { live: answer('', 503) }],
    [['ready_stays_false'], 5, { ready_again_after_ms: null }],
  ] as const)('%j', (found, duration_ms, without) => {
    expect(codes(evidence('probes', asked(duration_ms), { readiness: readiness(without) }))).toEqual(found);
  });
});

describe('trust', () => {
  test('what k6 lost, did not record, or did not send makes the run invalid', () => {
    const good = evidence('routing', records('routing', 10));
    const counted = (change: object): Evidence => ({
      ...good,
      phases: good.phases.map((one) => ({
        ...one,
        summary: one.summary === null ? null : { ...one.summary, ...change },
      })),
    });
    expect(codes(counted({ finished: 9 }))).toContain('lost_requests');
    expect(codes(counted({ started: 11, finished: 11 }))).toEqual(['unrecorded_requests']);
    expect(codes(counted({ iterations: 12 }))).toEqual(['iterations_failed']);
    expect(codes({ ...good, phases: good.phases.map((one) => ({ ...one, summary: null })) })).toEqual([
      'no_summary',
    ]);
  });
});

test('an interrupted scenario is judged no further: what was in flight left no trace', () => {
  const lost = records('load', 40).slice(0, 30);
  const seen = evidence('load', records('load', 40));
  const result = judge({ ...seen, records: lost, interrupted: true });
  expect(result).toMatchObject({ verdict: { word: 'inconclusive' }, findings: [{ code: 'interrupted' }] });
});

test('k6 and the log must miss the same limits', () => {
  const good = evidence('load', records('load', 40));
  const [threshold] = [{ metric: 'request_duration{phase:main}', expression: 'p(95)<2000', ok: false }];
  const phases = good.phases.map((one) => ({
    ...one,
    summary: one.summary === null ? null : { ...one.summary, thresholds: [threshold] },
  }));
  expect(codes({ ...good, phases })).toEqual(['k6_threshold_disagrees']);
});

describe('the report’s exit code, in the house order', () => {
  const run: GatewayRun = {
    run_id: 'r',
    started_ms: 0,
    ended_ms: 1,
    gateway: { url: '', stand_in: true },
    lm: null,
    settings: {},
    programs: [],
    lm_delay_ms: 500,
    users: 1,
    interrupted: false,
    versions: { suite: '', k6: '', node: '' },
    machine: { os: '', cpus: 1 },
  };
  const base = judge(evidence('load', records('load', 40)));
  const skipped = skippedScenario('routing', [{ what: 'lm', set: 'set it' }]);
  const leaky = records('routing', 20, (i) => (i === 3 ? { model: 'model-a', error: 'wrong_answer' } : {}));
  const bug = judgeScenario(evidence('routing', leaky), terms, [], []);
  const missed = judge(
    evidence(
      'load',
      records('load', 40, () => ({ duration_ms: 2500 })),
    ),
  );
  const invalid = judge(evidence('load', []));
  test.each([
    [[base], 0, 'pass'],
    [[base, skipped], 3, 'inconclusive'],
    [[skipped, bug], 1, 'fail'],
    [[bug, missed], 99, 'fail'],
    [[missed, invalid], 4, 'invalid'],
    [[], 3, 'inconclusive'],
  ] as const)('%#', (scenarios, code, word) => {
    const report = gatewayReport(run, scenarios);
    expect([report.exit_code, report.verdict.word]).toEqual([code, word]);
    expect(gatewayReport({ ...run, interrupted: true }, scenarios).exit_code).toBe(130);
  });
});

test('k6 judges the same limits, each with its guard against no data', () => {
  expect(k6GatewayThresholds(limits.load, 'main', 500)).toEqual({
    'request_failed{phase:main}': ['rate<0.01'],
    'request_duration{phase:main}': ['p(95)<2000'],
    'requests_finished{phase:main}': ['count>0'],
  });
  expect(k6GatewayThresholds(limits['error-storm'], 'main', 500)).toEqual({});
  expect(GATEWAY_SCENARIOS.every((scenario) => limits[scenario].length > 0)).toBe(true);
  expect(() => parseGatewayLimits({ load: [{ figure: 'p95' }] }, 'x.json')).toThrow(/x\.json/);
});
