/** The user's own server, started by their command for the time of a run, and stopped with everything below it. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Settings } from '../../domain/settings/settings.ts';
import { formatDuration } from '../../domain/text/units.ts';
import { Interrupted, say, UsageError, type Io } from '../io.ts';
import { descendants } from '../observe/process-tree.ts';
import { holderInWords, portIsFree } from '../observe/port-holder.ts';
import { startChild } from './process.ts';
import { ask } from './http.ts';
import { type Server } from './servers.ts';

export const DEFAULT_PORT = 8080;
const POLL_MS = 150;
/** A profiler writes its result when it is told to stop. */
const STOP_GRACE_MS = 15_000;

/**
 * A shell that leads its own process group and runs the command; beside it a watcher that ends the whole group when its
 * standard input does, which is when we are gone, however we went.
 */
const SUPERVISED = [
  // The suite's own word to its children: a server that knew it would take this empty input for our end.
  'unset EXIT_WITH_PARENT',
  'exec 3<&0 0</dev/null',
  // A grandchild: no part of the tree that is watched, and still of the group.
  '( ( cat <&3 >/dev/null; kill -TERM -$$; sleep 5; kill -KILL -$$ ) >/dev/null 2>&1 & )',
  'exec 3<&-',
  'eval "$SERVER_COMMAND"',
].join('\n');

/** Ends what is left of a group whose leader is gone, and what left the group. */
function endAll(pids: readonly number[], group: number): void {
  for (const target of [-group, ...pids]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // already gone
    }
  }
}

export interface UserServer extends Server {
  /** Null while it lives; else how it ended. */
  ended(): string | null;
  /** The last of what it said. */
  lastLines(): string;
}

/** @throws UsageError where the port is taken, the command ends, or the server isn't ready in time */
export async function startUserServer(
  io: Io,
  settings: Settings,
  command: string,
  log_file: string,
): Promise<UserServer> {
  const port = settings.port ?? DEFAULT_PORT;
  if (!(await portIsFree(port)))
    throw new UsageError(
      `port ${port} is taken, so --start can't use it: ${holderInWords(port)}; stop that, give another --port, or load what runs there with --no-server`,
    );
  const url = `http://127.0.0.1:${port}`;
  let last = '';
  mkdirSync(dirname(log_file), { recursive: true });
  const child = startChild({
    command: 'sh',
    args: ['-c', SUPERVISED],
    env: { ...io.env, SERVER_COMMAND: command, PORT: String(port), RUN_DIR: dirname(log_file) },
    cwd: io.env['INIT_CWD'] ?? io.cwd,
    log_file,
    log_stdout: true,
    onStdout: (text) => (last = (last + text).slice(-4000)),
    onStderr: (text) => (last = (last + text).slice(-4000)),
  });
  const lastLines = (): string => last.trim().split('\n').slice(-12).join('\n');
  let end: string | null = null;
  const died = child.ended.then((code) => {
    end = code === null ? 'was killed by a signal' : `exited with ${code}`;
    return lastLines();
  });
  const stop = async (): Promise<void> => {
    const below = descendants(child.pid);
    if (end === null) await child.stop({ grace_ms: STOP_GRACE_MS });
    endAll(below.slice(1), child.pid);
  };
  const until = Date.now() + settings.startWithinMs;
  say(io, `starting the server (${command}), waiting for ${url}${settings.healthPath}`);
  for (;;) {
    const answer = await ask(io, settings, `${url}${settings.healthPath}`, { timeout_ms: 2000 }).catch(
      () => null,
    );
    if (answer !== null && answer.status >= 200 && answer.status < 300) break;
    const refusal = io.interrupted.aborted
      ? 'interrupted'
      : end !== null
        ? `the server ${String(end)} before it answered ${settings.healthPath}`
        : Date.now() > until
          ? `the server did not answer ${settings.healthPath} on port ${port} with 2xx within ${formatDuration(settings.startWithinMs)} (--start-within; last answer: ${answer === null ? 'none' : answer.status}); does it listen on $PORT?`
          : null;
    if (refusal !== null) {
      await stop();
      if (io.interrupted.aborted) throw new Interrupted();
      const said = lastLines();
      throw new UsageError(`${refusal}${said === '' ? '; it said nothing' : `; its last lines:\n${said}`}`);
    }
    await wait(POLL_MS);
  }
  return { url, pid: child.pid, died, stop, ended: () => end, lastLines };
}
