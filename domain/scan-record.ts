/**
 * The fast way to read request records. A log has few layouts: the same members in the same order, line after line. Each
 * is learned, as one regular expression, from a line that {@link parseRecord} has accepted: V8's matcher then checks a
 * line in a quarter of JSON.parse's time (docs/decisions/040-reading.md), and only the values that figures are made of
 * are taken out. Whatever deviates is not refused here: `scan` gives null, and the line goes to parseRecord, which is
 * strict and says why.
 */
import { ERROR_KINDS } from './errors.ts';
import { parseRecord, type RequestRecord } from './request-record.ts';
import { PHASES, VARIANTS } from './variants.ts';

/** What figures are made of; ids, hashes and texts stay in the log. */
export type ScannedRecord = Omit<
  RequestRecord,
  'scenario' | 'error_detail' | 'trace_id' | 'traceparent' | 'answer_sha256' | 'answer'
>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** `name`: a text that is kept; `text`: one that is only checked; `other`: any scalar, of a member that no record has. */
type Kind =
  | 'variant'
  | 'phase'
  | 'error_or_null'
  | 'name'
  | 'text'
  | 'text_or_null'
  | 'amount'
  | 'amount_or_null'
  | 'flag_or_null'
  | 'stages_or_null'
  | 'other';

const MEMBERS = {
  variant: 'variant',
  scenario: 'text',
  block: 'amount',
  index: 'amount',
  payload_id: 'name',
  phase: 'phase',
  start_ms: 'amount',
  duration_ms: 'amount',
  waiting_ms: 'amount_or_null',
  connecting_ms: 'amount_or_null',
  status: 'amount_or_null',
  error: 'error_or_null',
  error_detail: 'text_or_null',
  cost_eur: 'amount_or_null',
  trace_id: 'text_or_null',
  traceparent: 'text_or_null',
  stages_ms: 'stages_or_null',
  correct: 'flag_or_null',
  correct_translation: 'flag_or_null',
  answer_sha256: 'text_or_null',
  answer: 'text_or_null',
  late_ms: 'amount_or_null',
  ttft_ms: 'amount_or_null',
  tpot_ms: 'amount_or_null',
  itl_ms: 'amount_or_null',
  e2e_ms: 'amount_or_null',
  tokens: 'amount_or_null',
  prompt_tokens: 'amount_or_null',
} as const satisfies Readonly<Record<keyof RequestRecord, Kind>>;

const KINDS: ReadonlyMap<string, Kind> = new Map(Object.entries(MEMBERS));
const NAMES = [...KINDS.keys()];
const place = (name: keyof typeof MEMBERS): number => NAMES.indexOf(name);
const VARIANT = place('variant');
const BLOCK = place('block');
const INDEX = place('index');
const PAYLOAD_ID = place('payload_id');
const PHASE = place('phase');
const START = place('start_ms');
const DURATION = place('duration_ms');
const WAITING = place('waiting_ms');
const CONNECTING = place('connecting_ms');
const STATUS = place('status');
const ERROR = place('error');
const COST = place('cost_eur');
const CORRECT = place('correct');
const TRANSLATED = place('correct_translation');
const LATE = place('late_ms');
const TTFT = place('ttft_ms');
const TPOT = place('tpot_ms');
const ITL = place('itl_ms');
const E2E = place('e2e_ms');
const TOKENS = place('tokens');
const PROMPT_TOKENS = place('prompt_tokens');

/** Members whose values are taken out, in the order of the expression's captures. */
interface Layout {
  /** Sticky: matches where `lastIndex` says. */
  readonly line: RegExp;
  readonly captured: readonly { readonly kind: Captured; readonly place: number }[];
}

type Captured = 'amount' | 'flag' | 'name' | 'stages';

const MOST_LAYOUTS = 8;
/** A log that keeps changing is not worth a try for each line. */
const MOST_TRIES = 64;
/** The matcher's stack is bounded, and so must be the texts that it runs over. */
const LONGEST_LINE = 1 << 20;

// A name is kept, so it is ASCII without escapes; a text is only checked, in whatever bytes it has.
const NAME = '"([ !#-\\[\\]-~]*)"';
const CHARACTERS = '[^"\\\\\\x00-\\x1f]*';
const TEXT = `"${CHARACTERS}(?:\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4})${CHARACTERS})*"`;
/** A number of JSON without sign or exponent. */
const DECIMAL = '(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?';
const STAGE = `${NAME.replace(/[()]/g, '')}:${DECIMAL}`;
const alternatives = (of: readonly string[]): string => `"(${of.join('|')})"`;

