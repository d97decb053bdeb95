/** `POST /v1/completions`. */
import { OPENAI_END, OPENAI_USAGE, openAiBody } from './openai.ts';
import type { Protocol } from './protocol.ts';

const TEXT = ['choices.0.text'];

export const openAiCompletions: Protocol = {
  label: 'text completions',
  path: '/v1/completions',
  body: (ask) => ({ ...openAiBody(ask), prompt: ask.prompt }),
  stream: { ...OPENAI_END, token_paths: TEXT, text_paths: TEXT },
  whole: { content_paths: TEXT, text_paths: TEXT, error_paths: ['error'], usage: OPENAI_USAGE },
};
