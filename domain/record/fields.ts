/**
 * The one table of a record's fields. It makes the types and the strict parser (request-record.ts), what the fast reader
 * takes from a line (scan-record.ts), the columns (request-table.ts), the order in Go (k6/requestlog/fields.go) and
 * docs/records.md. A new field is a row here, and a value in the writer that knows it.
 */
import { GATEWAY_PHASES, GATEWAY_SCENARIOS, RECORD_KINDS } from '../jobs/gateway/scenarios.ts';
import { FINISHES } from '../protocols/finish.ts';
import { PHASES, VARIANT_NAMES, isVariant } from '../variants.ts';
import { ERROR_KINDS } from './errors.ts';
import {
  amounts,
  amounts_by_name,
  epoch_ms,
  eur,
  flag,
  ms,
  name,
  oneOf,
  text,
  tokens,
  whole,
  type Kind,
} from './kinds.ts';

/**
 * Where a field stands in the table of columns: an array of its own by element type, or `trend`: Float64Array, made with
 * the first record that has the field.
 */
export type Column = 'f64' | 'f32' | 'i32' | 'u8' | 'trend';

export interface Field {
  readonly kind: Kind<unknown>;
  /** Absent otherwise: the field may be null, or left out of the line. */
  readonly required?: true;
  /** Of a request by k6/http this field is written by k6/requestlog, in Go; the script writes the others. */
  readonly by?: 'go';
  readonly column?: Column;
  /** The field's row in docs/records.md. */
  readonly doc: string;
}

export type FieldTable = Readonly<Record<string, Field>>;

const BOTH = {
  start_ms: {
    kind: epoch_ms,
    required: true,
    column: 'f64',
    doc: 'When the request was handed to the transport (t0).',
  },
  vu: {
    kind: whole,
    column: 'i32',
    doc: "k6's number of the client (VU) that sent the request, in the whole test.",
  },
  error: {
    kind: oneOf(ERROR_KINDS),
    column: 'u8',
    doc: 'Why the request failed; null: the answer is valid.',
  },
  error_detail: {
    kind: text,
    doc: "The transport's message or the start of the refusal's body: untrusted text, at most 200 characters.",
  },
  duration_ms: {
    kind: ms,
    required: true,
    by: 'go',
    column: 'f64',
    doc: 'From sending to the last byte; of a failure, until it failed.',
  },
  waiting_ms: { kind: ms, by: 'go', doc: "From sending to the first byte of the answer's head." },
  connecting_ms: {
    kind: ms,
    by: 'go',
    column: 'f32',
    doc: 'Opening the TCP connection; null where an open one was used.',
  },
  tls_ms: { kind: ms, by: 'go', doc: 'The TLS handshake; null where there was none.' },
  status: { kind: whole, by: 'go', column: 'i32', doc: 'The HTTP status; null where none arrived.' },
  remote_address: {
    kind: text,
    by: 'go',
    doc: 'Where the answer came from, as `ip:port`; null where no connection was made.',
  },
  proto: { kind: text, by: 'go', doc: 'The protocol of the answer, as `HTTP/1.1`.' },
  answer_sha256: {
    kind: name(),
    by: 'go',
    doc: "SHA-256 of a language model's text; of another answer's body, the values that `--ignore-path` names, its cost and its stages left out.",
  },
} as const satisfies FieldTable;

