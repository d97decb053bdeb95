/**
 * What an answer says and whether it is one, whatever way it came: the facts come from k6/x/stream in a load, from
 * `read-stream.ts` in the look before it, from `read-whole.ts` where it came in one piece.
 */
import type { ErrorKind } from '../record/errors.ts';
import { finishOf, type Finish } from './finish.ts';
import { COUNTS, type AnswerName, type Count, type Protocol } from './protocol.ts';

/** What a stream did that its standard or its protocol does not say, and that was read all the same. */
export const ODDITIES = [
  'open_end',
  'spaced_terminator',
  'no_terminator',
  'content_type',
  'unknown_event',
  'keep_alive',
] as const;
export type Oddity = (typeof ODDITIES)[number];

/** What was seen of a streamed answer, times apart; a result of k6/x/stream has these members. */
export interface StreamFacts {
  /** Its kind where it is none, before anything is judged by how it ended. */
  readonly error: ErrorKind | null;
  /** For a person. */
  readonly error_message: string | null;
  readonly token_events: number;
  /** Token events with more than reasoning. */
  readonly answer_events: number;
  /** Of the tokens' content as sent. */
  readonly content_bytes: number;
  readonly reasoning_bytes: number;
  readonly terminated: boolean;
  /** In the server's own word. */
  readonly finish: string | null;
  readonly oddities: readonly Oddity[];
  readonly unknown_events: number;
  readonly usage: Readonly<Record<string, number | null>>;
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface Failure {
  readonly error: ErrorKind;
  readonly error_detail: string;
}

/** Absent is null. */
export interface Answer {
  readonly finish: Finish | null;
  readonly names: Readonly<Record<AnswerName, string | null>>;
  readonly counts: Readonly<Record<Count, number | null>>;
}

const quoted = (word: string | null): string =>
  word === null ? 'no finish reason' : `finish reason "${word}"`;

/** Why an answer that came whole is none by what it says of its end; null where it is one. */
export function endFailure(word: string | null, thought_only: boolean, required: boolean): Failure | null {
  const finish = finishOf(word);
  if (finish === 'abort')
    return { error: 'aborted', error_detail: `the server gave the answer up: ${quoted(word)}` };
  if (finish === 'error')
    return { error: 'ended_in_error', error_detail: `the answer ended in an error: ${quoted(word)}` };
  if (finish === null && required)
    return {
      error: 'no_finish',
      error_detail:
        'the stream ended with its terminator, and without a finish reason: the server dropped the answer',
    };
  if (thought_only)
    return {
      error: 'no_answer',
      error_detail: `all of it is reasoning, and no word of answer: ${quoted(word)}`,
    };
  return null;
}

/** Why a streamed answer is none, or null. */
export function streamFailure(
  of: StreamFacts,
  { finish_required }: Pick<Protocol, 'finish_required'>,
): Failure | null {
  const { error, error_message, finish, token_events, answer_events } = of;
  if (error === null) return endFailure(finish, token_events > 0 && answer_events === 0, finish_required);
  // What the server says of its end is nearer the cause than that no token came before it.
  const ended = error === 'no_token' ? endFailure(finish, false, false) : null;
  return ended ?? { error, error_detail: error_message ?? '' };
}

export const countOrNull = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;

export function streamedAnswer({ finish, usage, extra }: StreamFacts): Answer {
  return answerOf(
    finish,
    (name) => usage[name],
    (name) => extra[name],
  );
}

/** A prompt of no tokens is a count that was not made. */
export function answerOf(
  finish: string | null,
  count: (name: Count) => unknown,
  named: (name: AnswerName) => unknown,
): Answer {
  const counts: Record<Count, number | null> = {
    completion_tokens: null,
    prompt_tokens: null,
    cached_tokens: null,
    reasoning_tokens: null,
    prefill_ms: null,
    decode_ms: null,
  };
  for (const name of COUNTS) counts[name] = countOrNull(count(name));
  if (counts.prompt_tokens === 0) counts.prompt_tokens = null;
  const text = (name: AnswerName): string | null => {
    const value = named(name);
    return typeof value === 'string' && value !== '' ? value : null;
  };
  return {
    finish: finishOf(finish),
    names: { model: text('model'), id: text('id') },
    counts,
  };
}
