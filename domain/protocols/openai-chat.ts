/** `POST /v1/chat/completions`. A token is content, reasoning, a refusal or a tool call; a role-only delta is none. */
import {
  OPENAI_END,
  OPENAI_ERRORS,
  OPENAI_FINISH,
  OPENAI_NAMES,
  OPENAI_USAGE,
  openAiBody,
} from './openai.ts';
import type { Protocol } from './protocol.ts';

/** vLLM and DeepSeek say `reasoning_content`, OpenRouter and newer vLLM `reasoning`. */
const REASONING = ['reasoning_content', 'reasoning'];
const CONTENTS = ['content', ...REASONING, 'refusal', 'tool_calls', 'function_call'];
const TEXTS = ['content', ...REASONING];

const below = (place: string, names: readonly string[]): string[] => names.map((name) => `${place}.${name}`);

export const openAiChat: Protocol = {
  label: 'chat completions',
  path: '/v1/chat/completions',
  body: (ask) => ({ ...openAiBody(ask), messages: ask.messages }),
  stream: {
    ...OPENAI_END,
    token_paths: below('choices.0.delta', CONTENTS),
    reasoning_paths: below('choices.0.delta', REASONING),
    text_paths: below('choices.0.delta', TEXTS),
  },
  finish_required: true,
  whole: {
    content_paths: below('choices.0.message', CONTENTS),
    reasoning_paths: below('choices.0.message', REASONING),
    text_paths: below('choices.0.message', TEXTS),
    finish_paths: OPENAI_FINISH,
    error_paths: OPENAI_ERRORS,
    usage: OPENAI_USAGE,
    extra: OPENAI_NAMES,
  },
};
