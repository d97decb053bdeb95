/** An inference server: health, tokens of texts, greedy generation, singly and in batches. */
import http, { type Params } from 'k6/http';
import type { ErrorKind } from '../../domain/record/errors.ts';
import type { Operation } from '../../domain/jobs/inference/scenarios.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import type { TextResponse } from '../request-log.ts';
import type { Runtime, Target } from '../runtime.ts';
import { textOf } from '../../domain/load/prompt.ts';
import { PROMPTS, payloadSequence } from '../payloads.ts';
import { isFields } from '../../domain/text/fields.ts';
import { parseJsonText } from '../../domain/text/json.ts';
import type { Source } from '../steps/exchange.ts';
import { EMPTY_READING, jsonPost, type Endpoint, type Reading } from './endpoint.ts';

/** The body of a POST; null: a GET. */
type Asked = string | null;

function bodyOf(operation: Operation, texts: readonly string[], max_tokens: number): string {
  const generation = { max_tokens, strategy: 'greedy' };
  switch (operation.name) {
    case 'tokenize':
      return JSON.stringify({ text: texts[0] });
    case 'generate':
      return JSON.stringify({ prompt: texts[0], ...generation });
    case 'batch-tokenize':
      return JSON.stringify({ texts });
    case 'batch-generate':
      return JSON.stringify({ prompts: texts, ...generation });
    case 'health':
      return '';
  }
}

/** Texts of the payload sequence, `batch` of them a request. */
export function textSource(runtime: Runtime, operation: Operation): Source<Asked> {
  const { batch } = operation;
  if (batch === 0) return { at: () => ({ id: operation.name, asked: null, scored: false }) };
  const payloads = payloadSequence(runtime, PROMPTS);
  return {
    at(index) {
      const items = Array.from({ length: batch }, (_, i) => payloads.at(index * batch + i));
      return {
        id: items.map(({ id }) => id).join('+'),
        asked: bodyOf(
          operation,
          items.map(({ messages }) => textOf(messages)),
          runtime.settings.generateTokens,
        ),
        scored: false,
      };
    },
  };
}

const failed = (error: ErrorKind, error_detail: string): Reading => ({
  ...EMPTY_READING,
  error,
  error_detail: error_detail.slice(0, 200),
});
const answered = (tokens: number | null): Reading => ({ ...EMPTY_READING, tokens });

/** A word that a server says of itself while it answers 200. */
const UNWELL = /^(unhealthy|unavailable|degraded|down|error|fail(ed|ing)?|not[ _-]?ready)$/i;

function readHealth(response: TextResponse): Reading {
  const body = response.body ?? '';
  const type = response.headers['Content-Type'] ?? '';
  if (/html/i.test(type)) return failed('content_type', body);
  // Some servers say "OK" in plain text; only what calls itself JSON must be it.
  if (!/json/i.test(type)) return UNWELL.test(body.trim()) ? failed('wrong_answer', body) : answered(null);
  const value = parseJsonText(body);
  if (value === undefined) return failed('bad_json', body);
  const status = isFields(value) ? value['status'] : undefined;
  return typeof status === 'string' && UNWELL.test(status) ? failed('wrong_answer', body) : answered(null);
}

/** Tokens of one answer, or what is wrong with it. Greedy text may be empty: what counts is `num_generated`. */
type Judge = (answer: unknown) => number | readonly [ErrorKind, string];

const count =
  (field: string, minimum: number, otherwise: ErrorKind): Judge =>
  (answer) => {
    if (!isFields(answer)) return ['missing_field', 'the answer is no object'];
    const n = answer[field];
    if (typeof n !== 'number' || !Array.isArray(answer['token_ids']))
      return ['missing_field', `no ${typeof n === 'number' ? 'token_ids' : field}`];
    return n >= minimum ? n : [otherwise, `${field} is ${n}`];
  };
const tokenized = count('num_tokens', 1, 'wrong_answer');
const generated = count('num_generated', 1, 'no_token');

/** `results`, one for each of the batch, each of them right. */
const batchOf =
  (judge: Judge, size: number): Judge =>
  (answer) => {
    const results = isFields(answer) ? answer['results'] : undefined;
    if (!Array.isArray(results)) return ['missing_field', 'no results'];
    if (results.length !== size) return ['wrong_answer', `${results.length} results for a batch of ${size}`];
    let tokens = 0;
    for (const result of results) {
      const one = judge(result);
      if (typeof one !== 'number') return one;
      tokens += one;
    }
    return tokens;
  };

function judgeOf({ name, batch }: Operation): Judge | null {
  switch (name) {
    case 'health':
      return null;
    case 'tokenize':
      return tokenized;
    case 'generate':
      return generated;
    case 'batch-tokenize':
      return batchOf(tokenized, batch);
    case 'batch-generate':
      return batchOf(generated, batch);
  }
}

export function inferenceEndpoint(target: Target, settings: Settings, operation: Operation): Endpoint<Asked> {
  const { name } = operation;
  const judge = judgeOf(operation);
  if (judge === null) return { name, send: healthGet(target, settings), read: readHealth };
  const post = jsonPost(target, operation.path, settings.timeoutMs, name);
  return {
    name,
    send: (asked, traceparent) => post(asked ?? '', traceparent),
    read(response) {
      const body = response.body ?? '';
      const value = parseJsonText(body);
      if (value === undefined)
        return failed(
          /html/i.test(response.headers['Content-Type'] ?? '') ? 'content_type' : 'bad_json',
          body,
        );
      const verdict = judge(value);
      return typeof verdict === 'number' ? answered(verdict) : failed(...verdict);
    },
  };
}

function healthGet(target: Target, settings: Settings): Endpoint<Asked>['send'] {
  const headers: Record<string, string> = { ...target.headers };
  const params: Params & { responseType: 'text' } = {
    headers,
    timeout: settings.timeoutMs,
    redirects: 0,
    responseType: 'text',
    tags: { name: 'health' },
  };
  return (_asked, traceparent) => {
    headers['traceparent'] = traceparent;
    return http.get(`${target.base_url}${settings.healthPath}`, params);
  };
}
