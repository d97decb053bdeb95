/** Load shapes as k6 scenarios. */
import type { Scenario } from 'k6/options';
import type { Settings } from '../../domain/settings/settings.ts';
import type { Variant } from '../../domain/variants.ts';
import { GRACE_MS, PROBE_IDLE_SAMPLES, PROBE_LEAD_MS, PROBE_PER_SECOND } from '../../domain/load/timing.ts';

/** What each k6 scenario of a load calls, whichever variant it asks: every scenario file exports it. */
export const RUN = 'run';
/** Which variant a k6 scenario asks, in its own environment: that is read in 1 us, the scenario's name in 15. */
export const VARIANT_VARIABLE = 'SUITE_VARIANT';

/** When the requests of an open load are to start. */
export interface Starts {
  /** Start of the request with this index, ms from the load's begin. */
  at(index: number): number;
}

/** How the requests of a load are spread over clients and time. */
export interface Shape {
  /** k6 scenarios of one variant, by name; they begin `lead_ms` after the start. */
  scenarios(variant: Variant, lead_ms: number): Record<string, Scenario>;
  /** VUs that send a variant's requests. */
  clients(variant: Variant): number;
  /** The schedule of an open load; null: a request starts when its client is free. */
  readonly starts: ((variant: Variant) => Starts) | null;
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
    const length = seconds(settings.warmUpMs + settings.durationMs + settings.timeoutMs);
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
