/**
 * A stored result: small enough to commit, and with all that the gates need, which is every request's figures in order (an
 * interval needs order and values; a few hundred of them are a few kilobytes), rounded to four digits (at most 0.05 %, far
 * below any margin). Answers, payloads' texts and traces are left out.
 */
import * as v from 'valibot';
import { parseBlockSummary } from '../run/block.ts';
import { ERROR_KINDS } from '../record/errors.ts';
import { SCHEMA_VERSION } from '../record/schema-version.ts';
import { isTrend, NO_ANSWER, type Measured } from '../record/request-table.ts';
import { parseManifest, settingsOf, type Manifest } from '../run/manifest.ts';
import { NOT_GARBLED, type RunData } from '../run/data.ts';
import { BadValue } from '../text/units.ts';
import { BASELINE, presentVariants, type Variant } from '../variants.ts';

/** More would be no file to commit. */
export const MOST_REQUESTS = 100_000;

export const REFERENCE_NAME = /^[A-Za-z0-9][\w.-]{0,99}$/;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const storedRunSchema = v.strictObject({
  manifest: v.unknown(),
  /** Of each block. */
  summaries: v.array(v.unknown()),
  /** Lines of the log, warm-up included. */
  recorded: count,
  warm_up: count,
  /** Rows by block, then by place in the payload sequence. */
  block: v.array(count),
  index: v.array(count),
  /** Whole ms since the run's start. */
  start_ms: v.array(v.pipe(v.number(), v.integer())),
  duration_ms: v.array(v.pipe(v.number(), v.minValue(0))),
  /** `[row, kind]` of each failed request. */
  failures: v.array(v.tuple([count, v.picklist(ERROR_KINDS)])),
  /** The payloads' ids in the order of their first sending, and which of them each row asked; absent in older references. */
  payload_ids: v.optional(v.array(v.string())),
  payload: v.optional(v.array(count)),
  /** Figures that not every job has, by field of the record; null: this request has none. Absent in older references. */
  columns: v.optional(v.record(v.string(), v.array(v.nullable(v.number())))),
});

const referenceSchema = v.strictObject({
  schema_version: v.literal(SCHEMA_VERSION),
  name: v.pipe(v.string(), v.regex(REFERENCE_NAME)),
  runs: v.pipe(v.array(storedRunSchema), v.minLength(1)),
});
export type Reference = v.InferOutput<typeof referenceSchema>;
export type StoredRun = Reference['runs'][number];

const rounded = (value: number): number => Number(value.toPrecision(4));

/** @throws BadValue where the run has nothing to keep, or too much */
export function storedRun(data: RunData, variant: Variant): StoredRun {
  const { manifest } = data;
  const of = data.measured[variant];
  const server = manifest.variants[variant];
  if (of === undefined || of.n === 0 || server === undefined)
    throw new BadValue(
      `run ${manifest.run_id} has no measured request of the ${variant}; it has ${presentVariants(data.measured).join(' and ') || 'none at all'}`,
    );
  if (of.n > MOST_REQUESTS)
    throw new BadValue(
      `run ${manifest.run_id} has ${of.n} requests; a reference holds at most ${MOST_REQUESTS}: save a shorter run`,
    );
  const failures = [...of.error].flatMap((code, row): StoredRun['failures'] => {
    const kind = ERROR_KINDS[code - 1];
    return kind === undefined ? [] : [[row, kind]];
  });
  return {
    manifest: { ...manifest, variants: { baseline: server }, sources: {} } satisfies Manifest,
    summaries: data.summaries.map((summary) => {
      const counts = summary.counts[variant];
      return { ...summary, counts: counts === undefined ? {} : { baseline: counts } };
    }),
    recorded: data.recorded[variant] ?? 0,
    warm_up: of.warm_up,
    block: [...of.block],
    index: [...of.index],
    start_ms: [...of.start_ms].map((at) => Math.round(at - manifest.started_ms)),
    duration_ms: [...of.duration_ms].map(rounded),
    failures,
    payload_ids: [...of.payload_ids],
    payload: [...of.payload],
    columns: columnsOf(of),
  };
}

const FLAGS = ['correct', 'correct_translation'] as const;
/** A flag that is not known. */
const NOT_SCORED = 255;

