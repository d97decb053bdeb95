/** The records of one variant as columns, so that a million of them fit and sort fast. NaN stands for absent. */
import { ERROR_KINDS, type ErrorKind } from './errors.ts';
import { GapHistogram } from '../figures/gap-histogram.ts';
import type { RequestRecord } from './request-record.ts';
import type { ScannedRecord, Stages } from './scan-record.ts';
import type { Variant } from '../variants.ts';

/** Per-request figures that only some jobs have. */
export const OPTIONAL_TRENDS = [
  'ttft_ms',
  'tpot_ms',
  'itl_ms',
  'e2e_ms',
  'tokens',
  'prompt_tokens',
  'cached_tokens',
  'late_ms',
] as const;
export type OptionalTrend = (typeof OPTIONAL_TRENDS)[number];

const UNKNOWN = 255;
const flagCode = (value: boolean | null): number => (value === null ? UNKNOWN : value ? 1 : 0);

const stagesOf = ({ stages_ms }: RequestRecord): Stages => ({
  names: Object.keys(stages_ms ?? {}),
  ms: Object.values(stages_ms ?? {}),
});

type NumberArray = Float64Array | Float32Array | Int32Array | Uint8Array;

const FIRST_CAPACITY = 1024;

/** All records of one variant, in the order of the log; call {@link RequestTable.measured} for what figures are made of. */
export class RequestTable {
  readonly variant: Variant;
  rows = 0;
  #taken = false;
  readonly payload_ids: string[] = [];
  readonly #payload_places = new Map<string, number>();
  // Each column its own field and its own line in `add`: a shared helper would see five kinds of array, and be slow.
  #capacity = FIRST_CAPACITY;
  #start = new Float64Array(FIRST_CAPACITY);
  #duration = new Float64Array(FIRST_CAPACITY);
  #cost = new Float64Array(FIRST_CAPACITY);
  #connecting = new Float32Array(FIRST_CAPACITY);
  #index = new Int32Array(FIRST_CAPACITY);
  #payload = new Int32Array(FIRST_CAPACITY);
  #block = new Int32Array(FIRST_CAPACITY);
  #status = new Int32Array(FIRST_CAPACITY);
  #warm = new Uint8Array(FIRST_CAPACITY);
  #error = new Uint8Array(FIRST_CAPACITY);
  #correct = new Uint8Array(FIRST_CAPACITY);
  #translated = new Uint8Array(FIRST_CAPACITY);
  #stages = new Map<string, Float32Array>();
  #stage_names: readonly string[] | null = null;
  #stage_columns: Float32Array[] = [];
  #optional = new Map<OptionalTrend, Float64Array>();
  #gaps: GapHistogram | null = null;
  #estimated = 0;

  constructor(variant: Variant) {
    this.variant = variant;
  }

  add(record: ScannedRecord | RequestRecord): void {
    const row = this.rows;
    if (row === this.#capacity) this.#grow();
    this.rows += 1;
    // Open load: from the scheduled start on, or a stalled server would be excused the requests it kept waiting.
    const late_ms = record.late_ms ?? 0;
    this.#start[row] = record.start_ms - late_ms;
    this.#duration[row] = record.duration_ms + late_ms;
    this.#cost[row] = record.cost_eur ?? Number.NaN;
    this.#index[row] = record.index;
    this.#payload[row] = this.#place(record.payload_id);
    this.#connecting[row] = record.connecting_ms ?? Number.NaN;
    this.#block[row] = record.block;
    this.#status[row] = record.status ?? 0;
    this.#warm[row] = record.phase === 'warmup' ? 1 : 0;
    this.#error[row] = record.error === null ? 0 : ERROR_KINDS.indexOf(record.error) + 1;
    this.#correct[row] = flagCode(record.correct);
    this.#translated[row] = flagCode(record.correct_translation);
    this.#addStages(row, 'stages' in record ? record.stages : stagesOf(record));
    for (const name of OPTIONAL_TRENDS) {
      const value = record[name];
      if (value === null) continue;
      let column = this.#optional.get(name);
      if (column === undefined)
        this.#optional.set(name, (column = new Float64Array(this.#capacity).fill(Number.NaN)));
      column[row] = name === 'ttft_ms' || name === 'e2e_ms' ? value + late_ms : value;
    }
    if (record.phase === 'measured' && record.error === null) this.#addTokens(record);
  }

  #addTokens({ gaps_ms, tokens_estimated }: Pick<RequestRecord, 'gaps_ms' | 'tokens_estimated'>): void {
    if (tokens_estimated === true) this.#estimated += 1;
    if (gaps_ms === null) return;
    this.#gaps ??= new GapHistogram();
    for (const gap_ms of gaps_ms) this.#gaps.add(gap_ms);
  }

