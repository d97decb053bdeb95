/** A block's request log, compressed once the block is over: a soak's log would fill the disk. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { requestsFile, type RunDirectory } from './directory.ts';

/** Whole or not at all: the log is removed when its compressed form is there, which a reader then prefers. */
export function compressLog(run: RunDirectory, block: number): void {
  const path = join(run.path, requestsFile(block));
  if (!existsSync(path)) return;
  writeFileSync(`${path}.gz.tmp`, gzipSync(readFileSync(path)));
  renameSync(`${path}.gz.tmp`, `${path}.gz`);
  rmSync(path);
}