/** Those that any request has: cost, right answers, and the times and tokens of language models. */
function columnsOf(of: Measured): NonNullable<StoredRun['columns']> {
  const figures = (values: Float64Array): (number | null)[] =>
    Array.from(values, (value) => (Number.isNaN(value) ? null : rounded(value)));
  const flags = (values: Uint8Array): (number | null)[] =>
    Array.from(values, (value) => (value === NOT_SCORED ? null : value));
  const all: [string, (number | null)[]][] = [
    ['cost_eur', figures(of.cost_eur)],
    ...FLAGS.map((name): [string, (number | null)[]] => [name, flags(of[name])]),
    ...[...of.optional].map(([name, values]): [string, (number | null)[]] => [name, figures(values)]),
  ];
  return Object.fromEntries(all.filter(([, values]) => values.some((value) => value !== null)));
}

export function makeReference(name: string, runs: readonly StoredRun[]): Reference {
  return { schema_version: SCHEMA_VERSION, name, runs: [...runs] };
}

/** One line a member, so that a diff of two references can be read. */
export function formatReference({ runs, ...head }: Reference): string {
  const members = (of: object): string =>
    Object.entries(of)
      .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(',\n');
  const written = runs.map((run) => `{\n${members(run)}\n}`).join(',\n');
  return `{\n${members(head)},\n"runs": [\n${written}\n]\n}\n`;
}

/** @throws BadValue with the file, the place, and the cure */
export function parseReference(text: string, where: string): Reference {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BadValue(
      `${where} is not JSON (${String(error)}); save it again: npm run reference -- save RUN`,
    );
  }
  const result = v.safeParse(referenceSchema, value);
  if (!result.success) {
    const [issue] = result.issues;
    throw new BadValue(
      `${where} is no reference: ${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}; save it again: npm run reference -- save RUN`,
    );
  }
  for (const run of result.output.runs) {
    const n = run.duration_ms.length;
    const lengths = [
      run.block.length,
      run.index.length,
      run.start_ms.length,
      run.payload?.length ?? n,
      ...Object.values(run.columns ?? {}).map((values) => values.length),
    ];
    if (
      lengths.some((length) => length !== n) ||
      run.failures.some(([row]) => row >= n) ||
      (run.payload ?? []).some((at) => at >= (run.payload_ids?.length ?? 0))
    )
      throw new BadValue(`${where} is damaged: its columns differ in length; save it again`);
  }
  return result.output;
}

/** The manifest of a stored run. @throws BadValue */
export const storedManifest = (run: StoredRun, where: string): Manifest =>
  parseManifest(JSON.stringify(run.manifest), where);

/** As if the run were still there, with what it kept. @throws BadValue */
export function storedData(run: StoredRun, where: string): RunData {
  const manifest = storedManifest(run, where);
  const n = run.duration_ms.length;
  const error = new Uint8Array(n);
  for (const [row, kind] of run.failures) error[row] = ERROR_KINDS.indexOf(kind) + 1;
  const columns = new Map(Object.entries(run.columns ?? {}));
  const figures = (name: string) =>
    Float64Array.from({ length: n }, (_, i) => columns.get(name)?.[i] ?? Number.NaN);
  const flags = (name: string) =>
    Uint8Array.from({ length: n }, (_, i) => columns.get(name)?.[i] ?? NOT_SCORED);
  const payload_ids = run.payload_ids ?? [''];
  const measured: Measured = {
    variant: BASELINE,
    n,
    warm_up: run.warm_up,
    start_ms: Float64Array.from(run.start_ms, (at) => at + manifest.started_ms),
    duration_ms: Float64Array.from(run.duration_ms),
    cost_eur: figures('cost_eur'),
    connecting_ms: new Float32Array(n).fill(Number.NaN),
    index: Int32Array.from(run.index),
    vu: new Int32Array(n),
    payload: Int32Array.from(run.payload ?? new Int32Array(n)),
    payload_ids,
    payload_endpoints: payload_ids.map(() => null),
    answer: new Int32Array(n).fill(NO_ANSWER),
    answers: [],
    block: Int32Array.from(run.block),
    status: new Int32Array(n),
    finish: new Uint8Array(n),
    error,
    correct: flags('correct'),
    correct_translation: flags('correct_translation'),
    stages_ms: new Map(),
    optional: new Map([...columns.keys()].filter(isTrend).map((name) => [name, figures(name)])),
  };
  return {
    manifest,
    settings: settingsOf(manifest),
    measured: { baseline: measured },
    warm_up: {},
    recorded: { baseline: run.recorded },
    bad_lines: { count: 0, first: [] },
    probes: [],
    resources: [],
    garbled: { probes: NOT_GARBLED, resources: NOT_GARBLED },
    stored: true,
    summaries: run.summaries.map((summary) => parseBlockSummary(JSON.stringify(summary), where)),
  };
}
