/** Whether the gateway may be sent requests: not while it drains, nor while its LM can't be reached. */
export class Readiness {
  readonly #probe: () => Promise<boolean>;
  readonly #timer: NodeJS.Timeout;
  #lm_reachable = false;
  draining = false;

  /** Looks for the LM every `poll_ms`, in the background: who asks is answered from what is known. */
  constructor(probe: () => Promise<boolean>, poll_ms: number) {
    this.#probe = probe;
    this.#timer = setInterval(() => void this.look(), poll_ms).unref();
  }

  async look(): Promise<void> {
    this.#lm_reachable = await this.#probe();
  }

  /** Why it isn't ready, or null where it is. */
  get obstacle(): string | null {
    if (this.draining) return 'draining';
    return this.#lm_reachable ? null : 'LM is unreachable';
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
