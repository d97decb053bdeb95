import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { helpOf, readFlags } from './command-line.ts';
import type { Values, Table } from '../../domain/settings/parse.ts';
import { BadValue } from '../../domain/text/units.ts';

/** A server that listens. */
export interface Running {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Stops listening and drops open connections and requests in flight. */
  close(): Promise<void>;
}

/** What a server may do to its process; tests give their own. */
export interface Host {
  exit(code: number): void;
  /** A line of the log, which goes to stderr only. */
  log(line: string): void;
}

export const processHost: Host = {
  exit: (code) => process.exit(code),
  log: (line) => void process.stderr.write(`${line}\n`),
};

interface Entry<T extends Table> {
  readonly server: string;
  readonly flags: T;
  /** More text for `--help`. */
  readonly help?: string;
  start(flags: Values<T>, host: Host): Promise<Running>;
  /** Shown in the ready line; null for a server that has none. */
  variantOf(flags: Values<T>): string | null;
}

/** The error of a listening socket in words, or null where it is none. */
function listenProblem(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  const where = 'port' in error ? `port ${String(error.port)}` : 'the port';
  if (error.code === 'EADDRINUSE')
    return `${where} is taken on 127.0.0.1; give another --port, or 0 for any free one`;
  if (error.code === 'EACCES')
    return `${where} needs more rights; give a --port above 1023, or 0 for any free one`;
  return null;
}

/** Ends the process when the parent's end of stdin closes, which a SIGKILL of the parent does too. */
function exitWithParent(): void {
  const exit = () => process.exit(0);
  process.stdin.on('end', exit).on('close', exit).on('error', exit).resume();
}

/**
 * The whole life of a server's process: flags, the ready line (the only line on stdout), the end.
 * Exits 2 at bad flags or a taken port, 0 at SIGTERM, SIGINT or, with EXIT_WITH_PARENT=1, when stdin ends.
 */
async function live<T extends Table>(entry: Entry<T>): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.includes('--help')) {
    process.stdout.write(`${helpOf(entry.server, entry.flags)}${entry.help ?? ''}`);
    return;
  }
  const stop = () => process.exit(0);
  process.once('SIGTERM', stop).once('SIGINT', stop);
  if (process.env['EXIT_WITH_PARENT'] === '1') exitWithParent();
  try {
    const flags = readFlags(entry.flags, argv);
    const { url } = await entry.start(flags, processHost);
    const ready = { listening: url, pid: process.pid, server: entry.server, variant: entry.variantOf(flags) };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
  } catch (error) {
    const problem = error instanceof BadValue ? error.message : listenProblem(error);
    if (problem === null) throw error;
    processHost.log(`${entry.server}: ${problem}`);
    process.exit(2);
  }
}

/** Runs `entry` where its module is the process's main one, and does nothing where a test imports it. */
export function runAsMain<T extends Table>(module_url: string, entry: Entry<T>): void {
  const main = process.argv[1];
  if (main === undefined || realpathSync(main) !== fileURLToPath(module_url)) return;
  void live(entry);
}
