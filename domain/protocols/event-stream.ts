/** A plain event stream: `event: token` ... `event: done`, as many home-grown servers answer. */
import { forcedLength, type Protocol } from './protocol.ts';

export const eventStream: Protocol = {
  label: 'events token and done',
  path: '/events',
  body: (ask) => ({
    ...(ask.model === null ? {} : { model: ask.model }),
    prompt: ask.prompt,
    max_tokens: ask.max_tokens,
    ...forcedLength(ask),
    temperature: ask.temperature,
    stream: true,
  }),
  stream: {
    token_events: ['token'],
    text_paths: ['token', 'content', 'text'],
    terminator: { event: 'done' },
    finish_paths: ['finish_reason', 'finish_reason.type'],
    error: { event: ['error', 'abort'] },
    usage: {
      completion_tokens: ['tokens', 'completion_tokens', 'usage.completion_tokens'],
      prompt_tokens: ['prompt_tokens', 'usage.prompt_tokens'],
      cached_tokens: ['cached_tokens'],
      reasoning_tokens: ['reasoning_tokens'],
      prefill_ms: ['prefill_ms'],
      decode_ms: ['decode_ms'],
    },
    extra: { model: ['model'], id: ['id'] },
  },
  finish_required: false,
  whole: null,
};
