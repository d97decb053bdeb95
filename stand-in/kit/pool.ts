/** N workers, first come first served. What exceeds N waits: this is where queueing comes from. */
export class WorkerPool {
  readonly #workers: number;
  #busy = 0;
  // Served from `#head` on, so that a long queue costs O(1) a request.
  #waiting: (() => void)[] = [];
  #head = 0;

  constructor(workers: number) {
    this.#workers = workers;
  }

  /** Requests that wait for a worker. */
  get depth(): number {
    return this.#waiting.length - this.#head;
  }

  /** Workers that are serving. */
  get busy(): number {
    return this.#busy;
  }

  /** Runs `task` on a worker of its own, after a wait where all are busy. Rejects as `task` does. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#busy < this.#workers) this.#busy++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  /** A waiting request takes the worker over, so `busy` stays as it is. */
  #release(): void {
    const next = this.#waiting[this.#head];
    if (next === undefined) {
      this.#busy--;
      return;
    }
    this.#head++;
    if (this.#head > 1024 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    next();
  }
}