  #addStages(row: number, { names, ms }: Stages): void {
    // One scanner's names for a whole log: looked up once, not a row.
    if (names !== this.#stage_names || names.length !== this.#stage_columns.length) {
      for (const name of names)
        if (!this.#stages.has(name))
          this.#stages.set(name, new Float32Array(this.#capacity).fill(Number.NaN));
      this.#stage_names = names;
      this.#stage_columns = names.flatMap((name) => this.#stages.get(name) ?? []);
    }
    const columns = this.#stage_columns;
    for (let i = 0; i < columns.length; i += 1) {
      const column = columns[i];
      if (column !== undefined) column[row] = ms[i] ?? Number.NaN;
    }
  }

  #grow(): void {
    const from = this.#capacity;
    const to = (this.#capacity *= 2);
    const grown = <A extends NumberArray>(of: A, into: A): A => {
      into.set(of);
      return into;
    };
    this.#start = grown(this.#start, new Float64Array(to));
    this.#duration = grown(this.#duration, new Float64Array(to));
    this.#cost = grown(this.#cost, new Float64Array(to));
    this.#connecting = grown(this.#connecting, new Float32Array(to));
    this.#index = grown(this.#index, new Int32Array(to));
    this.#payload = grown(this.#payload, new Int32Array(to));
    this.#block = grown(this.#block, new Int32Array(to));
    this.#status = grown(this.#status, new Int32Array(to));
    this.#warm = grown(this.#warm, new Uint8Array(to));
    this.#error = grown(this.#error, new Uint8Array(to));
    this.#correct = grown(this.#correct, new Uint8Array(to));
    this.#translated = grown(this.#translated, new Uint8Array(to));
    for (const [name, column] of this.#stages)
      this.#stages.set(name, grown(column, new Float32Array(to).fill(Number.NaN, from)));
    this.#stage_names = null;
    for (const [name, column] of this.#optional)
      this.#optional.set(name, grown(column, new Float64Array(to).fill(Number.NaN, from)));
  }

  #place(id: string): number {
    let place = this.#payload_places.get(id);
    if (place === undefined) {
      place = this.payload_ids.push(id) - 1;
      this.#payload_places.set(id, place);
    }
    return place;
  }

  /**
   * The measured rows by block, then by place in the payload sequence, which is the order of their starts. Puts the
   * table's own columns in that order, so that a million records are never held twice: once only, after the last `add`.
   */
  measured(): Measured {
    if (this.#taken) throw new Error('the measured rows of this table were taken already');
    this.#taken = true;
    const rows = this.#order();
    const n = rows.length;
    const [room64, room32, ints, bytes] = [
      new Float64Array(n),
      new Float32Array(n),
      new Int32Array(n),
      new Uint8Array(n),
    ];
    const f64 = (of: Float64Array): Float64Array => putInOrder(of, rows, room64).subarray(0, n);
    const f32 = (of: Float32Array): Float32Array => putInOrder(of, rows, room32).subarray(0, n);
    const i32 = (of: Int32Array): Int32Array => putInOrder(of, rows, ints).subarray(0, n);
    const u8 = (of: Uint8Array): Uint8Array => putInOrder(of, rows, bytes).subarray(0, n);
    return {
      variant: this.variant,
      n,
      warm_up: this.rows - n,
      start_ms: f64(this.#start),
      duration_ms: f64(this.#duration),
      cost_eur: f64(this.#cost),
      connecting_ms: f32(this.#connecting),
      index: i32(this.#index),
      payload: i32(this.#payload),
      payload_ids: this.payload_ids,
      block: i32(this.#block),
      status: i32(this.#status),
      error: u8(this.#error),
      correct: u8(this.#correct),
      correct_translation: u8(this.#translated),
      stages_ms: new Map([...this.#stages].map(([name, column]) => [name, f32(column)])),
      optional: new Map([...this.#optional].map(([name, column]) => [name, f64(column)])),
      gaps: this.#gaps,
      estimated: this.#estimated,
    };
  }

  #order(): Int32Array {
    const block = this.#block;
    const index = this.#index;
    const rows = new Int32Array(this.rows);
    let n = 0;
    let sorted = true;
    let [last_block, last_index] = [-1, -1];
    for (let row = 0; row < this.rows; row += 1) {
      if (this.#warm[row] === 1) continue;
      const [b, i] = [block[row] ?? 0, index[row] ?? 0];
      if (b < last_block || (b === last_block && i < last_index)) sorted = false;
      [last_block, last_index] = [b, i];
      rows[n++] = row;
    }
    const measured = rows.subarray(0, n);
    if (!sorted)
      sortNearly(measured, (a, b) => (block[a] ?? 0) - (block[b] ?? 0) || (index[a] ?? 0) - (index[b] ?? 0));
    return measured;
  }
}

/** Steps an insertion sort may take a row before the rows count as unordered. */
const NEAR = 100;

/**
 * Records are written when requests end, so each stands at most a few clients' requests before its place: inserting is
 * then ten times as fast as sorting. A log that was merged from several machines is sorted.
 */
function sortNearly(rows: Int32Array, order: (a: number, b: number) => number): void {
  let steps = rows.length * NEAR;
  for (let i = 1; i < rows.length; i += 1) {
    const row = rows[i] ?? 0;
    let j = i;
    for (; j > 0 && order(rows[j - 1] ?? 0, row) > 0; j -= 1) rows[j] = rows[j - 1] ?? 0;
    rows[j] = row;
    steps -= i - j;
    if (steps < 0) {
      rows.sort(order);
      return;
    }
  }
}

/** Puts a column's values at these rows first, in this order; `room` is for as many. */
function putInOrder<A extends NumberArray>(column: A, rows: Int32Array, room: A): A {
  for (let i = 0; i < rows.length; i += 1) room[i] = column[rows[i] ?? 0] ?? Number.NaN;
  column.set(room);
  return column;
}

/** Measured requests of one variant, by column; every array has length `n`. */
export interface Measured {
  readonly variant: Variant;
  readonly n: number;
  /** Warm-up requests left out. */
  readonly warm_up: number;
  readonly start_ms: Float64Array;
  readonly duration_ms: Float64Array;
  /** NaN: absent. */
  readonly cost_eur: Float64Array;
  readonly connecting_ms: Float32Array;
  readonly index: Int32Array;
  /** Place in `payload_ids`. */
  readonly payload: Int32Array;
  readonly payload_ids: readonly string[];
  readonly block: Int32Array;
  /** 0: no answer. */
  readonly status: Int32Array;
  /** 0: valid; else 1 + place in ERROR_KINDS. */
  readonly error: Uint8Array;
  /** 1 right, 0 wrong, 255 not scored. */
  readonly correct: Uint8Array;
  readonly correct_translation: Uint8Array;
  /** k6's number of the client that sent it; absent where the log does not say. */
  readonly vu?: Int32Array | undefined;
  readonly stages_ms: ReadonlyMap<string, Float32Array>;
  readonly optional: ReadonlyMap<OptionalTrend, Float64Array>;
  /** Gaps between token events of all valid answers; null where there is none. */
  readonly gaps?: GapHistogram | null;
  /** Valid answers whose tokens the server did not count. */
  readonly estimated?: number;
}

/** The rows of the blocks below this number, which stand first. */
export function firstBlocks(of: Measured, below: number): Measured {
  return rowsOf(of, 0, firstRow(of, below));
}

/** The rows of one block. Gaps between tokens are kept by the run alone. */
export function blockOf(of: Measured, block: number): Measured {
  return { ...rowsOf(of, firstRow(of, block), firstRow(of, block + 1)), gaps: null };
}

function firstRow(of: Measured, block: number): number {
  let row = 0;
  while (row < of.n && (of.block[row] ?? 0) < block) row += 1;
  return row;
}

function rowsOf(of: Measured, from: number, to: number): Measured {
  return {
    ...of,
    n: to - from,
    start_ms: of.start_ms.subarray(from, to),
    duration_ms: of.duration_ms.subarray(from, to),
    cost_eur: of.cost_eur.subarray(from, to),
    connecting_ms: of.connecting_ms.subarray(from, to),
    index: of.index.subarray(from, to),
    payload: of.payload.subarray(from, to),
    block: of.block.subarray(from, to),
    status: of.status.subarray(from, to),
    error: of.error.subarray(from, to),
    correct: of.correct.subarray(from, to),
    correct_translation: of.correct_translation.subarray(from, to),
    vu: of.vu?.subarray(from, to),
    stages_ms: new Map([...of.stages_ms].map(([name, values]) => [name, values.subarray(from, to)])),
    optional: new Map([...of.optional].map(([name, values]) => [name, values.subarray(from, to)])),
  };
}

/** Row ranges of the blocks, which stand one after the other. */
export function blockRows(of: Measured): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (let from = 0, to = 0; from < of.n; from = to) {
    while (to < of.n && of.block[to] === of.block[from]) to += 1;
    ranges.push({ from, to });
  }
  return ranges;
}

export function errorKind(code: number): ErrorKind | null {
  return code === 0 ? null : (ERROR_KINDS[code - 1] ?? null);
}

/** The values of the valid answers in which the figure is present, in the measured order. */
export function validValues(of: Measured, values: Float64Array | Float32Array): Float64Array {
  const out = new Float64Array(of.n);
  let n = 0;
  for (let i = 0; i < of.n; i += 1) {
    const value = values[i] ?? Number.NaN;
    if (of.error[i] === 0 && !Number.isNaN(value)) out[n++] = value;
  }
  return out.subarray(0, n);
}
