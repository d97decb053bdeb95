/** The endpoint of language models in the real k6, against the openai stand-in at URL: what only its engine and extension show. */
import { check } from 'k6';
import type { Options } from 'k6/options';
import type { Result } from 'k6/x/stream';
import { promptOfLength } from '../../domain/load/prompt.ts';
import { APIS, PROTOCOLS, type Api } from '../../domain/protocols/index.ts';
import { parseSettings, type SettingName } from '../../domain/settings/settings.ts';
import { languageModel, type ModelReading } from '../../lib/endpoints/language-model.ts';
import { traceparent } from '../../lib/extensions.ts';
import { PROMPTS, payloadSequence } from '../../lib/payloads.ts';
import { readRuntime, target } from '../../lib/runtime.ts';
import { checksAsJson } from './support/checks.ts';

export const options: Options = { vus: 1, iterations: 1 };
export const handleSummary = checksAsJson;

const runtime = readRuntime({ variants: ['baseline'] });
const prompts = payloadSequence(runtime, { ...PROMPTS, own: '../prompts.json' });

const TOKENS = 8;
/** Long enough for a prefix cache, which keeps whole blocks. */
const PROMPT = promptOfLength(100, 1);

interface Asked {
  readonly reading: ModelReading;
  readonly result: Result;
  readonly trace_id: string;
}

async function ask(flags: Readonly<Partial<Record<SettingName, string>>>, index = 0): Promise<Asked> {
  const { settings } = parseSettings({
    flags: { maxTokens: String(TOKENS), forceLength: 'true', ...flags },
    env: __ENV,
    job: {},
  });
  const endpoint = languageModel({
    target: target(settings, 'baseline'),
    settings,
    variant: 'baseline',
    nonce: 'test',
    keep_text: settings.keepAnswers,
  });
  const parent = traceparent();
  const result = await endpoint.send(PROMPT, index, parent);
  return { reading: endpoint.read(result), result, trace_id: parent.slice(3, 35) };
}

async function streamed(api: Api): Promise<void> {
  const { reading, result, trace_id } = await ask({ api });
  const { ttft_ms, e2e_ms, tpot_ms } = reading;
  const name = (what: string): string => `${api} streamed: ${what}`;
  check(null, {
    [name('no error')]: () => reading.error === null,
    [name('the tokens asked for')]: () => reading.tokens === TOKENS && !reading.tokens_estimated,
    [name('the prompt is counted')]: () => (reading.prompt_tokens ?? 0) > 0,
    [name('a gap between each two tokens')]: () => result.itl_ms.length === TOKENS - 1,
    [name('TTFT before E2E, TPOT between them')]: () =>
      ttft_ms !== null &&
      e2e_ms !== null &&
      tpot_ms !== null &&
      ttft_ms > 0 &&
      Math.abs(ttft_ms + tpot_ms * (TOKENS - 1) - e2e_ms) < 0.001,
    [name('E2E ends before the stream does')]: () => (e2e_ms ?? Infinity) <= result.end_ms,
    [name('the trace id is the request id')]: () => result.headers['X-Request-Id'] === trace_id,
    [name('the connection is known')]: () =>
      result.connection !== null &&
      result.connection > 0 &&
      result.proto === 'HTTP/1.1' &&
      __ENV['BASELINE_URL'] === `http://${result.remote_address}`,
    [name('no text is kept unasked')]: () => result.text === null && result.text_sha256 !== null,
  });
}

async function whole(api: Api): Promise<void> {
  const { reading, result } = await ask({ api, stream: 'false' });
  const name = (what: string): string => `${api} whole: ${what}`;
  check(null, {
    [name('no error')]: () => reading.error === null,
    [name('the tokens asked for')]: () => reading.tokens === TOKENS,
    [name('no TTFT, no TPOT')]: () => reading.ttft_ms === null && reading.tpot_ms === null,
    [name('E2E is the whole answer')]: () => reading.e2e_ms === result.end_ms,
    [name('its text')]: () => (reading.text ?? '').length > 0,
  });
}

export default async function (): Promise<void> {
  for (const api of APIS) await streamed(api);
  for (const api of APIS) if (PROTOCOLS[api].whole !== null) await whole(api);

  const llama = await ask({ api: 'llama' });
  check(null, {
    "llama.cpp's timings are stages": () => (llama.reading.stages_ms?.['prefill'] ?? 0) > 0,
  });
  const kept = await ask({ keepAnswers: 'true' });
  check(null, { 'text is kept where asked': () => (kept.reading.text ?? '').length > 0 });

  const refused = await ask({ model: 'no-such-model' });
  check(null, {
    'a refusal is a status, with what was said': () =>
      refused.reading.error === 'status' &&
      refused.result.status === 404 &&
      (refused.reading.error_detail ?? '').includes('no-such-model'),
  });
  const late = await ask({ timeoutMs: '10ms' });
  check(null, { 'the deadline is of the whole request': () => late.reading.error === 'timeout' });

  const cached = (of: Asked): number => of.reading.cached_tokens ?? -1;
  const again = await ask({});
  check(null, { 'a prompt asked again is in the prefix cache': () => cached(again) > 0 });
  const unique = await ask({ uniquePrefix: 'true' }, 1);
  check(null, { 'a unique prefix shuts the cache out': () => cached(unique) === 0 });

  check(null, {
    'the sequence of prompts is a permutation': () =>
      new Set(Array.from({ length: prompts.count }, (_, i) => prompts.at(i).id)).size === prompts.count,
  });
}
