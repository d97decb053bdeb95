/** What OpenAI's chat and text completions share. */
import { LLAMA_TIMINGS, forcedLength, type Ask, type StreamRules } from './protocol.ts';

export const OPENAI_USAGE: StreamRules['usage'] = {
  completion_tokens: ['usage.completion_tokens', LLAMA_TIMINGS.completion_tokens],
  prompt_tokens: ['usage.prompt_tokens'],
  cached_tokens: ['usage.prompt_tokens_details.cached_tokens'],
  reasoning_tokens: ['usage.completion_tokens_details.reasoning_tokens', 'usage.reasoning_tokens'],
  prefill_ms: [LLAMA_TIMINGS.prefill_ms],
  decode_ms: [LLAMA_TIMINGS.decode_ms],
};

export const OPENAI_NAMES: StreamRules['extra'] = {
  model: ['model'],
  id: ['id'],
};

/** In the choice, where OpenAI puts it; SGLang's object; at the top, as some gateways do. */
export const OPENAI_FINISH = [
  'choices.0.finish_reason',
  'choices.0.finish_reason.type',
  'choices.0.delta.finish_reason',
  'finish_reason',
  'finish_reason.type',
  'meta_info.finish_reason.type',
] as const;

export const OPENAI_ERRORS = ['error', 'choices.0.error'] as const;

export const OPENAI_END = {
  finish_paths: OPENAI_FINISH,
  chunk_paths: ['choices', 'usage', 'timings', 'prompt_filter_results', ...OPENAI_FINISH],
  terminator: { data: '[DONE]' },
  // FastChat says error_code, FastAPI detail, others an object of message and code.
  error: {
    paths: OPENAI_ERRORS,
    stray_paths: ['error_code', 'code', 'detail', 'message', 'error_message'],
    event: ['error', 'abort'],
  },
  usage: OPENAI_USAGE,
  extra: OPENAI_NAMES,
} as const;

export const openAiBody = (ask: Ask): Readonly<Record<string, unknown>> => ({
  ...(ask.model === null ? {} : { model: ask.model }),
  max_tokens: ask.max_tokens,
  ...forcedLength(ask),
  temperature: ask.temperature,
  stream: ask.stream,
  ...(ask.stream ? { stream_options: { include_usage: true } } : {}),
});
