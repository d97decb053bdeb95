/** The servers of a run: our stand-ins, started and stopped with it, or the user's, looked at once before the load. */
import { join } from 'node:path';
import type { Settings } from '../../domain/settings/settings.ts';
import type { ServerIdentity } from '../../domain/run/manifest.ts';
import { withoutCredentials } from '../../domain/text/url.ts';
import { UsageError, type Io } from '../io.ts';
import { ask, asUsageError } from './http.ts';
import { startChild } from './process.ts';

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** Resolves with its last words when the process ends by itself. */
  readonly died: Promise<string>;
  readonly stop: () => Promise<void>;
}

const READY_WITHIN_MS = 20_000;

/** Starts dist/stand-in/<name>.js on a free loopback port and waits for its ready line. @throws UsageError with its last lines */
export async function startStandIn(
  io: Io,
  name: string,
  args: readonly string[],
  log_file?: string,
): Promise<Server> {
  let output = '';
  let sayReady: (url: string) => void = () => {};
  const ready = new Promise<string>((resolve) => (sayReady = resolve));
  const child = startChild({
    command: process.execPath,
    args: [join(io.root, 'dist', 'stand-in', `${name}.js`), ...args],
    env: io.env,
    cwd: io.root,
    ...(log_file === undefined ? {} : { log_file }),
    onStdout(text) {
      output += text;
      const url = /"listening":"([^"]+)"/.exec(output)?.[1];
      if (url !== undefined) sayReady(url);
    },
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), READY_WITHIN_MS)));
  const url = await Promise.race([ready, child.ended.then(() => null), late]);
  clearTimeout(timer);
  if (url === null) {
    await child.stop();
    throw new UsageError(`the stand-in server "${name}" did not start:\n${child.lastLines()}`);
  }
  return { url, pid: child.pid, died: child.ended.then(() => child.lastLines()), stop: () => child.stop() };
}

/** `--profile lab --fault 'status=0.1:503'` to its words, as a shell would without expansion. */
export function splitArguments(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}

/**
 * Looks at a server once. Any HTTP answer is reachable; what /health and /metrics say of the process is kept, so that the
 * same server given twice, or restarted meanwhile, can be seen. @throws UsageError with the cause where it can't be reached
 */
export async function identify(
  io: Io,
  settings: Settings,
  variant: string,
  url: string,
): Promise<ServerIdentity> {
  const base = url.replace(/\/+$/, '');
  const health = await ask(io, settings, `${base}${settings.healthPath}`).catch((error: unknown) => {
    throw asUsageError(
      error,
      (cause) =>
        `the ${variant} at ${withoutCredentials(url)} can't be reached: ${cause}; start it, or correct --${variant}-url`,
    );
  });
  const metrics = await ask(io, settings, `${base}${settings.metricsPath}`).catch(() => null);
  const text = metrics !== null && metrics.status === 200 ? metrics.body : '';
  const start = /^process_start_time_seconds(?:\{[^}]*\})?\s+([0-9.eE+]+)/m.exec(text)?.[1];
  const pid = /\bpid="(\w+)"/.exec(text)?.[1] ?? /^process_(?:p)?id(?:\{[^}]*\})?\s+(\d+)/m.exec(text)?.[1];
  return {
    process_start_time_s: start === undefined ? null : Number(start),
    process_id: pid ?? null,
    health: health.status === 200 ? health.body.slice(0, 200) : null,
  };
}
