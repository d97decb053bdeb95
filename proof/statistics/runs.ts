/** Whole simulated runs of two variants, as a run's log leaves them: everything is known about them. */
import { payloadAt } from '../../domain/load/payload-order.ts';
import { samples } from '../../domain/figures/samples.ts';
import { summarise } from '../../domain/figures/summary.ts';
import type { Measured } from '../../domain/record/request-table.ts';
import type { Random } from '../../domain/statistics/random.ts';
import type { Variant } from '../../domain/variants.ts';
import type { Pair, Side } from '../../domain/verdict/gates/evaluation.ts';
import { MEDIAN_MS, noiseSource, type NoiseKind, PAYLOAD_LOG_SD } from './simulate.ts';

/** How a variant answers; what is absent is as the baseline of the default stand-ins. */
export interface Behaviour {
  /** Of every latency. */
  readonly ratio?: number;
  /** A share of the requests, at random, and by how much they are slower. */
  readonly slow?: { readonly share: number; readonly factor: number };
  /** The last payloads of the list, and by how much they are slower. */
  readonly slow_payloads?: { readonly count: number; readonly factor: number };
  /** From the second sending of a payload on. */
  readonly cached_ms?: number;
  /** Share of the payloads that are answered right. */
  readonly accuracy?: number;
  readonly cost_ratio?: number;
  /** Failures: a share of all requests, in runs of a mean length. */
  readonly failures?: { readonly share: number; readonly run: number };
  /** Which clients a balancer pinned to a pod that is slower by this factor. */
  readonly pods?: { readonly factor: number; readonly pinned: readonly boolean[] };
}

export interface RunPlan {
  readonly noise: NoiseKind;
  /** Log-SD of the noise; 0.42 by default. */
  readonly noise_log_sd?: number;
  /** Requests a variant in each block. */
  readonly n: number;
  readonly blocks?: number;
  readonly payloads?: number;
  readonly clients?: number;
  readonly baseline?: Behaviour;
  readonly shadow?: Behaviour;
}

export const BLOCK_MS = 60_000;
const PAYLOADS = 302;
const CLIENTS = 10;
const ACCURACY = 0.76;
/** Payloads on which a variant's answer is its own, whatever their difficulty: equal servers answer alike but for these. */
const OWN_ANSWERS = 0.02;
const COST_EUR = 4e-4;

/** One run: the same payload effects and difficulties for both variants, noise of its own for each. */
export function simulateRun(random: Random, plan: RunPlan): Pair {
  const payloads = plan.payloads ?? PAYLOADS;
  const shared = {
    seed: Math.floor(random.uniform() * 2 ** 31),
    effects: Float64Array.from({ length: payloads }, () => PAYLOAD_LOG_SD * random.normal()),
    difficulty: Float64Array.from({ length: payloads }, () => random.uniform()),
  };
  const side = (variant: Variant): Side => sideOf(variantOf(random, plan, shared, variant));
  return { baseline: side('baseline'), shadow: side('shadow') };
}

interface Shared {
  readonly seed: number;
  readonly effects: Float64Array;
  readonly difficulty: Float64Array;
}

export function sideOf(measured: Measured): Side {
  const sorted = samples(measured);
  const summary = summarise(measured, sorted, { planned_ms: BLOCK_MS, clients: null, slo: null });
  return { measured, samples: sorted, summary };
}

function variantOf(random: Random, plan: RunPlan, shared: Shared, variant: Variant): Measured {
  const { blocks = 1, clients = CLIENTS, n: size } = plan;
  const behaviour = (variant === 'baseline' ? plan.baseline : plan.shadow) ?? {};
  const payloads = shared.effects.length;
  const n = size * blocks;
  const absent32 = (): Float32Array<ArrayBuffer> => new Float32Array(n).fill(Number.NaN);
  const of = {
    start_ms: new Float64Array(n),
    duration_ms: new Float64Array(n),
    cost_eur: new Float64Array(n),
    index: new Int32Array(n),
    payload: new Int32Array(n),
    block: new Int32Array(n),
    status: new Int32Array(n).fill(200),
    error: new Uint8Array(n),
    finish: new Uint8Array(n),
    correct: new Uint8Array(n),
    vu: new Int32Array(n),
  };
  const accuracy = behaviour.accuracy ?? ACCURACY;
  const right = shared.difficulty.map((difficulty) => {
    const own = random.uniform() < OWN_ANSWERS ? random.uniform() : difficulty;
    return own < accuracy ? 1 : 0;
  });
  const seen = new Uint8Array(payloads);
  const latency = latencySource(random, plan, behaviour, payloads);
  const fails = failureSource(random, behaviour);
  let row = 0;
  for (let block = 0; block < blocks; block++) {
    for (let index = 0; index < size; index++, row++) {
      const payload = payloadAt(shared.seed, index, payloads);
      const client = index % clients;
      of.block[row] = block;
      of.index[row] = index;
      of.payload[row] = payload;
      // As k6 numbers them: 0 is none.
      of.vu[row] = client + 1;
      of.start_ms[row] = block * 2 * BLOCK_MS + (index * BLOCK_MS) / size;
      const again = seen[payload] === 1;
      seen[payload] = 1;
      of.duration_ms[row] = latency(payload, client, shared.effects[payload] ?? 0, again);
      const failed = fails();
      of.error[row] = failed ? 1 : 0;
      of.correct[row] = failed ? 255 : (right[payload] ?? 0);
      const cost = COST_EUR * Math.exp(shared.effects[payload] ?? 0) * (behaviour.cost_ratio ?? 1);
      of.cost_eur[row] = failed ? Number.NaN : cost * (1 + 0.1 * random.normal());
    }
  }
  return {
    ...of,
    variant,
    n,
    warm_up: 0,
    connecting_ms: absent32(),
    payload_ids: Array.from({ length: payloads }, (_, j) => `p${j}`),
    payload_endpoints: Array.from({ length: payloads }, () => null),
    answer: new Int32Array(n).fill(-1),
    answers: [],
    correct_translation: of.correct,
    stages_ms: new Map(),
    optional: new Map(),
  };
}

function latencySource(
  random: Random,
  plan: RunPlan,
  behaviour: Behaviour,
  payloads: number,
): (payload: number, client: number, effect: number, again: boolean) => number {
  const noise = noiseSource(random, plan.noise, plan.noise_log_sd);
  const { ratio = 1, slow, slow_payloads, cached_ms, pods } = behaviour;
  return (payload, client, effect, again) => {
    let ms = MEDIAN_MS * ratio * Math.exp(effect + noise());
    if (slow !== undefined && random.uniform() < slow.share) ms *= slow.factor;
    if (slow_payloads !== undefined && payload >= payloads - slow_payloads.count) ms *= slow_payloads.factor;
    if (pods?.pinned[client] === true) ms *= pods.factor;
    return cached_ms !== undefined && again ? cached_ms : ms;
  };
}

/** Failures in runs: begun at random, each going on with a chance that makes the mean length. */
function failureSource(random: Random, { failures }: Behaviour): () => boolean {
  if (failures === undefined) return () => false;
  const { share, run } = failures;
  const begins = share / run / (1 - share);
  let down = random.uniform() < share;
  return () => {
    const now = down;
    down = down ? random.uniform() >= 1 / run : random.uniform() < begins;
    return now;
  };
}
