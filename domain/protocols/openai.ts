/** What OpenAI's chat and text completions share. */
import { LLAMA_TIMINGS, forcedLength, type Ask, type StreamRules } from './protocol.ts';

export const OPENAI_USAGE: StreamRules['usage'] = {
  completion_tokens: ['usage.completion_tokens', LLAMA_TIMINGS.completion_tokens],
  prompt_tokens: ['usage.prompt_tokens'],
  cached_tokens: ['usage.prompt_tokens_details.cached_tokens'],
  prefill_ms: [LLAMA_TIMINGS.prefill_ms],
  decode_ms: [LLAMA_TIMINGS.decode_ms],
};

export const OPENAI_END = {
  terminator: { data: '[DONE]' },
  error: { paths: ['error'], event: 'error' },
  usage: OPENAI_USAGE,
} as const;

export const openAiBody = (ask: Ask): Readonly<Record<string, unknown>> => ({
  ...(ask.model === null ? {} : { model: ask.model }),
  max_tokens: ask.max_tokens,
  ...forcedLength(ask),
  temperature: ask.temperature,
  stream: ask.stream,
  ...(ask.stream ? { stream_options: { include_usage: true } } : {}),
});
