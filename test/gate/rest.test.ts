/** Calls that fail, each by its name; and no secret in what is said. */
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Service, type ServiceOptions } from '../../cli/services/json-service.ts';
import { testIo } from './io.ts';
import { proxyTo, type Proxy } from './proxy.ts';

let server: Proxy;
beforeAll(async () => (server = await proxyTo(null)));
afterAll(async () => await server.close());

const options = (over: Partial<ServiceOptions> = {}): ServiceOptions => ({
  name: 'Prometheus',
  given_by: '--prometheus-url',
  url: server.url,
  secrets: 'PROMETHEUS',
  timeout_ms: 5000,
  ...over,
});

const get = async (over: Partial<ServiceOptions> = {}, env: Record<string, string> = {}): Promise<unknown> =>
  await new Service(testIo(env), options(over)).call({ method: 'GET', path: '/x?query=a' });

describe('answers', () => {
  test.each<[{ status: number; body: string; type?: string }, string, RegExp]>([
    [{ status: 403, body: 'no', type: 'text/plain' }, 'denied', /answers 403: no; is PROMETHEUS_TOKEN/],
    [{ status: 302, body: '' }, 'redirect', /a redirect \(to a login page\?\)/],
    [{ status: 200, body: '<html>' }, 'not_json', /what is no JSON/],
    [
      { status: 400, body: JSON.stringify({ error: 'bad \u001b[31mquery' }) },
      'status',
      /answers 400: bad \\x1b/,
    ],
    [{ status: 500, body: '' }, 'status', /answers 500/],
  ])('%j', async (answer, kind, message) => {
    server.answer = () => answer;
    await expect(get()).rejects.toMatchObject({ kind, message: expect.stringMatching(message) });
  });

  test('what is away for a moment is asked again; what is refused is not', async () => {
    server.seen.length = 0;
    server.answer = () =>
      server.seen.length < 3 ? { status: 503, body: '' } : { status: 200, body: '{"ok":1}' };
    expect(await get()).toEqual({ ok: 1 });
    expect(server.seen).toHaveLength(3);
    server.seen.length = 0;
    server.answer = () => ({ status: 404, body: '' });
    await expect(get()).rejects.toThrow(/404/);
    expect(server.seen).toHaveLength(1);
  });
});

describe('no answer', () => {
  test('nothing listens', async () => {
    const free = createServer();
    const port = await new Promise<number>((done) =>
      free.listen(0, '127.0.0.1', () => {
        const address = free.address();
        free.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
      }),
    );
    await expect(get({ url: `http://127.0.0.1:${port}` })).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringMatching(/connection refused.*start it, or correct --prometheus-url/),
    });
  });
  test('no whole answer in time', async () => {
    const silent = createServer(() => {});
    const port = await new Promise<number>((done) =>
      silent.listen(0, '127.0.0.1', () => {
        const address = silent.address();
        done(typeof address === 'object' && address !== null ? address.port : 0);
      }),
    );
    await expect(get({ url: `http://127.0.0.1:${port}`, timeout_ms: 200 })).rejects.toMatchObject({
      kind: 'timeout',
    });
    silent.close();
  });
});

describe('secrets', () => {
  const header = async (over: Partial<ServiceOptions>, env: Record<string, string>): Promise<unknown> => {
    server.seen.length = 0;
    server.answer = () => ({ status: 200, body: '{}' });
    await get(over, env);
    return server.seen[0]?.headers['authorization'];
  };
  test('from the environment: a token, or user and password, or the address', async () => {
    expect(await header({}, { PROMETHEUS_TOKEN: 't0ken' })).toBe('Bearer t0ken');
    const basic = `Basic ${Buffer.from('me:pass').toString('base64')}`;
    expect(await header({}, { PROMETHEUS_USERNAME: 'me', PROMETHEUS_PASSWORD: 'pass' })).toBe(basic);
    expect(await header({ url: server.url.replace('//', '//me:pass@') }, {})).toBe(basic);
  });
  test('are in no message', async () => {
    server.answer = () => ({ status: 401, body: 'no' });
    const url = server.url.replace('//', '//me:s3cret@');
    const said = await get({ url }, { PROMETHEUS_TOKEN: 't0ken' }).catch((error: unknown) => String(error));
    expect(said).toContain('401');
    expect(said).not.toMatch(/s3cret|t0ken/);
    expect(() => new Service(testIo(), options({ url: 'http://me:s3cret@h:1/?q' }))).toThrow(
      /^(?!.*s3cret).*without query/,
    );
    expect(() => new Service(testIo({ PROMETHEUS_USERNAME: 'me' }), options())).toThrow(/go together/);
  });
});
