/** How an answer ended, in one vocabulary: OpenAI's, and what other servers say for the same. */
export const FINISHES = [
  'stop',
  'length',
  'tool_calls',
  'content_filter',
  'abort',
  'error',
  /** A word that none of these stands for. */
  'other',
] as const;
export type Finish = (typeof FINISHES)[number];

/** In lower case, as vLLM, SGLang, TGI, llama.cpp, Ollama, Anthropic, Gemini, DeepSeek, Mistral and GLM say them. */
const WORDS: Readonly<Record<Exclude<Finish, 'other'>, readonly string[]>> = {
  stop: [
    'stop',
    'eos',
    'eos_token',
    'word',
    'stop_sequence',
    'end_turn',
    'complete',
    'completed',
    'repetition',
  ],
  length: [
    'length',
    'limit',
    'max_tokens',
    'max_output_tokens',
    'model_length',
    'model_context_window_exceeded',
  ],
  tool_calls: ['tool_calls', 'tool_call', 'tool_use', 'function_call'],
  content_filter: ['content_filter', 'filter', 'safety', 'sensitive', 'refusal', 'recitation', 'blocklist'],
  abort: [
    'abort',
    'aborted',
    'cancel',
    'cancelled',
    'canceled',
    'interrupted',
    'insufficient_system_resource',
  ],
  error: ['error', 'failed', 'failure', 'network_error', 'internal_error', 'timeout', 'oom'],
};

const BY_WORD: ReadonlyMap<string, Finish> = new Map(
  FINISHES.flatMap((finish) =>
    finish === 'other' ? [] : WORDS[finish].map((word): [string, Finish] => [word, finish]),
  ),
);

/** The server's word, read; null: it said none. */
export const finishOf = (word: string | null): Finish | null =>
  word === null ? null : (BY_WORD.get(word.trim().toLowerCase()) ?? 'other');
