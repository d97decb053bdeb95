/** Faults and habits of streamed answers: what an answer says wrongly, and how it is written. */
import { type Fault, type FaultRules, type TransportFault, transportFaults } from '../kit/faults.ts';
import type { Telling } from './dialects.ts';

const tokens = (initial: number) => ({ name: 'TOKENS', initial, min: 1, max: 1_000_000 });

/** Faults of a streamed answer; where they cut it, in its middle. */
export const streamFaults = {
  cut_stream: { measure: 'share', doc: 'the connection closes in the middle of an event' },
  no_terminator: {
    measure: 'share',
    doc: 'the stream ends properly, with neither a finish reason nor its terminator',
  },
  no_finish: {
    measure: 'share',
    doc: 'the answer is dropped in its middle: the terminator, and no finish reason',
  },
  abort: { measure: 'share', doc: 'the answer is given up in its middle: finish reason abort' },
  abort_object: { measure: 'share', doc: 'the same as an object, {"type":"abort"}' },
  finish_error: { measure: 'share', doc: 'finish reason error in the middle' },
  filtered: { measure: 'share', doc: 'a content filter ends the answer in its middle' },
  error_event: {
    measure: 'share',
    doc: 'an error event ends the tokens, the terminator follows all the same',
  },
  error_code: {
    measure: 'share',
    doc: 'an event of an error_code and no choices ends the tokens, the terminator follows',
  },
  garbage_line: { measure: 'share', doc: 'an event whose data is no JSON' },
  huge_line: { measure: 'share', arg: transportFaults.huge.arg, doc: 'a token of that size' },
  stall: { measure: 'share', arg: transportFaults.slow_body.arg, doc: 'so long a pause between two tokens' },
  zero_tokens: { measure: 'share', doc: 'a whole answer without a token, streamed or not' },
  no_usage: { measure: 'share', doc: 'no usage though it is asked for' },
  no_stream: { measure: 'share', doc: 'plain JSON though a stream is asked for' },
  thinks_only: { measure: 'share', doc: 'chat: all tokens are reasoning, up to the limit' },
  hidden_reasoning: {
    measure: 'share',
    arg: tokens(600),
    doc: 'so many reasoning tokens are counted and not sent',
  },
  other_model: { measure: 'share', doc: 'the answer names another model' },
  old_id: { measure: 'share', doc: 'the answer has the id of an earlier one' },
  prompt_cut: { measure: 'share', arg: tokens(16), doc: 'the prompt counts no more tokens than these' },
  one_event: { measure: 'share', doc: 'the whole answer comes in one event' },
  one_read: { measure: 'share', doc: 'the whole answer comes at once, in its usual events' },
  held_back: { measure: 'share', arg: tokens(8), doc: 'so many tokens are held back and come together' },
  no_done: { measure: 'share', doc: 'a finish reason and no terminator' },
  spaced_done: { measure: 'share', doc: 'spaces around [DONE]' },
  open_end: { measure: 'share', doc: 'the last event has no blank line' },
  keep_alive: { measure: 'share', doc: 'data: ping before the first event, and a comment' },
  empty_error: { measure: 'share', doc: 'an empty error member in the first event' },
  unknown_event: { measure: 'share', doc: 'an object that is no part of an answer before the first event' },
  odd_content_type: { measure: 'share', doc: 'the stream is called application/octet-stream' },
  single_line_feeds: { measure: 'share', doc: 'events are parted by one line feed' },
  stale: { measure: 'share', doc: 'the connection closes with the last byte, though it is said to be kept' },
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

/** Faults that end the answer in its middle, and the finish reason that it then has; null: none. */
const ENDINGS: ReadonlyMap<string, Telling['finish']> = new Map<StreamFault, Telling['finish']>([
  ['abort', 'abort'],
  ['abort_object', { type: 'abort' }],
  ['finish_error', 'error'],
  ['filtered', 'content_filter'],
  ['no_finish', null],
]);

/** How many of its tokens an answer with this fault has. */
export function tokensLeft(fault: Fault<string> | null, of: number): number {
  const kind = fault?.kind ?? '';
  if (kind === 'zero_tokens') return 0;
  return ENDINGS.has(kind) ? Math.ceil(of / 2) : of;
}

/** What the answer says of itself with this fault. */
export function tellingWith(fault: Fault<string> | null, telling: Telling): Telling {
  if (fault === null) return telling;
  const { kind, arg } = fault;
  const finish = ENDINGS.get(kind);
  if (finish !== undefined) return { ...telling, finish };
  switch (kind) {
    case 'no_usage':
      return { ...telling, usage: false };
    case 'thinks_only':
      return { ...telling, deltas: 'thought', finish: 'length' };
    case 'hidden_reasoning':
      return { ...telling, hidden_tokens: arg };
    case 'other_model':
      return { ...telling, model: 'small-stand-by' };
    case 'old_id':
      return { ...telling, id: 'an-earlier-answer' };
    case 'prompt_cut':
      return { ...telling, prompt_tokens: Math.min(arg, telling.prompt_tokens) };
    default:
      return telling;
  }
}
