// An OpenAI-style server in the shapes of vLLM and llama.cpp: streamed answers, continuous batching, caches, and their oddities.
import type { IncomingHttpHeaders } from 'node:http';
import type * as v from 'valibot';
import { faultHelp, serverFaults, transportFaults } from './kit/faults.ts';
import { defaultsOf } from './kit/command-line.ts';
import { BadValue } from '../domain/text/units.ts';
import { jitter } from './kit/latency.ts';
import { type Host, type Running, processHost, runAsMain } from './kit/process.ts';
import { randomFor } from './kit/random.ts';
import type { Answer } from './kit/respond.ts';
import { StandIn } from './kit/server.ts';
import { type Dialect, type Telling, chat, completions, events, llama } from './openai/dialects.ts';
import { Engine, type Job, sigmaOf } from './openai/engine.ts';
import { type OpenAiFlags, flags } from './openai/flags.ts';
import { knownAnswer, readKnownAnswers } from './openai/known-answers.ts';
import { vllmMetrics } from './openai/metrics.ts';
import { captureAt, readCaptures, replay } from './openai/replay.ts';
import { openStream, writeAnswer } from './openai/stream.ts';
import { asStreamFault, streamFaults, tellingWith, tokensLeft } from './openai/stream-faults.ts';
import {
  type Asked,
  type Endpoint,
  chat_body,
  completion_body,
  events_body,
  llama_body,
} from './openai/requests.ts';
import { answerTokens, tokensOf } from './openai/text.ts';

const fault_rules = { ...transportFaults, ...serverFaults, ...streamFaults };

const SHADOW_SLOWDOWN = 1.05;
/** From the suite's own folder, where stand-ins are started. */
const OWN_ANSWERS = 'payloads/prompts-labelled.jsonl';

const errorTypes = new Map([
  [400, 'BadRequestError'],
  [404, 'NotFoundError'],
  [405, 'MethodNotAllowedError'],
]);

function problem(status: number, message: string, param: string | null = null): Answer {
  const type = errorTypes.get(status) ?? 'InternalServerError';
  return { status, body: { error: { message, type, param, code: status } } };
}

/** Headers by which one request overrides a switch of the server. */
const switches = ['x-batching', 'x-cache'] as const;

function badSwitch(headers: IncomingHttpHeaders): Answer | null {
  const bad = switches.find((name) => !['on', 'off'].includes(String(headers[name] ?? 'on')));
  return bad === undefined
    ? null
    : problem(400, `header ${bad} is '${String(headers[bad])}'; allowed: on, off`);
}

const switched = (
  headers: IncomingHttpHeaders,
  name: (typeof switches)[number],
  usual: 'on' | 'off',
): boolean => (headers[name] ?? usual) === 'on';

const missables = ['health', 'metrics'];

/** The faults that leave nothing of the answer: the kit does them. */
const replacing: readonly string[] = ['status', 'reset', 'wrong_content_type'];

