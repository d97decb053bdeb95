/**
 * The fast way to read request records from bytes. A log has few layouts: the same members in the same order, line after
 * line. Each is learned from a line that {@link parseRecord} has accepted; a line of a known layout is then walked once,
 * its member names compared by the word and its values read where they stand (docs/decisions/040-reading.md). Whatever
 * deviates is not refused here: `scan` gives null, and the line goes to parseRecord, which is strict and says why.
 */
import type { KindName } from './kinds.ts';
import { parseRecord } from './request-record.ts';
import { ABSENT, clear, emptyRow, fillRow, PLACED, placeOf, putByName, type Row } from './row.ts';

/** `other`: any scalar, of a member that no record has. */
const KIND = {
  text: 0,
  name: 1,
  'one of': 2,
  amount: 3,
  'whole number': 4,
  flag: 5,
  amounts: 6,
  'amounts by name': 7,
  other: 8,
} as const satisfies Readonly<Record<KindName | 'other', number>>;

/** Where values of members that no record has are left. */
const NOWHERE = PLACED.length;

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
/** Answers that all differ must not pile up: their digests are names that are seen once. */
const MOST_KNOWN = 1 << 16;
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
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
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
  /** By hash. */
  readonly #known = new Map<number, Known>();
  /** By place: the name that was last found to fit. */
  readonly #fits: string[] = [];
  readonly #row = emptyRow();
  readonly #values = this.#row.values;

  /** The record in bytes [from, to) of the piece, to be used before the next call, which reuses it; null: read it strictly. */
  scan(piece: Piece, from: number, to: number): Row | null {
    this.#piece = piece;
    this.#to = to;
    const last = this.#last;
    if (last !== null && this.#walk(last, from) === to) return this.#row;
    for (const layout of this.#layouts) {
      if (layout === last) continue;
      // A layout writes all of its own values; what it lacks is absent.
      clear(this.#row);
      this.#last = layout;
      if (this.#walk(layout, from) === to) return this.#row;
    }
    return null;
  }

  /** Reads a line strictly, into the same row, and learns its layout. @throws as parseRecord, where it is no record */
  parse(line: string): Row {
    const record = parseRecord(line);
    this.#last = null;
    if (this.#layouts.length < MOST_LAYOUTS && this.#tries < MOST_TRIES) {
      this.#tries += 1;
      const layout = layoutOf(line);
      if (layout !== null) this.#layouts.push(layout);
    }
    return fillRow(this.#row, record);
  }

  // Each of these goes on from `at` and returns where it ended, or -1 where something else stands.

  #walk({ literals, ends, kinds, nullable, places }: Layout, from: number): number {
    const { bytes, words } = this.#piece;
    const { bytes: wanted, words: wanted_words } = literals;
    const values = this.#values;
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
        values[place] = ABSENT[place] ?? 0;
        if (kind === KIND.name) this.#row.names[place] = null;
        else if (kind === KIND['amounts by name']) this.#row.by_name[place]?.amounts.fill(Number.NaN);
      } else if (kind === KIND.amount) {
        at = this.#amount(at);
        values[place] = this.#number;
      } else if (kind === KIND.text) at = this.#text(at);
      else at = this.#value(at, kind ?? KIND.other, place);
      if (at === -1) return -1;
    }
    return -1;
  }

  /** Of the kinds that are rarer, or more work. */
  #value(from: number, kind: number, place: number): number {
    if (kind === KIND.name) return this.#keepName(from, place);
    if (kind === KIND['amounts by name']) return this.#readByName(from, place);
    if (kind === KIND.amounts) return this.#readList(from, place);
    if (kind === KIND.other) return this.#other(from);
    let at: number;
    if (kind === KIND['one of']) at = this.#readOneOf(from, place);
    else if (kind === KIND.flag) at = this.#flag(from);
    else at = this.#whole(from);
    this.#values[place] = this.#number;
    return at;
  }

  #whole(from: number): number {
    const at = this.#amount(from);
    return Number.isInteger(this.#number) ? at : -1;
  }

  /** Past a scalar of any kind. */
  #other(at: number): number {
    return this.#piece.bytes[at] === QUOTE ? this.#text(at) : Math.max(this.#flag(at), this.#amount(at));
  }

  #keepName(from: number, place: number): number {
    const at = this.#readName(from);
    if (at !== -1 && this.#name !== this.#fits[place]) {
      if (PLACED[place]?.kind.is(this.#name) !== true) return -1;
      this.#fits[place] = this.#name;
    }
    this.#row.names[place] = this.#name;
    return at;
  }

  #readOneOf(from: number, place: number): number {
    const at = this.#readName(from);
    this.#number = 1 + (PLACED[place]?.kind.values.indexOf(this.#name) ?? -1);
    return this.#number === 0 ? -1 : at;
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
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.set(hash, { text: this.#name, ...pieceOf(Uint8Array.from(bytes.subarray(first, at))) });
    }
    return at + 1;
  }

  /** `{"decode":12.5,"prefill":3}`, in any order: what wrote them may have kept them in a hash table. */
  #readByName(from: number, place: number): number {
    const { bytes } = this.#piece;
    const by_name = this.#row.by_name[place];
    if (bytes[from] !== OPEN || by_name === undefined) return -1;
    by_name.amounts.fill(Number.NaN);
    for (let at = from + 1, count = 1; ; at += 1, count += 1) {
      const end = this.#readName(at);
      if (end === -1 || bytes[end] !== COLON) return -1;
      at = this.#amount(end + 1);
      if (at === -1) return -1;
      putByName(by_name, this.#name, this.#number);
      this.#values[place] = count;
      if (bytes[at] === CLOSE) return at + 1;
      if (bytes[at] !== COMMA) return -1;
    }
  }

  /** `[1.5,0.25]` */
  #readList(from: number, place: number): number {
    const { bytes } = this.#piece;
    const list = this.#row.lists[place];
    if (bytes[from] !== OPEN_LIST || list === undefined) return -1;
    this.#values[place] = 0;
    if (bytes[from + 1] === CLOSE_LIST) return from + 2;
    for (let at = from + 1, count = 0; ; at += 1) {
      at = this.#amount(at);
      if (at === -1) return -1;
      list[count] = this.#number;
      count += 1;
      this.#values[place] = count;
      if (bytes[at] === CLOSE_LIST) return at + 1;
      if (bytes[at] !== COMMA) return -1;
    }
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
    const place = placeOf(name);
    const field = PLACED[place];
    const kind = KIND[field?.kind.name ?? 'other'];
    if (!PRINTABLE.test(name) || (kind === KIND.other && typeof value === 'object' && value !== null))
      return null;
    literals += `${literals === '' ? '{' : ','}${JSON.stringify(name)}:`;
    ends.push(literals.length);
    kinds.push(kind);
    nullable.push(field?.required === true ? 0 : 1);
    places.push(place === -1 ? NOWHERE : place);
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
