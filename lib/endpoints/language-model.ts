/** A language model behind any of the protocols: a prompt goes in, a timed answer comes out, streamed or whole. */
import type { Params, Result } from 'k6/x/stream';
import { parseJsonText } from '../../domain/text/json.ts';
import type { ErrorKind } from '../../domain/record/errors.ts';
import { textOf, uniquePrefix, withPrefix, type Prompt } from '../../domain/load/prompt.ts';
import { PROTOCOLS } from '../../domain/protocols/index.ts';
import { valueAt, type Count, type Protocol, type WholeRules } from '../../domain/protocols/protocol.ts';
import { costOf, estimatedTokens, type Price } from '../../domain/quality/price.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { settingsFor } from '../../domain/settings/variants.ts';
import { streamTimes, type StreamTimes } from '../../domain/figures/stream-times.ts';
import type { Variant } from '../../domain/variants.ts';
import { streamModule } from '../extensions.ts';
import type { Target } from '../runtime.ts';

/** What an answer says. Absent is null. */
export interface ModelReading extends StreamTimes {
  readonly error: ErrorKind | null;
  readonly error_detail: string | null;
  readonly prompt_tokens: number | null;
  readonly cached_tokens: number | null;
  /** Where the server tells them: prefill and decode. */
  readonly stages_ms: Readonly<Record<string, number>> | null;
  readonly text: string | null;
}

/** What a request cost by its tokens. */
export interface TokenCost {
  readonly cost: number;
  /** A count was missing and was estimated. */
  readonly estimated: boolean;
}

export interface ModelEndpoint {
  send(prompt: Prompt, index: number, traceparent: string): Promise<Result>;
  read(result: Result): ModelReading;
  /** Null: no price is known, or it failed. */
  cost(prompt: Prompt, reading: ModelReading): TokenCost | null;
}

export interface ModelOptions {
  readonly target: Target;
  readonly settings: Settings;
  readonly variant: Variant;
  /** Of the run: two runs must not share their unique prefixes. */
  readonly nonce: string;
  /** Readings have the text of a streamed answer. */
  readonly keep_text: boolean;
}

/** The trace id of a W3C traceparent; servers in vLLM's style take it as the request's id. */
const traceId = (traceparent: string): string => traceparent.slice(3, 35);

/** @throws Error on a k6 without the suite's extensions */
export function languageModel({ target, settings, variant, nonce, keep_text }: ModelOptions): ModelEndpoint {
  if (streamModule === null)
    throw new Error(
      "this k6 can't time streamed answers; run the suite's own: npm run k6:stream builds it (needs Go)",
    );
  const { request, inTurn } = streamModule;
  const protocol = PROTOCOLS[settings.api];
  const url = `${target.base_url}${settings.apiPath ?? protocol.path}`;
  const { model, body: further, price } = settingsFor(settings, variant);
  const streamed = settings.stream;
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    Accept: streamed ? 'text/event-stream' : 'application/json',
    ...target.headers,
  };
  // Made once: a VU has one request in flight, and only two headers differ between them.
  const params: Params = {
    headers,
    timeout: settings.timeoutMs,
    tags: { name: settings.api },
    keep_text,
    ...(streamed ? { rules: protocol.stream, itl_json: true } : {}),
  };
  return {
    send: (prompt, index, traceparent) =>
      inTurn(() => {
        const messages = settings.uniquePrefix
          ? withPrefix(prompt.messages, uniquePrefix(nonce, settings.seed, index))
          : prompt.messages;
        const body = protocol.body({
          messages,
          prompt: textOf(messages),
          model,
          max_tokens: prompt.max_tokens ?? settings.maxTokens,
          force_length: settings.forceLength,
          temperature: settings.temperature,
          stream: streamed,
        });
        headers['traceparent'] = traceparent;
        headers['X-Request-Id'] = traceId(traceparent);
        const asked = further === null ? body : { ...body, ...further };
        return request('POST', url, JSON.stringify(asked), params);
      }),
    read: (result) => (streamed ? readStreamed(result) : readWhole(result, protocol)),
    cost: (prompt, reading) =>
      price === null || reading.error !== null ? null : tokenCost(price, prompt, reading),
  };
}

