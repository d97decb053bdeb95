import { commonFlags } from '../kit/common.ts';
import { absent, choice, filePath, list, named, number, setting } from '../../domain/settings/kinds.ts';
import type { Values } from '../../domain/settings/parse.ts';

const { port, variant, seed, latency_scale, fault, fault_path } = commonFlags;
const on_off = ['on', 'off'] as const;
const ms = (initial: number, doc: string) => setting(number({ min: 0, max: 3_600_000 }), initial, doc);
const cv = (initial: number, of: string) =>
  setting(number({ min: 0, max: 3 }), initial, `coefficient of variation of ${of}`);
const count = (initial: number, doc: string) =>
  setting(number({ min: 1, max: 10_000_000, whole: true }), initial, doc);

export const flags = {
  port,
  variant,
  seed,
  latency_scale,
  model: setting(named(), 'stand-in-8b', 'name of the base model'),
  adapter: setting(list(named(), 'TEXT'), [], 'name of a LoRA adapter that is served too'),
  unknown_model: setting(
    choice(['404', '200']),
    '404',
    'how a model that is not served is answered: 404, or 200 as the base',
  ),
  ttft_ms: ms(40, 'mean TTFT beside what the prompt takes, for a request that runs alone'),
  ttft_cv: cv(0.2, 'TTFT'),
  prefill_token_ms: ms(0.15, 'TTFT for each prompt token that no cache knows'),
  itl_ms: ms(10, 'mean gap between two tokens of a request that runs alone'),
  itl_cv: cv(0.15, 'each gap'),
  tokens: count(96, 'mean length of an answer, where max_tokens does not cut it'),
  tokens_cv: cv(0.5, "an answer's length"),
  answers: absent(
    named('FILE'),
    "JSONL with prompts and right answers to them (default the suite's own labelled prompts)",
  ),
  rightness: setting(
    number({ min: 0, max: 1 }),
    0.8,
    'share of those prompts that are answered rightly, the same ones by every server of it',
  ),
  batching: setting(
    choice(on_off),
    'on',
    'off: one request at a time (a header x-batching says it for one request)',
  ),
  max_running: count(64, 'requests that run at once; more of them wait'),
  batch_slope: setting(
    number({ min: 0, max: 10 }),
    0.01,
    'share by which each further running request slows all',
  ),
  batch_size: count(1, 'requests gathered before they start together'),
  batch_wait_ms: ms(100, 'the longest wait for a batch to fill'),
  prefix_cache: setting(
    choice(on_off),
    'on',
    'whether known prompt prefixes cost no prefill (a header x-cache overrides it)',
  ),
  answer_cache: setting(
    choice(on_off),
    'off',
    'whether a repeated request at temperature 0 is answered at once (likewise)',
  ),
  kv_tokens: count(200_000, 'tokens that the KV cache holds'),
  context_length: count(8192, 'tokens of prompt and answer together'),
  overflow: setting(
    choice(['400', 'empty']),
    '400',
    'a prompt too long: 400, or 200 with an empty stream and no terminator',
  ),
  malformed_json: setting(choice(['400', '500']), '500', 'status for a body that is no JSON'),
  role_chunk: setting(
    choice(['arrival', 'with-first', 'none']),
    'arrival',
    'when the role-only delta leaves: arrival, with-first (token), or none',
  ),
  role_content: setting(
    choice(['null', 'empty', 'absent']),
    'null',
    'content of the role-only delta: null, empty or absent',
  ),
  deltas: setting(
    choice(['content', 'reasoning', 'tool']),
    'content',
    'what chat deltas carry: content, reasoning (its first half) or tool (call arguments)',
  ),
  missing: setting(list(named(), 'TEXT'), [], 'a path that is not served, health or metrics'),
  replay: setting(
    list(filePath('FOLDER'), 'FOLDER'),
    [],
    'folder of captured answers, NAME.http, that are sent in turn in place of its own',
  ),
  fault,
  fault_path,
};

export type OpenAiFlags = Values<typeof flags>;
