// The inference server of job 2, in the shapes of a real one (realizar 0.8.6): its answers, its three kinds of error.
import { Counter } from 'prom-client';
import * as v from 'valibot';
import { generatedIds, tokenIds } from './inference/tokens.ts';
import { commonFlags } from './kit/common.ts';
import { faultHelp, serverFaults, transportFaults } from './kit/faults.ts';
import { defaultsOf } from './kit/command-line.ts';
import { choice, number, setting } from '../domain/settings/kinds.ts';
import type { Values } from '../domain/settings/parse.ts';
import { LatencySource } from './kit/latency.ts';
import { noiseFlags } from './kit/noise-flags.ts';
import { type Host, type Running, processHost, runAsMain } from './kit/process.ts';
import type { Answer } from './kit/respond.ts';
import { type Problem, StandIn } from './kit/server.ts';

const flags = {
  ...commonFlags,
  tokenize_ms: setting(
    number({ min: 0, max: 60_000 }),
    0.5,
    'median time of a call on a worker, tokenizing included',
  ),
  prefill_token_ms: setting(number({ min: 0, max: 60_000 }), 0.2, 'median time for each token of a prompt'),
  decode_token_ms: setting(number({ min: 0, max: 60_000 }), 6, 'median time for each token generated'),
  ...noiseFlags,
  metrics_style: setting(
    choice(['http', 'realizar']),
    'http',
    'http: http_requests_total and so on; realizar: realizar_* only, of the generating paths only',
  ),
};

export type InferenceFlags = Values<typeof flags>;

const fault_rules = { ...transportFaults, ...serverFaults };

const DEFAULT_WORKERS = 4;
const MAX_TOKENS = 4096;
const SHAPE = { median_ms: 1, sigma: 0.15, sigma_text: 0.05, slow_share: 0.01, slow_factor: 2 };
const SHADOW_SLOWDOWN = 1.05;

const Generation = { max_tokens: v.optional(v.number(), 50), strategy: v.optional(v.string(), 'greedy') };
const Tokenize = v.object({ text: v.string() });
const Generate = v.object({ prompt: v.string(), ...Generation });
const BatchTokenize = v.object({ texts: v.array(v.string()) });
const BatchGenerate = v.object({ prompts: v.array(v.string()), ...Generation });

const refused = (error: string): Answer => ({ status: 400, body: { error } });

/** What this kind of server says beside its own JSON errors: plain text about a body, nothing at all about a path. */
const problem_bodies: Readonly<Record<Problem['kind'], (message: string) => Answer['body']>> = {
  not_found: () => '',
  method_not_allowed: () => '',
  malformed_json: (message) => `The body is no JSON: ${message}`,
  invalid_body: (message) => `The JSON body has not the right shape: ${message}`,
  unsupported_media_type: () => 'Expected a request with Content-Type: application/json',
  too_large: () => 'The body is too large',
  internal: () => ({ error: 'internal error' }),
};

const wordProblem = ({ kind, status, message }: Problem): Answer => ({
  status,
  body: problem_bodies[kind](message),
});

interface Sampling {
  readonly max_tokens: number;
  readonly strategy: string;
}

/** Why these prompts can't be generated from, or null. */
function refusal(prompts: readonly string[], { max_tokens, strategy }: Sampling): string | null {
  if (prompts.length === 0) return 'Prompts cannot be empty';
  if (prompts.includes('')) return 'Prompt cannot be empty';
  if (!Number.isInteger(max_tokens) || max_tokens < 1 || max_tokens > MAX_TOKENS)
    return `max_tokens must be 1 to ${MAX_TOKENS}`;
  return ['greedy', 'top_k', 'top_p'].includes(strategy) ? null : `Unknown strategy: ${strategy}`;
}

const tokenized = (text: string) => {
  const token_ids = tokenIds(text);
  return { token_ids, num_tokens: token_ids.length };
};

/** The text stays empty, as greedy decoding of the real one often has it: `num_generated` is what counts. */
const generated = (prompt: string, num_generated: number) => ({
  token_ids: [...tokenIds(prompt), ...generatedIds(prompt, num_generated)],
  text: '',
  num_generated,
});

