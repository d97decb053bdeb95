/**
 * One request as one JSON line of `requests.jsonl`. Absent is null (or the key left out), never 0.
 * Times: `start_ms` is epoch ms of t0 (just before the transport gets the request); the others are ms since t0.
 */
import { ERROR_KINDS, type ErrorKind } from './errors.ts';
import { isVariant, PHASES, VARIANT_NAMES, type Phase, type Variant } from '../variants.ts';

/** Raised with every change of a record, a manifest, a summary or a comparison that an older reader would misread. */
export const SCHEMA_VERSION = 1;

export interface RequestRecord {
  readonly variant: Variant;
  readonly scenario: string;
  readonly block: number;
  /** Place in the variant's payload sequence, over the block: what pairs the variants. */
  readonly index: number;
  readonly payload_id: string;
  readonly phase: Phase;
  readonly start_ms: number;
  /** Sending to last byte; for a failure, until it failed. */
  readonly duration_ms: number;
  readonly waiting_ms: number | null;
  readonly connecting_ms: number | null;
  /** HTTP status, null where none arrived. */
  readonly status: number | null;
  readonly error: ErrorKind | null;
  /** The transport's message or the start of the refusal's body: untrusted text, at most 200 characters. */
  readonly error_detail: string | null;
  readonly cost_eur: number | null;
  readonly trace_id: string | null;
  readonly traceparent: string | null;
  readonly stages_ms: Readonly<Record<string, number>> | null;
  readonly correct: boolean | null;
  readonly correct_translation: boolean | null;
  readonly answer_sha256: string | null;
  readonly answer: string | null;
  /** Open load: how long after its scheduled start the request began. Figures count from the schedule: the reader adds it. */
  readonly late_ms: number | null;
  // Streamed answers.
  readonly ttft_ms: number | null;
  readonly tpot_ms: number | null;
  /** Mean gap between token events. */
  readonly itl_ms: number | null;
  /** Every gap between token events, in their order. */
  readonly gaps_ms: readonly number[] | null;
  readonly e2e_ms: number | null;
  readonly tokens: number | null;
  /** The server gave no count: `tokens` are the token events. */
  readonly tokens_estimated: boolean | null;
  readonly prompt_tokens: number | null;
  /** Prompt tokens that a prefix cache knew, by the server's own count. */
  readonly cached_tokens: number | null;
}

/** Why a line is no record: a field and what it should be. */
export class BadRecord extends Error {
  override readonly name = 'BadRecord';
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(field: string, value: unknown, allowed: string): never {
  throw new BadRecord(`${field} is ${JSON.stringify(value) ?? 'missing'}; allowed: ${allowed}`);
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : bad(name, value, 'text');
}

function textOrNull(fields: Fields, name: string): string | null {
  return fields[name] === undefined || fields[name] === null ? null : text(fields, name);
}

/** A finite number >= 0: every quantity of a record is one. */
function amount(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === 'number' && value >= 0 && value < Infinity
    ? value
    : bad(name, value, 'a number >= 0');
}

function amountOrNull(fields: Fields, name: string): number | null {
  return fields[name] === undefined || fields[name] === null ? null : amount(fields, name);
}

function amountsOrNull(fields: Fields, name: string): readonly number[] | null {
  const value = fields[name];
  if (value === undefined || value === null) return null;
  const list: readonly unknown[] = Array.isArray(value) ? value : bad(name, value, 'a list of numbers');
  return list.map((one) =>
    typeof one === 'number' && one >= 0 && one < Infinity ? one : bad(name, one, 'numbers >= 0'),
  );
}

function flagOrNull(fields: Fields, name: string): boolean | null {
  const value = fields[name];
  if (value === undefined || value === null) return null;
  return typeof value === 'boolean' ? value : bad(name, value, 'true, false or null');
}

function oneOf<T extends string>(fields: Fields, name: string, allowed: readonly T[]): T {
  const value = fields[name];
  for (const one of allowed) if (one === value) return one;
  return bad(name, value, allowed.join(', '));
}

function variant(fields: Fields): Variant {
  const value = fields['variant'];
  return isVariant(value) ? value : bad('variant', value, VARIANT_NAMES);
}

function stages(fields: Fields): Readonly<Record<string, number>> | null {
  const value = fields['stages_ms'];
  if (value === undefined || value === null) return null;
  if (!isFields(value)) return bad('stages_ms', value, 'an object of ms by stage');
  // Not by assignment, which would lose a stage named __proto__.
  return Object.fromEntries(
    Object.entries(value).map(([stage, ms]) => [
      stage,
      typeof ms === 'number' && ms >= 0 && ms < Infinity
        ? ms
        : bad(`stages_ms.${stage}`, ms, 'a number >= 0'),
    ]),
  );
}

/** @throws BadRecord; SyntaxError where the line is not JSON. Hand-written: a schema library costs 33 us a line. */
export function parseRecord(line: string): RequestRecord {
  const fields: unknown = JSON.parse(line);
  if (!isFields(fields)) return bad('the line', fields, 'an object');
  const error = fields['error'];
  return {
    variant: variant(fields),
    scenario: text(fields, 'scenario'),
    block: amount(fields, 'block'),
    index: amount(fields, 'index'),
    payload_id: text(fields, 'payload_id'),
    phase: oneOf(fields, 'phase', PHASES),
    start_ms: amount(fields, 'start_ms'),
    duration_ms: amount(fields, 'duration_ms'),
    waiting_ms: amountOrNull(fields, 'waiting_ms'),
    connecting_ms: amountOrNull(fields, 'connecting_ms'),
    status: amountOrNull(fields, 'status'),
    error: error === null || error === undefined ? null : oneOf(fields, 'error', ERROR_KINDS),
    error_detail: textOrNull(fields, 'error_detail'),
    cost_eur: amountOrNull(fields, 'cost_eur'),
    trace_id: textOrNull(fields, 'trace_id'),
    traceparent: textOrNull(fields, 'traceparent'),
    stages_ms: stages(fields),
    correct: flagOrNull(fields, 'correct'),
    correct_translation: flagOrNull(fields, 'correct_translation'),
    answer_sha256: textOrNull(fields, 'answer_sha256'),
    answer: textOrNull(fields, 'answer'),
    late_ms: amountOrNull(fields, 'late_ms'),
    ttft_ms: amountOrNull(fields, 'ttft_ms'),
    tpot_ms: amountOrNull(fields, 'tpot_ms'),
    itl_ms: amountOrNull(fields, 'itl_ms'),
    e2e_ms: amountOrNull(fields, 'e2e_ms'),
    gaps_ms: amountsOrNull(fields, 'gaps_ms'),
    tokens: amountOrNull(fields, 'tokens'),
    tokens_estimated: flagOrNull(fields, 'tokens_estimated'),
    prompt_tokens: amountOrNull(fields, 'prompt_tokens'),
    cached_tokens: amountOrNull(fields, 'cached_tokens'),
  };
}
