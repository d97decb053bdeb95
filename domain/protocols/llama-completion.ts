/** `POST /completion` of llama.cpp's server: the last event says `"stop":true`; there is no `[DONE]`. */
import { LLAMA_TIMINGS, forcedLength, type Protocol, type StreamRules } from './protocol.ts';

const TEXT = ['content'];
/** `eos`, `limit` or `word`; `none` until it ends. Older servers say it by flags, of which none is read. */
const FINISH = ['stop_type'];
const NAMES: StreamRules['extra'] = { model: ['model'], id: ['id'] };

const USAGE: StreamRules['usage'] = {
  completion_tokens: ['tokens_predicted', LLAMA_TIMINGS.completion_tokens],
  prompt_tokens: ['tokens_evaluated'],
  cached_tokens: ['timings.cache_n'],
  reasoning_tokens: [],
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
    finish_paths: FINISH,
    chunk_paths: ['content', 'stop', 'timings'],
    terminator: { path: 'stop', equals: true },
    error: {
      paths: ['error'],
      stray_paths: ['error_code', 'code', 'detail', 'message'],
      event: ['error', 'abort'],
    },
    usage: USAGE,
    extra: NAMES,
  },
  finish_required: false,
  whole: {
    content_paths: TEXT,
    text_paths: TEXT,
    finish_paths: FINISH,
    error_paths: ['error'],
    usage: USAGE,
    extra: NAMES,
  },
};
