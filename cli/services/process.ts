/** Child processes that can't outlive us, however we die. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

export interface Child {
  readonly pid: number;
  /** Resolves once it has ended; null: killed by a signal. */
  readonly ended: Promise<number | null>;
  /** The last of its standard error, for messages. */
  lastLines(): string;
  /** SIGTERM or the given signal; SIGKILL after the grace. */
  stop(options?: { signal?: NodeJS.Signals; grace_ms?: number }): Promise<void>;
}

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Standard error goes here too. */
  readonly log_file?: string;
  /** And standard output. */
  readonly log_stdout?: true;
  /** Called with each piece of standard output. */
  onStdout?(text: string): void;
  /** Called with each piece of standard error. */
  onStderr?(text: string): void;
}

const KEPT_CHARACTERS = 4000;

/**
 * Starts a child in its own process group (so that Ctrl-C reaches it through us alone), with a pipe as standard input
 * that it watches (EXIT_WITH_PARENT): the pipe ends with us, even at SIGKILL.
 */
export function startChild(options: ChildOptions): Child {
  const child: ChildProcess = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: { ...options.env, EXIT_WITH_PARENT: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const log = options.log_file === undefined ? null : createWriteStream(options.log_file, { flags: 'a' });
  log?.on('error', () => {});
  child.stdin?.on('error', () => {});
  let last = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (options.log_stdout === true) log?.write(text);
    options.onStdout?.(text);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    last = (last + text).slice(-KEPT_CHARACTERS);
    log?.write(text);
    options.onStderr?.(text);
  });
  let running = true;
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      last += `${error.message}\n`;
      running = false;
      resolve(127);
    });
    child.once('close', (code) => {
      running = false;
      log?.end();
      resolve(code);
    });
  });
  const signalGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined || !running) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      child.kill(signal); // a system without process groups
    }
  };
  return {
    pid: child.pid ?? -1,
    ended,
    lastLines: () => last.trim().split('\n').slice(-12).join('\n'),
    async stop({ signal = 'SIGTERM', grace_ms = 5000 } = {}) {
      signalGroup(signal);
      const timer = setTimeout(() => signalGroup('SIGKILL'), grace_ms);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Runs a short command to its end; its whole output. */
export async function capture(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(command, [...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  try {
    const [code]: unknown[] = await once(child, 'close');
    return { code: typeof code === 'number' ? code : null, stdout, stderr };
  } catch {
    return { code: 127, stdout, stderr };
  }
}

/** A command of somebody else's, which does not watch its standard input: ended with us all the same, where Linux can. */
export async function withParentDeath(
  command: string,
  args: readonly string[],
): Promise<{ command: string; args: readonly string[] }> {
  const bare = { command, args };
  if (process.platform !== 'linux') return bare;
  const { code } = await capture('setpriv', ['--version'], '.');
  return code === 0 ? { command: 'setpriv', args: ['--pdeathsig', 'TERM', command, ...args] } : bare;
}
