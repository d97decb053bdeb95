/** One kind of request: how it is sent and what its answer says. Checks, metrics and the record belong to the step. */
import http, { type Params } from 'k6/http';
import type { ErrorKind } from '../../domain/record/errors.ts';
import type { Target } from '../runtime.ts';
import type { TextResponse } from '../request-log.ts';

/** What an answer says beyond its times. Absent is null. */
export interface Reading {
  /** Why the answer is no answer, or null. */
  readonly error: ErrorKind | null;
  readonly error_detail: string | null;
  readonly cost_eur: number | null;
  readonly stages_ms: Readonly<Record<string, number>> | null;
  readonly correct: boolean | null;
  readonly correct_translation: boolean | null;
  readonly tokens: number | null;
}

export const EMPTY_READING: Reading = {
  error: null,
  error_detail: null,
  cost_eur: null,
  stages_ms: null,
  correct: null,
  correct_translation: null,
  tokens: null,
};

/** `Asked` is what one request needs: a payload, a text, nothing. */
export interface Endpoint<Asked> {
  readonly name: string;
  send(asked: Asked, traceparent: string): TextResponse;
  /** Called only for a 2xx answer whose body arrived whole. */
  read(response: TextResponse, asked: Asked, scored: boolean): Reading;
}

/** A JSON POST. The parameters are made once: k6 reads them anew for each request, so only the trace header changes. */
export function jsonPost(
  target: Target,
  path: string,
  timeout_ms: number,
  name: string,
): (body: string, traceparent: string) => TextResponse {
  const url = `${target.base_url}${path}`;
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    ...target.headers,
  };
  const params: Params & { responseType: 'text' } = {
    headers,
    timeout: timeout_ms,
    redirects: 0,
    responseType: 'text',
    tags: { name },
  };
  return (body, traceparent) => {
    headers['traceparent'] = traceparent;
    return http.post(url, body, params);
  };
}
