/**
 * A streamed answer read after the event, from its whole text: what k6/x/stream reads in a load as it comes, by the same rules
 * (k6/stream), for the look before the load. test/captures holds both to the same answers.
 */
import type { Failure, Oddity, StreamFacts } from './answer.ts';
import { valueAt, type Path, type StreamRules } from './protocol.ts';
import { finishWord, hasContent, saysSomething } from './read-whole.ts';

interface Event {
  readonly name: string;
  readonly data: string;
  readonly lines: number;
  /** The stream ended before the blank line that ends an event. */
  readonly open: boolean;
}

/** The events of a stream by the WHATWG rules (HTML Living Standard, 9.2.6), and what its end left open. */
export function eventsOf(text: string): Event[] {
  const events: Event[] = [];
  let [name, data]: [string, string[]] = ['', []];
  const end = (open: boolean): void => {
    if (data.length > 0) events.push({ name, data: data.join('\n'), lines: data.length, open });
    [name, data] = ['', []];
  };
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop(); // what stands behind the last line's end
  for (const line of lines) {
    if (line === '') {
      end(false);
      continue;
    }
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'data') data.push(value);
    if (field === 'event') name = value;
  }
  end(true);
  return events;
}

/** Does a body of any content type begin as a stream of events? */
export const beginsAsEvents = (body: string): boolean => /^\uFEFF?\s*(?:data|event|id|retry)?:/.test(body);

const KEEP_ALIVE = /^(?:ping|pong|keep[-_]?alive|heartbeat|processing|:)$/i;

const listOf = (names: string | readonly string[] | undefined): readonly string[] =>
  names === undefined ? [] : typeof names === 'string' ? [names] : names;

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** @param body of a stream that ended properly, as text */
export function readStream(body: string, rules: StreamRules): StreamFacts {
  const reading = new Reading(rules);
  for (const event of eventsOf(body)) reading.add(event);
  return reading.facts();
}

class Reading {
  readonly #rules: StreamRules;
  #failure: Failure | null = null;
  #events = 0;
  #token_events = 0;
  #answer_events = 0;
  #content_bytes = 0;
  #reasoning_bytes = 0;
  #terminated = false;
  #finish: string | null = null;
  #unknown_events = 0;
  #cut = false;
  #word: string | null = null;
  readonly #oddities = new Set<Oddity>();
  readonly #usage: Record<string, number | null> = {};
  readonly #extra: Record<string, unknown> = {};

  constructor(rules: StreamRules) {
    this.#rules = rules;
  }

