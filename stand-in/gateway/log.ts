import { closeSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { BadValue } from '../../domain/text/units.ts';
import { sleep } from '../kit/sleep.ts';

/** One request of a program, as its log has it. */
export interface LogEntry {
  /** ISO 8601, of the request's end. */
  readonly timestamp: string;
  readonly program: string;
  readonly model: string;
  readonly duration_ms: number;
  readonly inputs: Readonly<Record<string, string>>;
  /** Empty where it failed. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly success: boolean;
  readonly error?: string;
}

/** How writing may go wrong: a line in two pieces with others between, one in five lines lost, or written twice. */
export type LogBug = 'torn_log' | 'lost_log' | 'doubled_log';

const BUGGY_EVERY = 5;
const TEAR_MS = 5;

/** A program's log, `<folder>/<program>.log`: a JSON line a request, appended. */
export class ProgramLog {
  readonly #file: number;
  readonly #bug: LogBug | null;
  #lines = 0;
  #closed = false;

  /** @throws {BadValue} where the folder can't be made or written to */
  constructor(folder: string, program: string, bug: LogBug | null) {
    try {
      // Not recursive: Node 20 loops for ever where the system refuses with ENOENT, as under /proc.
      if (!existsSync(folder)) mkdirSync(folder);
      this.#file = openSync(join(folder, `${program}.log`), 'a');
    } catch (error) {
      throw new BadValue(`--logs '${folder}': ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#bug = bug;
  }

  /** Written when this returns: in one piece, so that lines never mix. */
  append(entry: LogEntry): void {
    const line = `${JSON.stringify(entry)}\n`;
    const struck = this.#lines++ % BUGGY_EVERY === BUGGY_EVERY - 1;
    if (this.#bug === 'torn_log') return void this.#tear(line);
    if (this.#bug === 'lost_log' && struck) return;
    this.#write(line);
    if (this.#bug === 'doubled_log' && struck) this.#write(line);
  }

  close(): void {
    this.#closed = true;
    closeSync(this.#file);
  }

  async #tear(line: string): Promise<void> {
    const half = Math.floor(line.length / 2);
    this.#write(line.slice(0, half));
    await sleep(TEAR_MS);
    this.#write(line.slice(half));
  }

  #write(text: string): void {
    if (!this.#closed) writeSync(this.#file, text);
  }
}
