/** Files that the user names. */
import { readFileSync } from 'node:fs';
import type { Settings } from '../../domain/settings/settings.ts';
import { UsageError, userPath, type Io } from '../io.ts';

/**
 * The text of a file.
 * @param flag that named it, as it will be shown
 * @throws UsageError with the cause and the cure
 */
export function readNamed(path: string, flag: string, cure = 'give a file that can be read'): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${flag}: ${cause}; ${cure}`, { cause: error });
  }
}

const PATHS = ['caFile', 'clientCert', 'clientKey', 'thresholds', 'gatewayLogs'] as const;

/** Paths of the user's as seen from anywhere: k6 has another working directory. */
export function absolutePaths(io: Io, settings: Settings): Settings {
  const absolute = PATHS.map((name) => {
    const path = settings[name];
    return [name, path === null ? null : userPath(io, path)];
  });
  return { ...settings, ...Object.fromEntries(absolute) };
}
