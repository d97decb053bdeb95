import type { Fault, ServerFault } from './faults.ts';
import type { Host } from './process.ts';

/** A leak stops here: it has to be seen, not to take the machine down. */
const MAX_LEAK_BYTES = 1 << 30;

/** What a server's age and history do to it: drift, leak, crash and the like. */
export class Wear {
  readonly #fault: (kind: ServerFault) => Fault<string> | null;
  readonly #host: Host;
  readonly #leaked: Buffer[] = [];
  #leaked_bytes = 0;
  #served = 0;
  #overwhelmed = false;

  constructor(fault: (kind: ServerFault) => Fault<string> | null, host: Host) {
    this.#fault = fault;
    this.#host = host;
  }

  /** Notes one more request; false where the process is to die of it, which it then does. */
  admit(in_flight: number, fault: Fault<string> | null): boolean {
    const crash = this.#fault('crash');
    if (crash !== null && this.#served >= crash.amount) {
      this.#host.log(`fault: crash after ${this.#served} requests`);
      this.#host.exit(1);
      return false;
    }
    this.#served++;
    const burst = this.#fault('never_recovers');
    if (burst !== null && in_flight > burst.amount) this.#overwhelmed = true;
    if (fault?.kind === 'leak') this.#leak(fault.arg * 1024);
    return true;
  }

  /** What every service time is multiplied by now. */
  get factor(): number {
    const step = this.#fault('slow_after');
    const drift = this.#fault('drift');
    const burst = this.#fault('never_recovers');
    let factor = 1;
    if (step !== null && this.#served > step.amount) factor *= step.arg;
    if (drift !== null) factor *= 1 + this.#served / Math.max(drift.amount, 1);
    if (burst !== null && this.#overwhelmed) factor *= burst.arg;
    return factor;
  }

  get health_delay_ms(): number {
    return this.#fault('slow_health')?.amount ?? 0;
  }

  get metrics_vanished(): boolean {
    const vanish = this.#fault('metrics_vanish');
    return vanish !== null && this.#served >= vanish.amount;
  }

  /** Filled, since untouched pages are no resident memory. */
  #leak(bytes: number): void {
    if (this.#leaked_bytes + bytes > MAX_LEAK_BYTES) return;
    this.#leaked.push(Buffer.alloc(bytes, 1));
    this.#leaked_bytes += bytes;
  }
}
