/**
 * A look at a language model's server before the load: does it have the model, does it stream when asked? What every
 * request would meet is refused here, in words; what only some may meet is left to the load, which counts it.
 */
import * as v from 'valibot';
import { offer } from '../../domain/text/nearest.ts';
import { PROTOCOLS } from '../../domain/protocols/index.ts';
import { parseJsonText } from '../../domain/text/json.ts';
import { requestHeaders } from '../../domain/settings/request-headers.ts';
import { flagName } from '../../domain/settings/parse.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { settingsFor, withModel } from '../../domain/settings/variants.ts';
import { BASELINE, presentVariants, type Variant } from '../../domain/variants.ts';
import { say, UsageError, type Io } from '../io.ts';
import { terminalText } from '../report/escape.ts';
import type { Deployment } from '../run/deployment.ts';
import { withoutCredentials } from '../../domain/text/url.ts';
import { CallFailure, ask, type Answer } from './http.ts';

const PROMPT = 'Say yes.';
const TIMEOUT_MS = 10_000;
/** A server that fails some requests must not look as if it failed all. */
const ATTEMPTS = 3;
const EXCERPT = 200;

/** The settings with each variant's model named. @throws UsageError */
export async function preflight(io: Io, settings: Settings, { urls }: Deployment): Promise<Settings> {
  let found = settings;
  for (const variant of presentVariants(urls)) {
    const server: Server = {
      variant,
      base: (urls[variant] ?? '').replace(/\/+$/, ''),
      headers: requestHeaders(settings, variant, io.env),
    };
    const model = await modelOf(io, found, server);
    found = withModel(found, variant, model);
    await assertAnswers(io, found, server, model);
  }
  return found;
}

interface Server {
  readonly variant: Variant;
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}

const modelsSchema = v.object({ data: v.pipe(v.array(v.object({ id: v.string() })), v.minLength(1)) });

/** Names that /v1/models lists; null where it doesn't. */
async function listedModels(
  io: Io,
  settings: Settings,
  { base, headers }: Pick<Server, 'base' | 'headers'>,
): Promise<string[] | null> {
  const answer = await ask(io, settings, `${base}/v1/models`, { headers, timeout_ms: TIMEOUT_MS }).catch(
    () => null,
  );
  if (answer === null || answer.status !== 200) return null;
  const parsed = v.safeParse(modelsSchema, parseJsonText(answer.body));
  return parsed.success ? parsed.output.data.map(({ id }) => id) : null;
}

/** The name must be listed: for those whose model is the very thing under test. @throws UsageError */
export async function assertModelListed(
  io: Io,
  settings: Settings,
  base: string,
  wanted: string,
  flag: string,
): Promise<void> {
  const headers = requestHeaders(settings, BASELINE, io.env);
  const names = await listedModels(io, settings, { base, headers });
  if (names === null)
    throw new UsageError(
      `${withoutCredentials(base)}: GET /v1/models does not list models, so that ${flag} ${terminalText(wanted)} can't be looked up; is it a vLLM server, and is API_KEY right?`,
    );
  if (!names.includes(wanted))
    throw new UsageError(
      terminalText(
        `${flag}: the server has no model "${wanted}"${offer(wanted, names)} (it lists ${names.join(', ')}); load the adapter first`,
      ),
    );
}

async function modelOf(io: Io, settings: Settings, server: Server): Promise<string | null> {
  const { model: wanted, named } = settingsFor(settings, server.variant);
  const names = await listedModels(io, settings, server);
  if (names === null) return wanted;
  if (wanted === null) return names[0] ?? null;
  if (names.includes(wanted)) return wanted;
  throw new UsageError(
    terminalText(
      `--${flagName(named.model)}: the ${server.variant} has no model "${wanted}"${offer(wanted, names)}${names.length > 1 ? ` (it lists ${names.join(', ')})` : ''}`,
    ),
  );
}

/** One short request as the load will send them. */
async function assertAnswers(
  io: Io,
  settings: Settings,
  { variant, base, headers }: Server,
  model: string | null,
): Promise<void> {
  const protocol = PROTOCOLS[settings.api];
  const url = `${base}${settings.apiPath ?? protocol.path}`;
  const json = protocol.body({
    messages: [{ role: 'user', content: PROMPT }],
    prompt: PROMPT,
    model,
    max_tokens: 1,
    force_length: false,
    temperature: settings.temperature,
    stream: settings.stream,
  });
  let problem: string | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const asking = { headers, json, timeout_ms: TIMEOUT_MS, most_characters: EXCERPT };
    const answer = await ask(io, settings, url, asking).catch((error: unknown) => {
      if (error instanceof CallFailure) return error.message;
      throw error;
    });
    problem = typeof answer === 'string' ? answer : problemOf(answer, settings);
    if (problem === null) return;
    if (typeof answer === 'string' || !isLasting(answer)) {
      say(io, terminalText(`the ${variant}'s first answer failed (${problem}); the load will count such`));
      return;
    }
  }
  throw new UsageError(
    terminalText(`the ${variant} at ${withoutCredentials(url)} ${problem ?? ''}; ${cure(settings)}`),
  );
}

/** A busy or broken server may mend; a refusal or a wrong kind of answer will come each time. */
const isLasting = ({ status }: Answer): boolean => status !== 429 && status !== 408 && status < 500;

function problemOf({ status, content_type, body }: Answer, settings: Settings): string | null {
  const excerpt = body.replace(/\s+/g, ' ').trim().slice(0, EXCERPT);
  if (status < 200 || status > 299) return `answers ${status}: ${excerpt}`;
  if (/html/i.test(content_type)) return `answers with an HTML page: ${excerpt}`;
  if (settings.stream && !content_type.toLowerCase().startsWith('text/event-stream'))
    return `does not stream when asked (--no-stream measures answers that come whole): it answers ${content_type === '' ? 'without a content type' : content_type}: ${excerpt}`;
  if (!settings.stream && content_type.toLowerCase().startsWith('text/event-stream'))
    return 'streams though it was asked not to';
  return null;
}

const cure = (settings: Settings): string =>
  `check --baseline-url and --shadow-url, --api ${settings.api}${settings.apiPath === null ? '' : ' and --api-path'}, the model, and API_KEY`;
