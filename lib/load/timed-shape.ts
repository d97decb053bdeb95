/** The shape of a load by time: clients in a closed loop, with pauses to think where the settings have them. */
import { sleep } from 'k6';
import type { Scenario } from 'k6/options';
import { thinkTimeAt } from '../../domain/load/arrivals.ts';
import { GRACE_MS } from '../../domain/load/timing.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import type { Variant } from '../../domain/variants.ts';
import { endOfRequests } from '../end-of-requests.ts';
import { iterationIndex } from '../extensions.ts';
import type { Runtime } from './runtime-shape.ts';
import { RUN, type Shape } from './shapes.ts';

/**
 * A constant number of clients in a closed loop, warm-up and measurement in one go, so that concurrency never dips or
 * doubles between them. With a cap on requests the same clients share that many iterations.
 */
function constantClients(settings: Settings, clients: number, start_after_ms: number): Scenario {
  const length = `${settings.warmUpMs + settings.durationMs}ms`;
  // Longer than the timeout, always: k6 drops what is in flight at its end without a trace, and those are the slowest.
  const common = {
    exec: RUN,
    startTime: `${start_after_ms}ms`,
    gracefulStop: `${settings.timeoutMs + GRACE_MS}ms`,
  };
  return settings.maxRequests === null
    ? { executor: 'constant-vus', vus: clients, duration: length, ...common }
    : {
        executor: 'shared-iterations',
        vus: Math.min(clients, settings.maxRequests),
        iterations: settings.maxRequests,
        maxDuration: length,
        ...common,
      };
}

export function timedShape({ settings, plan, variants }: Runtime): Shape {
  const { thinkTime, seed, maxRequests, warmUpMs, durationMs } = settings;
  const end = maxRequests === null ? null : endOfRequests(variants, maxRequests, warmUpMs + durationMs);
  const done = end?.done ?? null;
  /** Those that this block gives the variant, where it does. */
  const clients = (variant: Variant): number => {
    const load = plan.loads?.[variant];
    return load?.unit === 'clients' ? load.value : settings.vus;
  };
  /** After the last answer, before the next request: what follows an answer holds up the VUs that wait for theirs. */
  let pause_ms = 0;
  return {
    scenarios: (variant, lead_ms) => ({
      [variant]: constantClients(settings, clients(variant), lead_ms),
    }),
    clients,
    starts: null,
    enter() {
      if (pause_ms > 0) sleep(pause_ms / 1000);
    },
    leave(variant) {
      end?.count(variant);
      if (thinkTime !== null) pause_ms = thinkTimeAt(thinkTime, seed, iterationIndex());
    },
    index: null,
    warm_up: null,
    done,
    timed: done === null,
  };
}
