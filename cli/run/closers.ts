/** What must be undone at the end, whatever fails: in reverse order, all of it. */
export class Closers {
  readonly #closers: (() => Promise<void>)[] = [];

  add(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async run(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close().catch(() => {});
  }
}
