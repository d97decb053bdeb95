/** The load: how much, for how long, and when each request starts. */
import { MOST_PER_S } from '../load/arrivals.ts';
import { absent, arrival, duration, mix, number, filePath, setting, thinkTime } from './kinds.ts';

export const LOAD = {
  vus: setting(
    number({ min: 1, max: 20_000, whole: true }),
    10,
    'clients (VUs) of each variant, each with one request in flight',
  ),
  durationMs: setting(duration({ min: 1000 }), 60_000, 'measured time of each variant'),
  warmUpMs: setting(
    duration({ max: 3_600_000 }),
    5000,
    'load before the measurement; recorded, marked, left out',
  ),
  timeoutMs: setting(
    duration({ min: 10, max: 3_600_000 }),
    10_000,
    'a request without its whole answer by then has failed',
  ),
  seed: setting(
    number({ min: 0, max: 4_294_967_295, whole: true }),
    1,
    'seed of the payload sequence (the same for both variants)',
  ),
  payloads: absent(filePath('DIR|FILE'), "payloads, JSON or JSONL; without it the suite's own labelled set"),
  sampleRate: setting(
    number({ min: 0, max: 1 }),
    1,
    'share of the answers that are scored against their labels',
  ),
  spreadMs: setting(
    duration({ max: 3_600_000 }),
    0,
    "the clients' first requests are spread over this time, as of clients that do not know each other",
  ),
  thinkTime: absent(thinkTime, 'pause of a client between its requests, drawn anew each time, as 1s-3s'),
  maxRequests: absent(
    number({ min: 1, max: 1e9, whole: true }),
    'most requests of each variant, warm-up included',
  ),
  maxCost: absent(
    number({ min: 0, max: 1e9 }),
    'most EUR that the run may cost, both variants together; it stops before that is passed',
  ),
  thresholds: absent(filePath(), 'limits, targets and gates as JSON, in place of thresholds/<scenario>.json'),
} as const;

export const ARRIVAL = {
  arrival: setting(
    arrival,
    { kind: 'closed' },
    'closed (clients wait for answers), or an open load: constant, poisson, bursts:on=5s,off=10s,peak=50, trace:FILE',
  ),
  rate: absent(
    number({ min: 0.001, max: MOST_PER_S }),
    'open load: requests a second of each variant (of bursts: between them)',
  ),
  maxInFlight: absent(
    number({ min: 1, max: 20_000, whole: true }),
    'open load: most requests of each variant in flight; beyond, starts are late (default rate x timeout, at most 500)',
  ),
} as const;

export const MIX = {
  mix: setting(mix, { llama: 1, chat: 3 }, 'which endpoints are asked, and how often against each other'),
} as const;
