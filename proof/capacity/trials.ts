/**
 * Trials of `--search` on a simulated server of known capacity, in virtual time: what `npm run bench` shows. The very steps, judgement and choice of the next load that a live ramp uses; only the server is made of numbers.
 */
import { judgeCapacity, triedOf, type Capacity } from '../../domain/jobs/capacity/capacity.ts';
import { markFlat } from '../../domain/jobs/capacity/rising.ts';
import { nextStep, type RampPlan } from '../../domain/jobs/capacity/search.ts';
import { simulateStep, trueCapacity, type SimulatedServer } from './simulated-server.ts';
import { judgeStep, type Step } from '../../domain/jobs/capacity/step.ts';
import type { Thresholds } from '../../domain/verdict/thresholds.ts';

/** As the grammar stand-in by default: eight workers, 236 ms at the median. */
export const IID_SERVER: SimulatedServer = {
  workers: 8,
  median_ms: 236,
  sigma: 0.26,
  autocorrelation: 0,
  timeout_ms: 10_000,
};

/** A server with slow spells: harder than the aim asks, and shown beside it. */
export const SPELLS_SERVER: SimulatedServer = { ...IID_SERVER, autocorrelation: 0.7 };

export const TRIAL_PLAN: RampPlan = {
  unit: 'requests/s',
  from: 5,
  to: 50,
  step: 5,
  hold_ms: 60_000,
  resolution: 0.035,
};

export const WARM_UP_MS = 2000;
/** Start of k6, the probe's floor, the pause: what each live step costs beside its load. */
const STEP_COST_MS = 1600;
/** As thresholds/ramp.json. */
const LIMITS: Thresholds = {
  limits: [
    { metric: 'request_duration', statistic: 'p95', op: '<', limit: 5000 },
    { metric: 'request_failed', statistic: 'rate', op: '<', limit: 0.01 },
  ],
  targets: [],
  gates: [],
};
const QUIET = { full_share: 0, delay_ms: 0, ok: true };

export interface Trial {
  readonly capacity: Capacity;
  /** Virtual time, what each step costs beside its load included. */
  readonly took_ms: number;
}

/** One ramp or search, start to end. */
export function simulateRamp(server: SimulatedServer, plan: RampPlan, seed: number): Trial {
  const steps: Step[] = [];
  let took_ms = 0;
  for (;;) {
    const next = nextStep(plan, markFlat(steps).map(triedOf));
    if (next === null) return { capacity: judgeCapacity('baseline', steps, plan), took_ms };
    const block = steps.length;
    const { measured, ended_ms } = simulateStep(
      server,
      {
        unit: plan.unit,
        value: next.load,
        warm_up_ms: WARM_UP_MS,
        hold_ms: next.hold_ms,
        seed: seed * 1000 + block,
      },
      block,
    );
    took_ms += ended_ms + STEP_COST_MS;
    steps.push(
      judgeStep(measured, {
        block,
        load: { unit: plan.unit, value: next.load },
        hold_ms: next.hold_ms,
        thresholds: LIMITS,
        alpha: 0.025,
        slo: null,
        machine: QUIET,
        server: null,
        rate_not_sent: false,
      }),
    );
  }
}

export interface SearchBench {
  readonly trials: number;
  /** Within 5 % of the true capacity. */
  readonly within: number;
  readonly worst_error: number;
  /** Longest trial over the full ramp's time, which stops early itself. */
  readonly worst_time_share: number;
}

/** So many seeded searches of one server against one full ramp. */
export function benchSearch(server: SimulatedServer, trials = 20): SearchBench {
  const truth = trueCapacity(server);
  const full_ms = simulateRamp(server, { ...TRIAL_PLAN, resolution: null }, 1).took_ms;
  let [within, worst_error, worst_ms] = [0, 0, 0];
  for (let seed = 1; seed <= trials; seed += 1) {
    const { capacity, took_ms } = simulateRamp(server, TRIAL_PLAN, seed);
    const error = Math.abs((capacity.sustained?.load ?? 0) / truth - 1);
    if (error <= 0.05) within += 1;
    worst_error = Math.max(worst_error, error);
    worst_ms = Math.max(worst_ms, took_ms);
  }
  return { trials, within, worst_error, worst_time_share: worst_ms / full_ms };
}
