/** Seeded latencies of two variants under load, to prove the verdict on: everything is known about them. */
import type { Random } from '../../domain/statistics/random.ts';

interface Noise {
  /** Memory from one request to the next. */
  readonly phi: number;
  /** Spells in which everything is slower: chance to begin and to end at a request, and by how much. */
  readonly spells?: { readonly begins: number; readonly ends: number; readonly log_factor: number };
  /** What a reader calls it. */
  readonly label: string;
}

/** Slow spells of a mean length: three times as slow, a tenth of the time. */
const spells = (length: number): Noise => ({
  phi: 0,
  spells: { begins: 1 / (9 * length), ends: 1 / length, log_factor: Math.log(3) },
  label: `slow spells of ${length}`,
});

/**
 * `iid`: requests know nothing of each other. `ar..`: the log latency remembers the last one's noise, as behind a queue.
 * `bursts`: on top of `ar1`, a spell begins at one request in 150, lasts 25 on average, and slows its requests by half.
 */
export const NOISES = {
  iid: { phi: 0, label: 'independent' },
  ar3: { phi: 0.3, label: 'AR .3' },
  ar1: { phi: 0.7, label: 'AR .7' },
  ar9: { phi: 0.9, label: 'AR .9' },
  ar97: { phi: 0.97, label: 'AR .97' },
  ar99: { phi: 0.99, label: 'AR .99' },
  bursts: { phi: 0.7, spells: { begins: 1 / 150, ends: 1 / 25, log_factor: Math.log(1.5) }, label: 'bursts' },
  spells30: spells(30),
  spells100: spells(100),
  spells300: spells(300),
} as const satisfies Readonly<Record<string, Noise>>;
export type NoiseKind = keyof typeof NOISES;

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

export const MEDIAN_MS = 200;
/** Log-SD of what a payload costs, the same for both variants, and of the rest: 0.52 together. */
export const PAYLOAD_LOG_SD = 0.3;
const NOISE_LOG_SD = 0.42;
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
export function noiseSource(random: Random, kind: NoiseKind, log_sd = NOISE_LOG_SD): () => number {
  const { phi, spells: slow_spells }: Noise = NOISES[kind];
  const innovation = log_sd * Math.sqrt(1 - phi * phi);
  let state = log_sd * random.normal();
  const step = (): number => {
    state = phi * state + innovation * random.normal();
    return state;
  };
  if (slow_spells === undefined) return step;
  const { begins, ends, log_factor } = slow_spells;
  // Starts as it goes on: in a spell with the long-run probability of one.
  let slow = random.uniform() < begins / (begins + ends);
  return () => {
    slow = slow ? random.uniform() >= ends : random.uniform() < begins;
    return step() + (slow ? log_factor : 0);
  };
}
