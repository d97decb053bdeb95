import { request } from 'node:http';
import { afterEach } from 'vitest';
import type { Host, Running } from '../../stand-in/kit/process.ts';

export interface Got {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

interface Sent {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Gives up after so long; no bound by default. */
  readonly timeout_ms?: number;
}

/** One request on a connection of its own. Rejects at a reset, a cut body, a timeout. */
export function send(
  url: string,
  { method = 'GET', body, headers = {}, timeout_ms }: Sent = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const signal = timeout_ms === undefined ? {} : { signal: AbortSignal.timeout(timeout_ms) };
    const sent = request(url, { method, agent: false, headers: { ...headers }, ...signal }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export const post = (url: string, body: unknown, more: Sent = {}): Promise<Got> =>
  send(url, {
    method: 'POST',
    body: JSON.stringify(body),
    ...more,
    headers: { 'content-type': 'application/json', ...more.headers },
  });

/** The value of a series without labels but those every series has; null where it is absent. */
export async function metric(url: string, series: string): Promise<number | null> {
  const { text } = await send(`${url}/metrics`);
  const [name, labels = ''] = series.split('{');
  const wanted = labels.replace('}', '').split(',').filter(Boolean);
  const line = text
    .split('\n')
    .find((l) => l.startsWith(`${name ?? ''}{`) && wanted.every((label) => l.includes(label)));
  return line === undefined ? null : Number(line.slice(line.lastIndexOf(' ')));
}

/** Waits until `holds`, or fails after `deadline_ms`, which is many times what it takes. */
export async function until(holds: () => Promise<boolean> | boolean, deadline_ms = 10_000): Promise<void> {
  const end = performance.now() + deadline_ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not so within ${deadline_ms} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A host that notes what the server would do to its process. */
export function fakeHost() {
  const exits: number[] = [];
  const lines: string[] = [];
  const host: Host = { exit: (code) => void exits.push(code), log: (line) => void lines.push(line) };
  return { host, exits, lines };
}

const open: Running[] = [];

/** The url of a server that is closed after the test. */
export async function opened(starting: Promise<Running>): Promise<string> {
  const running = await starting;
  open.push(running);
  return running.url;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((running) => running.close()));
});