/** Starts the server in this process. @throws {BadValue} at bad flags; rejects where the port is taken */
export async function start(given: Partial<OpenAiFlags> = {}, host: Host = processHost): Promise<Running> {
  const options = { ...defaultsOf(flags), ...given };
  const stray = options.missing.find((name) => !missables.includes(name));
  if (stray !== undefined) throw new BadValue(`--missing is '${stray}'; allowed: ${missables.join(', ')}`);
  const missing = new Set(options.missing.map((name) => `/${name}`));
  const server = new StandIn({
    ...options,
    server: 'openai',
    workers: options.max_running,
    fault_rules,
    host,
    wordProblem: ({ kind, status, message }) => {
      if (kind === 'malformed_json') return problem(Number(options.malformed_json), message);
      return problem(kind === 'invalid_body' ? 400 : status, message);
    },
    refuse: (path) => (missing.has(path) ? problem(404, `no ${path} here`) : null),
  });
  const known = readKnownAnswers(options.answers ?? OWN_ANSWERS, options.answers === null);
  const models = [options.model, ...options.adapter];
  const scale = options.latency_scale * (options.variant === 'shadow' ? SHADOW_SLOWDOWN : 1);
  const times_ms = {
    ttft_ms: options.ttft_ms * scale,
    prefill_token_ms: options.prefill_token_ms * scale,
    itl_ms: options.itl_ms * scale,
  };
  const captures = options.replay.flatMap(readCaptures);
  const engine = new Engine({ ...options, ...times_ms }, server.pool);
  const metrics = vllmMetrics(server.registry, options.model, engine.load);

  /** What is wrong with a request that has the right shape, or null. */
  function refusal(asked: Asked, prompt_tokens: number): Answer | null {
    const { model, max_tokens, min_tokens } = asked;
    if (options.unknown_model === '404' && model !== null && !models.includes(model))
      return problem(404, `The model \`${model}\` does not exist; served: ${models.join(', ')}`, 'model');
    if (min_tokens > (max_tokens ?? options.context_length))
      return problem(400, `min_tokens is ${min_tokens}, above max_tokens`, 'min_tokens');
    if (options.overflow === '400' && overflows(asked, prompt_tokens))
      return problem(
        400,
        `This model's maximum context length is ${options.context_length} tokens; ` +
          `asked for ${prompt_tokens} in the prompt and ${max_tokens ?? 1} in the answer`,
      );
    return null;
  }

  const overflows = ({ max_tokens }: Asked, prompt_tokens: number): boolean =>
    prompt_tokens + (max_tokens ?? 1) > options.context_length;

  /** How long the answer is and why it ends there. */
  function lengthOf(asked: Asked, prompt_tokens: number, key: readonly (string | number)[]) {
    const limit = Math.min(asked.max_tokens ?? Infinity, options.context_length - prompt_tokens);
    const drawn = options.tokens * jitter(randomFor(...key, 'length'), sigmaOf(options.tokens_cv));
    const natural = Math.max(1, asked.min_tokens, Math.round(drawn));
    return asked.ignore_eos || natural > limit
      ? { tokens: limit, finish: 'length' as const }
      : { tokens: natural, finish: 'stop' as const };
  }

  /** One endpoint: `read` says what a body asks for, `speak` how the answer is told. */
  function endpoint<S extends v.GenericSchema>(
    path: string,
    { shape, read }: Endpoint<S>,
    id_prefix: string,
    speak: (telling: Telling) => Dialect,
  ): void {
    server.post(path, shape, async (body, work) => {
      const { headers, index, slowdown, extra_ms, gone } = work;
      const captured = captureAt(captures, path, index);
      if (captured !== null) {
        await replay(work.takeOver(), captured);
        return null;
      }
      if (work.fault !== null && replacing.includes(work.fault.kind)) return { body: {} };
      const asked = read(body);
      const prompt = tokensOf(asked.prompt);
      const refused = badSwitch(headers) ?? refusal(asked, prompt.length);
      if (refused !== null) return refused;
      const fault = asked.stream ? asStreamFault(work.fault) : work.fault;
      const streamed = asked.stream && fault?.kind !== 'no_stream';
      const empty = overflows(asked, prompt.length);
      if (streamed && empty) {
        const response = work.takeOver();
        openStream(response);
        response.end();
        return null;
      }

      const model = models.find((name) => name === asked.model) ?? options.model;
      const greedy = asked.temperature === 0;
      const drawn_by = greedy ? [] : [asked.temperature, asked.seed ?? `request ${index}`];
      const key = [options.seed, 'answer', model, asked.prompt, ...drawn_by];
      const length = lengthOf(asked, prompt.length, key);
      const silent = empty || tokensLeft(fault, length.tokens) === 0;
      // A forced length, like an empty answer, is not what the model would say by itself.
      const said = silent || asked.ignore_eos ? null : knownAnswer(known, asked.prompt, options.rightness);
      const tokens =
        said === null
          ? answerTokens(silent ? 0 : tokensLeft(fault, length.tokens), ...key)
          : said.slice(0, asked.max_tokens ?? undefined);
      const finish = said === null ? length.finish : tokens.length < said.length ? 'length' : 'stop';
      const telling = tellingWith(fault, {
        id: `${id_prefix}-${work.trace_id}`,
        created_s: Math.floor(Date.now() / 1000),
        model,
        prompt_tokens: prompt.length,
        tokens,
        finish,
        hidden_tokens: 0,
        usage: asked.include_usage,
        role_content: options.role_content,
        deltas: options.deltas,
      });
      const dialect = speak(telling);
      const answer_cache = greedy && switched(headers, 'x-cache', options.answer_cache);
      const job: Job = {
        id: `${path} ${index}`,
        model,
        prompt,
        tokens,
        finish,
        batching: switched(headers, 'x-batching', options.batching),
        prefix_cache: switched(headers, 'x-cache', options.prefix_cache),
        answer_key: answer_cache ? JSON.stringify([path, model, tokens.length, asked.prompt]) : null,
        stall: null,
        slowdown,
        extra_ms,
        gone,
      };
      if (streamed) {
        const run = (stall: Job['stall'], emit: (i: number) => void) =>
          engine.run({ ...job, stall }, metrics, emit);
        await writeAnswer(work.takeOver(), dialect, tokens, options.role_chunk, fault, run);
        return null;
      }
      const times = await engine.run(job, metrics, () => undefined);
      // Nobody reads it where the client has left.
      return { body: times === null ? {} : dialect.plain(times) };
    });
  }

  server.health(() => ({ status: 'ok', server: 'openai', variant: options.variant }));
  server.get('/v1/models', async () => ({
    body: {
      object: 'list',
      data: models.map((id) => ({
        id,
        object: 'model',
        created: Math.floor(performance.timeOrigin / 1000),
        owned_by: 'stand-in',
        root: id,
        parent: id === options.model ? null : options.model,
        max_model_len: options.context_length,
      })),
    },
  }));
  endpoint('/v1/chat/completions', chat_body, 'chatcmpl', chat);
  endpoint('/v1/completions', completion_body, 'cmpl', completions);
  endpoint('/completion', llama_body, 'cmpl', llama);
  endpoint('/events', events_body, 'events', events);
  return server.listen();
}

runAsMain(import.meta.url, {
  server: 'openai',
  flags,
  help: `\n${faultHelp(fault_rules)}`,
  start,
  variantOf: (given) => given.variant,
});