  add(event: Event): void {
    this.#events += 1;
    if (this.#terminated) return;
    const { name, data } = event;
    const { terminator, token_events = [] } = this.#rules;
    const named = token_events.includes(name);
    const value = parsed(data);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    let ends =
      ('data' in terminator && data.trim() === terminator.data) ||
      ('event' in terminator && name === terminator.event);
    let [token, answer] = [named && data !== '', named && data !== ''];
    if (listOf(this.#rules.error.event).includes(name)) this.#fail('error_event', data);
    else if (isObject) {
      const found = this.#object(value, data);
      [token, answer] = [token || found.token, answer || found.answer];
      ends ||= 'path' in terminator && valueAt(value, terminator.path) === terminator.equals;
    } else if (value === undefined && !ends && !named) {
      this.#odd(event);
      return;
    }
    if (named) this.#content_bytes += byteLength(data);
    if (token) this.#token_events += 1;
    if (answer) this.#answer_events += 1;
    if (ends) {
      this.#terminated = true;
      if ('data' in terminator && data !== terminator.data && data.trim() === terminator.data)
        this.#oddities.add('spaced_terminator');
    }
    if (event.open) this.#oddities.add('open_end');
  }

  #object(value: object, data: string): { token: boolean; answer: boolean } {
    const rules = this.#rules;
    const at = (path: Path): unknown => valueAt(value, path);
    this.#errors(at, data);
    const found = { token: false, answer: false };
    for (const path of rules.token_paths ?? []) {
      const content = at(path);
      if (!hasContent(content)) continue;
      const bytes = byteLength(typeof content === 'string' ? content : JSON.stringify(content));
      found.token = true;
      this.#content_bytes += bytes;
      if (rules.reasoning_paths?.includes(path) === true) this.#reasoning_bytes += bytes;
      else found.answer = true;
    }
    this.#finish = finishWord(rules.finish_paths ?? [], at) ?? this.#finish;
    const first = (paths: readonly Path[]): unknown =>
      paths.map(at).find((one) => one !== undefined && one !== null && one !== '');
    for (const [name, paths] of Object.entries(rules.usage)) {
      const count = first(paths);
      if (typeof count === 'number') this.#usage[name] = count;
    }
    for (const [name, paths] of Object.entries(rules.extra)) {
      const text = first(paths);
      if (text !== undefined) this.#extra[name] ??= text;
    }
    return found;
  }

  #errors(at: (path: Path) => unknown, data: string): void {
    const { error, chunk_paths = [] } = this.#rules;
    const problem = (error.paths ?? []).map(at).find(saysSomething);
    if (problem !== undefined) return this.#fail('error_event', JSON.stringify(problem));
    const is_chunk = chunk_paths.length === 0 || chunk_paths.some((path) => at(path) != null);
    if (is_chunk) return;
    if ((error.stray_paths ?? []).some((path) => saysSomething(at(path)))) this.#fail('error_event', data);
    else {
      this.#unknown_events += 1;
      this.#oddities.add('unknown_event');
    }
  }

  /** An event whose data is no JSON and no terminator. */
  #odd({ data, lines, open }: Event): void {
    const word = data.trim();
    if (word === '') return;
    const [first = ''] = word.split('\n');
    if (lines > 1 && first.startsWith('{') && parsed(first) !== undefined)
      this.#fail(
        'bad_json',
        `${lines} data lines came without a blank line between them, which makes them one event: end each event by a blank line`,
      );
    else if (!/^[{[]/.test(word) && (this.#token_events === 0 || KEEP_ALIVE.test(word))) {
      this.#word ??= word;
      this.#oddities.add('keep_alive');
    } else if (open) this.#cut = true;
    else this.#fail('bad_json', `an event's data is no JSON: ${word}`);
  }

  #fail(error: Failure['error'], error_detail: string): void {
    this.#failure ??= { error, error_detail };
  }

  #atEnd(): Failure | null {
    if (this.#failure !== null) return this.#failure;
    const reason = this.#finish === null ? 'no finish reason' : `finish reason "${this.#finish}"`;
    if (this.#token_events === 0 && this.#word !== null)
      return { error: 'bad_json', error_detail: `no event's data is JSON: ${this.#word}` };
    if (this.#token_events === 0)
      return {
        error: 'no_token',
        error_detail: `the stream ended without a token: ${this.#events} events, ${this.#terminated ? 'with' : 'without'} its terminator, ${reason}`,
      };
    if (!this.#terminated && (this.#finish === null || this.#cut))
      return {
        error: 'no_terminator',
        error_detail: `the stream ended without its terminator and with ${reason}${this.#cut ? '; it was cut in the middle of an event' : ''}`,
      };
    return null;
  }

  facts(): StreamFacts {
    const failure = this.#atEnd();
    if (failure === null && !this.#terminated) this.#oddities.add('no_terminator');
    return {
      error: failure?.error ?? null,
      error_message: failure?.error_detail ?? null,
      token_events: this.#token_events,
      answer_events: this.#answer_events,
      content_bytes: this.#content_bytes,
      reasoning_bytes: this.#reasoning_bytes,
      terminated: this.#terminated,
      finish: this.#finish,
      oddities: [...this.#oddities],
      unknown_events: this.#unknown_events,
      usage: this.#usage,
      extra: this.#extra,
    };
  }
}

/** Of the text in UTF-8. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
