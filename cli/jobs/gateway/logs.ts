/** What a gateway's log files gain while a scenario runs. */
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readLogs, type LogEvidence } from '../../../domain/jobs/gateway/log-line.ts';
import type { GatewayProgram } from '../../../domain/jobs/gateway/programs.ts';
import { UsageError } from '../../io.ts';

const POLL_MS = 200;
const SETTLE_MS = 300;

/** @throws UsageError where the folder can't be listed */
export function assertReadable(folder: string, shown: string): void {
  try {
    if (!statSync(folder).isDirectory()) throw new Error('it is no folder');
    readdirSync(folder);
  } catch (error) {
    throw new UsageError(
      `--gateway-logs ${shown}: ${error instanceof Error ? error.message : String(error)}; give the folder where your gateway writes <program>.log, readable to you`,
      { cause: error },
    );
  }
}

function missing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** What `read` gives; `otherwise` for a program that was never asked, which has no log yet. @throws UsageError */
function fromFile<T>(file: string, otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (missing(error)) return otherwise;
    throw new UsageError(
      `the gateway's log ${file}: ${error instanceof Error ? error.message : String(error)}; make it readable to you`,
      { cause: error },
    );
  }
}

/** The lines after `offset`; what follows the last line feed counts as one. A file that was cut is read from its start. */
function linesFrom(file: string, offset: number): string[] {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const from = size < offset ? 0 : offset;
    // One byte earlier, to see whether the part begins with a line or within one.
    const start = Math.max(0, from - 1);
    const bytes = Buffer.alloc(size - start);
    readSync(descriptor, bytes, 0, bytes.length, start);
    const lines = bytes.toString('utf8').split('\n');
    if (start < from) lines.shift();
    return lines.filter((line) => line.trim() !== '');
  } finally {
    closeSync(descriptor);
  }
}

/** A log's size, where it can be read too. */
function readableSize(file: string): number {
  accessSync(file, constants.R_OK);
  return statSync(file).size;
}

export interface LogWatch {
  /** Reads until every expected id is there, or `within_ms` have passed. */
  read(expected: readonly string[], within_ms: number): Promise<LogEvidence>;
}

/** Begins to watch: what stands in the files now belongs to others. */
export function watchLogs(folder: string, programs: readonly GatewayProgram[], run_key: string): LogWatch {
  const files = programs.map(({ name }) => {
    const file = join(folder, `${name}.log`);
    return { name, file, offset: fromFile(file, 0, () => readableSize(file)) };
  });
  const now = (): LogEvidence =>
    readLogs(
      programs,
      new Map(
        files.map(({ name, file, offset }) => [name, fromFile(file, [], () => linesFrom(file, offset))]),
      ),
      run_key,
    );
  return {
    async read(expected, within_ms) {
      const until = Date.now() + within_ms;
      for (;;) {
        const { entries, damaged_ids } = now();
        const seen = new Set(entries.map(({ request_id }) => request_id));
        if (expected.every((id) => seen.has(id) || damaged_ids.has(id)) || Date.now() >= until) break;
        await wait(POLL_MS);
      }
      // A second copy of a line may come a moment after the first.
      await wait(SETTLE_MS);
      return now();
    },
  };
}
