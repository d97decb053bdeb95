/** One whole answer of a language model's server, asked and read as the load will ask and read them. */
import {
  streamedAnswer,
  streamFailure,
  type Answer as ModelAnswer,
  type Oddity,
} from '../../domain/protocols/answer.ts';
import { PROTOCOLS, type Api } from '../../domain/protocols/index.ts';
import type { Protocol } from '../../domain/protocols/protocol.ts';
import { beginsAsEvents, readStream } from '../../domain/protocols/read-stream.ts';
import { readWhole } from '../../domain/protocols/read-whole.ts';
import { endpointUrl, requestBody } from '../../domain/protocols/request-body.ts';
import type { ErrorKind } from '../../domain/record/errors.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { settingsFor } from '../../domain/settings/variants.ts';
import type { Variant } from '../../domain/variants.ts';
import { pause, type Io } from '../io.ts';
import { ask, CallFailure, type Answer } from './http.ts';

export interface AskedServer {
  readonly variant: Variant;
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came of asking. */
export type FirstAnswer =
  | {
      readonly outcome: 'answer';
      readonly answer: ModelAnswer;
      /** Of a stream: its token events and what was odd; null of an answer that came whole. */
      readonly streamed: {
        readonly token_events: number;
        readonly terminated: boolean;
        readonly oddities: readonly Oddity[];
      } | null;
    }
  /** An answer that is none, by how it was read. */
  | { readonly outcome: 'failed'; readonly error: ErrorKind; readonly problem: string }
  /** The server does not take the request. */
  | { readonly outcome: 'refused'; readonly status: number; readonly problem: string }
  /** It answers something of another kind. */
  | { readonly outcome: 'other_kind'; readonly problem: string }
  /** It may mend: busy, broken, or not reached. */
  | { readonly outcome: 'unavailable'; readonly problem: string };

const PROMPT = 'Say yes.';
/** Enough to see a stream, and little to pay for. */
const MOST_TOKENS = 16;
const LEAST_TIMEOUT_MS = 10_000;
const EXCERPT = 200;

/** What may mend is asked again after these pauses; of another kind's, one server in ten may be broken. */
const PAUSES_MS = [300, 900];

/** Asks until an answer says something that will last; a refusal will come each time, and is asked for once. */
export async function firstAnswer(
  io: Io,
  settings: Settings,
  server: AskedServer,
  api: Api,
  model: string | null,
): Promise<FirstAnswer> {
  let found = await askOnce(io, settings, server, api, model);
  for (const pause_ms of PAUSES_MS) {
    if (found.outcome === 'answer' || found.outcome === 'refused') break;
    await pause(io, pause_ms);
    found = await askOnce(io, settings, server, api, model);
  }
  return found;
}

export const pathOf = (settings: Settings, api: Api): string =>
  api === settings.api ? (settings.apiPath ?? PROTOCOLS[api].path) : PROTOCOLS[api].path;

async function askOnce(
  io: Io,
  settings: Settings,
  { variant, base, headers }: AskedServer,
  api: Api,
  model: string | null,
): Promise<FirstAnswer> {
  const protocol = PROTOCOLS[api];
  const json = requestBody(
    protocol,
    {
      messages: [{ role: 'user', content: PROMPT }],
      prompt: PROMPT,
      model,
      max_tokens: Math.min(settings.maxTokens, MOST_TOKENS),
      force_length: false,
      temperature: settings.temperature,
      stream: settings.stream,
    },
    {},
    settingsFor(settings, variant).bodies,
  );
  const asking = { headers, json, timeout_ms: Math.max(settings.timeoutMs, LEAST_TIMEOUT_MS) };
  try {
    const url = endpointUrl(base, pathOf(settings, api));
    return read(await ask(io, settings, url, asking), protocol, settings.stream);
  } catch (error) {
    if (error instanceof CallFailure) return { outcome: 'unavailable', problem: error.message };
    throw error;
  }
}

const isBusy = (status: number): boolean => status === 429 || status === 408 || status >= 500;

function read({ status, content_type, body }: Answer, protocol: Protocol, streamed: boolean): FirstAnswer {
  const excerpt = body.replace(/\s+/g, ' ').trim().slice(0, EXCERPT);
  const said = excerpt === '' ? 'no text' : excerpt;
  if (isBusy(status)) return { outcome: 'unavailable', problem: `answers ${status}: ${said}` };
  if (status < 200 || status > 299)
    return { outcome: 'refused', status, problem: `answers ${status}: ${said}` };
  const other = (problem: string): FirstAnswer => ({ outcome: 'other_kind', problem });
  if (/html/i.test(content_type)) return other(`answers with an HTML page: ${said}`);
  const is_stream = content_type.toLowerCase().startsWith('text/event-stream');
  if (!streamed)
    return is_stream ? other('streams though it was asked not to') : readUnstreamed(body, protocol);
  if (is_stream || beginsAsEvents(body)) return readStreamed(body, protocol, is_stream);
  return other(
    isJsonLines(body)
      ? `streams lines of JSON, and not server-sent events: another --api, or another path? ${said}`
      : `does not stream when asked (--no-stream measures answers that come whole): it answers ${content_type === '' ? 'without a content type' : content_type}: ${said}`,
  );
}

function readStreamed(body: string, protocol: Protocol, is_stream: boolean): FirstAnswer {
  const facts = readStream(body, protocol.stream);
  const failed = streamFailure(facts, protocol);
  if (failed !== null)
    return { outcome: 'failed', error: failed.error, problem: failed.error_detail.slice(0, EXCERPT) };
  const { token_events, terminated, oddities } = facts;
  const all: readonly Oddity[] = is_stream ? oddities : [...oddities, 'content_type'];
  return {
    outcome: 'answer',
    answer: streamedAnswer(facts),
    streamed: { token_events, terminated, oddities: all },
  };
}

function readUnstreamed(body: string, { whole }: Protocol): FirstAnswer {
  if (whole === null) return { outcome: 'other_kind', problem: 'always streams' };
  const reading = readWhole(body, whole);
  return reading.ok
    ? { outcome: 'answer', answer: reading.answer, streamed: null }
    : { outcome: 'failed', error: reading.error, problem: reading.error_detail.slice(0, EXCERPT) };
}

/** Several lines, the first two an object each: as Ollama's own API streams. */
function isJsonLines(body: string): boolean {
  const lines = body.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 1 && lines.slice(0, 2).every((line) => /^\s*\{.*\}\s*$/.test(line));
}
