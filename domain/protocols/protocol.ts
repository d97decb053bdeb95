/** How a kind of LLM server is asked and what its answer means, as data: read by k6 for the load, by the cli for its preflight. */

/** Keys and list indexes joined by dots, as `choices.0.delta.content`. */
export type Path = string;

/** Which events are tokens, what ends the stream, what is an error: evaluated where the events arrive (k6/x/stream). */
export interface StreamRules {
  /** A token event has non-empty content at one of these. */
  readonly token_paths?: readonly Path[];
  /** Names of events of which each is a token. */
  readonly token_events?: readonly string[];
  /** Those of the token paths that are thought, and no part of the answer itself. */
  readonly reasoning_paths?: readonly Path[];
  readonly text_paths: readonly Path[];
  /** Where the server says how the answer ended, as a text. */
  readonly finish_paths?: readonly Path[];
  /** An object without any of these is no part of an answer; absent: every object is one. */
  readonly chunk_paths?: readonly Path[];
  readonly terminator:
    | { readonly data: string }
    | { readonly path: Path; readonly equals: boolean | number | string }
    | { readonly event: string };
  readonly error: {
    readonly paths?: readonly Path[];
    /** Of objects that are no part of an answer. */
    readonly stray_paths?: readonly Path[];
    readonly event?: string | readonly string[];
  };
  readonly usage: Readonly<Record<Count, readonly Path[]>>;
  readonly extra: Readonly<Record<AnswerName, readonly Path[]>>;
}

/** Numbers that an answer may carry; each with the places where servers put it. */
export const COUNTS = [
  'completion_tokens',
  'prompt_tokens',
  'cached_tokens',
  /** Of the completion's tokens those that were thought, whether they were sent or not. */
  'reasoning_tokens',
  'prefill_ms',
  'decode_ms',
] as const;
export type Count = (typeof COUNTS)[number];

/** Names that an answer may carry: who answered, and which answer it is. */
export const ANSWER_NAMES = ['model', 'id'] as const;
export type AnswerName = (typeof ANSWER_NAMES)[number];

/** The same of an answer that comes whole, as one JSON object. */
export interface WholeRules {
  /** An answer has non-empty content at one of these. */
  readonly content_paths: readonly Path[];
  readonly reasoning_paths?: readonly Path[];
  readonly text_paths: readonly Path[];
  readonly finish_paths?: readonly Path[];
  readonly error_paths: readonly Path[];
  readonly usage: StreamRules['usage'];
  readonly extra: StreamRules['extra'];
}

/** One message of a conversation, as it was written: of an assistant that calls a tool, content is null or absent. */
export interface Message {
  readonly role: string;
  readonly content?: unknown;
  readonly [member: string]: unknown;
}

/** What one request asks for. */
export interface Ask {
  readonly messages: readonly Message[];
  /** The same as one text. */
  readonly prompt: string;
  /** Null: the server's own. */
  readonly model: string | null;
  readonly max_tokens: number;
  /** Each answer has exactly `max_tokens`. */
  readonly force_length: boolean;
  readonly temperature: number;
  readonly stream: boolean;
}

export interface Protocol {
  /** In tables: `chat completions`. */
  readonly label: string;
  readonly path: string;
  /** The JSON body of a request. */
  body(ask: Ask): Readonly<Record<string, unknown>>;
  readonly stream: StreamRules;
  /** A streamed answer that does not say how it ended is none, though it has its terminator. */
  readonly finish_required: boolean;
  /** Null: this protocol always streams. */
  readonly whole: WholeRules | null;
}

/** Where llama.cpp's server tells its counts and times, whatever the protocol. */
export const LLAMA_TIMINGS = {
  completion_tokens: 'timings.predicted_n',
  prefill_ms: 'timings.prompt_ms',
  decode_ms: 'timings.predicted_ms',
} as const;

/** Forcing an answer's length as vLLM, SGLang and llama.cpp's server read it; others ignore it, which the report shows. */
export const forcedLength = (ask: Ask): Readonly<Record<string, unknown>> =>
  ask.force_length ? { ignore_eos: true, min_tokens: ask.max_tokens } : {};

/** The value at a path of a JSON value; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  let found: unknown = value;
  for (const key of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}
