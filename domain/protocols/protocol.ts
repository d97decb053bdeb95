/** How a kind of LLM server is asked and what its answer means, as data: read by k6 for the load, by the cli for its preflight. */

/** Keys and list indexes joined by dots, as `choices.0.delta.content`. */
export type Path = string;

/** Which events are tokens, what ends the stream, what is an error: evaluated where the events arrive (k6/x/stream). */
export interface StreamRules {
  /** A token event has non-empty content at one of these. */
  readonly token_paths?: readonly Path[];
  /** Names of events of which each is a token. */
  readonly token_events?: readonly string[];
  readonly text_paths: readonly Path[];
  readonly terminator:
    | { readonly data: string }
    | { readonly path: Path; readonly equals: boolean | number | string }
    | { readonly event: string };
  readonly error: { readonly paths?: readonly Path[]; readonly event?: string };
  readonly usage: Readonly<Record<Count, readonly Path[]>>;
}

/** Numbers that an answer may carry; each with the places where servers put it. */
export const COUNTS = [
  'completion_tokens',
  'prompt_tokens',
  'cached_tokens',
  'prefill_ms',
  'decode_ms',
] as const;
export type Count = (typeof COUNTS)[number];

/** The same of an answer that comes whole, as one JSON object. */
export interface WholeRules {
  /** An answer has non-empty content at one of these. */
  readonly content_paths: readonly Path[];
  readonly text_paths: readonly Path[];
  readonly error_paths: readonly Path[];
  readonly usage: StreamRules['usage'];
}

export interface Message {
  readonly role: string;
  readonly content: string;
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
