/** Load shapes as k6 scenarios. */
import type { Scenario } from 'k6/options';
import type { Settings } from '../domain/settings.ts';
import type { Variant } from '../domain/variants.ts';
import { GRACE_MS, PROBE_IDLE_SAMPLES, PROBE_LEAD_MS, PROBE_PER_SECOND } from '../domain/load.ts';

/** How the requests of a load are spread over clients and time. */
export interface Shape {
  /** k6 scenarios of one variant, by name; they begin `lead_ms` after the start. */
  scenarios(variant: Variant, lead_ms: number): Record<string, Scenario>;
  /** At the start of an iteration: waits for its turn. */
  enter(variant: Variant): void;
  /** At the end of an iteration. */
  leave(variant: Variant): void;
  /** The request's place in its variant's sequence; null: k6's own count of the scenario's iterations. */
  readonly index: (() => number) | null;
  /** Requests before the measurement; null: the settings' time. */
  readonly warm_up: number | null;
  /** Has everything ended? For loads whose end is not known before; null: the settings' time, or not to be known here. */
  readonly done: (() => boolean) | null;
  /** The load lasts for `duration`, and with it the probe. */
  readonly timed: boolean;
}

const seconds = (ms: number): string => `${ms}ms`;

/**
 * A constant number of clients in a closed loop, warm-up and measurement in one go, so that concurrency never dips or
 * doubles between them. With a cap on requests the same clients share that many iterations.
 */
export function constantClients(settings: Settings, exec: string, start_after_ms: number): Scenario {
  const length = seconds(settings.warmUpMs + settings.durationMs);
  // Longer than the timeout, always: k6 drops what is in flight at its end without a trace, and those are the slowest.
  const common = {
    exec,
    startTime: seconds(start_after_ms),
    gracefulStop: seconds(settings.timeoutMs + GRACE_MS),
  };
  return settings.maxRequests === null
    ? { executor: 'constant-vus', vus: settings.vus, duration: length, ...common }
    : {
        executor: 'shared-iterations',
        vus: Math.min(settings.vus, settings.maxRequests),
        iterations: settings.maxRequests,
        maxDuration: length,
        ...common,
      };
}

/** The shape of a load by time: see {@link constantClients}. */
export function timedShape(settings: Settings): Shape {
  return {
    scenarios: (variant, lead_ms) => ({ [variant]: constantClients(settings, variant, lead_ms) }),
    enter: () => {},
    leave: () => {},
    index: null,
    warm_up: null,
    done: null,
    timed: true,
  };
}

/** The probe: a few requests to find its idle floor, then a steady trickle to a null server for as long as the load. */
export function probes(settings: Settings, { timed, done }: Shape): Record<string, Scenario> {
  const common = { exec: 'probe', gracefulStop: seconds(GRACE_MS) };
  const idle: Scenario = {
    ...common,
    executor: 'shared-iterations',
    vus: 1,
    iterations: PROBE_IDLE_SAMPLES,
    maxDuration: '5s',
  };
  if (!timed && done === null) return { probe_idle: idle };
  if (!timed) {
    // One iteration, which ends when the load does.
    const length = seconds(settings.durationMs + settings.timeoutMs);
    const startTime = seconds(PROBE_LEAD_MS);
    return {
      probe_idle: idle,
      probe: {
        ...common,
        executor: 'per-vu-iterations',
        vus: 1,
        iterations: 1,
        startTime,
        maxDuration: length,
      },
    };
  }
  return {
    probe_idle: idle,
    probe: {
      ...common,
      executor: 'constant-arrival-rate',
      rate: PROBE_PER_SECOND,
      timeUnit: '1s',
      startTime: seconds(PROBE_LEAD_MS),
      duration: seconds(settings.warmUpMs + settings.durationMs),
      preAllocatedVUs: 2,
      maxVUs: 2,
    },
  };
}
