/** The shape of an open load: a schedule of starts that all VUs share; a VU takes the next index and sleeps until its start. */
import { SharedArray } from 'k6/data';
import { peakRate, schedule } from '../../domain/load/arrivals.ts';
import { GRACE_MS, vusOfOpenLoad } from '../../domain/load/timing.ts';
import type { Variant } from '../../domain/variants.ts';
import type { Runtime } from './runtime-shape.ts';
import { RUN, type Shape, type Starts } from './shapes.ts';
import { traceColumn } from '../trace.ts';

interface OpenLoad extends Starts {
  /** Requests in all, warm-up included. */
  readonly count: number;
  readonly vus: number;
}

/** Latency counts from the scheduled start, see steps/measured.ts. @throws where nothing would start */
export function openShape(runtime: Runtime): Shape {
  const { settings, variants } = runtime;
  const loads = new Map(variants.map((variant) => [variant, openLoad(runtime, variant)]));
  const load = (variant: Variant): OpenLoad => {
    const found = loads.get(variant);
    if (found === undefined) throw new Error(`the ${variant} takes no part in this load`);
    return found;
  };
  const length_ms = settings.warmUpMs + settings.durationMs;
  const after_ms = settings.timeoutMs + GRACE_MS;
  return {
    scenarios: (variant, lead_ms) => ({
      [variant]: {
        executor: 'shared-iterations',
        exec: RUN,
        vus: load(variant).vus,
        iterations: load(variant).count,
        startTime: `${lead_ms}ms`,
        // The last to start may take its whole timeout, and start late.
        maxDuration: `${length_ms + after_ms}ms`,
        gracefulStop: `${after_ms}ms`,
      },
    }),
    clients: (variant) => load(variant).vus,
    starts: load,
    enter: () => {},
    leave: () => {},
    index: null,
    warm_up: null,
    done: null,
    timed: true,
  };
}

function openLoad({ settings, plan }: Runtime, variant: Variant): OpenLoad {
  const { arrival, seed } = settings;
  const load = plan.loads?.[variant];
  const rate_per_s = load?.unit === 'requests/s' ? load.value : (settings.rate ?? 0);
  const length_ms = settings.warmUpMs + settings.durationMs;
  const trace_file = plan.trace_file ?? null;
  if (arrival.kind === 'trace' && trace_file === null)
    throw new Error(
      'ARRIVAL=trace:FILE needs the cli, which reads the trace: npm run k6:shadow -- --arrival ...',
    );
  // One array a rate: both variants share theirs where they are asked the same.
  const starts = new SharedArray<number>(`starts ${arrival.kind} ${rate_per_s}`, () => {
    switch (arrival.kind) {
      case 'closed':
        throw new Error('clients of a closed loop have no schedule');
      case 'trace':
        return traceColumn(trace_file ?? '', 'start').filter((at_ms) => at_ms < length_ms);
      case 'constant':
      case 'poisson':
      case 'bursts':
        return [...schedule({ arrival, rate_per_s, seed: seed + plan.block, length_ms })];
    }
  });
  if (starts.length === 0)
    throw new Error(`no request starts within ${length_ms} ms; give a higher --rate or a longer --duration`);
  return {
    count: starts.length,
    vus: Math.min(starts.length, vusOfOpenLoad(settings, peakRate(arrival, rate_per_s))),
    at: (index) => starts[index] ?? Number.POSITIVE_INFINITY,
  };
}
