import { afterEach } from 'vitest';
import type { Running } from '../../stand-in/kit/process.ts';

/** Collects the servers that a test starts and closes them after it. */
export function closing() {
  const open: Running[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });
  return async (starting: Promise<Running>): Promise<string> => {
    const server = await starting;
    open.push(server);
    return server.url;
  };
}

/** `POST url` with a JSON body; text is sent as it is. */
export function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
    signal,
  });
}

/** A body that the test knows the shape of. */
export const json = async (response: Response | Promise<Response>) =>
  JSON.parse(await (await response).text());

/** The value of a series in Prometheus's text, by its name and the labels that it must have; NaN where there is none. */
export async function series(url: string, name: string, ...labels: string[]): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text
    .split('\n')
    .find(
      (row) =>
        (row.startsWith(`${name}{`) || row.startsWith(`${name} `)) && labels.every((l) => row.includes(l)),
    );
  return line === undefined ? Number.NaN : Number(line.slice(line.lastIndexOf(' ') + 1));
}
