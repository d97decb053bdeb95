// Runs the suite's own command line as a person would, in a run directory of its own.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, suite, type Ended } from './suite.ts';

export const root = ROOT;
export type Ran = Ended;

/** A path that is not there yet. */
export function fresh(name: string): string {
  return join(mkdtempSync(join(tmpdir(), 'k6-shadow-')), name);
}

/** As typed in `cwd`. */
export const run = async (args: readonly string[], cwd = ROOT): Promise<Ran> =>
  await suite(args, { cwd, env: { INIT_CWD: cwd, NO_COLOR: '1' } });

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
