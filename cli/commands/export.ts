/** load-baseline.json and load-shadow.json: the request log in the shape that the contract's own tools read. */
import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import { PROBE_HEAD } from '../../domain/run/probe.ts';
import { EXPORTED } from '../../domain/record/fields.ts';
import { parseRecord } from '../../domain/record/request-record.ts';
import { BadField } from '../../domain/text/fields.ts';
import { say, UsageError, userPath, type Io } from '../io.ts';
import { eachLine, type BufferPiece } from '../read/lines.ts';
import { findRun, requestLogs, shownPath } from '../run/directory.ts';

/** Written as it is read: a run of millions of requests must not have to fit in memory. */
class JsonArray {
  rows = 0;
  readonly path: string;
  readonly #file: number;
  constructor(path: string) {
    this.path = path;
    this.#file = openSync(`${path}.tmp`, 'w');
    writeSync(this.#file, '[');
  }
  add(value: unknown): void {
    writeSync(this.#file, `${this.rows === 0 ? '' : ','}\n${JSON.stringify(value)}`);
    this.rows += 1;
  }
  close(): void {
    writeSync(this.#file, '\n]\n');
    closeSync(this.#file);
    renameSync(`${this.path}.tmp`, this.path);
  }
}

export function exportCommand(io: Io, given: string | undefined, out: string | undefined): number {
  const run = findRun(io, given);
  const folder = out === undefined ? run.path : userPath(io, out);
  mkdirSync(folder, { recursive: true });
  const files = new Map<string, JsonArray>();
  let unread = 0;
  const add = (piece: BufferPiece, from: number, to: number): void => {
    const line = piece.bytes.toString('utf8', from, to);
    if (line.startsWith(PROBE_HEAD)) return;
    try {
      const record = parseRecord(line);
      if (record.phase === 'warmup') return;
      let file = files.get(record.variant);
      if (file === undefined)
        files.set(record.variant, (file = new JsonArray(join(folder, `load-${record.variant}.json`))));
      file.add(Object.fromEntries(EXPORTED.map((field) => [field, record[field]])));
    } catch (error) {
      if (!(error instanceof BadField || error instanceof SyntaxError)) throw error;
      unread += 1;
    }
  };
  for (const path of requestLogs(run)) eachLine(path, add);
  if (files.size === 0) throw new UsageError(`${shownPath(io, run.path)} has no measured request to export`);
  for (const file of files.values()) {
    file.close();
    say(io, `${shownPath(io, file.path)}: ${file.rows} requests`);
  }
  if (unread > 0)
    say(io, `${unread} lines of the log can't be read and were left out; npm run compare tells which`);
  return EXIT.pass;
}
