import type { ServerResponse } from 'node:http';
import type { Fault } from '../kit/faults.ts';
import type { Dialect } from './dialects.ts';
import type { Job, Times } from './engine.ts';

export type RoleChunk = 'arrival' | 'with-first' | 'none';

const GARBAGE = 'data: {"choices":[{"delta":{"conte\n\n';
const ERROR_CODE = `data: ${JSON.stringify({ text: '**NETWORK ERROR** (injected fault)', error_code: 50001 })}\n\n`;

/** What comes before the first event of the answer. */
const BEFORE: ReadonlyMap<string, string> = new Map([
  ['keep_alive', ': still here\n\ndata: ping\n\n'],
  ['unknown_event', 'data: {"type":"ping"}\n\n'],
]);

/** Starts an event stream; the headers leave at once. */
export function openStream(
  response: ServerResponse,
  content_type = 'text/event-stream; charset=utf-8',
): void {
  response.writeHead(200, {
    'content-type': content_type,
    'cache-control': 'no-cache',
  });
  response.flushHeaders();
}

/** Writes what it is given, all of it or its beginning held back and sent together. */
class Writer {
  readonly #response: ServerResponse;
  readonly #shape: (text: string) => string;
  #held: string[] = [];
  /** Writes that are still to be held back. */
  #to_hold: number;

  constructor(response: ServerResponse, to_hold: number, shape: (text: string) => string) {
    this.#response = response;
    this.#to_hold = to_hold;
    this.#shape = shape;
  }

  write(text: string, then?: () => void): void {
    if (text === '') return;
    this.#held.push(this.#shape(text));
    if (this.#to_hold-- > 0) return;
    this.#flush(then);
  }

  #flush(then?: () => void): void {
    const text = this.#held.join('');
    this.#held = [];
    if (text !== '') this.#response.write(text, then);
  }

  end(text: string): void {
    this.#flush();
    this.#response.end(this.#shape(text));
  }
}

/** Of tokens, how many writes a fault holds back; the head of the answer is written by itself. */
function heldBack(fault: Fault<string> | null): number {
  if (fault?.kind === 'held_back') return Math.max(0, fault.arg - 1);
  return fault?.kind === 'one_read' || fault?.kind === 'one_event' ? Infinity : 0;
}

/** The end of the stream, as the fault has it. */
function ending(kind: string, tail: string, terminator: string): string {
  switch (kind) {
    case 'no_terminator':
      return '';
    case 'no_finish':
      return terminator;
    case 'no_done':
      return tail;
    case 'spaced_done':
      return `${tail}${terminator.replace('[DONE]', ' [DONE] ')}`;
    case 'open_end':
      return `${tail}${terminator}`.replace(/\n\n$/, '\n');
    default:
      return `${tail}${terminator}`;
  }
}

/** Writes an answer as the engine generates it, and does to it what the fault says. */
export async function writeAnswer(
  response: ServerResponse,
  dialect: Dialect,
  tokens: readonly string[],
  role_chunk: RoleChunk,
  fault: Fault<string> | null,
  run: (stall: Job['stall'], emit: (i: number) => void) => Promise<Times | null>,
): Promise<void> {
  const middle = Math.floor(tokens.length / 2);
  const kind = fault?.kind ?? 'none';
  const shape = (text: string): string =>
    kind === 'single_line_feeds' ? text.replaceAll('\n\n', '\n') : text;
  const writer = new Writer(response, heldBack(fault), shape);
  let broken = false;
  openStream(response, kind === 'odd_content_type' ? 'application/octet-stream' : undefined);
  const before = BEFORE.get(kind);
  if (before !== undefined) response.write(before);
  const opening = kind === 'empty_error' ? dialect.head.replace('{', '{"error":"",') : dialect.head;
  if (role_chunk === 'arrival' && opening !== '') response.write(shape(opening));
  const head = role_chunk === 'with-first' ? opening : '';
  const emit = (i: number): void => {
    if (broken) return;
    if (kind === 'one_event') {
      if (i === 0) writer.write(`${head}${dialect.token(tokens.join(''), 0)}`);
      return;
    }
    const written = `${i === 0 ? head : ''}${dialect.token(tokens[i] ?? '', i)}`;
    if (i !== middle) return writer.write(written);
    switch (kind) {
      case 'cut_stream':
        broken = true;
        return writer.write(written.slice(0, -9), () => response.destroy());
      case 'error_event':
        broken = true;
        return writer.write(dialect.error('injected fault'));
      case 'error_code':
        broken = true;
        return writer.write(ERROR_CODE);
      case 'garbage_line':
        return writer.write(`${GARBAGE}${written}`);
      case 'huge_line':
        return writer.write(dialect.token('x'.repeat(fault?.arg ?? 0), i));
      default:
        return writer.write(written);
    }
  };
  const times = await run(kind === 'stall' ? { at: middle, ms: fault?.arg ?? 0 } : null, emit);
  if (times === null || response.destroyed || kind === 'cut_stream') return;
  const tail = broken ? '' : `${tokens.length === 0 ? head : ''}${dialect.tail(times)}`;
  const { socket } = response;
  if (kind === 'stale') response.once('finish', () => socket?.end());
  writer.end(ending(kind, tail, dialect.terminator(times)));
}
