/** What a person sees while k6 runs: requests so far by variant, read from the growing request log. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Variant } from '../../domain/variants.ts';
import { say, type Io } from '../io.ts';

const PIECE = 1 << 20;
const TERMINAL_PERIOD_MS = 500;
const LOG_PERIOD_MS = 10_000;

interface Tally {
  requests: number;
  failed: number;
}

/** Counts lines as they come; a line is told apart by its head, which the suite itself writes. */
class Tail {
  readonly tallies: ReadonlyMap<Variant, Tally>;
  #offset = 0;
  #rest = '';
  readonly #path: string;
  readonly #buffer = Buffer.alloc(PIECE);
  constructor(path: string, variants: readonly Variant[]) {
    this.#path = path;
    this.tallies = new Map(variants.map((variant) => [variant, { requests: 0, failed: 0 }]));
  }
  read(): void {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch {
      return;
    }
    try {
      for (;;) {
        const n = readSync(file, this.#buffer, 0, PIECE, this.#offset);
        if (n === 0) return;
        this.#offset += n;
        const lines = (this.#rest + this.#buffer.toString('latin1', 0, n)).split('\n');
        this.#rest = lines.pop() ?? '';
        for (const line of lines) this.#count(line);
      }
    } finally {
      closeSync(file);
    }
  }
  #count(line: string): void {
    for (const [variant, tally] of this.tallies) {
      if (!line.startsWith(`{"variant":"${variant}"`)) continue;
      tally.requests += 1;
      if (!line.includes('"error":null')) tally.failed += 1;
    }
  }
}

export interface Progress {
  stop(): void;
}

export function showProgress(
  io: Io,
  request_log: string,
  variants: readonly Variant[],
  /** Null: not to be known. */
  total_ms: number | null,
  what: string,
): Progress {
  const tail = new Tail(request_log, variants);
  const started = Date.now();
  const terminal = io.stderr.isTTY === true;
  const line = (): string => {
    tail.read();
    const counts = [...tail.tallies].map(
      ([variant, { requests, failed }]) =>
        `${variant} ${requests} requests${failed > 0 ? `, ${failed} failed` : ''}`,
    );
    return `${what}${((Date.now() - started) / 1000).toFixed(0)} ${total_ms === null ? 's' : `of about ${(total_ms / 1000).toFixed(0)} s`}: ${counts.join(' · ')}`;
  };
  const timer = setInterval(
    () => {
      if (terminal) io.stderr.write(`\r\u001B[K  ${line().slice(0, (io.stderr.columns ?? 100) - 4)}`);
      else say(io, `  ${line()}`);
    },
    terminal ? TERMINAL_PERIOD_MS : LOG_PERIOD_MS,
  );
  return {
    stop() {
      clearInterval(timer);
      if (terminal) io.stderr.write('\r\u001B[K');
      say(io, `  ${line()}`);
    },
  };
}
