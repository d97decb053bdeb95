/** The protocols by the name that `--api` takes. */
import { eventStream } from './event-stream.ts';
import { llamaCompletion } from './llama-completion.ts';
import { openAiChat } from './openai-chat.ts';
import { openAiCompletions } from './openai-completions.ts';
import type { Protocol } from './protocol.ts';

export const APIS = ['chat', 'completions', 'llama', 'events'] as const;
export type Api = (typeof APIS)[number];

export const PROTOCOLS: Readonly<Record<Api, Protocol>> = {
  chat: openAiChat,
  completions: openAiCompletions,
  llama: llamaCompletion,
  events: eventStream,
};
