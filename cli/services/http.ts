/** The one HTTP client outside k6: every call has a deadline, ends with an interruption, and fails with a cause in words. */
import http from 'node:http';
import https from 'node:https';
import { readFileSync } from 'node:fs';
import type { Settings } from '../../domain/settings/settings.ts';
import { Interrupted, UsageError, userPath, type Io } from '../io.ts';
import { DeadlinePassed, withDeadline } from './deadline.ts';

export type CallFailureKind = 'unreachable' | 'timeout' | 'cut' | 'too_large';

/** No whole answer came; the message is the cause. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
  readonly kind: CallFailureKind;
  constructor(kind: CallFailureKind, cause: string, error?: unknown) {
    super(cause, { cause: error });
    this.kind = kind;
  }
}

export interface Answer {
  readonly status: number;
  readonly content_type: string;
  readonly body: string;
  /** Of its header Retry-After in seconds, where it has one. */
  readonly retry_after_s?: number;
}

export interface HttpCall {
  readonly url: string;
  readonly method?: 'GET' | 'POST' | 'DELETE' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** As it is; where there is one, its type is JSON unless a header says another. */
  readonly body?: string;
  /** For the whole answer. */
  readonly timeout_ms?: number;
  readonly most_characters?: number;
  /** What happens to a longer body: the rest is left unread, or the call fails. */
  readonly beyond?: 'cut' | 'fail';
  readonly tls?: Pick<https.RequestOptions, 'ca' | 'cert' | 'key'>;
}

const TIMEOUT_MS = 10_000;
const MOST_CHARACTERS = 4_000_000;

const CAUSES: Readonly<Record<string, readonly [CallFailureKind, string]>> = {
  ECONNREFUSED: ['unreachable', 'connection refused: nothing listens there'],
  ENOTFOUND: ['unreachable', "the host's name is not known (DNS)"],
  EAI_AGAIN: ['unreachable', "the host's name could not be looked up (DNS)"],
  EHOSTUNREACH: ['unreachable', 'no route to the host'],
  ENETUNREACH: ['unreachable', 'no route to the network'],
  ETIMEDOUT: ['unreachable', 'the connection timed out'],
  ECONNRESET: ['cut', 'the connection was reset in mid-call: did the server die?'],
  EPIPE: ['cut', 'the connection was closed in mid-call: did the server die?'],
  HPE_INVALID_CONSTANT: ['cut', 'what answers there does not speak HTTP'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['unreachable', 'TLS: its certificate is self-signed'],
  SELF_SIGNED_CERT_IN_CHAIN: ['unreachable', "TLS: its certificate's authority is not trusted"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['unreachable', "TLS: its certificate's authority is not trusted"],
  CERT_HAS_EXPIRED: ['unreachable', 'TLS: its certificate has expired'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['unreachable', 'TLS: its certificate is for another host'],
  EPROTO: ['unreachable', 'it does not speak TLS; is the URL http:// rather than https://?'],
};
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/;

function failureOf(error: unknown): Error {
  if (error instanceof Interrupted || error instanceof CallFailure) return error;
  if (!(error instanceof Error)) return new CallFailure('cut', String(error), error);
  if (error instanceof DeadlinePassed) return new CallFailure('timeout', error.message, error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // A name with several addresses: each has failed; the first says why.
  if (error instanceof AggregateError && error.errors.length > 0) return failureOf(error.errors[0]);
  const [kind, cause] =
    CAUSES[code] ??
    (/CERT|SSL|TLS/.test(code) ? ['unreachable', `TLS: ${error.message}`] : ['cut', error.message]);
  const cure = UNTRUSTED.test(code) ? '; give its authority with --ca-file, or in NODE_EXTRA_CA_CERTS' : '';
  return new CallFailure(kind, `${cause}${cure}`, error);
}

/** One call; redirects are not followed. @throws CallFailure, Interrupted */
export async function call(of: HttpCall, interrupted: AbortSignal): Promise<Answer> {
  const { timeout_ms = TIMEOUT_MS } = of;
  try {
    return await withDeadline(timeout_ms, interrupted, async (signal) => await answerTo(of, signal));
  } catch (error) {
    throw failureOf(error);
  }
}

async function answerTo(of: HttpCall, signal: AbortSignal): Promise<Answer> {
  const { url, body, headers, tls = {}, most_characters = MOST_CHARACTERS } = of;
  const method = of.method ?? (body === undefined ? 'GET' : 'POST');
  return await new Promise<Answer>((resolve, reject) => {
    const request = (url.startsWith('https:') ? https : http).request(url, {
      method,
      // A connection of its own: one that was kept may belong to a server that has since been restarted.
      agent: false,
      headers: {
        // Node sends a DELETE's body without any length where none is given, and a server then sees no body.
        ...(body === undefined
          ? {}
          : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }),
        ...headers,
      },
      ...tls,
    });
    signal.addEventListener('abort', () => {
      reject(signal.reason);
      request.destroy();
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      const done = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          content_type: response.headers['content-type'] ?? '',
          body: text,
          ...retryAfter(response.headers['retry-after']),
        });
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
        if (text.length < most_characters) return;
        if (of.beyond === 'fail')
          reject(
            new CallFailure(
              'too_large',
              `an answer of more than ${most_characters / 2 ** 20} MB was left unread`,
            ),
          );
        else done();
        response.destroy();
      });
      response.on('end', done);
      response.on('error', reject);
    });
    request.end(body);
  });
}

/** A date is left alone: servers of models give seconds. */
function retryAfter(header: string | undefined): { readonly retry_after_s?: number } {
  return header !== undefined && /^\d{1,6}$/.test(header) ? { retry_after_s: Number(header) } : {};
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeout_ms?: number;
  /** Makes it a POST of this JSON. */
  readonly json?: unknown;
  /** Of a body that is longer, the rest is left unread. */
  readonly most_characters?: number;
}

/** One request to a server under test, with the settings' certificates. @throws CallFailure, Interrupted */
export async function ask(io: Io, settings: Settings, url: string, asking: Asking = {}): Promise<Answer> {
  const { json, ...rest } = asking;
  const file = (path: string | null): Buffer | undefined =>
    path === null ? undefined : readFileSync(userPath(io, path));
  const tls = url.startsWith('https:')
    ? { ca: file(settings.caFile), cert: file(settings.clientCert), key: file(settings.clientKey) }
    : {};
  return await call(
    { ...rest, url, tls, ...(json === undefined ? {} : { body: JSON.stringify(json) }) },
    io.interrupted,
  );
}

/** A failed call in the caller's words; an interruption stays one. */
export function asUsageError(error: unknown, inWords: (cause: string) => string): Error {
  if (error instanceof Interrupted) return error;
  return new UsageError(inWords(error instanceof Error ? error.message : String(error)), { cause: error });
}