/** A request of a load on the variants: one line of `requests.jsonl`. */
export const REQUEST_FIELDS = {
  variant: { kind: name(isVariant, VARIANT_NAMES), required: true, doc: 'The side that was asked.' },
  scenario: { kind: text, required: true, doc: "The load's name." },
  block: {
    kind: whole,
    required: true,
    column: 'i32',
    doc: 'The block of the run (one process of k6), from 0.',
  },
  index: {
    kind: whole,
    required: true,
    column: 'i32',
    doc: "The request's place in its variant's sequence of payloads, over the block: what pairs the variants.",
  },
  endpoint: { kind: name(), doc: 'Which endpoint of a mix was asked; null where the load has one.' },
  payload_id: { kind: name(), required: true, doc: 'What was asked.' },
  phase: { kind: oneOf(PHASES), required: true, doc: 'Warm-up requests enter no figure.' },
  late_ms: {
    kind: ms,
    column: 'trend',
    doc: 'Open load: how long after its scheduled start the request began. Figures count from the schedule: the reader adds it.',
  },
  connection: {
    kind: whole,
    doc: 'The same number for requests on the same connection, within one k6 process; null where that is not known (k6/http).',
  },
  traceparent: { kind: text, doc: 'The W3C trace header that was sent.' },
  trace_id: { kind: text, doc: "The trace's id that the answer names." },
  stages_ms: { kind: amounts_by_name, doc: "The server's own stages, by name." },
  cost_eur: {
    kind: eur,
    column: 'f64',
    doc: 'What the answer says that it cost, or what its tokens cost by `--price`, in `--currency`.',
  },
  cost_estimated: { kind: flag, doc: 'The server did not count all tokens: the cost is an estimate.' },
  correct: {
    kind: flag,
    column: 'u8',
    doc: 'Whether the correction is right by its label; null where it was not scored.',
  },
  correct_translation: { kind: flag, column: 'u8', doc: 'The same of the translation.' },
  answer: {
    kind: text,
    doc: "The answer's text, with `--keep-answers` on a stock k6; else answers.jsonl has it.",
  },
  ttft_ms: { kind: ms, column: 'trend', doc: 'Streamed answers: until the first token.' },
  tpot_ms: {
    kind: ms,
    column: 'trend',
    doc: 'Time a token after those of the first read; null where all came in one.',
  },
  itl_ms: { kind: ms, column: 'trend', doc: 'Mean gap between token events.' },
  gaps_ms: { kind: amounts, doc: 'Every gap between token events, in their order.' },
  e2e_ms: { kind: ms, column: 'trend', doc: 'Until the last token.' },
  tokens: { kind: tokens, column: 'trend', doc: 'Tokens of the answer that were sent.' },
  tokens_estimated: {
    kind: flag,
    doc: 'The server gave no count, or one that its events can not hold: `tokens` are the token events.',
  },
  prompt_tokens: { kind: tokens, column: 'trend', doc: "Tokens of the prompt, by the server's count." },
  cached_tokens: {
    kind: tokens,
    column: 'trend',
    doc: "Prompt tokens that a prefix cache knew, by the server's count.",
  },
  finish: {
    kind: oneOf(FINISHES),
    column: 'u8',
    doc: 'How the answer ended, by its finish reason; null: it did not say.',
  },
  model: { kind: name(), doc: 'The model that says it answered.' },
  answer_key: {
    kind: whole,
    column: 'trend',
    doc: 'A number made from the id that the answer gave itself: one that was there before is an old answer.',
  },
  answer_ttft_ms: {
    kind: ms,
    column: 'trend',
    doc: 'Until the first token that is not reasoning; null where none came.',
  },
  hidden_tokens: {
    kind: tokens,
    column: 'trend',
    doc: 'Tokens that the server counts and did not send, as reasoning; they are not in `tokens`.',
  },
  token_events: { kind: whole, column: 'trend', doc: 'Events that brought tokens.' },
  token_reads: {
    kind: whole,
    column: 'trend',
    doc: 'Reads that brought them: fewer than events where something buffers.',
  },
  first_read_events: {
    kind: whole,
    column: 'trend',
    doc: 'Token events in the first read; what they carried is no decode step.',
  },
  sends: {
    kind: whole,
    column: 'trend',
    doc: 'How often the request was sent: 2 where a kept connection had been closed by the server, and it went out again on a fresh one.',
  },
  gateway: {
    kind: name(),
    doc: "What a gateway's headers say of the answer (cache, fallback, retry), joined by commas; null: nothing.",
  },
  oddities: {
    kind: name(),
    doc: 'What the answer did that its protocol does not say, read all the same: names joined by commas; null: nothing.',
  },
  ...BOTH,
} as const satisfies FieldTable;

/** A request of the gateway suite. */
export const GATEWAY_FIELDS = {
  scenario: { kind: oneOf(GATEWAY_SCENARIOS), required: true, doc: 'The scenario.' },
  phase: { kind: oneOf(GATEWAY_PHASES), required: true, doc: 'Where in the scenario the request belongs.' },
  kind: {
    kind: oneOf(RECORD_KINDS),
    required: true,
    doc: 'A call of a program; the same input once more (`repeat`, for the answer cache); inputs that must be refused; a probe.',
  },
  program: { kind: text, required: true, doc: 'The program that was called; empty of a probe.' },
  request_id: {
    kind: text,
    required: true,
    doc: 'The id that the request carries in its header and inputs.',
  },
  clean_error: {
    kind: flag,
    doc: 'Whether a refusal has a JSON object as its body; null where there was no refusal.',
  },
  model: { kind: text, doc: 'The model that the answer names.' },
  echoed_id: { kind: text, doc: 'The id of this run that the answer repeats, where it repeats one.' },
  ...BOTH,
} as const satisfies FieldTable;

/** Every kind of record by the jobs that write it. */
export const RECORD_TABLES = {
  load: { title: 'A load on the variants', fields: REQUEST_FIELDS },
  gateway: { title: 'The gateway suite', fields: GATEWAY_FIELDS },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly fields: FieldTable }>>;

/** What `npm run export` gives of a request, in this order. */
export const EXPORTED = [
  'duration_ms',
  'status',
  'cost_eur',
  'trace_id',
  'error',
  'payload_id',
  'start_ms',
  'index',
  'endpoint',
] as const satisfies readonly (keyof typeof REQUEST_FIELDS)[];

type ValueOf<F extends Field> =
  F['kind'] extends Kind<infer T> ? (F extends { readonly required: true } ? T : T | null) : never;

/** A record as it is read: every field of its table is there. */
export type RecordOf<T extends FieldTable> = { readonly [K in keyof T]: ValueOf<T[K]> };

/** The fields of a table of which `Has` holds. */
export type FieldsWith<T extends FieldTable, Has> = {
  [K in keyof T]: T[K] extends Has ? K : never;
}[keyof T];

export type GoField = FieldsWith<typeof BOTH, { readonly by: 'go' }>;
/** The fields that k6/requestlog writes, in its order. */
export const GO_FIELDS = Object.entries<Field>(BOTH).flatMap(([field, { by }]) =>
  by === 'go' ? [field] : [],
);
