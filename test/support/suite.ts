/** Runs the suite as a user does, through its door; and servers of ours beside it. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Comparison } from '../../domain/result/comparison.ts';

export const ROOT = resolve(import.meta.dirname, '..', '..');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called with all output so far; may signal the child. */
  onOutput?(text: string, kill: (signal: NodeJS.Signals) => void): void;
}

/** `node cli/start.mjs ...args`; settings of the test's own environment don't leak in. */
export async function suite(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { GITHUB_STEP_SUMMARY: _, ...env } = process.env;
  const child = spawn(process.execPath, [join(ROOT, 'cli', 'start.mjs'), ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const heard = (): void => options.onOutput?.(stdout + stderr, (signal) => child.kill(signal));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    heard();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    heard();
  });
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, stdout, stderr };
}

/** A folder that is gone after the test. */
export function temporary(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'suite-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

export interface StandIn {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** One of the suite's servers as its own process (dist/ must be built: any run of the suite has done so). */
export async function standIn(name: string, ...args: string[]): Promise<StandIn> {
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'stand-in', `${name}.js`), ...args], {
    cwd: ROOT,
    env: { ...process.env, EXIT_WITH_PARENT: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((done) => child.on('close', () => done()));
  const url = await new Promise<string>((found, failed) => {
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      const listening = /"listening":"([^"]+)"/.exec(out)?.[1];
      if (listening !== undefined) found(listening);
    });
    void ended.then(() => failed(new Error(`${name} ended before it listened`)));
  });
  return {
    url,
    pid: child.pid ?? -1,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Waits for a condition, generously bounded. */
export async function until(holds: () => boolean, within_ms = 20_000): Promise<void> {
  const end = Date.now() + within_ms;
  while (!holds()) {
    if (Date.now() > end) throw new Error('it did not come about in time');
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** The comparison that the suite left in a run directory. */
export function readComparison(run: string): Comparison {
  // The suite's own output, of this very version.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return readJson(join(run, 'comparison.json')) as Comparison;
}

/** Codes of its findings. */
export const findings = (run: string): string[] => readComparison(run).findings.map(({ code }) => code);

/** The k6 that the suite has built: any run of the suite has done so. */
export function k6Binary(): string {
  const builds = join(ROOT, '.cache', 'k6');
  const newest = readdirSync(builds)
    .map((name) => join(builds, name, 'k6'))
    .filter((path) => existsSync(path))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (newest === undefined) throw new Error('no k6 is built yet');
  return newest;
}
