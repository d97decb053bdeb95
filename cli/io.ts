/** The process as the commands see it; tests give their own. */
import { isAbsolute, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Io {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The suite's own folder: where dist/, k6/, payloads/ and results/ are. */
  readonly root: string;
  /** What was asked for: tables, JSON. */
  readonly stdout: Sink;
  /** What is being done meanwhile. */
  readonly stderr: Sink;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly interrupted: AbortSignal;
}

/** Bad input, bad settings, or a server that can't be reached: the message names the value, what is allowed and the cure. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Ctrl-C before there was anything to report. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** A user's path: relative to where the command was typed (npm runs scripts elsewhere and says so in INIT_CWD). */
export function userPath(io: Io, path: string): string {
  return isAbsolute(path) ? path : join(io.env['INIT_CWD'] ?? io.cwd, path);
}

/** Waits, or until the interruption. */
export async function pause(io: Io, ms: number): Promise<void> {
  await wait(ms, undefined, { signal: io.interrupted }).catch(() => {});
}

export function say(io: Io, line: string): void {
  io.stderr.write(`${line}\n`);
}
