/** `POST /v1/completions`. */
import {
  OPENAI_END,
  OPENAI_ERRORS,
  OPENAI_FINISH,
  OPENAI_NAMES,
  OPENAI_USAGE,
  openAiBody,
} from './openai.ts';
import type { Protocol } from './protocol.ts';

const TEXT = ['choices.0.text'];

export const openAiCompletions: Protocol = {
  label: 'text completions',
  path: '/v1/completions',
  body: (ask) => ({ ...openAiBody(ask), prompt: ask.prompt }),
  stream: { ...OPENAI_END, token_paths: TEXT, text_paths: TEXT },
  finish_required: true,
  whole: {
    content_paths: TEXT,
    text_paths: TEXT,
    finish_paths: OPENAI_FINISH,
    error_paths: OPENAI_ERRORS,
    usage: OPENAI_USAGE,
    extra: OPENAI_NAMES,
  },
};
