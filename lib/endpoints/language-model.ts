/** A language model behind any of the protocols: a prompt goes in, a timed answer comes out, streamed or whole. */
import type { Params, Result } from 'k6/x/stream';
import type { ErrorKind } from '../../domain/record/errors.ts';
import { textOf, uniquePrefix, withPrefix, type Prompt } from '../../domain/load/prompt.ts';
import { streamedAnswer, streamFailure, type Answer, type Oddity } from '../../domain/protocols/answer.ts';
import type { Finish } from '../../domain/protocols/finish.ts';
import { gatewaySigns, type GatewaySign } from '../../domain/protocols/gateway-signs.ts';
import { PROTOCOLS } from '../../domain/protocols/index.ts';
import type { Protocol } from '../../domain/protocols/protocol.ts';
import { readWhole } from '../../domain/protocols/read-whole.ts';
import { answerLimit, endpointUrl, requestBody } from '../../domain/protocols/request-body.ts';
import { costOf, estimatedTokens, type Price } from '../../domain/quality/price.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { settingsFor } from '../../domain/settings/variants.ts';
import { streamTimes, type Arrivals, type StreamTimes } from '../../domain/figures/stream-times.ts';
import type { Variant } from '../../domain/variants.ts';
import { streamModule } from '../extensions.ts';
import type { Target } from '../runtime.ts';

/** What an answer says. Absent is null. */
export interface ModelReading extends StreamTimes {
  readonly error: ErrorKind | null;
  readonly error_detail: string | null;
  readonly finish: Finish | null;
  /** Who says that it answered. */
  readonly model: string | null;
  /** The answer's own id. */
  readonly answer_id: string | null;
  readonly oddities: readonly Oddity[];
  /** What a gateway's headers say of it. */
  readonly gateway: readonly GatewaySign[];
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
  const url = endpointUrl(target.base_url, settings.apiPath ?? protocol.path);
  const { model, bodies, price } = settingsFor(settings, variant);
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
        const own = prompt.members ?? {};
        const ask = {
          messages,
          prompt: textOf(messages),
          model,
          max_tokens: prompt.max_tokens ?? answerLimit(own) ?? settings.maxTokens,
          force_length: settings.forceLength,
          temperature: settings.temperature,
          stream: streamed,
        };
        headers['traceparent'] = traceparent;
        headers['X-Request-Id'] = traceId(traceparent);
        return request('POST', url, JSON.stringify(requestBody(protocol, ask, own, bodies)), params);
      }),
    read: (result) => (streamed ? readStreamed(result, protocol) : readUnstreamed(result, protocol)),
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

const isHtml = ({ content_type }: Result): boolean => /html/i.test(content_type ?? '');

type FailureOf = Pick<ModelReading, 'error' | 'error_detail'>;
const NO_FAILURE: FailureOf = { error: null, error_detail: null };

/** Why there is no answer of the kind that was asked for, with what the server said, for a person. */
function exchangeFailure(result: Result): FailureOf {
  const { error, error_message, body } = result;
  if (error === null) return NO_FAILURE;
  // A page in place of an answer is a proxy's or a wrong URL's, not a model's.
  if (error === 'not_sse' && isHtml(result)) return { error: 'content_type', error_detail: body };
  return { error, error_detail: error === 'status' || error === 'not_sse' ? body : error_message };
}

function stages({ prefill_ms: prefill, decode_ms: decode }: Answer['counts']): ModelReading['stages_ms'] {
  if (prefill === null && decode === null) return null;
  return { ...(prefill === null ? {} : { prefill }), ...(decode === null ? {} : { decode }) };
}

/** What does not depend on the way the answer came. */
const said = ({ finish, names, counts }: Answer) => ({
  finish,
  model: names.model,
  answer_id: names.id,
  prompt_tokens: counts.prompt_tokens,
  cached_tokens: counts.cached_tokens,
  stages_ms: stages(counts),
});

function readStreamed(result: Result, protocol: Protocol): ModelReading {
  const answer = streamedAnswer(result);
  const failed = streamFailure(result, protocol);
  return {
    ...(failed === null || failed.error === result.error ? exchangeFailure(result) : failed),
    ...streamTimes({
      first_token_ms: result.first_token_ms,
      first_answer_ms: result.first_answer_ms,
      last_token_ms: result.last_token_ms,
      token_events: result.token_events,
      first_read_events: result.first_read_events,
      content_bytes: result.content_bytes,
      reasoning_bytes: result.reasoning_bytes,
      reported_tokens: answer.counts.completion_tokens,
      reported_reasoning: answer.counts.reasoning_tokens,
    }),
    ...said(answer),
    oddities: result.oddities,
    gateway: gatewaySigns(result.headers),
    text: result.text,
  };
}

/** Of an answer that came whole: its tokens have no times of their own, so that only E2E is left. */
const UNTIMED: Arrivals = {
  first_token_ms: null,
  first_answer_ms: null,
  last_token_ms: null,
  reported_tokens: null,
  reported_reasoning: null,
  token_events: 0,
  first_read_events: 0,
  content_bytes: 0,
  reasoning_bytes: 0,
};

const NOTHING: Omit<ModelReading, 'error' | 'error_detail'> = {
  ...streamTimes(UNTIMED),
  finish: null,
  model: null,
  answer_id: null,
  oddities: [],
  gateway: [],
  prompt_tokens: null,
  cached_tokens: null,
  stages_ms: null,
  text: null,
};

function readUnstreamed(result: Result, { whole }: Protocol): ModelReading {
  const failed = exchangeFailure(result);
  if (failed.error !== null) return { ...NOTHING, ...failed };
  if (whole === null) return { ...NOTHING, error: 'not_sse', error_detail: result.body };
  const reading = readWhole(result.body ?? '', whole);
  if (!reading.ok) {
    const { error, error_detail } = reading;
    return {
      ...NOTHING,
      error: error === 'bad_json' && isHtml(result) ? 'content_type' : error,
      error_detail,
    };
  }
  const { answer, text, reasoning_length } = reading;
  return {
    ...NO_FAILURE,
    ...streamTimes({
      ...UNTIMED,
      reported_tokens: answer.counts.completion_tokens,
      reported_reasoning: answer.counts.reasoning_tokens,
      reasoning_bytes: reasoning_length,
    }),
    e2e_ms: result.end_ms,
    ...said(answer),
    oddities: [],
    gateway: gatewaySigns(result.headers),
    text,
  };
}
