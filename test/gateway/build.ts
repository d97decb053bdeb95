/** Evidence of a scenario that went well; a test spoils one thing. */
import { NOT_GARBLED } from '../../domain/run/data.ts';
import type { Evidence, Terms } from '../../domain/jobs/gateway/evidence.ts';
import { readLogs, type LogEvidence } from '../../domain/jobs/gateway/log-line.ts';
import type { LmState } from '../../domain/jobs/gateway/lm.ts';
import type { GatewayProgram } from '../../domain/jobs/gateway/programs.ts';
import { readGatewayRecord, type GatewayRecord } from '../../domain/jobs/gateway/record.ts';
import { requestId } from '../../domain/jobs/gateway/request-id.ts';
import type { GatewayPhase, GatewayScenario } from '../../domain/jobs/gateway/scenarios.ts';

export const KEY = 'abc123';
const T0 = 1_700_000_000_000;

export const terms: Terms = {
  users: 10,
  lm_delay_ms: 500,
  timeout_ms: 10_000,
  limit: 3,
  burst: 12,
  queue_timeout_ms: 2000,
  duration_ms: 5000,
};

const program = (name: string, model: string, mode: 'sync' | 'async'): GatewayProgram => ({
  name,
  path: `/${name}`,
  model,
  mode,
  inputs: { question: 'str' },
  values: {},
  outputs: ['answer'],
  model_field: 'model',
});
export const programs = [
  program('Ask', 'openai/model-a', 'async'),
  program('Sum', 'model-b', 'sync'),
] as const;

export function record(
  scenario: GatewayScenario,
  index: number,
  of: Partial<GatewayRecord> = {},
): GatewayRecord {
  const phase = of.phase ?? 'main';
  const name = of.program ?? (index % 2 === 0 ? 'Ask' : 'Sum');
  const request_id = requestId(KEY, scenario, phase, index);
  const duration_ms = 505;
  const start_ms = T0 + Math.floor(index / 10) * 510;
  const bare = { scenario, phase, kind: 'call', program: name, request_id, start_ms, duration_ms };
  return {
    ...readGatewayRecord(bare),
    status: 200,
    model: name === 'Ask' ? 'model-a' : 'model-b',
    echoed_id: request_id,
    ...of,
  };
}

export const records = (
  scenario: GatewayScenario,
  count: number,
  spoil: (index: number) => Partial<GatewayRecord> = () => ({}),
): GatewayRecord[] => Array.from({ length: count }, (_, i) => record(scenario, i, spoil(i)));

export function lm(served: Readonly<Record<string, number>>, of: Partial<LmState> = {}): LmState {
  const total = Object.values(served).reduce((sum, one) => sum + one, 0);
  const counts = { errors: 0, hung: 0, in_flight: 0, peak_in_flight: 10 };
  return {
    ...counts,
    received: total,
    served: total,
    delay_ms: 500,
    error_rate: 0,
    error_status: 500,
    hang_rate: 0,
    by_model: Object.fromEntries(
      Object.entries(served).map(([model, count]) => [model, { ...counts, received: count, served: count }]),
    ),
    ...of,
  };
}

/** The log line that a right gateway writes for a record. */
export function line(of: GatewayRecord, change: Readonly<Record<string, unknown>> = {}): string {
  const success = of.status === 200;
  return JSON.stringify({
    timestamp: '2026-11-22T14:00:00.123Z',
    program: of.program,
    model: of.program === 'Ask' ? 'openai/model-a' : 'model-b',
    duration_ms: 501.2,
    inputs: { question: `Request ${of.request_id}: when?` },
    outputs: success ? { answer: 'soon' } : {},
    success,
    ...(success ? {} : { error: 'LM answered 500' }),
    ...change,
  });
}

export function logsOf(lines: Readonly<Record<string, readonly string[]>>): LogEvidence {
  return readLogs(programs, new Map(Object.entries(lines)), KEY);
}

export const rightLogs = (of: readonly GatewayRecord[]): LogEvidence =>
  logsOf(
    Object.fromEntries(
      programs.map(({ name }) => [
        name,
        of.filter((one) => one.kind === 'call' && one.program === name).map((one) => line(one)),
      ]),
    ),
  );

/** The load machine, looked at each second, its CPUs so busy. */
export const machineAt = (cpu_share: number): Evidence['resources'] => ({
  samples: Array.from({ length: 10 }, (_, i) => ({ at_ms: i * 1000, cpu_share })),
  garbled: NOT_GARBLED,
});

export function evidence(
  scenario: GatewayScenario,
  of: readonly GatewayRecord[],
  more: Partial<Evidence> = {},
): Evidence {
  const phases = [...new Set(of.map(({ phase }) => phase))];
  const answered = (phase: GatewayPhase, name: string): number =>
    of.filter((one) => one.phase === phase && one.program === name && one.status === 200).length;
  return {
    scenario,
    run_key: KEY,
    programs,
    records: of,
    bad_records: { count: 0, line: 0, problem: '' },
    phases: phases.map((phase) => {
      const n = of.filter((one) => one.phase === phase).length;
      return {
        phase,
        summary: { thresholds: [], started: n, finished: n, iterations: n, dropped_iterations: 0 },
        lm: lm({ 'model-a': answered(phase, 'Ask'), 'model-b': answered(phase, 'Sum') }),
      };
    }),
    logs: rightLogs(of),
    process: {
      before: { start_time_s: 1, rss_bytes: 100e6, requests: null },
      after: { start_time_s: 1, rss_bytes: 101e6, requests: null },
    },
    died: null,
    readiness: null,
    resources: machineAt(0.3),
    cpus: 2,
    load_s: 10,
    interrupted: false,
    ...more,
  };
}
