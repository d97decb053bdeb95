/** One phase of the gateway suite, wired from the cli's plan: a closed loop of users, or a burst with singles around it. */
import exec from 'k6/execution';
import { sleep } from 'k6';
import type { Options, Scenario } from 'k6/options';
import {
  PHASE_PLAN_VARIABLE,
  parsePhasePlan,
  type BurstShape,
  type ClosedShape,
  type PhasePlan,
  type PhaseSummary,
} from '../../domain/jobs/gateway/plan.ts';
import type { GatewayProgram } from '../../domain/jobs/gateway/programs.ts';
import { GRACE_MS } from '../../domain/load/timing.ts';
import { gatewayEndpoint } from '../endpoints/gateway.ts';
import { openRequestLog } from '../request-log.ts';
import { handedOver, headersOf, readRuntime, tlsOptions } from '../runtime.ts';
import { gatewayStep } from '../steps/gateway-request.ts';
import { thresholdsOf, type K6Summary } from '../k6-summary.ts';

export interface GatewayLoad {
  readonly options: Options;
  readonly setup: () => void;
  readonly user: () => void;
  readonly probe: () => void;
  readonly teardown: () => void;
  readonly handleSummary: (data: K6Summary) => Record<string, string>;
}

const ms = (value: number): string => `${value}ms`;
const PAUSE_SECONDS = 0.1;

function closedScenarios(load: ClosedShape, timeout_ms: number): Record<string, Scenario> {
  const duration = ms(load.warm_up_ms + load.duration_ms);
  // Longer than the timeout, always: k6 drops what is in flight at its end without a trace, and those are the slowest.
  const gracefulStop = ms(timeout_ms + GRACE_MS);
  const user: Scenario = { executor: 'constant-vus', exec: 'user', vus: load.users, duration, gracefulStop };
  if (load.probes_per_s === 0) return { user };
  const vus = load.probes_per_s * 5;
  return {
    user,
    probe: {
      executor: 'constant-arrival-rate',
      exec: 'probe',
      rate: load.probes_per_s,
      timeUnit: '1s',
      startTime: ms(load.warm_up_ms),
      duration: ms(load.duration_ms),
      preAllocatedVUs: vus,
      maxVUs: vus,
      gracefulStop,
    },
  };
}

function burstScenario(load: BurstShape, timeout_ms: number): Record<string, Scenario> {
  const maxDuration = ms(timeout_ms + GRACE_MS);
  return {
    user: {
      executor: 'per-vu-iterations',
      exec: 'user',
      vus: load.requests,
      iterations: 1,
      maxDuration,
      gracefulStop: maxDuration,
    },
  };
}

function readPlan(): PhasePlan {
  const text = handedOver(PHASE_PLAN_VARIABLE);
  if (text === undefined)
    throw new Error(
      'the gateway scenarios need their servers steered and their logs read, which the cli does: npm run k6:gateway, or npm run k6:gateway-load',
    );
  return parsePhasePlan(text);
}

export function gatewayLoad(): GatewayLoad {
  const { settings } = readRuntime({ variants: [] });
  const plan = readPlan();
  const { load, programs, phase } = plan;
  const endpoint = gatewayEndpoint(plan, headersOf(settings, settings.gatewayToken));
  const step = gatewayStep(
    plan,
    endpoint,
    openRequestLog({ path: plan.request_log, answers_file: null, without: [], in_records: false }),
  );
  const first = programs[0];
  if (first === undefined) throw new Error('the plan has no program');
  const at = (place: number): GatewayProgram => programs[place % programs.length] ?? first;
  /** A user stays with one program, so that a slow one takes no user from the others. */
  let mine: GatewayProgram | null = null;
  let measured_from_ms: number | null = null;

  const options: Options = {
    scenarios:
      load.shape === 'closed' ? closedScenarios(load, plan.timeout_ms) : burstScenario(load, plan.timeout_ms),
    thresholds: plan.thresholds,
    setupTimeout: ms(plan.timeout_ms * 10 + GRACE_MS),
    teardownTimeout: ms((load.shape === 'burst' ? load.recover_within_ms : 0) + plan.timeout_ms + GRACE_MS),
    summaryTrendStats: ['avg', 'med', 'max', 'p(95)', 'count'],
    systemTags: ['scenario', 'status', 'name', 'error_code'],
    userAgent: 'k6-shadow',
    noConnectionReuse: !settings.connectionReuse,
    ...tlsOptions(settings),
  };

  return {
    options,
    setup() {
      if (load.shape === 'burst') for (let i = 0; i < load.singles; i += 1) step.program(first, 'before', i);
      else
        for (let i = 0; i < load.repeats; i += 1) {
          step.program(at(i), 'before', i, 'repeat', 'r');
          step.program(at(i), 'before', i, 'repeat', 'r');
        }
    },
    user() {
      const index = exec.scenario.iterationInTest;
      if (load.shape === 'burst') {
        step.program(first, phase, index);
        return;
      }
      measured_from_ms ??= exec.scenario.startTime + load.warm_up_ms;
      const now = Date.now() < measured_from_ms ? 'warmup' : phase;
      mine ??= at(index);
      const { bad_input_every } = load;
      const bad = bad_input_every !== null && index % bad_input_every === bad_input_every - 1;
      step.program(mine, now, index, bad ? 'bad_input' : 'call');
    },
    probe() {
      const index = exec.scenario.iterationInTest;
      step.probe(index % 2 === 0 ? 'live' : 'ready', phase, index);
    },
    teardown() {
      if (load.shape !== 'burst') return;
      const until = Date.now() + load.recover_within_ms;
      let normal = 0;
      for (let i = 0; normal < load.singles && Date.now() < until; i += 1) {
        const { error, duration_ms } = step.program(first, 'after', i);
        normal = error === null && duration_ms <= load.normal_ms ? normal + 1 : 0;
        if (error !== null) sleep(PAUSE_SECONDS);
      }
    },
    handleSummary(data) {
      const count = (metric: string): number => data.metrics[metric]?.values['count'] ?? 0;
      const summary: PhaseSummary = {
        thresholds: thresholdsOf(data),
        started: count('requests_started'),
        finished: count('requests_finished'),
        iterations: count('iterations'),
        dropped_iterations: count('dropped_iterations'),
      };
      return { [plan.summary_file]: `${JSON.stringify(summary, null, 2)}\n` };
    },
  };
}
