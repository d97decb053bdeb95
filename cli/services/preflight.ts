/**
 * A look at a language model's server before the load: one whole answer of each variant and endpoint, read as the load will
 * read them, and shown. What every request would meet is refused here, in words; what only some may meet is left to the load,
 * which counts it.
 */
import * as v from 'valibot';
import { nearest, offer } from '../../domain/text/nearest.ts';
import type { Api } from '../../domain/protocols/index.ts';
import { endpointUrl } from '../../domain/protocols/request-body.ts';
import { flagName } from '../../domain/settings/parse.ts';
import { requestHeaders } from '../../domain/settings/request-headers.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { settingsFor, withModel } from '../../domain/settings/variants.ts';
import { parseJsonText } from '../../domain/text/json.ts';
import { withoutCredentials } from '../../domain/text/url.ts';
import { BASELINE, presentVariants } from '../../domain/variants.ts';
import { say, UsageError, type Io } from '../io.ts';
import { terminalText } from '../report/escape.ts';
import { ODDITIES } from '../report/words/findings.ts';
import type { Deployment } from '../run/deployment.ts';
import { firstAnswer, pathOf, type AskedServer, type FirstAnswer } from './first-answer.ts';
import { ask } from './http.ts';

const TIMEOUT_MS = 10_000;

/**
 * The settings with each variant's model named.
 * @param apis the endpoints that the load asks
 * @throws UsageError
 */
export async function preflight(
  io: Io,
  settings: Settings,
  apis: readonly Api[],
  { urls }: Deployment,
): Promise<Settings> {
  let found = settings;
  for (const variant of presentVariants(urls)) {
    const server: AskedServer = {
      variant,
      base: urls[variant] ?? '',
      headers: requestHeaders(settings, variant, io.env),
    };
    const { model: wanted } = settingsFor(found, variant);
    const names = await listedModels(io, found, server);
    const model = wanted ?? names?.[0] ?? null;
    found = withModel(found, variant, model);
    for (const api of apis) {
      const answer = await firstAnswer(io, found, server, api, model);
      tell(io, { settings: found, server, api, apis, wanted, names }, answer);
    }
  }
  return found;
}

interface Asked {
  readonly settings: Settings;
  readonly server: AskedServer;
  readonly api: Api;
  readonly apis: readonly Api[];
  /** The model that the settings name. */
  readonly wanted: string | null;
  /** What /v1/models lists. */
  readonly names: readonly string[] | null;
}

const modelsSchema = v.object({ data: v.pipe(v.array(v.object({ id: v.string() })), v.minLength(1)) });

/** Names that /v1/models lists; null where it doesn't. */
async function listedModels(
  io: Io,
  settings: Settings,
  { base, headers }: Pick<AskedServer, 'base' | 'headers'>,
): Promise<string[] | null> {
  const url = endpointUrl(base, '/v1/models');
  const answer = await ask(io, settings, url, { headers, timeout_ms: TIMEOUT_MS }).catch(() => null);
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
        `${flag}: the server has no model "${wanted}"${offer(wanted, names)} (it lists ${listed(names)}); load the adapter first`,
      ),
    );
}

/** A gateway may list thousands. */
const MOST_NAMES = 12;

const listed = (names: readonly string[]): string =>
  names.length <= MOST_NAMES
    ? names.join(', ')
    : `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more`;

/** Says what was found. @throws UsageError where every request of the load would meet it */
function tell(io: Io, asked: Asked, found: FirstAnswer): void {
  const { settings, server, api, wanted, names } = asked;
  const path = pathOf(settings, api);
  const url = withoutCredentials(endpointUrl(server.base, path));
  switch (found.outcome) {
    case 'answer':
      say(io, terminalText(shown(asked, found)));
      if (wanted !== null && names !== null && !names.includes(wanted))
        say(
          io,
          terminalText(
            `the ${server.variant} answers to "${wanted}", which its /v1/models does not list (${listed(names)})`,
          ),
        );
      return;
    case 'unavailable':
      say(
        io,
        terminalText(
          `the ${server.variant}'s first answers all failed (${found.problem}); the load will count such`,
        ),
      );
      return;
    case 'failed':
      if (!UNREADABLE.has(found.error)) {
        say(
          io,
          terminalText(
            `the ${server.variant}'s first answers are no whole ones (${found.error.replaceAll('_', ' ')}: ${found.problem}); the load will count such`,
          ),
        );
        return;
      }
      throw new UsageError(
        terminalText(`the ${server.variant} at ${url}: its answers can't be read: ${found.problem}`),
      );
    case 'other_kind':
      throw new UsageError(terminalText(`the ${server.variant} at ${url} ${found.problem}; ${cure(asked)}`));
    case 'refused':
      throw new UsageError(
        terminalText(
          modelRefusal(asked, found.status, found.problem) ??
            `the ${server.variant} at ${url} ${found.problem}; ${memberCure(settings, found.problem) ?? pathCure(asked, found.status) ?? cure(asked)}`,
        ),
      );
  }
}

