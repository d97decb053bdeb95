import type { Times } from './engine.ts';

/** One answer, whatever style it is told in. */
export interface Telling {
  readonly id: string;
  readonly created_s: number;
  readonly model: string;
  readonly prompt_tokens: number;
  readonly tokens: readonly string[];
  /** Null: it does not say why it ended. */
  readonly finish: string | Readonly<Record<string, string>> | null;
  /** Counted as reasoning, and not sent. */
  readonly hidden_tokens: number;
  /** Asked for and to be given. */
  readonly usage: boolean;
  readonly role_content: 'null' | 'empty' | 'absent';
  /** `thought`: nothing but reasoning. */
  readonly deltas: 'content' | 'reasoning' | 'tool' | 'thought';
}

/** A style of answering. Its parts are bytes for the wire: whole events, or nothing. */
export interface Dialect {
  /** Before any token, and no token itself. */
  readonly head: string;
  token(text: string, at: number): string;
  /** After the last token: why it ended, usage. */
  tail(times: Times): string;
  /** Without it the stream isn't whole. */
  terminator(times: Times): string;
  error(message: string): string;
  /** The same answer, not streamed. */
  plain(times: Times): object;
}

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const DONE = 'data: [DONE]\n\n';

function usageOf({ prompt_tokens, tokens, hidden_tokens }: Telling, { cached_tokens }: Times) {
  const completion_tokens = tokens.length + hidden_tokens;
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens },
    ...(hidden_tokens > 0 ? { completion_tokens_details: { reasoning_tokens: hidden_tokens } } : {}),
  };
}

const openAiError = (message: string): object => ({
  error: { message, type: 'InternalServerError', param: null, code: 500 },
});

/** What both OpenAI endpoints share: the envelope, usage in a last chunk without choices, `[DONE]`. */
function openAi(
  telling: Telling,
  object: string,
  parts: {
    readonly chunk_object: string;
    readonly head: object | null;
    readonly token: (text: string, at: number) => object;
    readonly tail: object;
    readonly plain: object;
    readonly finish_reason: Telling['finish'];
  },
): Dialect {
  const { id, created_s: created, model, usage } = telling;
  const choice = (content: object, finish_reason: Telling['finish']) => ({
    index: 0,
    ...content,
    logprobs: null,
    finish_reason,
  });
  const envelope = { id, object: parts.chunk_object, created, model };
  const chunk = (content: object, finish_reason: Telling['finish'] = null) =>
    event({
      ...envelope,
      choices: [choice(content, finish_reason)],
      ...(usage ? { usage: null } : {}),
    });
  return {
    head: parts.head === null ? '' : chunk(parts.head),
    token: (text, at) => chunk(parts.token(text, at)),
    tail: (times) => {
      const last = usage ? event({ ...envelope, choices: [], usage: usageOf(telling, times) }) : '';
      return `${chunk(parts.tail, parts.finish_reason)}${last}`;
    },
    terminator: () => DONE,
    error: (message) => event(openAiError(message)),
    plain: (times) => ({
      ...envelope,
      object,
      choices: [choice(parts.plain, parts.finish_reason)],
      usage: usageOf(telling, times),
    }),
  };
}

/** What the tokens of a message are: its content, half of them thought before, or a call's arguments. */
interface Contents {
  readonly delta: (text: string, at: number, count: number) => object;
  readonly message: (tokens: readonly string[]) => object;
}

const TOOL = { id: 'call-0', type: 'function' };
const toolCall = (text: string) => ({ ...TOOL, function: { name: 'note', arguments: text } });

const contents: Readonly<Record<Telling['deltas'], Contents>> = {
  content: {
    delta: (text) => ({ content: text }),
    message: (tokens) => ({ content: tokens.join('') }),
  },
  reasoning: {
    delta: (text, at, count) =>
      at < Math.floor(count / 2) ? { reasoning_content: text } : { content: text },
    message: (tokens) => {
      const half = Math.floor(tokens.length / 2);
      return { reasoning_content: tokens.slice(0, half).join(''), content: tokens.slice(half).join('') };
    },
  },
  thought: {
    delta: (text) => ({ reasoning_content: text }),
    message: (tokens) => ({ reasoning_content: tokens.join(''), content: null }),
  },
  tool: {
    delta: (text, at) => ({
      tool_calls: [{ index: 0, ...(at === 0 ? toolCall(text) : { function: { arguments: text } }) }],
    }),
    message: (tokens) => ({ content: null, tool_calls: [toolCall(tokens.join(''))] }),
  },
};

/** Ends that a call of a tool takes the place of. */
const ordinary: ReadonlySet<Telling['finish']> = new Set(['stop', 'length']);

const role_contents = { null: { content: null }, empty: { content: '' }, absent: {} };

/** `/v1/chat/completions`. */
export function chat(telling: Telling): Dialect {
  const { delta, message } = contents[telling.deltas];
  const { tokens } = telling;
  return openAi(telling, 'chat.completion', {
    chunk_object: 'chat.completion.chunk',
    head: { delta: { role: 'assistant', ...role_contents[telling.role_content] } },
    token: (text, at) => ({ delta: delta(text, at, tokens.length) }),
    tail: { delta: {} },
    plain: { message: { role: 'assistant', ...message(tokens) } },
    finish_reason: telling.deltas === 'tool' && ordinary.has(telling.finish) ? 'tool_calls' : telling.finish,
  });
}

/** `/v1/completions`. */
export function completions(telling: Telling): Dialect {
  return openAi(telling, 'text_completion', {
    chunk_object: 'text_completion',
    head: null,
    token: (text) => ({ text }),
    tail: { text: '' },
    plain: { text: telling.tokens.join('') },
    finish_reason: telling.finish,
  });
}

const perSecond = (count: number, ms: number): number => (ms > 0 ? (count / ms) * 1000 : 0);

const stop_types: ReadonlyMap<string, string> = new Map([
  ['stop', 'eos'],
  ['length', 'limit'],
]);

/** llama.cpp's `/completion`: its last event says `"stop":true`, and there is no `[DONE]`. */
export function llama(telling: Telling): Dialect {
  const { model, prompt_tokens, tokens, finish } = telling;
  const ended = (content: string, times: Times) => ({
    content,
    stop: true,
    model,
    tokens_predicted: tokens.length,
    tokens_evaluated: prompt_tokens,
    tokens_cached: times.cached_tokens,
    stop_type: typeof finish === 'string' ? (stop_types.get(finish) ?? finish) : 'none',
    timings: {
      prompt_n: prompt_tokens - times.cached_tokens,
      prompt_ms: times.prefill_ms,
      predicted_n: tokens.length,
      predicted_ms: times.decode_ms,
      predicted_per_second: perSecond(tokens.length - 1, times.decode_ms),
    },
  });
  return {
    head: '',
    token: (content) => event({ content, stop: false }),
    tail: () => '',
    terminator: (times) => event(ended('', times)),
    error: (message) => event(openAiError(message)),
    plain: (times) => ended(tokens.join(''), times),
  };
}

const named = (name: string, data: object): string => `event: ${name}\n${event(data)}`;

/** `/events`: `event: token`, then `event: done`. */
export function events(telling: Telling): Dialect {
  const { prompt_tokens, tokens, finish } = telling;
  const counts = { tokens: tokens.length, prompt_tokens, finish_reason: finish };
  return {
    head: '',
    token: (token, index) => named('token', { token, index }),
    tail: () => '',
    terminator: () => named('done', counts),
    error: (message) => named('error', { message }),
    plain: () => ({ text: tokens.join(''), ...counts }),
  };
}
