/** `POST /v1/chat/completions`. A token is content, reasoning, a refusal or a tool call; a role-only delta is none. */
import { OPENAI_END, OPENAI_USAGE, openAiBody } from './openai.ts';
import type { Protocol } from './protocol.ts';

/** vLLM and DeepSeek say `reasoning_content`, OpenRouter and newer vLLM `reasoning`. */
const CONTENTS = ['content', 'reasoning_content', 'reasoning', 'refusal', 'tool_calls', 'function_call'];
const TEXTS = ['content', 'reasoning_content', 'reasoning'];

const below = (place: string, names: readonly string[]): string[] => names.map((name) => `${place}.${name}`);

export const openAiChat: Protocol = {
  label: 'chat completions',
  path: '/v1/chat/completions',
  body: (ask) => ({ ...openAiBody(ask), messages: ask.messages }),
  stream: {
    ...OPENAI_END,
    token_paths: below('choices.0.delta', CONTENTS),
    text_paths: below('choices.0.delta', TEXTS),
  },
  whole: {
    content_paths: below('choices.0.message', CONTENTS),
    text_paths: below('choices.0.message', TEXTS),
    error_paths: ['error'],
    usage: OPENAI_USAGE,
  },
};
