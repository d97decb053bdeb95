/** A server of known capacity in virtual time: so many workers, first come first served; to prove the search on. */
import { schedule } from '../../domain/load/arrivals.ts';
import { readRecord } from '../../domain/record/request-record.ts';
import { RequestTable, type Measured } from '../../domain/record/request-table.ts';
import { seededRandom, type Random } from '../../domain/statistics/random.ts';

export interface SimulatedServer {
  readonly workers: number;
  readonly median_ms: number;
  /** SD of the log of a service time. */
  readonly sigma: number;
  /** Correlation of that log from one request to the next: slow spells. */
  readonly autocorrelation: number;
  /** A request without its answer by then has failed, and its worker works on. */
  readonly timeout_ms: number;
}

export interface SimulatedLoad {
  readonly unit: 'clients' | 'requests/s';
  readonly value: number;
  readonly warm_up_ms: number;
  readonly hold_ms: number;
  readonly seed: number;
}

/** Requests a second that its workers can serve: workers / mean service time, of a lognormal. */
export const trueCapacity = ({ workers, median_ms, sigma }: SimulatedServer): number =>
  (1000 * workers) / (median_ms * Math.exp(sigma ** 2 / 2));

/** Standard normals with memory. */
function service(random: Random, { median_ms, sigma, autocorrelation: rho }: SimulatedServer): () => number {
  let state = random.normal();
  return () => {
    state = rho * state + Math.sqrt(1 - rho * rho) * random.normal();
    return median_ms * Math.exp(sigma * state);
  };
}

/** Starts a VU's timer gives late, ms: half a millisecond on average. */
const LATE_MEAN_MS = 0.5;

/** One step: what was measured, and when the last answer was there, ms from the load's begin. */
export function simulateStep(
  server: SimulatedServer,
  load: SimulatedLoad,
  block = 0,
): { measured: Measured; ended_ms: number } {
  const random = seededRandom(load.seed);
  const next = service(random, server);
  const free = new Float64Array(server.workers);
  const table = new RequestTable('baseline');
  const length_ms = load.warm_up_ms + load.hold_ms;
  let ended_ms = length_ms;
  let index = 0;
  const answer = (due_ms: number, start_ms: number): number => {
    let first = 0;
    for (let i = 1; i < free.length; i += 1) if ((free[i] ?? 0) < (free[first] ?? 0)) first = i;
    const done_ms = Math.max(start_ms, free[first] ?? 0) + next();
    free[first] = done_ms;
    const failed = done_ms - start_ms > server.timeout_ms;
    const end_ms = failed ? start_ms + server.timeout_ms : done_ms;
    ended_ms = Math.max(ended_ms, end_ms);
    table.add({
      ...EMPTY,
      block,
      index: index++,
      phase: due_ms < load.warm_up_ms ? 'warmup' : 'measured',
      start_ms,
      duration_ms: end_ms - start_ms,
      status: failed ? null : 200,
      error: failed ? 'timeout' : null,
      late_ms: load.unit === 'requests/s' ? start_ms - due_ms : null,
    });
    return end_ms;
  };
  if (load.unit === 'requests/s') {
    const arrival = { kind: 'constant' } as const;
    for (const due_ms of schedule({ arrival, rate_per_s: load.value, seed: load.seed, length_ms }))
      answer(due_ms, due_ms - LATE_MEAN_MS * Math.log(1 - random.uniform()));
  } else {
    const clients = new Float64Array(load.value);
    for (;;) {
      let who = 0;
      for (let i = 1; i < clients.length; i += 1) if ((clients[i] ?? 0) < (clients[who] ?? 0)) who = i;
      const at_ms = clients[who] ?? 0;
      if (at_ms >= length_ms) break;
      clients[who] = answer(at_ms, at_ms);
    }
  }
  return { measured: table.measured(), ended_ms };
}

const EMPTY = readRecord({
  variant: 'baseline',
  scenario: 'simulated',
  block: 0,
  index: 0,
  payload_id: 'simulated',
  phase: 'measured',
  start_ms: 0,
  duration_ms: 0,
});
