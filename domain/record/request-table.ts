/** The records of one variant as columns, so that a million of them fit and sort fast. NaN stands for absent. */
import { ERROR_KINDS, type ErrorKind } from './errors.ts';
import { GapHistogram } from '../figures/gap-histogram.ts';
import { REQUEST_FIELDS, type Column, type FieldsWith } from './fields.ts';
import type { RequestRecord } from './request-record.ts';
import { emptyRow, fillRow, place, PLACED, placeOf, type ByName, type Row } from './row.ts';
import type { Variant } from '../variants.ts';

type FieldsInColumns<C> = FieldsWith<typeof REQUEST_FIELDS, { readonly column: C }>;

/** Per-request figures that only some jobs have. */
export type OptionalTrend = FieldsInColumns<'trend'>;

const ARRAYS = { f64: Float64Array, f32: Float32Array, i32: Int32Array, u8: Uint8Array } as const;
type NumberArray = Float64Array | Float32Array | Int32Array | Uint8Array;
type ArrayOf<C extends keyof typeof ARRAYS> = InstanceType<(typeof ARRAYS)[C]>;
type ColumnsOf<C extends keyof typeof ARRAYS> = { readonly [K in FieldsInColumns<C>]: ArrayOf<C> };

/** The columns that every log has. A flag is 1, 0 or, not known, 255; `error` is 0 or 1 + its place in ERROR_KINDS; `status` is 0 where there is none. */
type Columns = ColumnsOf<'f64'> & ColumnsOf<'f32'> & ColumnsOf<'i32'> & ColumnsOf<'u8'>;

interface PlacedColumn {
  readonly field: string;
  readonly place: number;
  readonly column: Exclude<Column, 'trend'>;
}

const COLUMNS: readonly PlacedColumn[] = PLACED.flatMap(({ field, column }, at) =>
  column === undefined || column === 'trend' ? [] : [{ field, place: at, column }],
);

const listed = (of: Columns): readonly NumberArray[] => COLUMNS.map(({ field }) => columnOf(of, field));
const PLACES = COLUMNS.map(({ place: at }) => at);

/** Whether the field is a figure that only some jobs have. */
export const isTrend = (field: string): field is OptionalTrend => PLACED[placeOf(field)]?.column === 'trend';
const TRENDS = PLACED.flatMap(({ field }, at) => (isTrend(field) ? [{ field, place: at }] : []));

function columnsFrom(make: (column: PlacedColumn) => NumberArray): Columns {
  const made: Record<string, NumberArray> = {};
  for (const column of COLUMNS) made[column.field] = make(column);
  requireAll(made);
  return made;
}

function requireAll(
  made: Record<string, NumberArray>,
): asserts made is Record<string, NumberArray> & Columns {
  for (const { field, column } of COLUMNS)
    if (!(made[field] instanceof ARRAYS[column])) throw new Error(`the column ${field} is no ${column}`);
}

function columnOf(of: Columns, field: string): NumberArray {
  const by_field: Readonly<Record<string, NumberArray>> = of;
  const column = by_field[field];
  if (column === undefined) throw new Error(`there is no column ${field}`);
  return column;
}

const FIRST_CAPACITY = 1024;

const MEASURED = 1 + REQUEST_FIELDS.phase.kind.values.indexOf('measured');
const PHASE = place('phase');
const START = place('start_ms');
const DURATION = place('duration_ms');
const LATE = place('late_ms');
const TTFT = place('ttft_ms');
const ANSWER_TTFT = place('answer_ttft_ms');
const E2E = place('e2e_ms');
const ERROR = place('error');
const ENDPOINT = place('endpoint');
const PAYLOAD = place('payload_id');
const STAGES = place('stages_ms');
const GAPS = place('gaps_ms');
const ESTIMATED = place('tokens_estimated');
const ANSWER = place('answer_sha256');
/** In place of an answer's place: none was given, or its digest is not known. */
export const NO_ANSWER = -1;
const MODEL = place('model');
const ODDITIES = place('oddities');
const GATEWAY = place('gateway');

