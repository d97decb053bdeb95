/** One JSON service behind a base URL: every way in which a call can fail has a name, and no secret is in any message. */
import { fieldOf } from '../../domain/text/fields.ts';
import { parseJsonText } from '../../domain/text/json.ts';
import { withoutCredentials } from '../../domain/text/url.ts';
import { Interrupted, UsageError, pause, type Io } from '../io.ts';
import { terminalText } from '../report/escape.ts';
import { CallFailure, call as httpCall, type CallFailureKind } from './http.ts';

export type FailureKind = CallFailureKind | 'redirect' | 'denied' | 'status' | 'not_json';

/** A call that did not succeed; `message` names the service, the call, the cause and the cure where there is one. */
export class ServiceFailure extends UsageError {
  readonly kind: FailureKind;
  readonly status: number | null;
  /** The service's own code, as MLflow's `error_code`. */
  readonly code: string | null;
  constructor(kind: FailureKind, message: string, status: number | null = null, code: string | null = null) {
    super(message);
    this.kind = kind;
    this.status = status;
    this.code = code;
  }
}

export interface ServiceOptions {
  /** For messages: `Prometheus`, `MLflow`. */
  readonly name: string;
  /** How the URL was given, for messages: `--prometheus-url`. */
  readonly given_by: string;
  readonly url: string;
  /** Prefix of the variables that hold secrets: `PROMETHEUS` reads PROMETHEUS_TOKEN, or _USERNAME and _PASSWORD. */
  readonly secrets: string;
  readonly timeout_ms: number;
  /** In addition to what holds for every service. */
  explain?(status: number, body: string): string | null;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PUT';
  /** Below the base URL, with its query. */
  readonly path: string;
  readonly body?: unknown;
  /** As it is, in place of `body`. */
  readonly text?: string;
  /** Makes something anew each time: never sent twice. */
  readonly once?: true;
}

