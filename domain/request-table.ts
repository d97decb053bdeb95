/** The records of one variant as columns, so that a million of them fit and sort fast. NaN stands for absent. */
import { ERROR_KINDS, type ErrorKind } from './errors.ts';
import { GapHistogram } from './gap-histogram.ts';
import type { RequestRecord } from './request-record.ts';
import type { Variant } from './variants.ts';

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

type NumberArray = Float64Array | Float32Array | Int32Array | Uint8Array | Uint16Array;

/** A typed array that doubles as it fills. */
class Column<A extends NumberArray> {
  data: A;
  readonly #make: (length: number) => A;
  constructor(make: (length: number) => A, length = 1024) {
    this.#make = make;
    this.data = make(length);
  }
  set(row: number, value: number): void {
    if (row >= this.data.length) {
      const grown = this.#make(Math.max(this.data.length * 2, row + 1));
      grown.set(this.data);
      this.data = grown;
    }
    this.data[row] = value;
  }
}

const float64 = (length: number): Float64Array => new Float64Array(length);
const float32 = (length: number): Float32Array => new Float32Array(length);
const int32 = (length: number): Int32Array => new Int32Array(length);
const uint16 = (length: number): Uint16Array => new Uint16Array(length);
const uint8 = (length: number): Uint8Array => new Uint8Array(length);
/** A column that begins late holds NaN for the rows before. */
const absent64 = (length: number): Float64Array => new Float64Array(length).fill(Number.NaN);
const absent32 = (length: number): Float32Array => new Float32Array(length).fill(Number.NaN);

/** All records of one variant, in the order of the log; call {@link RequestTable.measured} for what figures are made of. */
export class RequestTable {
  readonly variant: Variant;
  rows = 0;
  readonly #start = new Column(float64);
  readonly #duration = new Column(float64);
  readonly #cost = new Column(float64);
  readonly #index = new Column(int32);
  readonly #payload = new Column(int32);
  readonly #connecting = new Column(float32);
  readonly #block = new Column(uint16);
  readonly #status = new Column(uint16);
  readonly #warm = new Column(uint8);
  readonly #error = new Column(uint8);
  readonly #correct = new Column(uint8);
  readonly #translated = new Column(uint8);
  readonly #stages = new Map<string, Column<Float32Array>>();
  readonly #optional = new Map<OptionalTrend, Column<Float64Array>>();
  #gaps: GapHistogram | null = null;
  #estimated = 0;
  readonly payload_ids: string[] = [];
  readonly #payload_places = new Map<string, number>();

  constructor(variant: Variant) {
    this.variant = variant;
  }

  add(record: RequestRecord): void {
    const row = this.rows;
    this.rows += 1;
    this.#start.set(row, record.start_ms);
    this.#duration.set(row, record.duration_ms);
    this.#cost.set(row, record.cost_eur ?? Number.NaN);
    this.#index.set(row, record.index);
    this.#payload.set(row, this.#place(record.payload_id));
    this.#connecting.set(row, record.connecting_ms ?? Number.NaN);
    this.#block.set(row, record.block);
    this.#status.set(row, record.status ?? 0);
    this.#warm.set(row, record.phase === 'warmup' ? 1 : 0);
    this.#error.set(row, record.error === null ? 0 : ERROR_KINDS.indexOf(record.error) + 1);
    this.#correct.set(row, flagCode(record.correct));
    this.#translated.set(row, flagCode(record.correct_translation));
    for (const stage in record.stages_ms) this.#stage(stage).set(row, record.stages_ms[stage] ?? Number.NaN);
    for (const name of OPTIONAL_TRENDS) {
      const value = record[name];
      if (value !== null) this.#trend(name).set(row, value);
    }
    if (record.phase === 'measured' && record.error === null) this.#addTokens(record);
  }