/** How many valid measured answers have a name in a field. */
export interface NameCounts {
  readonly model: ReadonlyMap<string, number>;
  readonly oddities: ReadonlyMap<string, number>;
  readonly gateway: ReadonlyMap<string, number>;
}

function countName(counts: Map<string, number>, name: string | null | undefined): void {
  if (name !== null && name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Open load: from the scheduled start on, or a stalled server would be excused the requests it kept waiting. */
function fromSchedule(values: Float64Array): void {
  const late_ms = values[LATE] ?? Number.NaN;
  if (Number.isNaN(late_ms)) return;
  values[START] = (values[START] ?? 0) - late_ms;
  for (const at of [DURATION, TTFT, ANSWER_TTFT, E2E]) values[at] = (values[at] ?? Number.NaN) + late_ms;
}

/** All records of one variant, in the order of the log; call {@link RequestTable.measured} for what figures are made of. */
export class RequestTable {
  readonly variant: Variant;
  rows = 0;
  #taken = false;
  readonly payload_ids: string[] = [];
  readonly payload_endpoints: (string | null)[] = [];
  readonly answers: string[] = [];
  readonly #answer_places = new Map<string, number>();
  #answer = new Int32Array(FIRST_CAPACITY);
  /** By endpoint, then by id. */
  readonly #payloads = new Map<string | null, Map<string, number>>();
  #capacity = FIRST_CAPACITY;
  #columns = columnsFrom(({ column }) => new ARRAYS[column](FIRST_CAPACITY));
  #arrays = listed(this.#columns);
  #payload = new Int32Array(FIRST_CAPACITY);
  #warm = new Uint8Array(FIRST_CAPACITY);
  #stages = new Map<string, Float32Array>();
  #stage_columns: Float32Array[] = [];
  #stage_names: readonly string[] | null = null;
  readonly #optional = new Map<OptionalTrend, Float64Array>();
  #gaps: GapHistogram | null = null;
  #estimated = 0;
  readonly #names = {
    model: new Map<string, number>(),
    oddities: new Map<string, number>(),
    gateway: new Map<string, number>(),
  };
  #row: Row | null = null;

  constructor(variant: Variant) {
    this.variant = variant;
  }

  add(record: RequestRecord): void {
    this.addRow(fillRow((this.#row ??= emptyRow()), record));
  }

  /** Takes the row as it is, and changes its times: to be used once. */
  addRow(of: Row): void {
    const row = this.rows;
    if (row === this.#capacity) this.#grow();
    this.rows += 1;
    const { values } = of;
    fromSchedule(values);
    for (let i = 0; i < this.#arrays.length; i += 1) {
      const column = this.#arrays[i];
      if (column !== undefined) column[row] = values[PLACES[i] ?? 0] ?? Number.NaN;
    }
    const measured = values[PHASE] === MEASURED;
    this.#warm[row] = measured ? 0 : 1;
    this.#payload[row] = this.#place(of.names[ENDPOINT] ?? null, of.names[PAYLOAD] ?? '');
    this.#answer[row] = this.#answerPlace(of.names[ANSWER] ?? null);
    const stages = of.by_name[STAGES];
    if (stages !== undefined) this.#addStages(row, stages);
    this.#addTrends(row, values);
    if (measured && values[ERROR] === 0) {
      this.#addTokens(of);
      countName(this.#names.model, of.names[MODEL]);
      countName(this.#names.oddities, of.names[ODDITIES]);
      countName(this.#names.gateway, of.names[GATEWAY]);
    }
  }

  #addTrends(row: number, values: Float64Array): void {
    for (const { field, place: at } of TRENDS) {
      const value = values[at] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      let column = this.#optional.get(field);
      if (column === undefined)
        this.#optional.set(field, (column = new Float64Array(this.#capacity).fill(Number.NaN)));
      column[row] = value;
    }
  }

  #addTokens({ values, lists }: Row): void {
    if (values[ESTIMATED] === 1) this.#estimated += 1;
    const count = values[GAPS] ?? Number.NaN;
    if (Number.isNaN(count)) return;
    this.#gaps ??= new GapHistogram();
    for (let i = 0; i < count; i += 1) this.#gaps.add(lists[GAPS]?.[i] ?? 0);
  }

  #addStages(row: number, { names, amounts }: ByName): void {
    // One reader's names for a whole log: looked up once, not a row.
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
      if (column !== undefined) column[row] = amounts[i] ?? Number.NaN;
    }
  }

  #grow(): void {
    const from = this.#capacity;
    const to = (this.#capacity *= 2);
    const grown = <A extends NumberArray>(of: A, into: A): A => {
      into.set(of);
      return into;
    };
    const old = this.#columns;
    this.#columns = columnsFrom(({ field, column }) =>
      grown<NumberArray>(columnOf(old, field), new ARRAYS[column](to)),
    );
    this.#arrays = listed(this.#columns);
    this.#payload = grown(this.#payload, new Int32Array(to));
    this.#answer = grown(this.#answer, new Int32Array(to));
    this.#warm = grown(this.#warm, new Uint8Array(to));
    for (const [name, column] of this.#stages)
      this.#stages.set(name, grown(column, new Float32Array(to).fill(Number.NaN, from)));
    this.#stage_names = null;
    for (const [name, column] of this.#optional)
      this.#optional.set(name, grown(column, new Float64Array(to).fill(Number.NaN, from)));
  }

  #answerPlace(sha256: string | null): number {
    if (sha256 === null) return NO_ANSWER;
    let at = this.#answer_places.get(sha256);
    if (at === undefined) this.#answer_places.set(sha256, (at = this.answers.push(sha256) - 1));
    return at;
  }

  /** What was asked is known by its endpoint and its id: two endpoints of a mix may ask the same prompts. */
  #place(endpoint: string | null, id: string): number {
    let places = this.#payloads.get(endpoint);
    if (places === undefined) this.#payloads.set(endpoint, (places = new Map()));
    let at = places.get(id);
    if (at === undefined) {
      at = this.payload_ids.push(endpoint === null ? id : `${endpoint}: ${id}`) - 1;
      this.payload_endpoints.push(endpoint);
      places.set(id, at);
    }
    return at;
  }

  /**
   * The measured rows by block, then by place in the payload sequence, which is the order of their starts. Puts the
   * table's own columns in that order, so that a million records are never held twice: once only, after the last `add`.
   */
  measured(): Measured {
    if (this.#taken) throw new Error('the measured rows of this table were taken already');
    this.#taken = true;
    const asked_before = this.#warmPayloads();
    const rows = this.#order();
    const n = rows.length;
    const rooms = {
      f64: new Float64Array(n),
      f32: new Float32Array(n),
      i32: new Int32Array(n),
      u8: new Uint8Array(n),
    };
    const f64 = (of: Float64Array): Float64Array => putInOrder(of, rows, rooms.f64).subarray(0, n);
    const f32 = (of: Float32Array): Float32Array => putInOrder(of, rows, rooms.f32).subarray(0, n);
    return {
      ...columnsFrom(({ field, column }) =>
        putInOrder<NumberArray>(columnOf(this.#columns, field), rows, rooms[column]).subarray(0, n),
      ),
      variant: this.variant,
      n,
      warm_up: this.rows - n,
      payload: putInOrder(this.#payload, rows, rooms.i32).subarray(0, n),
      payload_ids: this.payload_ids,
      payload_endpoints: this.payload_endpoints,
      answer: putInOrder(this.#answer, rows, rooms.i32).subarray(0, n),
      answers: this.answers,
      asked_before,
      stages_ms: new Map([...this.#stages].map(([name, column]) => [name, f32(column)])),
      optional: new Map([...this.#optional].map(([name, column]) => [name, f64(column)])),
      gaps: this.#gaps,
      estimated: this.#estimated,
      names: this.#names,
    };
  }

  /**
   * The rows of the warm-up in the same order, as copies; null where there is none. Only before {@link measured}, which
   * puts the measured rows in their place.
   */
  warmUp(): Measured | null {
    if (this.#taken) throw new Error('the measured rows of this table were taken already');
    const rows = this.#order(1);
    const n = rows.length;
    if (n === 0) return null;
    const f64 = (of: Float64Array): Float64Array => Float64Array.from(rows, (row) => of[row] ?? 0);
    const f32 = (of: Float32Array): Float32Array => Float32Array.from(rows, (row) => of[row] ?? 0);
    return {
      ...columnsFrom(({ field, column }) => {
        const of = columnOf(this.#columns, field);
        const taken = new ARRAYS[column](n);
        for (let i = 0; i < n; i += 1) taken[i] = of[rows[i] ?? 0] ?? 0;
        return taken;
      }),
      variant: this.variant,
      n,
      warm_up: 0,
      payload: Int32Array.from(rows, (row) => this.#payload[row] ?? 0),
      payload_ids: this.payload_ids,
      payload_endpoints: this.payload_endpoints,
      answer: Int32Array.from(rows, (row) => this.#answer[row] ?? NO_ANSWER),
      answers: this.answers,
      stages_ms: new Map([...this.#stages].map(([name, column]) => [name, f32(column)])),
      optional: new Map([...this.#optional].map(([name, column]) => [name, f64(column)])),
      gaps: null,
      estimated: 0,
    };
  }

  /** By payload: 1 where the warm-up asked it. */
  #warmPayloads(): Uint8Array {
    const asked = new Uint8Array(this.payload_ids.length);
    for (let row = 0; row < this.rows; row += 1)
      if (this.#warm[row] === 1) asked[this.#payload[row] ?? 0] = 1;
    return asked;
  }

  /** The measured rows (0), or those of the warm-up (1), by block and index. */
  #order(warm = 0): Int32Array {
    const { block, index } = this.#columns;
    const rows = new Int32Array(this.rows);
    let n = 0;
    let sorted = true;
    let [last_block, last_index] = [-1, -1];
    for (let row = 0; row < this.rows; row += 1) {
      if (this.#warm[row] !== warm) continue;
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
export interface Measured extends Columns {
  readonly variant: Variant;
  readonly n: number;
  /** Warm-up requests left out. */
  readonly warm_up: number;
  /** Place in `payload_ids`, which name the endpoint of a mix as well, and in `payload_endpoints`. */
  readonly payload: Int32Array;
  readonly payload_ids: readonly string[];
  readonly payload_endpoints: readonly (string | null)[];
  /** Place in `answers`, the SHA-256 of each distinct answer; NO_ANSWER where none is known. */
  readonly answer: Int32Array;
  readonly answers: readonly string[];
  /** By payload: 1 where the warm-up asked it, so that a cache may know it; absent: it is not known. */
  readonly asked_before?: Uint8Array;
  readonly stages_ms: ReadonlyMap<string, Float32Array>;
  readonly optional: ReadonlyMap<OptionalTrend, Float64Array>;
  /** Gaps between token events of all valid answers; null where there is none. */
  readonly gaps?: GapHistogram | null;
  /** Valid answers whose tokens the server did not count. */
  readonly estimated?: number;
  readonly names?: NameCounts;
  /** By metric, where answers were scored after the load. */
  readonly quality?: ReadonlyMap<string, MetricScores>;
}

/** What the answers were worth by one metric. */
export interface MetricScores {
  /** From 0 (wrong) to 1 (right); NaN of an answer that was not scored. */
  readonly values: Float64Array;
  /** Why nothing can be said of this metric, where a scorer failed; null: everything was scored. Untrusted words. */
  readonly undecided: string | null;
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
    ...columnsFrom(({ field }) => columnOf(of, field).subarray(from, to)),
    payload: of.payload.subarray(from, to),
    answer: of.answer.subarray(from, to),
    ...(of.quality === undefined
      ? {}
      : {
          quality: new Map(
            [...of.quality].map(([metric, { values, undecided }]) => [
              metric,
              { values: values.subarray(from, to), undecided },
            ]),
          ),
        }),
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
