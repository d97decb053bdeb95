import type { ServerResponse } from 'node:http';
import { type Fault, type FaultRules, type TransportFault, transportFaults } from '../kit/faults.ts';
import type { Dialect } from './dialects.ts';
import type { Job, Times } from './engine.ts';

/** Faults of a streamed answer; they strike in its middle. */
export const streamFaults = {
  cut_stream: { measure: 'share', doc: 'the connection closes in the middle of an event' },
  no_terminator: { measure: 'share', doc: 'the stream ends without its terminator' },
  error_event: {
    measure: 'share',
    doc: 'an error event ends the tokens, the terminator follows all the same',
  },
  garbage_line: { measure: 'share', doc: 'an event whose data is no JSON' },
  huge_line: { measure: 'share', arg: transportFaults.huge.arg, doc: 'a token of that size' },
  stall: { measure: 'share', arg: transportFaults.slow_body.arg, doc: 'so long a pause between two tokens' },
  zero_tokens: { measure: 'share', doc: 'a whole answer without a token, streamed or not' },
  no_usage: { measure: 'share', doc: 'no usage though it is asked for' },
  no_stream: { measure: 'share', doc: 'plain JSON though a stream is asked for' },
} as const satisfies FaultRules<string>;

export type StreamFault = keyof typeof streamFaults;

/** What a fault of JSON bodies is to a stream. */
const counterparts: ReadonlyMap<string, StreamFault> = new Map<TransportFault, StreamFault>([
  ['cut_body', 'cut_stream'],
  ['slow_body', 'stall'],
  ['bad_json', 'garbage_line'],
  ['huge', 'huge_line'],
]);

/** The fault as a stream has it. */
export function asStreamFault(fault: Fault<string> | null): Fault<string> | null {
  return fault === null ? null : { ...fault, kind: counterparts.get(fault.kind) ?? fault.kind };
}

export type RoleChunk = 'arrival' | 'with-first' | 'none';

const GARBAGE = 'data: {"choices":[{"delta":{"conte\n\n';

/** Starts an event stream; the headers leave at once. */
export function openStream(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  response.flushHeaders();
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
  let broken = false;
  openStream(response);
  if (role_chunk === 'arrival' && dialect.head !== '') response.write(dialect.head);
  const head = role_chunk === 'with-first' ? dialect.head : '';
  const emit = (i: number): void => {
    if (broken) return;
    const written = `${i === 0 ? head : ''}${dialect.token(tokens[i] ?? '', i)}`;
    if (i !== middle) return void response.write(written);
    switch (kind) {
      case 'cut_stream':
        broken = true;
        return void response.write(written.slice(0, -9), () => response.destroy());
      case 'error_event':
        broken = true;
        return void response.write(dialect.error('injected fault'));
      case 'garbage_line':
        return void response.write(`${GARBAGE}${written}`);
      case 'huge_line':
        return void response.write(dialect.token('x'.repeat(fault?.arg ?? 0), i));
      default:
        return void response.write(written);
    }
  };
  const times = await run(kind === 'stall' ? { at: middle, ms: fault?.arg ?? 0 } : null, emit);
  if (times === null || response.destroyed || kind === 'cut_stream') return;
  const tail = broken ? '' : `${tokens.length === 0 ? head : ''}${dialect.tail(times)}`;
  response.end(kind === 'no_terminator' ? tail : `${tail}${dialect.terminator(times)}`);
}