/** Ways to fail that lie in how the answer is written, and so in every answer. */
const UNREADABLE: ReadonlySet<string> = new Set(['bad_json']);

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Fewer tokens than these may well come in one event. */
const SOME_TOKENS = 4;

/** One line on an answer: who gave it, its tokens, how it ended, what was recognised and what is missing. */
function shown({ settings, server, api, apis }: Asked, found: FirstAnswer & { outcome: 'answer' }): string {
  const { answer, streamed } = found;
  const { counts, names, finish } = answer;
  const tokens = counts.completion_tokens ?? 0;
  const events = streamed === null ? '' : plural(streamed.token_events, 'token event');
  const reasoning = counts.reasoning_tokens ?? 0;
  const counted =
    tokens > 0
      ? `${plural(tokens, 'token')} by its own count${reasoning > 0 ? `, ${reasoning} of them reasoning,` : ''}${events === '' ? '' : ` in ${events}`}`
      : events === ''
        ? 'no count of tokens'
        : events;
  const parts: [string, boolean][] = [
    ['a model', names.model !== null],
    ['a finish reason', finish !== null],
    ['a count of tokens', tokens > 0],
    ['a count of prompt tokens', counts.prompt_tokens !== null],
    ['an id', names.id !== null],
    ...(streamed === null ? [] : [['its terminator', streamed.terminated] satisfies [string, boolean]]),
  ];
  const missing = parts.flatMap(([part, there]) => (there ? [] : [part]));
  const odd = (streamed?.oddities ?? []).map((one) => ODDITIES[one] ?? one);
  return [
    `the ${server.variant} answers${apis.length > 1 ? ` at ${pathOf(settings, api)}` : ''}: ${names.model === null ? 'model not named' : `model "${names.model}"`}, ${counted}, ${finish === null ? 'no word on how it ended' : `ended by ${finish.replaceAll('_', ' ')}`}`,
    streamed === null
      ? 'whole'
      : streamed.token_events === 1 && tokens >= SOME_TOKENS
        ? 'all in one event: it does not stream'
        : 'streamed',
    ...(missing.length === 0 ? [] : [`missing: ${missing.join(', ')}`]),
    ...(odd.length === 0 ? [] : [`such answers ${odd.join(', ')}`]),
  ].join('; ');
}

/** A refusal where the settings name a model that the server does not list: most likely of the name. */
function modelRefusal(
  { settings, server, wanted, names }: Asked,
  status: number,
  problem: string,
): string | null {
  if (wanted === null || ![400, 404, 422].includes(status) || names?.includes(wanted) === true) return null;
  if (names === null && !problem.includes(wanted)) return null;
  const { named } = settingsFor(settings, server.variant);
  const near = nearest(wanted, names ?? []);
  const help = near === null ? '' : `; did you mean ${near}?`;
  return `--${flagName(named.model)}: the ${server.variant} has no model "${wanted}"${help}${names === null ? '' : ` (it lists ${listed(names)})`}: it ${problem}`;
}

/** Members that some servers don't take, and what to say in their place. */
function memberCure({ maxTokens }: Settings, problem: string): string | null {
  const without = (changes: object): string =>
    `leave it out for both variants with --body '${JSON.stringify(changes)}' (--shadow-body for the shadow alone)`;
  if (/stream_options/.test(problem))
    return `${without({ stream_options: null })}; its tokens are then counted by events`;
  if (/max_completion_tokens/.test(problem))
    return without({ max_tokens: null, max_completion_tokens: maxTokens });
  const [member] = /\b(?:temperature|max_tokens|ignore_eos|min_tokens|n_predict)\b/.exec(problem) ?? [];
  return member === undefined ? null : without({ [member]: null });
}

/** Of a mix, an endpoint that is not there. */
function pathCure({ settings, api, apis }: Asked, status: number): string | null {
  if (apis.length < 2 || status !== 404) return null;
  const others = apis.filter((one) => one !== api).map((one) => `${one}=1`);
  return `POST ${pathOf(settings, api)} is not there: --mix ${others.join(',')} leaves it out`;
}

const cure = ({ settings, api }: Asked): string =>
  `check --baseline-url and --shadow-url, --api ${api}${settings.apiPath === null ? '' : ' and --api-path'}, the model, and API_KEY`;
