/** One request to a gateway as one JSON line of `requests.jsonl`: what k6 saw of it. Absent is null, never 0. */
import { ERROR_KINDS, type ErrorKind } from '../../record/errors.ts';
import { BadField, amount, amountOrNull, asFields, oneOf, text, textOrNull } from './fields.ts';
import { GATEWAY_PHASES, GATEWAY_SCENARIOS, type GatewayPhase, type GatewayScenario } from './scenarios.ts';

/**
 * call: a program with a distinct input. repeat: the same input once more, for the answer cache. bad_input: inputs that
 * must be refused. live, ready: the probes.
 */
export const RECORD_KINDS = ['call', 'repeat', 'bad_input', 'live', 'ready'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export interface GatewayRecord {
  readonly scenario: GatewayScenario;
  readonly phase: GatewayPhase;
  readonly kind: RecordKind;
  /** Empty for a probe. */
  readonly program: string;
  readonly request_id: string;
  /** Epoch ms of the sending. */
  readonly start_ms: number;
  /** To the last byte; for a failure, until it failed. */
  readonly duration_ms: number;
  readonly status: number | null;
  /** Null: a right answer. */
  readonly error: ErrorKind | null;
  /** Untrusted text, at most 200 characters. */
  readonly error_detail: string | null;
  /** A refusal whose body is a JSON object; null where there was no refusal. */
  readonly clean_error: boolean | null;
  /** The model that the answer names. */
  readonly model: string | null;
  /** The id of this run that the answer repeats, where it repeats one. */
  readonly echoed_id: string | null;
}

/** @throws BadField, SyntaxError */
export function parseGatewayRecord(line: string): GatewayRecord {
  const of = asFields(JSON.parse(line), 'the line');
  const error = textOrNull(of, 'error');
  const clean = of['clean_error'];
  if (clean !== null && typeof clean !== 'boolean')
    throw new BadField('clean_error should be true, false or null');
  return {
    scenario: oneOf(of, 'scenario', GATEWAY_SCENARIOS),
    phase: oneOf(of, 'phase', GATEWAY_PHASES),
    kind: oneOf(of, 'kind', RECORD_KINDS),
    program: textOrNull(of, 'program') ?? '',
    request_id: text(of, 'request_id'),
    start_ms: amount(of, 'start_ms'),
    // The log has null where nothing was sent: a refused connection failed at once.
    duration_ms: error === null ? amount(of, 'duration_ms') : (amountOrNull(of, 'duration_ms') ?? 0),
    status: amountOrNull(of, 'status'),
    error: error === null ? null : oneOf(of, 'error', ERROR_KINDS),
    error_detail: textOrNull(of, 'error_detail'),
    clean_error: clean,
    model: textOrNull(of, 'model'),
    echoed_id: textOrNull(of, 'echoed_id'),
  };
}
