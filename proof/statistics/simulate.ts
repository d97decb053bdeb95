/** Seeded latencies of two variants under load, to prove the verdict on: everything is known about them. */
import type { Random } from '../../domain/statistics/random.ts';

/**
 * `iid`: requests know nothing of each other. `ar1`: the log latency remembers the last one's noise, as behind a queue.
 * `bursts`: on top of `ar1`, spells in which everything is slower, as in a pause or a noisy neighbour's hour.
 */
export const NOISE_KINDS = ['iid', 'ar1', 'bursts'] as const;
export type NoiseKind = (typeof NOISE_KINDS)[number];

export interface Simulation {
  readonly noise: NoiseKind;
  /** Requests a variant in each block. */
  readonly n: number;
  /** True ratio of latencies, shadow / baseline. */
  readonly ratio: number;
  /** 1 by default. */
  readonly blocks?: number;
  /** Log-SD between blocks of the ratio itself; 0 by default. */
  readonly block_ratio_log_sd?: number;
  /** Log-SD between blocks of a level that both variants share; 0 by default. */
  readonly block_level_log_sd?: number;
}

export interface SimulatedBlock {
  readonly baseline_ms: Float64Array;
  readonly shadow_ms: Float64Array;
}

const MEDIAN_MS = 200;
/** Log-SD of what a payload costs, the same for both variants, and of the rest: 0.52 together. */
const PAYLOAD_LOG_SD = 0.3;
const NOISE_LOG_SD = 0.42;
/** Memory of `ar1` from one request to the next. */
const PHI = 0.7;
/** A spell begins at one request in 150, lasts 25 on average, and slows its requests by half. */
const BURST = { begins: 1 / 150, ends: 1 / 25, log_factor: Math.log(1.5) };

/** One simulated run of two variants: the same payloads to both, each with noise of its own. */
export function simulate(random: Random, simulation: Simulation): SimulatedBlock[] {
  const { n, ratio, blocks = 1, block_ratio_log_sd = 0, block_level_log_sd = 0 } = simulation;
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`n is ${n}; it must be an integer >= 1`);
  if (!(ratio > 0 && ratio < Infinity)) throw new RangeError(`ratio is ${ratio}; it must be a number > 0`);
  return Array.from({ length: blocks }, () => {
    const level = Math.log(MEDIAN_MS) + block_level_log_sd * random.normal();
    const difference = Math.log(ratio) + block_ratio_log_sd * random.normal();
    const payloads = new Float64Array(n);
    for (let i = 0; i < n; i++) payloads[i] = PAYLOAD_LOG_SD * random.normal();
    const variant = (centre: number): Float64Array => {
      const noise = noiseSource(random, simulation.noise);
      const latencies_ms = new Float64Array(n);
      for (let i = 0; i < n; i++) latencies_ms[i] = Math.exp(centre + (payloads[i] ?? 0) + noise());
      return latencies_ms;
    };
    return { baseline_ms: variant(level), shadow_ms: variant(level + difference) };
  });
}

/** Noise on the log latency, request after request. */
function noiseSource(random: Random, kind: NoiseKind): () => number {
  if (kind === 'iid') return () => NOISE_LOG_SD * random.normal();
  const innovation = NOISE_LOG_SD * Math.sqrt(1 - PHI * PHI);
  let state = NOISE_LOG_SD * random.normal();
  const step = (): number => {
    state = PHI * state + innovation * random.normal();
    return state;
  };
  if (kind === 'ar1') return step;
  // Starts as it goes on: in a spell with the long-run probability of one.
  let slow = random.uniform() < BURST.begins / (BURST.begins + BURST.ends);
  return () => {
    slow = slow ? random.uniform() >= BURST.ends : random.uniform() < BURST.begins;
    return step() + (slow ? BURST.log_factor : 0);
  };
}
