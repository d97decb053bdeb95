/**
 * The fast way to read request records from bytes. A log has few layouts: the same members in the same order, line after
 * line. Each is learned from a line that {@link parseRecord} has accepted; a line of a known layout is then walked once,
 * its member names compared by the word and its values read where they stand (docs/decisions/040-reading.md). Whatever
 * deviates is not refused here: `scan` gives null, and the line goes to parseRecord, which is strict and says why.
 */
import { ERROR_KINDS } from './errors.ts';
import { parseRecord, type RequestRecord } from './request-record.ts';
import { BASELINE, isVariant, PHASES } from '../variants.ts';

/** What figures are made of; ids, hashes and texts stay in the log. */
export type ScannedRecord = Omit<
  RequestRecord,
  'scenario' | 'error_detail' | 'trace_id' | 'traceparent' | 'answer_sha256' | 'answer' | 'stages_ms'
> & { readonly stages: Stages };

/** Names are only ever added; NaN: the record does not have that stage. */
export interface Stages {
  readonly names: readonly string[];
  readonly ms: readonly number[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** `name`: a text that is kept; `text`: one that is only checked; `other`: any scalar, of a member that no record has. */
const KIND = { name: 0, text: 1, amount: 2, flag: 3, stages: 4, other: 5 } as const;
interface Member {
  readonly kind: number;
  /** 1: null may stand there. */
  readonly nullable: 0 | 1;
}

function member(kind: keyof typeof KIND, nullable: Member['nullable'] = 0): Member {
  return { kind: KIND[kind], nullable };
}

const MEMBERS = {
  variant: member('name'),
  scenario: member('text'),
  block: member('amount'),
  index: member('amount'),
  payload_id: member('name'),
  phase: member('name'),
  start_ms: member('amount'),
  duration_ms: member('amount'),
  waiting_ms: member('amount', 1),
  connecting_ms: member('amount', 1),
  status: member('amount', 1),
  error: member('name', 1),
  error_detail: member('text', 1),
  cost_eur: member('amount', 1),
  trace_id: member('text', 1),
  traceparent: member('text', 1),
  stages_ms: member('stages', 1),
  correct: member('flag', 1),
  correct_translation: member('flag', 1),
  answer_sha256: member('text', 1),
  answer: member('text', 1),
  late_ms: member('amount', 1),
  ttft_ms: member('amount', 1),
  tpot_ms: member('amount', 1),
  itl_ms: member('amount', 1),
  e2e_ms: member('amount', 1),
  tokens: member('amount', 1),
  prompt_tokens: member('amount', 1),
  tokens_estimated: member('flag', 1),
  cached_tokens: member('amount', 1),
  // A list is read strictly: a layout holds only its absence.
  gaps_ms: member('other', 1),
} satisfies Readonly<Record<keyof RequestRecord, Member>>;

const BY_NAME: ReadonlyMap<string, Member> = new Map(Object.entries(MEMBERS));
/** What stands at a name that no record has. */
const OTHER = member('other', 1);
const NAMES = [...BY_NAME.keys()];
const placeOf = (name: keyof typeof MEMBERS): number => NAMES.indexOf(name);
/** Where values of members that no record has are left. */
const NOWHERE = NAMES.length;

const VARIANT = placeOf('variant');
const BLOCK = placeOf('block');
const INDEX = placeOf('index');
const PAYLOAD_ID = placeOf('payload_id');
const PHASE = placeOf('phase');
const START = placeOf('start_ms');
const DURATION = placeOf('duration_ms');
const WAITING = placeOf('waiting_ms');
const CONNECTING = placeOf('connecting_ms');
const STATUS = placeOf('status');
const ERROR = placeOf('error');
const COST = placeOf('cost_eur');
const CORRECT = placeOf('correct');
const TRANSLATED = placeOf('correct_translation');
const LATE = placeOf('late_ms');
const TTFT = placeOf('ttft_ms');
const TPOT = placeOf('tpot_ms');
const ITL = placeOf('itl_ms');
const E2E = placeOf('e2e_ms');
const TOKENS = placeOf('tokens');
const PROMPT_TOKENS = placeOf('prompt_tokens');
const CACHED_TOKENS = placeOf('cached_tokens');
const TOKENS_ESTIMATED = placeOf('tokens_estimated');

/** Values of a line in their order: the bytes that stand before each, what it is, and where it goes. */
interface Layout {
  readonly literals: Piece;
  /** Where the literal before each value ends; one more, for what stands behind the last. */
  readonly ends: Int32Array;
  readonly kinds: Uint8Array;
  readonly nullable: Uint8Array;
  readonly places: Uint8Array;
}

const MOST_LAYOUTS = 8;
/** A log that keeps changing is not worth a try for each line. */
const MOST_TRIES = 64;
const LONGEST_NAME = 256;
/** Odd, with its bits well mixed: 2^32 over the golden ratio. */
const SPREAD = 0x9e3779b1;

const QUOTE = 34;
const COMMA = 44;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const BACKSLASH = 92;
const COLON = 58;
const LOWER_F = 102;
const OPEN = 123;
const CLOSE = 125;
// Little-endian words of four bytes.
const NULL = 0x6c6c756e;
const TRUE = 0x65757274;
const ALSE = 0x65736c61;

/** Exact as doubles, as are whole numbers up to MAX_SAFE_INTEGER: one division then rounds once, as the text itself would be. */
const POWERS = Float64Array.from({ length: 23 }, (_, k) => 10 ** k);

/** What stands for itself in a text: ASCII but control characters, the quote and the backslash. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 32 && byte < 128 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);
const ESCAPED: ReadonlySet<number> = new Set(Array.from('"\\/bfnrt', (c) => c.charCodeAt(0)));

/** Of four bytes: is any of them a quote, a backslash, a control character or beyond ASCII? (Mycroft 1987: bytes below n.) */
function anySpecial(word: number): boolean {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  return (
    ((((quote - 0x01010101) & ~quote) |
      ((backslash - 0x01010101) & ~backslash) |
      (word - 0x20202020) |
      word) &
      0x80808080) !==
    0
  );
}

const orNull = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;
const flag = (value: number | undefined): boolean | null => (value === 1 ? true : value === 0 ? false : null);

/** A piece of a file, and the same bytes to be read by the word. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly words: DataView;
}

export const pieceOf = (bytes: Uint8Array): Piece => ({
  bytes,
  words: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
});

/** A name that was seen, so that it costs no new string. */
interface Known extends Piece {
  readonly text: string;
}

export class RecordScanner {
  readonly #layouts: Layout[] = [];
  #tries = 0;
  #last: Layout | null = null;
  #piece = pieceOf(new Uint8Array(0));
  #to = 0;
  /** The number that was read last. */
  #number = 0;
  /** The name that was read last. */
  #name = '';
  readonly #values = new Float64Array(NAMES.length + 1);
  readonly #texts: (string | null)[] = [...NAMES, ''].map(() => null);
  /** By hash. */
  readonly #known = new Map<number, Known>();
  readonly #stages: { readonly names: string[]; readonly ms: number[] } = { names: [], ms: [] };
  readonly #record: Mutable<ScannedRecord> = {
    variant: BASELINE,
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
    stages: this.#stages,
    correct: null,
    correct_translation: null,
    late_ms: null,
    ttft_ms: null,
    tpot_ms: null,
    itl_ms: null,
    e2e_ms: null,
    gaps_ms: null,
    tokens: null,
    tokens_estimated: null,
    prompt_tokens: null,
    cached_tokens: null,
  };

  /** The record in bytes [from, to) of the piece, to be used before the next call, which reuses it; null: read it strictly. */
  scan(piece: Piece, from: number, to: number): ScannedRecord | null {
    this.#piece = piece;
    this.#to = to;
    const last = this.#last;
    if (last !== null && this.#walk(last, from) === to) return this.#made();
    for (const layout of this.#layouts) {
      if (layout === last) continue;
      // A layout writes all of its own values; what it lacks is absent.
      this.#values.fill(Number.NaN);
      this.#texts.fill(null);
      this.#stages.ms.fill(Number.NaN);
      this.#last = layout;
      if (this.#walk(layout, from) === to) return this.#made();
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

  // Each of these goes on from `at` and returns where it ended, or -1 where something else stands.

  #walk({ literals, ends, kinds, nullable, places }: Layout, from: number): number {
    const { bytes, words } = this.#piece;
    const { bytes: wanted, words: wanted_words } = literals;
    const to = this.#to;
    let at = from;
    let literal = 0;
    for (let i = 0; i < ends.length; i += 1) {
      const end = ends[i] ?? 0;
      if (at + end - literal > to) return -1;
      for (; literal + 4 <= end; literal += 4, at += 4)
        if (words.getInt32(at, true) !== wanted_words.getInt32(literal, true)) return -1;
      for (; literal < end; literal += 1, at += 1) if (bytes[at] !== wanted[literal]) return -1;
      if (i === kinds.length) return at;
      const place = places[i] ?? NOWHERE;
      const kind = kinds[i];
      if (nullable[i] === 1 && at + 4 <= to && words.getInt32(at, true) === NULL) {
        at += 4;
        this.#values[place] = Number.NaN;
        this.#texts[place] = null;
        if (kind === KIND.stages) this.#stages.ms.fill(Number.NaN);
      } else if (kind === KIND.amount) {
        at = this.#amount(at);
        this.#values[place] = this.#number;
      } else if (kind === KIND.flag) {
        at = this.#flag(at);
        this.#values[place] = this.#number;
      } else if (kind === KIND.name) {
        at = this.#readName(at);
        this.#texts[place] = this.#name;
      } else if (kind === KIND.text) at = this.#text(at);
      else if (kind === KIND.stages) at = this.#readStages(at);
      else at = bytes[at] === QUOTE ? this.#text(at) : Math.max(this.#flag(at), this.#amount(at));
      if (at === -1) return -1;
    }
    return -1;
  }

  #flag(at: number): number {
    const { bytes, words } = this.#piece;
    if (at + 5 > this.#to) return -1;
    const word = words.getInt32(at, true);
    if (word === TRUE) {
      this.#number = 1;
      return at + 4;
    }
    this.#number = 0;
    return bytes[at] === LOWER_F && words.getInt32(at + 1, true) === ALSE ? at + 5 : -1;
  }

  /** A decimal of JSON without sign or exponent. */
  #amount(from: number): number {
    const { bytes } = this.#piece;
    let at = from;
    let digits = 0;
    let code = bytes[at] ?? 0;
    for (; code >= ZERO && code <= NINE; code = bytes[++at] ?? 0) digits = digits * 10 + (code - ZERO);
    if (at === from || (bytes[from] === ZERO && at > from + 1)) return -1;
    let fraction = 0;
    if (code === POINT) {
      const point = at;
      code = bytes[++at] ?? 0;
      for (; code >= ZERO && code <= NINE; code = bytes[++at] ?? 0) digits = digits * 10 + (code - ZERO);
      fraction = at - point - 1;
      if (fraction === 0) return -1;
    }
    this.#number =
      digits <= Number.MAX_SAFE_INTEGER && fraction < POWERS.length
        ? digits / (POWERS[fraction] ?? 1)
        : Number(asciiText(bytes, from, at));
    return this.#number === Infinity ? -1 : at;
  }

  /** Past a text of any characters, but for escapes by number. */
  #text(from: number): number {
    const { bytes, words } = this.#piece;
    const to = this.#to;
    if (bytes[from] !== QUOTE) return -1;
    for (let at = from + 1; at < to; at += 1) {
      while (at + 4 <= to && !anySpecial(words.getInt32(at, true))) at += 4;
      while (PLAIN[bytes[at] ?? 0] === 1) at += 1;
      const code = bytes[at] ?? 0;
      if (code === QUOTE) return at + 1;
      if (code === BACKSLASH && ESCAPED.has(bytes[at + 1] ?? 0)) at += 1;
      else if (code < 128) return -1;
    }
    return -1;
  }

  /** Past a text of ASCII without escapes, which is then `#name`. */
  #readName(from: number): number {
    const { bytes, words } = this.#piece;
    if (bytes[from] !== QUOTE) return -1;
    const first = from + 1;
    let at = first;
    let hash = 0;
    for (; at + 4 <= this.#to; at += 4) {
      const word = words.getInt32(at, true);
      if (anySpecial(word)) break;
      hash = (Math.imul(hash, SPREAD) + word) | 0;
    }
    for (let code = bytes[at] ?? 0; PLAIN[code] === 1; code = bytes[++at] ?? 0)
      hash = (Math.imul(hash, SPREAD) + code) | 0;
    if (bytes[at] !== QUOTE || at - from > LONGEST_NAME) return -1;
    const known = this.#known.get(hash);
    if (known !== undefined && standsAt(this.#piece, first, at, known)) this.#name = known.text;
    else {
      this.#name = asciiText(bytes, first, at);
      this.#known.set(hash, { text: this.#name, ...pieceOf(Uint8Array.from(bytes.subarray(first, at))) });
    }
    return at + 1;
  }

  /** `{"decode":12.5,"prefill":3}`, in any order: what wrote them may have kept them in a hash table. */
  #readStages(from: number): number {
    const { bytes } = this.#piece;
    const { names, ms } = this.#stages;
    if (bytes[from] !== OPEN) return -1;
    ms.fill(Number.NaN);
    for (let at = from + 1; ; at += 1) {
      const end = this.#readName(at);
      if (end === -1 || bytes[end] !== COLON) return -1;
      at = this.#amount(end + 1);
      if (at === -1) return -1;
      let stage = names.indexOf(this.#name);
      if (stage === -1) stage = names.push(this.#name) - 1;
      ms[stage] = this.#number;
      if (bytes[at] === CLOSE) return at + 1;
      if (bytes[at] !== COMMA) return -1;
    }
  }

  #made(): ScannedRecord | null {
    const record = this.#record;
    const values = this.#values;
    const texts = this.#texts;
    const variant = texts[VARIANT] ?? null;
    const phase = oneOf(PHASES, texts[PHASE]);
    const payload_id = texts[PAYLOAD_ID] ?? null;
    const error = oneOf(ERROR_KINDS, texts[ERROR]);
    if (variant === null || phase === null || payload_id === null || error !== (texts[ERROR] ?? null))
      return null;
    if (variant !== record.variant && !isVariant(variant)) return null;
    record.variant = variant;
    record.phase = phase;
    record.payload_id = payload_id;
    record.error = error;
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
    record.cached_tokens = orNull(values[CACHED_TOKENS]);
    record.tokens_estimated = flag(values[TOKENS_ESTIMATED]);
    return record;
  }
}

function asciiText(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at += 1) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}

function standsAt({ bytes, words }: Piece, from: number, to: number, known: Known): boolean {
  const length = to - from;
  if (known.bytes.length !== length) return false;
  let i = 0;
  for (; i + 4 <= length; i += 4)
    if (words.getInt32(from + i, true) !== known.words.getInt32(i, true)) return false;
  for (; i < length; i += 1) if (bytes[from + i] !== known.bytes[i]) return false;
  return true;
}

function oneOf<T extends string>(allowed: readonly T[], text: string | null | undefined): T | null {
  for (const one of allowed) if (one === text) return one;
  return null;
}

const PRINTABLE = /^[ -~]*$/;

/** The layout of a record's line; null where it has lists or objects that no record has, or names beyond ASCII. */
function layoutOf(line: string): Layout | null {
  const fields: unknown = JSON.parse(line);
  if (typeof fields !== 'object' || fields === null) return null;
  let literals = '';
  const ends: number[] = [];
  const kinds: number[] = [];
  const nullable: number[] = [];
  const places: number[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const { kind, nullable: may_be_null } = BY_NAME.get(name) ?? OTHER;
    if (!PRINTABLE.test(name) || (kind !== KIND.stages && typeof value === 'object' && value !== null))
      return null;
    literals += `${literals === '' ? '{' : ','}${JSON.stringify(name)}:`;
    ends.push(literals.length);
    kinds.push(kind);
    nullable.push(may_be_null);
    places.push(BY_NAME.has(name) ? NAMES.indexOf(name) : NOWHERE);
  }
  literals += '}';
  ends.push(literals.length);
  const bytes = Uint8Array.from(literals, (c) => c.charCodeAt(0));
  return {
    literals: pieceOf(bytes),
    ends: Int32Array.from(ends),
    kinds: Uint8Array.from(kinds),
    nullable: Uint8Array.from(nullable),
    places: Uint8Array.from(places),
  };
}
