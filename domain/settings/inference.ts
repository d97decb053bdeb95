/** An inference server's loads. */
import { SCENARIO_NAMES } from '../jobs/inference/names.ts';
import { absent, choice, duration, number, setting } from './kinds.ts';

export const INFERENCE = {
  requests: setting(
    number({ min: 1, max: 1e7, whole: true }),
    100,
    'measured requests of each variant, shared by its clients (in a spike: before it, and again after it)',
  ),
  warmUpRequests: absent(
    number({ min: 0, max: 1e6, whole: true }),
    'requests before the measurement; recorded, marked, left out (default one a client)',
  ),
  paceMs: setting(
    duration({ min: 1, max: 3_600_000 }),
    1500,
    'sustained: from one request of a client to its next; clients are spread evenly over it',
  ),
  spikeVus: setting(
    number({ min: 1, max: 20_000, whole: true }),
    20,
    'spike: clients of each variant in the spike',
  ),
  spikeRequests: setting(
    number({ min: 1, max: 1e7, whole: true }),
    100,
    'spike: requests of each variant in the spike',
  ),
  generateTokens: setting(
    number({ min: 1, max: 100_000, whole: true }),
    5,
    'max_tokens of each generation (greedy)',
  ),
} as const;

export const BY_HAND = {
  inferenceScenario: absent(
    choice(SCENARIO_NAMES),
    'which load dist/inference.js runs: k6 run dist/inference.js -e INFERENCE_SCENARIO=spike (npm run k6:<name> sets it)',
  ),
} as const;