type AnswerOf = (results: readonly object[]) => object;
const single: AnswerOf = (results) => results[0] ?? {};
const batch: AnswerOf = (results) => ({ results });

/** Starts the server in this process. @throws {BadValue} at bad flags; rejects where the port is taken */
export async function start(given: Partial<InferenceFlags> = {}, host: Host = processHost): Promise<Running> {
  const options = { ...defaultsOf(flags), ...given };
  const { variant, seed } = options;
  const realizar = options.metrics_style === 'realizar';
  const server = new StandIn({
    ...options,
    server: 'inference',
    workers: options.workers ?? DEFAULT_WORKERS,
    fault_rules,
    host,
    wordProblem,
    own_metrics_only: realizar,
  });

  const registers = [server.registry];
  const tokens_total = new Counter({
    name: realizar ? 'realizar_tokens_generated' : 'generated_tokens_total',
    help: 'Tokens generated',
    registers,
  });
  const outcome = (name: string, help: string) => (realizar ? new Counter({ name, help, registers }) : null);
  const total = outcome('realizar_requests_total', 'Generating requests');
  const succeeded = outcome('realizar_requests_success', 'Generating requests answered');
  const failed = outcome('realizar_requests_failed', 'Generating requests refused');

  const scale = options.latency_scale * (variant === 'shadow' ? SHADOW_SLOWDOWN : 1);
  const shape = { ...SHAPE, median_ms: scale };
  /** Each path has a noise of its own, so that mixing them changes none. */
  const noiseOf = (path: string) => new LatencySource(shape, options, seed, `${variant} ${path}`);

  function tokenizing<S extends v.GenericSchema>(
    path: string,
    body_shape: S,
    textsOf: (body: v.InferOutput<S>) => readonly string[],
    answerOf: AnswerOf,
  ): void {
    const noise = noiseOf(path);
    server.post(path, body_shape, async (body, { index, serve }) => {
      const texts = textsOf(body);
      if (texts.length === 0) return refused('Texts cannot be empty');
      if (texts.includes('')) return refused('Text cannot be empty');
      await serve(options.tokenize_ms * texts.length * noise.next(index, texts[0] ?? ''));
      return { body: answerOf(texts.map(tokenized)) };
    });
  }

  function generating<S extends v.GenericSchema<unknown, Sampling>>(
    path: string,
    body_shape: S,
    promptsOf: (body: v.InferOutput<S>) => readonly string[],
    answerOf: AnswerOf,
  ): void {
    const noise = noiseOf(path);
    server.post(path, body_shape, async (body, { index, serve }) => {
      const prompts = promptsOf(body);
      const { max_tokens } = body;
      const why_not = refusal(prompts, body);
      total?.inc();
      if (why_not !== null) {
        failed?.inc();
        return refused(why_not);
      }
      const prompt_tokens = prompts.reduce((sum, prompt) => sum + tokenIds(prompt).length, 0);
      const new_tokens = prompts.length * max_tokens;
      const token_ms = prompt_tokens * options.prefill_token_ms + new_tokens * options.decode_token_ms;
      await serve((options.tokenize_ms + token_ms) * noise.next(index, prompts[0] ?? ''));
      succeeded?.inc();
      tokens_total.inc(new_tokens);
      return { body: answerOf(prompts.map((prompt) => generated(prompt, max_tokens))) };
    });
  }

  server.health(() => ({ status: 'healthy', version: 'stand-in', compute_mode: 'cpu' }));
  tokenizing('/tokenize', Tokenize, ({ text }) => [text], single);
  tokenizing('/batch/tokenize', BatchTokenize, ({ texts }) => texts, batch);
  generating('/generate', Generate, ({ prompt }) => [prompt], single);
  generating('/batch/generate', BatchGenerate, ({ prompts }) => prompts, batch);
  return server.listen();
}

runAsMain(import.meta.url, {
  server: 'inference',
  flags,
  help: `\n${faultHelp(fault_rules)}`,
  start,
  variantOf: ({ variant }) => variant,
});
