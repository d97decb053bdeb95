/** The servers of a run: our stand-ins, started and stopped with it, or the user's, looked at once before the load. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import type { Settings } from '../../domain/settings/settings.ts';
import type { ServerIdentity } from '../../domain/run/manifest.ts';
import { UsageError, userPath, type Io } from '../io.ts';
import { startChild } from './process.ts';

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** Resolves with its last words when the process ends by itself. */
  readonly died: Promise<string>;
  readonly stop: () => Promise<void>;
}

const READY_WITHIN_MS = 20_000;

/** Starts dist/stand-in/<name>.js on a free loopback port and waits for its ready line. @throws UsageError with its last lines */
export async function startStandIn(
  io: Io,
  name: string,
  args: readonly string[],
  log_file?: string,
): Promise<Server> {
  let output = '';
  let sayReady: (url: string) => void = () => {};
  const ready = new Promise<string>((resolve) => (sayReady = resolve));
  const child = startChild({
    command: process.execPath,
    args: [join(io.root, 'dist', 'stand-in', `${name}.js`), ...args],
    env: io.env,
    cwd: io.root,
    ...(log_file === undefined ? {} : { log_file }),
    onStdout(text) {
      output += text;
      const url = /"listening":"([^"]+)"/.exec(output)?.[1];
      if (url !== undefined) sayReady(url);
    },
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), READY_WITHIN_MS)));
  const url = await Promise.race([ready, child.ended.then(() => null), late]);
  clearTimeout(timer);
  if (url === null) {
    await child.stop();
    throw new UsageError(`the stand-in server "${name}" did not start:\n${child.lastLines()}`);
  }
  return { url, pid: child.pid, died: child.ended.then(() => child.lastLines()), stop: () => child.stop() };
}

/** `--profile lab --fault 'status=0.1:503'` to its words, as a shell would without expansion. */
export function splitArguments(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}

export interface Answer {
  readonly status: number;
  readonly content_type: string;
  readonly body: string;
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeout_ms?: number;
  /** Makes it a POST of this JSON. */
  readonly json?: unknown;
  /** Of a body that is longer, the rest is left unread. */
  readonly most_characters?: number;
}

const BODY_LIMIT = 4_000_000;

/** One GET outside k6. @throws Error with the cause in words */
export const get = async (
  io: Io,
  settings: Settings,
  url: string,
  headers: Readonly<Record<string, string>> = {},
  timeout_ms = 10_000,
): Promise<Answer> => await ask(io, settings, url, { headers, timeout_ms });

/** One request outside k6. @throws Error with the cause in words */
export async function ask(io: Io, settings: Settings, url: string, asking: Asking): Promise<Answer> {
  const { headers = {}, timeout_ms = 10_000, json, most_characters = BODY_LIMIT } = asking;
  const secure = url.startsWith('https:');
  const file = (path: string | null): Buffer | undefined =>
    path === null ? undefined : readFileSync(userPath(io, path));
  const tls = secure
    ? { ca: file(settings.caFile), cert: file(settings.clientCert), key: file(settings.clientKey) }
    : {};
  return await new Promise<Answer>((resolve, reject) => {
    const request = (secure ? https : http).request(
      url,
      {
        method: json === undefined ? 'GET' : 'POST',
        headers: { ...(json === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
        timeout: timeout_ms,
        // A fresh connection for each question: one that a server closes after an error must not fail the next.
        agent: false,
        ...tls,
      },
      (response) => {
        let body = '';
        const done = (): void =>
          resolve({
            status: response.statusCode ?? 0,
            content_type: response.headers['content-type'] ?? '',
            body,
          });
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          body += piece;
          if (body.length < most_characters) return;
          done();
          response.destroy();
        });
        response.on('end', done);
        response.on('error', reject);
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeout_ms / 1000} s`)));
    request.on('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(CAUSES[error.code ?? ''] ?? error.message)),
    );
    request.end(json === undefined ? undefined : JSON.stringify(json));
  });
}

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ENOTFOUND: "the host's name is not known (DNS)",
  EAI_AGAIN: "the host's name could not be looked up (DNS)",
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'no route to the host',
  ETIMEDOUT: 'the connection timed out',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; give its authority with --ca-file',
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate's authority is not trusted; give it with --ca-file",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate's authority is not trusted; give it with --ca-file",
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  EPROTO: 'it does not speak TLS; is the URL http:// rather than https://?',
};

/** A URL without its user information. */
export function withoutCredentials(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/i, '$1');
}

/**
 * Looks at a server once. Any HTTP answer is reachable; what /health and /metrics say of the process is kept, so that the
 * same server given twice, or restarted meanwhile, can be seen. @throws UsageError with the cause where it can't be reached
 */
export async function identify(
  io: Io,
  settings: Settings,
  variant: string,
  url: string,
): Promise<ServerIdentity> {
  const base = url.replace(/\/+$/, '');
  let health: Answer;
  try {
    health = await get(io, settings, `${base}${settings.healthPath}`);
  } catch (error) {
    throw new UsageError(
      `the ${variant} at ${withoutCredentials(url)} can't be reached: ${error instanceof Error ? error.message : String(error)}; start it, or correct --${variant}-url`,
      { cause: error },
    );
  }
  const metrics = await get(io, settings, `${base}${settings.metricsPath}`).catch(() => null);
  const text = metrics !== null && metrics.status === 200 ? metrics.body : '';
  const start = /^process_start_time_seconds(?:\{[^}]*\})?\s+([0-9.eE+]+)/m.exec(text)?.[1];
  const pid = /\bpid="(\w+)"/.exec(text)?.[1] ?? /^process_(?:p)?id(?:\{[^}]*\})?\s+(\d+)/m.exec(text)?.[1];
  return {
    process_start_time_s: start === undefined ? null : Number(start),
    process_id: pid ?? null,
    health: health.status === 200 ? health.body.slice(0, 200) : null,
  };
}
