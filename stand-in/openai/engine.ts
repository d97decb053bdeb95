import { jitter } from '../kit/latency.ts';
import { WorkerPool } from '../kit/pool.ts';
import { randomFor } from '../kit/random.ts';
import { Room } from '../kit/room.ts';
import { sleep } from '../kit/sleep.ts';
import { PrefixCache, Recent } from './caches.ts';
import type { VllmMetrics } from './metrics.ts';

export interface EngineOptions {
  /** Means, without queueing, of a request that runs alone. */
  readonly ttft_ms: number;
  readonly prefill_token_ms: number;
  readonly itl_ms: number;
  readonly ttft_cv: number;
  readonly itl_cv: number;
  /** Share by which each further request in the batch slows all. */
  readonly batch_slope: number;
  readonly batch_size: number;
  readonly batch_wait_ms: number;
  readonly kv_tokens: number;
  readonly seed: number;
  readonly variant: string;
}

/** What is to be generated, and how. */
export interface Job {
  /** Of the request; its times are drawn by it. */
  readonly id: string;
  readonly model: string;
  readonly prompt: readonly string[];
  readonly tokens: readonly string[];
  readonly finish: 'stop' | 'length';
  readonly batching: boolean;
  readonly prefix_cache: boolean;
  /** What the answer cache knows it by; null where it isn't to be asked. */
  readonly answer_key: string | null;
  /** A fault's pause before the token with this index. */
  readonly stall: { readonly at: number; readonly ms: number } | null;
  readonly slowdown: number;
  readonly extra_ms: number;
  readonly gone: () => boolean;
}

/** How a job went. */
export interface Times {
  readonly cached_tokens: number;
  /** From the start of work to the first token. */
  readonly prefill_ms: number;
  /** From the first token to the last. */
  readonly decode_ms: number;
}

/** The sigma of a lognormal with this coefficient of variation. */
export const sigmaOf = (cv: number): number => Math.sqrt(Math.log1p(cv * cv));

/** Holds requests until `size` are there or the first has waited `wait_ms`. */
class Gatherer {
  readonly #size: number;
  readonly #wait_ms: number;
  #batch: (() => void)[] = [];

  constructor(size: number, wait_ms: number) {
    this.#size = size;
    this.#wait_ms = wait_ms;
  }

  get held(): number {
    return this.#batch.length;
  }

  async join(): Promise<void> {
    if (this.#size <= 1) return;
    const batch = this.#batch;
    const started = new Promise<void>((resolve) => batch.push(resolve));
    if (batch.length >= this.#size) this.#start(batch);
    else if (batch.length === 1) void sleep(this.#wait_ms).then(() => this.#start(batch));
    await started;
  }

  #start(batch: readonly (() => void)[]): void {
    if (batch !== this.#batch) return;
    this.#batch = [];
    for (const start of batch) start();
  }
}

/** The model's side of the server: who runs when, and when each token is due. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #batch: WorkerPool;
  /** Of the requests that share no batch. */
  readonly #single = new WorkerPool(1);
  readonly #gatherer: Gatherer;
  readonly #prefixes = new PrefixCache();
  readonly #answers = new Recent(10_000);
  readonly #cache: Room;

  /** `batch` has a worker for each request that may run at once. */
  constructor(options: EngineOptions, batch: WorkerPool) {
    this.#options = options;
    this.#batch = batch;
    this.#cache = new Room(options.kv_tokens);
    this.#gatherer = new Gatherer(options.batch_size, options.batch_wait_ms);
  }

  readonly load = {
    running: () => this.#batch.busy + this.#single.busy - this.#cache.depth,
    waiting: () => this.#gatherer.held + this.#batch.depth + this.#single.depth + this.#cache.depth,
    kv_usage: () => this.#cache.used_share,
  };

  /**
   * Runs a job: `emit(i)` is called when its token i is due. Resolves after the last; to null where the client left
   * before.
   */
  async run(job: Job, metrics: VllmMetrics, emit: (i: number) => void): Promise<Times | null> {
    const arrived = performance.now();
    metrics.prompt_tokens.inc(job.prompt.length);
    if (job.answer_key !== null && this.#answers.touch(job.answer_key))
      return this.#repeat(job, metrics, emit);
    if (job.batching) await this.#gatherer.join();
    const pool = job.batching ? this.#batch : this.#single;
    return pool.run(async () => {
      if (job.gone()) return this.#abort(metrics);
      const leave = await this.#cache.enter(job.prompt.length + job.tokens.length);
      try {
        return await this.#generate(job, metrics, emit, arrived);
      } finally {
        leave();
      }
    });
  }

  async #generate(
    job: Job,
    metrics: VllmMetrics,
    emit: (i: number) => void,
    arrived: number,
  ): Promise<Times | null> {
    const { ttft_ms, prefill_token_ms, itl_ms, ttft_cv, itl_cv, seed, variant } = this.#options;
    const started = performance.now();
    const cached_tokens = this.#cachedTokens(job, metrics);
    const random = randomFor(seed, variant, 'times', job.id);
    const prefill_ms = ttft_ms + prefill_token_ms * (job.prompt.length - cached_tokens);
    const itl_sigma = sigmaOf(itl_cv);
    // Deadlines follow from deadlines, not from when a timer fired: lateness doesn't add up.
    let due = started + prefill_ms * jitter(random, sigmaOf(ttft_cv)) * job.slowdown * this.#crowding;
    due += job.extra_ms;
    let first = started;
    let last = started;
    for (let i = 0; i < job.tokens.length; i++) {
      if (i > 0) due += itl_ms * jitter(random, itl_sigma) * job.slowdown * this.#crowding;
      if (job.stall?.at === i) due += job.stall.ms;
      const wait_ms = due - performance.now();
      if (wait_ms > 0) await sleep(wait_ms);
      if (job.gone()) return this.#abort(metrics);
      emit(i);
      const now = performance.now();
      metrics.generation_tokens.inc();
      if (i === 0) metrics.ttft.observe(((first = now) - arrived) / 1000);
      else metrics.itl.observe((now - last) / 1000);
      last = now;
    }
    metrics.queue.observe((started - arrived) / 1000);
    metrics.prefill.observe((first - started) / 1000);
    metrics.decode.observe((last - first) / 1000);
    if (job.tokens.length > 1) metrics.tpot.observe((last - first) / (job.tokens.length - 1) / 1000);
    metrics.e2e.observe((last - arrived) / 1000);
    metrics.success(job.finish);
    return { cached_tokens, prefill_ms: first - started, decode_ms: last - first };
  }

  /** An answer known already: all of it at once, without a place in the batch. */
  #repeat(job: Job, metrics: VllmMetrics, emit: (i: number) => void): Times {
    for (let i = 0; i < job.tokens.length; i++) emit(i);
    metrics.success(job.finish);
    return { cached_tokens: job.prompt.length, prefill_ms: 0, decode_ms: 0 };
  }

  #abort(metrics: VllmMetrics): null {
    metrics.success('abort');
    return null;
  }

  #cachedTokens(job: Job, metrics: VllmMetrics): number {
    if (!job.prefix_cache) return 0;
    const cached = this.#prefixes.cachedTokens(job.model, job.prompt);
    metrics.prefix_cache_queries.inc(job.prompt.length);
    metrics.prefix_cache_hits.inc(cached);
    return cached;
  }

  /** What sharing the batch does to everyone's times. */
  get #crowding(): number {
    return 1 + this.#options.batch_slope * Math.max(0, this.load.running() - 1);
  }
}
