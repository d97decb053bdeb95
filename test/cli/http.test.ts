/** The HTTP client: a call ends, whatever the server does, the collector does, or the user does. */
import { execFileSync } from 'node:child_process';
import http from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../../cli/services/http.ts';
import { Interrupted } from '../../cli/io.ts';
import { ROOT, temporary } from '../support/suite.ts';

/** Generous: what is tested is that a call ends at all. */
const ENDS_WITHIN_MS = 20_000;

let silent: Server;
let url: string;
const sockets = new Set<{ destroy(): unknown }>();
beforeAll(async () => {
  silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  silent.close();
});

const never = new AbortController().signal;

test.each(['POST', 'PUT', 'DELETE'] as const)('a %s carries its body whole', async (method) => {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => response.end(`${String(request.method)} ${body}`));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = server.address() as AddressInfo;
  const body = JSON.stringify({ name: 'größe' });
  const answer = await call({ url: `http://127.0.0.1:${port}`, method, body }, never);
  expect(answer.body).toBe(`${method} ${body}`);
  server.close();
});

describe('a server that never answers', () => {
  test('ends by the deadline', async () => {
    await expect(call({ url, timeout_ms: 100 }, never)).rejects.toMatchObject({
      name: 'CallFailure',
      kind: 'timeout',
      message: 'no whole answer within 0.1 s',
    });
  });

  test(
    'ends by the deadline through garbage collections, which take other timers away',
    { timeout: 2 * ENDS_WITHIN_MS },
    async () => {
      using folder = temporary();
      const outfile = join(folder.path, 'http.mjs');
      const entryPoints = [join(ROOT, 'cli', 'services', 'http.ts')];
      await build({
        entryPoints,
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        packages: 'external',
      });
      const script = `
        const { call } = await import(${JSON.stringify(`file://${outfile}`)});
        setInterval(() => globalThis.gc(), 10);
        const calls = Array.from({ length: 5 }, () =>
          call({ url: ${JSON.stringify(url)}, timeout_ms: 300 }, new AbortController().signal).catch(({ kind }) => kind));
        process.stdout.write((await Promise.all(calls)).join());
        process.exit();`;
      const said = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
        encoding: 'utf8',
        timeout: ENDS_WITHIN_MS,
      });
      expect(said).toBe('timeout,timeout,timeout,timeout,timeout');
    },
  );

  test('ends by an interruption long before its deadline', { timeout: ENDS_WITHIN_MS }, async () => {
    const interrupt = new AbortController();
    const asked = call({ url, timeout_ms: 3_600_000 }, interrupt.signal);
    interrupt.abort();
    await expect(asked).rejects.toBeInstanceOf(Interrupted);
    await expect(call({ url, timeout_ms: 3_600_000 }, interrupt.signal)).rejects.toBeInstanceOf(Interrupted);
  });
});

test('an answer cut short is a failure; one that is longer than wanted is cut, or a failure', async () => {
  const answering = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (request) => {
      const length = request.toString().startsWith('GET /short') ? 100 : 10;
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n0123456789`);
    });
  });
  await new Promise<void>((done) => answering.listen(0, '127.0.0.1', done));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const base = `http://127.0.0.1:${(answering.address() as AddressInfo).port}`;
  try {
    await expect(call({ url: `${base}/short` }, never)).rejects.toMatchObject({ kind: 'cut' });
    expect((await call({ url: `${base}/whole` }, never)).body).toBe('0123456789');
    const few = { url: `${base}/whole`, most_characters: 5 };
    expect((await call(few, never)).body).toBe('0123456789');
    await expect(call({ ...few, beyond: 'fail' }, never)).rejects.toMatchObject({ kind: 'too_large' });
  } finally {
    answering.close();
  }
});