/** What each kind of member looks like, and what its capture is; null: it has none. */
const PATTERNS: Readonly<Record<Kind, { readonly pattern: string; readonly captured: Captured | null }>> = {
  variant: { pattern: alternatives(VARIANTS), captured: 'name' },
  phase: { pattern: alternatives(PHASES), captured: 'name' },
  error_or_null: { pattern: `(?:null|${alternatives(ERROR_KINDS)})`, captured: 'name' },
  name: { pattern: NAME, captured: 'name' },
  amount: { pattern: `(${DECIMAL})`, captured: 'amount' },
  amount_or_null: { pattern: `(?:null|(${DECIMAL}))`, captured: 'amount' },
  flag_or_null: { pattern: '(?:null|(true|false))', captured: 'flag' },
  stages_or_null: { pattern: `(?:null|\\{(${STAGE}(?:,${STAGE})*)\\})`, captured: 'stages' },
  text: { pattern: TEXT, captured: null },
  text_or_null: { pattern: `(?:null|${TEXT})`, captured: null },
  other: { pattern: `(?:null|true|false|${DECIMAL}|${TEXT})`, captured: null },
};

/** Exact as doubles, as are whole numbers up to MAX_SAFE_INTEGER: one division then rounds once, as the text itself would be. */
const POWERS = Float64Array.from({ length: 23 }, (_, k) => 10 ** k);
const [COMMA, POINT, ZERO] = [44, 46, 48];

/** The value of a {@link DECIMAL} in text[from, to); Number() takes twice as long. */
function decimal(text: string, from: number, to: number): number {
  let digits = 0;
  let fraction = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code === POINT) fraction = to - at - 1;
    else digits = digits * 10 + (code - ZERO);
  }
  return digits <= Number.MAX_SAFE_INTEGER && fraction < POWERS.length
    ? digits / (POWERS[fraction] ?? 1)
    : Number(text.slice(from, to));
}

const orNull = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;
const flag = (value: number | undefined): boolean | null => (value === 1 ? true : value === 0 ? false : null);

