import { sleep } from '../kit/sleep.ts';

/** At most so many at once; the others wait their turn, each up to a timeout. */
export class Limiter {
  readonly #limit: number;
  readonly #timeout_ms: number;
  readonly #waiting = new Set<(admitted: boolean) => void>();
  #running = 0;

  /** `limit` may be Infinity. */
  constructor(limit: number, timeout_ms: number) {
    this.#limit = limit;
    this.#timeout_ms = timeout_ms;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves to `free` where there was room at once, `queued` after a wait, `refused` where the wait took too long. */
  async enter(): Promise<'free' | 'queued' | 'refused'> {
    if (this.#running < this.#limit) {
      this.#running++;
      return 'free';
    }
    if (this.#timeout_ms === 0) return 'refused';
    const admitted = await new Promise<boolean>((resolve) => {
      this.#waiting.add(resolve);
      void sleep(this.#timeout_ms).then(() => {
        if (this.#waiting.delete(resolve)) resolve(false);
      });
    });
    return admitted ? 'queued' : 'refused';
  }

  /** The first in the queue takes the place over. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next(true);
  }
}
