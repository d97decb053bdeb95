/** So much of something that requests share, as tokens of a cache: who finds too little left waits, in order. */
export class Room {
  readonly #size: number;
  #used = 0;
  readonly #waiting: { readonly amount: number; readonly enter: () => void }[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Requests that wait for room. */
  get depth(): number {
    return this.#waiting.length;
  }

  /** In use, 0 to 1. */
  get used_share(): number {
    return this.#used / this.#size;
  }

  /** Resolves, with how to leave, once there is room; more than there is at all takes all of it. */
  async enter(wanted: number): Promise<() => void> {
    const amount = Math.min(wanted, this.#size);
    if (this.#waiting.length > 0 || this.#used + amount > this.#size)
      await new Promise<void>((enter) => this.#waiting.push({ amount, enter }));
    else this.#used += amount;
    return () => this.#leave(amount);
  }

  #leave(amount: number): void {
    this.#used -= amount;
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#used + next.amount > this.#size) return;
      this.#waiting.shift();
      this.#used += next.amount;
      next.enter();
    }
  }
}