export class RecordScanner {
  readonly #layouts: Layout[] = [];
  #tries = 0;
  #last: Layout | null = null;
  readonly #values = new Float64Array(NAMES.length);
  readonly #stages: Record<string, number> = {};
  readonly #texts: (string | null)[] = NAMES.map(() => null);
  /** Copies: a captured text would keep the whole piece of the file that it was cut from. */
  readonly #names = new Map<string, string>();
  readonly #record: Mutable<ScannedRecord> = {
    variant: 'baseline',
    block: 0,
    index: 0,
    payload_id: '',
    phase: 'measured',
    start_ms: 0,
    duration_ms: 0,
    waiting_ms: null,
    connecting_ms: null,
    status: null,
    error: null,
    cost_eur: null,
    stages_ms: null,
    correct: null,
    correct_translation: null,
    late_ms: null,
    ttft_ms: null,
    tpot_ms: null,
    itl_ms: null,
    e2e_ms: null,
    tokens: null,
    prompt_tokens: null,
  };

  /**
   * The record in text[from, to), to be used before the next call, which reuses it; null: read the line strictly.
   * @param text bytes of the file, one a character (latin1)
   */
  scan(text: string, from: number, to: number): ScannedRecord | null {
    if (to - from > LONGEST_LINE) return null;
    const last = this.#last;
    if (last !== null && this.#read(last, text, from, to)) return this.#made();
    for (const layout of this.#layouts) {
      if (layout === last) continue;
      this.#values.fill(Number.NaN);
      this.#texts.fill(null);
      this.#record.stages_ms = null;
      this.#last = layout;
      if (this.#read(layout, text, from, to)) return this.#made();
    }
    return null;
  }

  /** Reads a line strictly, and learns its layout. @throws as parseRecord, where it is no record */
  parse(line: string): RequestRecord {
    const record = parseRecord(line);
    if (this.#layouts.length < MOST_LAYOUTS && this.#tries < MOST_TRIES) {
      this.#tries += 1;
      const layout = layoutOf(line);
      if (layout !== null) this.#layouts.push(layout);
    }
    return record;
  }

  /** Every capture of the layout is written, so nothing of the line before is left. */
  #read({ line, captured }: Layout, text: string, from: number, to: number): boolean {
    line.lastIndex = from;
    const found = line.exec(text);
    if (found === null || line.lastIndex !== to) return false;
    for (let i = 0; i < captured.length; i += 1) {
      const capture = captured[i];
      if (capture === undefined) return false;
      // An array of captures types them as texts, but one that did not take part is undefined.
      const part: string | undefined = found[i + 1];
      switch (capture.kind) {
        case 'amount': {
          const value = part === undefined ? Number.NaN : decimal(part, 0, part.length);
          if (value === Infinity) return false;
          this.#values[capture.place] = value;
          break;
        }
        case 'flag':
          this.#values[capture.place] = part === undefined ? Number.NaN : part === 'true' ? 1 : 0;
          break;
        case 'name':
          this.#texts[capture.place] = part === undefined ? null : this.#own(part);
          break;
        case 'stages':
          if (!this.#readStages(part)) return false;
          break;
      }
    }
    return true;
  }

  #own(name: string): string {
    let own = this.#names.get(name);
    if (own === undefined) {
      own = Array.from(name).join('');
      this.#names.set(own, own);
    }
    return own;
  }

  /** `"decode":12.5,"prefill":3`, in any order: what wrote them may have kept them in a hash table. */
  #readStages(text: string | undefined): boolean {
    if (text === undefined) {
      this.#record.stages_ms = null;
      return true;
    }
    const stages = this.#stages;
    // A stage of another line that this one lacks is absent here.
    for (const stage in stages) stages[stage] = Number.NaN;
    for (let at = 0; at < text.length;) {
      const end = text.indexOf('"', at + 1);
      const stage = this.#own(text.slice(at + 1, end));
      const from = end + 2;
      let to = from;
      while (to < text.length && text.charCodeAt(to) !== COMMA) to += 1;
      const value = decimal(text, from, to);
      if (value === Infinity) return false;
      stages[stage] = value;
      at = to + 1;
    }
    this.#record.stages_ms = stages;
    return true;
  }

  #made(): ScannedRecord | null {
    const record = this.#record;
    const values = this.#values;
    const texts = this.#texts;
    const variant = oneOf(VARIANTS, texts[VARIANT]);
    const phase = oneOf(PHASES, texts[PHASE]);
    const payload_id = texts[PAYLOAD_ID];
    if (variant === null || phase === null || payload_id === undefined || payload_id === null) return null;
    record.payload_id = payload_id;
    record.error = oneOf(ERROR_KINDS, texts[ERROR]);
    record.variant = variant;
    record.phase = phase;
    record.block = values[BLOCK] ?? 0;
    record.index = values[INDEX] ?? 0;
    record.start_ms = values[START] ?? 0;
    record.duration_ms = values[DURATION] ?? 0;
    record.waiting_ms = orNull(values[WAITING]);
    record.connecting_ms = orNull(values[CONNECTING]);
    record.status = orNull(values[STATUS]);
    record.cost_eur = orNull(values[COST]);
    record.correct = flag(values[CORRECT]);
    record.correct_translation = flag(values[TRANSLATED]);
    record.late_ms = orNull(values[LATE]);
    record.ttft_ms = orNull(values[TTFT]);
    record.tpot_ms = orNull(values[TPOT]);
    record.itl_ms = orNull(values[ITL]);
    record.e2e_ms = orNull(values[E2E]);
    record.tokens = orNull(values[TOKENS]);
    record.prompt_tokens = orNull(values[PROMPT_TOKENS]);
    return record;
  }
}

function oneOf<T extends string>(allowed: readonly T[], text: string | null | undefined): T | null {
  if (text === null || text === undefined) return null;
  for (const one of allowed) if (one === text) return one;
  return null;
}

const PRINTABLE = /^[ -~]*$/;
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** The layout of a record's line; null where it has lists or objects that no record has, or names beyond ASCII. */
function layoutOf(line: string): Layout | null {
  const fields: unknown = JSON.parse(line);
  if (typeof fields !== 'object' || fields === null) return null;
  const captured: { kind: Captured; place: number }[] = [];
  const members: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const kind = KINDS.get(name) ?? 'other';
    if (!PRINTABLE.test(name) || (kind !== 'stages_or_null' && typeof value === 'object' && value !== null))
      return null;
    const member = PATTERNS[kind];
    members.push(`${escaped(JSON.stringify(name))}:${member.pattern}`);
    if (member.captured !== null) captured.push({ kind: member.captured, place: NAMES.indexOf(name) });
  }
  return { line: new RegExp(`\\{${members.join(',')}\\}`, 'y'), captured };
}
