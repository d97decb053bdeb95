/** references/<name>.json: stored results, by name or by path. */
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { offer } from '../../domain/text/nearest.ts';
import { formatReference, parseReference, type Reference } from '../../domain/result/reference.ts';
import { UsageError, userPath, type Io } from '../io.ts';
import { writeWhole } from '../run/directory.ts';

/** Beside the project that uses the suite, to be committed with it. */
const folder = (io: Io): string => userPath(io, 'references');

export function referenceNames(io: Io): string[] {
  const path = folder(io);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/** @throws UsageError that lists what there is; BadValue where it is damaged */
export function readReference(io: Io, given: string): Reference {
  const candidates = [userPath(io, given), join(folder(io), `${given}.json`)];
  const path = candidates.find((one) => existsSync(one) && one.endsWith('.json'));
  if (path === undefined) {
    const names = referenceNames(io);
    throw new UsageError(
      `"${given}" is no reference${names.length === 0 ? '; there is none yet: npm run reference -- save RUN' : offer(given, names)}`,
    );
  }
  return parseReference(readFileSync(path, 'utf8'), given);
}

/** Returns its path. */
export function saveReference(io: Io, reference: Reference): string {
  const path = join(folder(io), `${reference.name}.json`);
  mkdirSync(folder(io), { recursive: true });
  writeWhole(path, formatReference(reference));
  return path;
}