function tokenCost(price: Price, prompt: Prompt, reading: ModelReading): TokenCost {
  const { prompt_tokens, cached_tokens, tokens, tokens_estimated } = reading;
  return {
    cost: costOf(price, {
      prompt_tokens: prompt_tokens ?? estimatedTokens(textOf(prompt.messages).length),
      cached_tokens: cached_tokens ?? 0,
      completion_tokens: tokens ?? 0,
    }),
    estimated: prompt_tokens === null || tokens_estimated,
  };
}

const NOTHING: Pick<ModelReading, 'prompt_tokens' | 'cached_tokens' | 'stages_ms' | 'text'> = {
  prompt_tokens: null,
  cached_tokens: null,
  stages_ms: null,
  text: null,
};

const isHtml = ({ content_type }: Result): boolean => /html/i.test(content_type ?? '');

/** The failure with what the server said, for a person. */
function failure(result: Result): Pick<ModelReading, 'error' | 'error_detail'> {
  const { error, error_message, body } = result;
  if (error === null) return { error: null, error_detail: null };
  // A page in place of an answer is a proxy's or a wrong URL's, not a model's.
  if (error === 'not_sse' && isHtml(result)) return { error: 'content_type', error_detail: body };
  return { error, error_detail: error === 'status' || error === 'not_sse' ? body : error_message };
}

const countOrNull = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;

function stages(counts: Readonly<Record<Count, number | null>>): ModelReading['stages_ms'] {
  const { prefill_ms: prefill, decode_ms: decode } = counts;
  if (prefill === null && decode === null) return null;
  return { ...(prefill === null ? {} : { prefill }), ...(decode === null ? {} : { decode }) };
}

function readStreamed(result: Result): ModelReading {
  const count = (name: Count): number | null => countOrNull(result.usage[name]);
  const { first_token_ms, last_token_ms, token_events } = result;
  return {
    ...failure(result),
    ...streamTimes({
      first_token_ms,
      last_token_ms,
      token_events,
      reported_tokens: count('completion_tokens'),
    }),
    prompt_tokens: count('prompt_tokens'),
    cached_tokens: count('cached_tokens'),
    stages_ms: stages(countsOf(count)),
    text: result.text,
  };
}

const countsOf = (count: (name: Count) => number | null): Record<Count, number | null> => ({
  completion_tokens: count('completion_tokens'),
  prompt_tokens: count('prompt_tokens'),
  cached_tokens: count('cached_tokens'),
  prefill_ms: count('prefill_ms'),
  decode_ms: count('decode_ms'),
});

/** An answer that came whole: its tokens have no times of their own, so that only E2E is left. */
function readWhole(result: Result, protocol: Protocol): ModelReading {
  const none = { token_events: 0, first_token_ms: null, last_token_ms: null, reported_tokens: null };
  const failed = (error: ErrorKind, error_detail: string | null): ModelReading => ({
    ...NOTHING,
    ...streamTimes(none),
    error,
    error_detail,
  });
  const { error, error_detail } = failure(result);
  if (error !== null) return failed(error, error_detail);
  const { whole } = protocol;
  if (whole === null) return failed('not_sse', result.body);
  const answer = parseJsonText(result.body ?? '');
  if (answer === undefined) return failed(isHtml(result) ? 'content_type' : 'bad_json', result.body);
  const problem = whole.error_paths.map((path) => valueAt(answer, path)).find((value) => value != null);
  if (problem !== undefined) return failed('error_event', JSON.stringify(problem));
  if (!whole.content_paths.some((path) => hasContent(valueAt(answer, path))))
    return failed('no_token', result.body);
  const counts = countsOf((name) => firstCount(answer, whole, name));
  return {
    ...streamTimes({ ...none, reported_tokens: counts.completion_tokens }),
    e2e_ms: result.end_ms,
    error: null,
    error_detail: null,
    prompt_tokens: counts.prompt_tokens,
    cached_tokens: counts.cached_tokens,
    stages_ms: stages(counts),
    text: whole.text_paths
      .map((path) => valueAt(answer, path))
      .filter((value) => typeof value === 'string')
      .join(''),
  };
}

function hasContent(value: unknown): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' && value !== null;
}

function firstCount(answer: unknown, { usage }: WholeRules, name: Count): number | null {
  for (const path of usage[name]) {
    const found = countOrNull(valueAt(answer, path));
    if (found !== null) return found;
  }
  return null;
}
