import { type Random, normal, randomFor } from './random.ts';

/** One service time's distribution: lognormal, with a share of slower requests that makes the tail heavier. */
export interface LatencyShape {
  readonly median_ms: number;
  /** SD of the log, from request to request. */
  readonly sigma: number;
  /** SD of the log that belongs to the text: the same for both variants, so that requests pair up. */
  readonly sigma_text: number;
  /** This share of the requests takes `slow_factor` times as long. */
  readonly slow_share: number;
  readonly slow_factor: number;
}

/** Noise that clusters in time: AR(1) on the log, and bursts of slow requests. */
export interface NoiseShape {
  /** Of the log latency, from one request to the next. */
  readonly autocorrelation: number;
  /** In every `every` requests the first `length` take `factor` times as long; null for none. */
  readonly burst: { readonly every: number; readonly length: number; readonly factor: number } | null;
}

/** Standard normals with correlation `rho` between neighbours: e(i) = rho e(i-1) + sqrt(1 - rho^2) z(i). */
class Ar1 {
  readonly #rho: number;
  #last: number | null = null;

  constructor(rho: number) {
    this.#rho = rho;
  }

  next(z: number): number {
    this.#last = this.#last === null ? z : this.#rho * this.#last + Math.sqrt(1 - this.#rho ** 2) * z;
    return this.#last;
  }
}

/** Service times of one server, the same at the same index for the same seed and variant. */
export class LatencySource {
  readonly #shape: LatencyShape;
  readonly #noise: NoiseShape;
  readonly #seed: number;
  readonly #variant: string;
  readonly #ar: Ar1;

  constructor(shape: LatencyShape, noise: NoiseShape, seed: number, variant: string) {
    this.#shape = shape;
    this.#noise = noise;
    this.#seed = seed;
    this.#variant = variant;
    this.#ar = new Ar1(noise.autocorrelation);
  }

  /** The service time in ms of the request with this index; ask in the order of indexes, each once. */
  next(index: number, text: string): number {
    const { median_ms, sigma, slow_share, slow_factor } = this.#shape;
    const random = randomFor(this.#seed, this.#variant, 'latency', index);
    const log = sigma * this.#ar.next(normal(random));
    const slow = random() < slow_share ? slow_factor : 1;
    return median_ms * Math.exp(log) * this.#textFactor(text) * slow * this.#burstFactor(index);
  }

  #textFactor(text: string): number {
    const { sigma_text } = this.#shape;
    return sigma_text === 0 ? 1 : Math.exp(sigma_text * textEffect(this.#seed, text));
  }

  #burstFactor(index: number): number {
    const { burst } = this.#noise;
    return burst !== null && index % burst.every < burst.length ? burst.factor : 1;
  }
}

/** A standard normal that belongs to a text, whichever server is asked: long or hard texts are so for both. */
export function textEffect(seed: number, text: string): number {
  return normal(randomFor(seed, 'text', text));
}

/** A lognormal factor with mean 1. */
export function jitter(random: Random, sigma: number): number {
  return Math.exp(sigma * normal(random) - (sigma * sigma) / 2);
}