const SHAPE = /^https?:\/\/[^/?#\s]+(\/[^?#\s]*)?$/i;
const BODY_LIMIT = 256 * 1024 * 1024;
const SHOWN = 300;
const ATTEMPTS = 3;
const PAUSE_MS = 700;

/** One line of somebody else's text. */
export const shownText = (text: string): string => terminalText(text.trim().slice(0, SHOWN));

export class Service {
  readonly name: string;
  /** Without user information: may be shown. */
  readonly shown_url: string;
  readonly #io: Io;
  readonly #options: ServiceOptions;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** @throws UsageError for what is no http(s) URL, or half a pair of secrets */
  constructor(io: Io, options: ServiceOptions) {
    const { url, given_by, name } = options;
    const bare = withoutCredentials(url);
    if (!SHAPE.test(url))
      throw new UsageError(
        `${given_by} is "${bare}"; allowed: http://HOST[:PORT][/PATH] or https://..., without query`,
      );
    this.#io = io;
    this.#options = options;
    this.name = name;
    this.shown_url = bare.replace(/\/+$/, '');
    this.#base = this.shown_url;
    const authorization = authorizationOf(io, options);
    this.#headers = authorization === null ? {} : { Authorization: authorization };
  }

  /** The answer's JSON; undefined for an empty body. Tried again where the service was away. @throws ServiceFailure, Interrupted */
  async call(call: Call): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (this.#io.interrupted.aborted) throw new Interrupted();
        const answer = await this.#once(call);
        // The HTTP client lets a call under way come to its end; nothing goes on from it.
        if (this.#io.interrupted.aborted) throw new Interrupted();
        return answer;
      } catch (error) {
        if (this.#io.interrupted.aborted) throw new Interrupted();
        const passing =
          error instanceof ServiceFailure &&
          (error.kind === 'unreachable' || error.kind === 'cut' || (error.status ?? 0) >= 500);
        if (!passing || call.once === true || attempt >= ATTEMPTS) throw error;
        await pause(this.#io, PAUSE_MS * attempt);
      }
    }
  }

  #where(call: Call): string {
    return `${this.name} at ${this.shown_url} (${this.#options.given_by}), ${call.method} ${call.path.split('?')[0] ?? ''}`;
  }

  async #once(call: Call): Promise<unknown> {
    const { timeout_ms } = this.#options;
    const body = call.text ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
    const { status, body: text } = await httpCall(
      {
        url: this.#base + call.path,
        method: call.method,
        headers: { ...this.#headers, Accept: 'application/json' },
        timeout_ms,
        most_characters: BODY_LIMIT,
        beyond: 'fail',
        ...(body === undefined ? {} : { body }),
      },
      this.#io.interrupted,
    ).catch((error: unknown) => {
      if (!(error instanceof CallFailure)) throw error;
      const cure = error.kind === 'unreachable' ? `; start it, or correct ${this.#options.given_by}` : '';
      throw new ServiceFailure(error.kind, `${this.#where(call)}: ${shownText(error.message)}${cure}`);
    });
    if (status >= 300 && status < 400)
      throw new ServiceFailure(
        'redirect',
        `${this.#where(call)}: answers ${status}, a redirect (to a login page?); give the address of the API itself`,
        status,
      );
    if (status < 200 || status > 299) throw this.#refused(call, status, text);
    if (text.trim() === '') return undefined;
    const value = parseJsonText(text);
    if (value !== undefined) return value;
    throw new ServiceFailure(
      'not_json',
      `${this.#where(call)}: answers ${status} with what is no JSON ("${shownText(text).slice(0, 80)}"); is ${this.#options.given_by} the right address?`,
      status,
    );
  }

  #refused(call: Call, status: number, text: string): ServiceFailure {
    const said = problemOf(text);
    const explained = this.#options.explain?.(status, text) ?? null;
    const secrets = this.#options.secrets;
    const cure =
      explained ??
      (status === 401 || status === 403
        ? `is ${secrets}_TOKEN (or ${secrets}_USERNAME and ${secrets}_PASSWORD) right?`
        : null);
    return new ServiceFailure(
      status === 401 || status === 403 ? 'denied' : 'status',
      `${this.#where(call)}: answers ${status}${said.message === '' ? '' : `: ${shownText(said.message)}`}${cure === null ? '' : `; ${cure}`}`,
      status,
      said.code,
    );
  }
}

/** What Prometheus (`error`) and MLflow (`error_code`, `message`) say of a refusal; else the text itself. */
function problemOf(text: string): { message: string; code: string | null } {
  const value = parseJsonText(text);
  const field = (name: string): string | null => {
    const found = fieldOf(value, name);
    return typeof found === 'string' ? found : null;
  };
  return { message: field('message') ?? field('error') ?? text, code: field('error_code') };
}

function authorizationOf(io: Io, { secrets, url, given_by }: ServiceOptions): string | null {
  const variable = (name: string): string | null => {
    const value = io.env[`${secrets}_${name}`];
    return value === undefined || value === '' ? null : value;
  };
  const [token, user, password] = [variable('TOKEN'), variable('USERNAME'), variable('PASSWORD')];
  if ((user === null) !== (password === null))
    throw new UsageError(
      `${secrets}_USERNAME and ${secrets}_PASSWORD go together; ${user === null ? 'the first' : 'the second'} is missing: set it, or unset the other`,
    );
  const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
  if (user !== null && password !== null) return basic(`${user}:${password}`);
  if (token !== null) return `Bearer ${token}`;
  const inside = /^https?:\/\/([^/@]*)@/i.exec(url)?.[1];
  if (inside === undefined) return null;
  try {
    return basic(decodeURIComponent(inside));
  } catch {
    throw new UsageError(
      `${given_by} holds user information that is no URL text; set ${secrets}_USERNAME and ${secrets}_PASSWORD instead`,
    );
  }
}
