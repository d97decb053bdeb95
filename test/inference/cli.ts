// Runs the suite's own command line as a person would, in a run directory of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function fresh(name: string): string {
  return join(mkdtempSync(join(tmpdir(), 'k6-shadow-')), name);
}

export async function run(
  args: readonly string[],
  env: Record<string, string> = {},
  cwd = root,
): Promise<Ran> {
  const child = spawn(process.execPath, [join(root, 'cli', 'start.mjs'), ...args], {
    cwd,
    env: { ...process.env, INIT_CWD: cwd, NO_COLOR: '1', GITHUB_STEP_SUMMARY: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

export interface Compared {
  readonly checks: readonly {
    readonly id: string;
    readonly kind: string;
    readonly answer: string;
    readonly value: number | null;
  }[];
  readonly findings: readonly { readonly code: string; readonly args: Record<string, string | number> }[];
  readonly exit_code: number;
}

/** What a test looks at of comparison.json; a file of another shape fails the test that reads it. */
export function comparisonOf(directory: string): Compared {
  const value: unknown = JSON.parse(readFileSync(join(directory, 'comparison.json'), 'utf8'));
  if (typeof value !== 'object' || value === null || !('checks' in value) || !('findings' in value))
    throw new Error(`${directory}/comparison.json is no comparison`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a test's view of a file that the suite itself wrote
  return value as unknown as Compared;
}

/** Ids of the limits and gates that failed. */
export const failed = ({ checks }: Compared): string[] =>
  checks.filter(({ kind, answer }) => kind !== 'target' && answer === 'fail').map(({ id }) => id);

export const codes = ({ findings }: Compared): string[] => findings.map(({ code }) => code);
