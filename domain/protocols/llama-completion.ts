/** `POST /completion` of llama.cpp's server: the last event says `"stop":true`; there is no `[DONE]`. */
import { LLAMA_TIMINGS, forcedLength, type Protocol, type StreamRules } from './protocol.ts';

const TEXT = ['content'];

const USAGE: StreamRules['usage'] = {
  completion_tokens: ['tokens_predicted', LLAMA_TIMINGS.completion_tokens],
  prompt_tokens: ['tokens_evaluated'],
  cached_tokens: ['timings.cache_n'],
  prefill_ms: [LLAMA_TIMINGS.prefill_ms],
  decode_ms: [LLAMA_TIMINGS.decode_ms],
};

export const llamaCompletion: Protocol = {
  label: "llama.cpp's completion",
  path: '/completion',
  // Its own name for the length, and the one that servers in its style take.
  body: (ask) => ({
    ...(ask.model === null ? {} : { model: ask.model }),
    prompt: ask.prompt,
    n_predict: ask.max_tokens,
    max_tokens: ask.max_tokens,
    ...forcedLength(ask),
    temperature: ask.temperature,
    stream: ask.stream,
  }),
  stream: {
    token_paths: TEXT,
    text_paths: TEXT,
    terminator: { path: 'stop', equals: true },
    error: { paths: ['error'], event: 'error' },
    usage: USAGE,
  },
  whole: { content_paths: TEXT, text_paths: TEXT, error_paths: ['error'], usage: USAGE },
};
