/** results/<run-id>/: made once, never overwritten; `results/latest` points at the newest. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { UsageError, userPath, type Io } from '../io.ts';

/** The files of a run. */
export const FILES = {
  manifest: 'manifest.json',
  requests: 'requests.jsonl',
  payloads: 'payloads.jsonl',
  answers: 'answers.jsonl',
  scores: 'scores.jsonl',
  judge: 'judge.json',
  judge_cache: 'judge-cache.jsonl',
  worst: 'worst.jsonl',
  thresholds: 'thresholds.json',
  trace: 'trace.json',
  resources: 'resources.jsonl',
  server: 'server.jsonl',
  server_log: 'server.log',
  k6_log: 'k6.log',
  dashboard: 'dashboard.html',
  comparison: 'comparison.json',
  markdown: 'comparison.md',
  csv: 'comparison.csv',
  report: 'report.html',
  junit: 'junit.xml',
} as const;

/** The request log: of the whole run, or one a block, which is then compressed when the block ends. */
export const requestsFile = (block: number | null): string =>
  block === null ? FILES.requests : `requests-${block}.jsonl`;

const REQUEST_LOG = /^requests(?:-(\d+))?\.jsonl(?:\.gz)?$/;

/** The request logs of a run, by block; where a crash left a log beside its compressed form, the latter alone. */
export function requestLogs(run: RunDirectory): string[] {
  const names = readdirSync(run.path).filter((name) => REQUEST_LOG.test(name));
  const place = (name: string): number => Number(REQUEST_LOG.exec(name)?.[1] ?? -1);
  return names
    .filter((name) => name.endsWith('.gz') || !names.includes(`${name}.gz`))
    .toSorted((a, b) => place(a) - place(b))
    .map((name) => join(run.path, name));
}

export const summaryFile = (block: number): string => `summary-${block}.json`;

export interface RunDirectory {
  readonly id: string;
  readonly path: string;
}

function stamp(date: Date): string {
  return date
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/[-:]/g, '')
    .replace('T', '-');
}

/** @throws UsageError where --out exists already. */
export function assertOutIsFree(io: Io, out: string | null): void {
  if (out === null) return;
  const path = userPath(io, out);
  if (existsSync(path))
    throw new UsageError(
      `--out ${out} exists already; a run is never overwritten: give a new folder, or remove that one`,
    );
}

export function createRunDirectory(io: Io, job: string, out: string | null): RunDirectory {
  assertOutIsFree(io, out);
  if (out !== null) {
    const path = userPath(io, out);
    mkdirSync(path, { recursive: true });
    return { id: basename(path), path };
  }
  const results = join(io.root, 'results');
  mkdirSync(results, { recursive: true });
  const base = `${stamp(new Date())}-${job}`;
  for (let attempt = 1; ; attempt += 1) {
    const id = attempt === 1 ? base : `${base}-${attempt}`;
    try {
      mkdirSync(join(results, id)); // not recursive: two runs that begin in one second must not share a folder
      pointLatest(results, id);
      return { id, path: join(results, id) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

function pointLatest(results: string, id: string): void {
  const partial = join(results, `.latest.${process.pid}`);
  try {
    rmSync(partial, { force: true });
    symlinkSync(id, partial, 'dir');
    renameSync(partial, join(results, 'latest'));
  } catch {
    rmSync(partial, { force: true }); // a file system without links: the newest is then found by name
  }
}

/** A run given by path, by id, or by nothing (the newest). @throws UsageError that lists what there is */
export function findRun(io: Io, given: string | undefined): RunDirectory {
  const results = join(io.root, 'results');
  const candidates =
    given === undefined ? [join(results, 'latest')] : [userPath(io, given), join(results, given)];
  const path = candidates.find((one) => existsSync(join(one, FILES.manifest)));
  if (path !== undefined) return { id: basename(path), path };
  const runs = existsSync(results)
    ? readdirSync(results).filter(
        (name) => existsSync(join(results, name, FILES.manifest)) && name !== 'latest',
      )
    : [];
  const list =
    runs.length === 0 ? 'there is no run yet: npm run k6:shadow' : `runs: ${runs.slice(-8).join(', ')}`;
  throw new UsageError(
    given === undefined
      ? `results/latest holds no run; ${list}`
      : `"${given}" is no run (no ${FILES.manifest} there); ${list}`,
  );
}

/** A run, or all runs of a suite, in the order in which they were made. @throws UsageError that lists what there is */
export function findRuns(io: Io, given: string | undefined): RunDirectory[] {
  const results = join(io.root, 'results');
  const candidates =
    given === undefined ? [join(results, 'latest')] : [userPath(io, given), join(results, given)];
  for (const path of candidates) {
    if (!existsSync(path) || existsSync(join(path, FILES.manifest))) continue;
    const below = readdirSync(path).filter((name) => existsSync(join(path, name, FILES.manifest)));
    const began = (name: string): number => statSync(join(path, name, FILES.manifest)).mtimeMs;
    if (below.length > 0)
      return below
        .toSorted((a, b) => began(a) - began(b))
        .map((name) => ({ id: `${basename(path)}/${name}`, path: join(path, name) }));
  }
  return [findRun(io, given)];
}

/** Whole or not at all. */
export function writeWhole(path: string, text: string): void {
  const partial = `${path}.${process.pid}.tmp`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}

export function readText(run: RunDirectory, file: string): string | null {
  const path = join(run.path, file);
  return existsSync(path) && statSync(path).isFile() ? readFileSync(path, 'utf8') : null;
}

/** As a person would type it: relative to the project where it is inside. */
export function shownPath(io: Io, path: string): string {
  const short = relative(io.root, path);
  return short.startsWith('..') || dirname(short) === '' ? path : short;
}
