/** Load shapes as k6 scenarios. */
import type { Scenario } from 'k6/options';
import type { Settings } from '../domain/settings.ts';
import { GRACE_MS, PROBE_IDLE_SAMPLES, PROBE_LEAD_MS, PROBE_PER_SECOND } from '../domain/load.ts';

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

/** The probe: a few requests to find its idle floor, then a steady trickle to a null server for as long as the load. */
export function probes(settings: Settings): Record<'probe_idle' | 'probe', Scenario> {
  const common = { exec: 'probe', gracefulStop: seconds(GRACE_MS) };
  return {
    probe_idle: {
      ...common,
      executor: 'shared-iterations',
      vus: 1,
      iterations: PROBE_IDLE_SAMPLES,
      maxDuration: '5s',
    },
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