  #addTokens({ gaps_ms, tokens_estimated }: RequestRecord): void {
    if (tokens_estimated === true) this.#estimated += 1;
    if (gaps_ms === null) return;
    this.#gaps ??= new GapHistogram();
    for (const gap_ms of gaps_ms) this.#gaps.add(gap_ms);
  }

  #place(id: string): number {
    let place = this.#payload_places.get(id);
    if (place === undefined) {
      place = this.payload_ids.push(id) - 1;
      this.#payload_places.set(id, place);
    }
    return place;
  }

  #stage(name: string): Column<Float32Array> {
    let column = this.#stages.get(name);
    if (column === undefined) this.#stages.set(name, (column = new Column(absent32)));
    return column;
  }

  #trend(name: OptionalTrend): Column<Float64Array> {
    let column = this.#optional.get(name);
    if (column === undefined) this.#optional.set(name, (column = new Column(absent64)));
    return column;
  }

  /** The measured rows by block, then by place in the payload sequence, which is the order of their starts. */
  measured(): Measured {
    const index = this.#index.data;
    const block = this.#block.data;
    const order = (a: number, b: number): number =>
      at(block, a) - at(block, b) || at(index, a) - at(index, b);
    const rows: number[] = [];
    let sorted = true;
    for (let row = 0; row < this.rows; row += 1) {
      if (this.#warm.data[row] === 1) continue;
      const previous = rows.at(-1);
      if (previous !== undefined && order(previous, row) > 0) sorted = false;
      rows.push(row);
    }
    // Records are written when requests end: nearly in order, so that this sort is nearly free.
    if (!sorted) rows.sort((a, b) => order(a, b) || a - b);
    const pick = <A extends NumberArray>(column: Column<A>, make: (length: number) => A): A => {
      const out = make(rows.length);
      for (let i = 0; i < rows.length; i += 1) out[i] = at(column.data, rows[i] ?? 0, Number.NaN);
      return out;
    };
    return {
      variant: this.variant,
      n: rows.length,
      warm_up: this.rows - rows.length,
      start_ms: pick(this.#start, float64),
      duration_ms: pick(this.#duration, float64),
      cost_eur: pick(this.#cost, float64),
      connecting_ms: pick(this.#connecting, float32),
      index: pick(this.#index, int32),
      payload: pick(this.#payload, int32),
      payload_ids: this.payload_ids,
      block: pick(this.#block, uint16),
      status: pick(this.#status, uint16),
      error: pick(this.#error, uint8),
      correct: pick(this.#correct, uint8),
      correct_translation: pick(this.#translated, uint8),
      stages_ms: new Map([...this.#stages].map(([name, column]) => [name, pick(column, float32)])),
      optional: new Map([...this.#optional].map(([name, column]) => [name, pick(column, float64)])),
      gaps: this.#gaps,
      estimated: this.#estimated,
    };
  }
}

/** `array[i]`, where a column that ended early reads as absent. */
function at(array: NumberArray, i: number, otherwise = 0): number {
  return array[i] ?? otherwise;
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
  readonly block: Uint16Array;
  /** 0: no answer. */
  readonly status: Uint16Array;
  /** 0: valid; else 1 + place in ERROR_KINDS. */
  readonly error: Uint8Array;
  /** 1 right, 0 wrong, 255 not scored. */
  readonly correct: Uint8Array;
  readonly correct_translation: Uint8Array;
  readonly stages_ms: ReadonlyMap<string, Float32Array>;
  readonly optional: ReadonlyMap<OptionalTrend, Float64Array>;
  /** Gaps between token events of all valid answers; null where there is none. */
  readonly gaps?: GapHistogram | null;
  /** Valid answers whose tokens the server did not count. */
  readonly estimated?: number;
}

/** The rows of the blocks below this number, which stand first. */
export function firstBlocks(of: Measured, below: number): Measured {
  let n = 0;
  while (n < of.n && (of.block[n] ?? 0) < below) n += 1;
  return {
    ...of,
    n,
    start_ms: of.start_ms.subarray(0, n),
    duration_ms: of.duration_ms.subarray(0, n),
    cost_eur: of.cost_eur.subarray(0, n),
    connecting_ms: of.connecting_ms.subarray(0, n),
    index: of.index.subarray(0, n),
    payload: of.payload.subarray(0, n),
    block: of.block.subarray(0, n),
    status: of.status.subarray(0, n),
    error: of.error.subarray(0, n),
    correct: of.correct.subarray(0, n),
    correct_translation: of.correct_translation.subarray(0, n),
    stages_ms: new Map([...of.stages_ms].map(([name, values]) => [name, values.subarray(0, n)])),
    optional: new Map([...of.optional].map(([name, values]) => [name, values.subarray(0, n)])),
  };
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
