/** Files of the repository that are made from a table, so that they can't lie. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../domain/verdict/exit-codes.ts';
import { say, UsageError, type Io } from './io.ts';

export interface MadeFile {
  readonly path: string;
  readonly content: string;
}

export const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Writes the files; only looks at them where asked. @throws UsageError that names the command where one is stale */
export function writeOrCheck(io: Io, files: readonly MadeFile[], command: string, check: boolean): number {
  for (const { path, content } of files) {
    const full = join(io.root, path);
    if (!check) {
      writeFileSync(full, content);
      say(io, `${path} is written`);
    } else if (!existsSync(full) || readFileSync(full, 'utf8') !== content)
      throw new UsageError(`${path} is not what its table makes; run: npm run ${command}`);
  }
  return EXIT.pass;
}
