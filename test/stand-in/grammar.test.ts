import { describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { type GrammarFlags, start } from '../../stand-in/grammar.ts';
import { fakeHost, metric, opened, post, send, until } from './client.ts';

const PATH = '/v1/grammar/correct';
const request = { text: 'I have went there twice.', language: 'en', translate_to: 'es' };
const grammar = (flags: Partial<GrammarFlags> = {}) =>
  opened(start({ payloads: 'test/stand-in/fixtures', profile: 'instant', ...flags }));
const ask = (url: string, more = {}) => post(`${url}${PATH}`, request, more);

const Answer = v.object({
  corrected: v.string(),
  translation: v.string(),
  metadata: v.object({
    cost_eur: v.number(),
    model: v.string(),
    stages: v.strictObject({
      tokenize: v.number(),
      prefill: v.number(),
      decode: v.number(),
      detokenize: v.number(),
    }),
  }),
});
const parse = (text: string) => v.parse(Answer, JSON.parse(text));

describe('an answer', () => {
  test('has the shape of the contract', async () => {
    const url = await grammar({ correction_accuracy: 1, translation_accuracy: 1 });
    const { status, headers, text } = await ask(url);
    expect(status).toBe(200);
    expect(headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
    const answer = parse(text);
    expect(['I have gone there twice.', 'I went there twice.']).toContain(answer.corrected);
    expect(answer.translation).toBe('He ido allí dos veces.');
    expect(answer.metadata.cost_eur).toBeGreaterThan(0);
  });

  test('carries the trace id of the request, or a fresh one where that is not valid', async () => {
    const url = await grammar();
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const traced = async (traceparent: string) =>
      (await ask(url, { headers: { traceparent } })).headers['x-trace-id'];
    expect(await traced(`00-${trace}-b7ad6b7169203331-01`)).toBe(trace);
    expect(await traced(`00-${'0'.repeat(32)}-b7ad6b7169203331-01`)).not.toBe('0'.repeat(32));
    expect(await traced('nonsense')).toMatch(/^[0-9a-f]{32}$/);
  });

  test('has stages that decode dominates, within the time that passed', async () => {
    const url = await grammar({ profile: 'default', latency_scale: 0.2 });
    const started = performance.now();
    const { stages } = parse((await ask(url)).text).metadata;
    const passed_ms = performance.now() - started;
    const { tokenize, prefill, decode, detokenize } = stages;
    expect(decode).toBeGreaterThan(tokenize + prefill + detokenize);
    expect(tokenize + prefill + decode + detokenize).toBeLessThanOrEqual(passed_ms + 1);
    expect(Math.min(tokenize, prefill, detokenize)).toBeGreaterThan(0);
  });

  test('costs what the profile says on the mean, the shadow 7 % more', async () => {
    const mean = async (variant: 'baseline' | 'shadow') => {
      const url = await grammar({ variant, latency_scale: 0, profile: 'default' });
      let total = 0;
      for (let i = 0; i < 200; i++) {
        const { text } = await post(`${url}${PATH}`, { ...request, text: `Sentence ${i}.` });
        total += parse(text).metadata.cost_eur;
      }
      // The counter is of the same answers.
      expect(await metric(url, 'cost_eur_total')).toBeCloseTo(total, 8);
      return total / 200;
    };
    const baseline = await mean('baseline');
    expect(Math.abs(baseline / 0.00042 - 1)).toBeLessThan(0.05);
    expect(Math.abs((await mean('shadow')) / baseline - 1.07)).toBeLessThan(0.02);
  });

  test('repeats from run to run: costs by index, answers by text', async () => {
    const run = async (seed: number) => {
      const url = await grammar({ seed });
      const texts: string[] = [];
      for (let i = 0; i < 5; i++) texts.push((await ask(url)).text);
      return texts;
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });
});

test.each([
  ['not JSON', '{"text":', 'application/json', 400],
  ['no JSON at all', '', 'application/json', 400],
  ['a missing field', '{"text":"a","language":"en"}', 'application/json', 422],
  ['a wrong type', '{"text":1,"language":"en","translate_to":"es"}', 'application/json', 422],
  ['another content type', 'a=b', 'application/x-www-form-urlencoded', 415],
])('%s is answered %s', async (_what, body, type, status) => {
  const url = await grammar();
  const got = await send(`${url}${PATH}`, { method: 'POST', body, headers: { 'content-type': type } });
  expect(got.status).toBe(status);
  expect(JSON.parse(got.text)).toEqual({ error: expect.any(String) });
});

test('an unknown path is 404, a wrong method 405', async () => {
  const url = await grammar();
  expect((await send(`${url}/nowhere`)).status).toBe(404);
  expect((await send(`${url}${PATH}`)).status).toBe(405);
});

test('health and metrics tell who it is', async () => {
  const url = await grammar({ variant: 'shadow' });
  expect(JSON.parse((await send(`${url}/health`)).text)).toMatchObject({
    status: 'healthy',
    variant: 'shadow',
  });
  await ask(url);
  expect(await metric(url, `http_requests_total{path="${PATH}",status="200",variant="shadow"}`)).toBe(1);
  expect(await metric(url, `http_request_duration_seconds_count{path="${PATH}"}`)).toBe(1);
  expect(await metric(url, 'stage_duration_seconds_count{stage="decode"}')).toBe(1);
  expect(await metric(url, 'process_pid')).toBe(process.pid);
  expect(await metric(url, 'process_start_time_seconds')).toBeCloseTo(performance.timeOrigin / 1000, 3);
  expect(await metric(url, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
});

test('requests above the workers queue, and the metrics show it', async () => {
  const url = await grammar({ profile: 'default', workers: 1, latency_scale: 4 });
  const asked = Promise.all([ask(url), ask(url), ask(url)]);
  await until(async () => (await metric(url, 'request_queue_depth')) === 2);
  expect(await metric(url, 'workers_busy')).toBe(1);
  expect(await metric(url, 'http_requests_in_flight')).toBe(3);
  await asked;
  await until(async () => (await metric(url, 'http_requests_in_flight')) === 0);
  expect(await metric(url, 'request_queue_depth')).toBe(0);
});

test('a client that gives up is no longer in flight and counts as aborted', async () => {
  const url = await grammar({ profile: 'default', latency_scale: 50 });
  await expect(ask(url, { timeout_ms: 200 })).rejects.toThrow();
  await until(async () => (await metric(url, 'http_requests_in_flight')) === 0);
  expect(await metric(url, `http_requests_total{path="${PATH}",status="aborted"}`)).toBe(1);
});

describe('faults', () => {
  const faulty = (...fault: string[]) => grammar({ fault });

  test('status', async () => {
    const { status, text } = await ask(await faulty('status=1:503'));
    expect([status, text]).toEqual([503, '{"error":"injected fault"}']);
  });

  test('rate_limit', async () => {
    const { status, headers } = await ask(await faulty('rate_limit=1:7'));
    expect([status, headers['retry-after']]).toEqual([429, '7']);
  });

  test('hang', async () => {
    const url = await faulty('hang=1');
    await expect(ask(url, { timeout_ms: 400 })).rejects.toThrow();
    expect((await send(`${url}/health`)).status).toBe(200);
  });

  test('reset', async () => {
    await expect(ask(await faulty('reset=1'))).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('slow_body: the head comes at once, the whole later', async () => {
    const started = performance.now();
    const { text } = await ask(await faulty('slow_body=1:600'));
    expect(performance.now() - started).toBeGreaterThan(550);
    parse(text);
  });

  test('cut_body', async () => {
    await expect(ask(await faulty('cut_body=1'))).rejects.toThrow('aborted');
  });

  test('bad_json', async () => {
    const { status, headers, text } = await ask(await faulty('bad_json=1'));
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(() => parse(text)).toThrow(SyntaxError);
  });

  test('wrong_content_type', async () => {
    const { status, headers, text } = await ask(await faulty('wrong_content_type=1'));
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('<!doctype html>');
  });

  test('missing_cost', async () => {
    const { text } = await ask(await faulty('missing_cost=1'));
    expect(text).not.toContain('cost_eur');
    expect(JSON.parse(text)).toMatchObject({
      corrected: expect.any(String),
      metadata: { model: expect.any(String) },
    });
  });

  test('missing_field', async () => {
    const { text } = await ask(await faulty('missing_field=1'));
    expect(text).not.toContain('corrected');
    expect(text).toContain('cost_eur');
  });

  test('huge', async () => {
    const { text } = await ask(await faulty('huge=1:300000'));
    expect(Math.abs(text.length - 300_000)).toBeLessThan(100);
    parse(text);
  });

  test('hostile_text: valid JSON that must be shown as text', async () => {
    const url = await faulty('hostile_text=1');
    const texts: string[] = [];
    for (let i = 0; i < 10; i++) texts.push(parse((await ask(url)).text).corrected);
    expect(new Set(texts).size).toBe(10);
    for (const hostile of ['<script>', '\u001b[31m', '=HYPERLINK', '](javascript:'])
      expect(texts.join()).toContain(hostile);
  });

  test('slow: more time on the worker, seen in decode', async () => {
    const { stages } = parse((await ask(await faulty('slow=1:300'))).text).metadata;
    expect(stages.decode).toBeGreaterThan(250);
  });

  test('slow_after: latency by the factor, from then on', async () => {
    const url = await grammar({ profile: 'default', latency_scale: 0.02, fault: ['slow_after=3:40'] });
    const decode: number[] = [];
    for (let i = 0; i < 6; i++) decode.push(parse((await ask(url)).text).metadata.stages.decode);
    expect(Math.min(...decode.slice(3))).toBeGreaterThan(60);
    expect(Math.min(...decode.slice(0, 3))).toBeLessThan(60);
  });

  test('crash: the request after so many ends the process', async () => {
    const { host, exits, lines } = fakeHost();
    const url = await opened(
      start({ payloads: 'test/stand-in/fixtures', profile: 'instant', fault: ['crash=2'] }, host),
    );
    await ask(url);
    await ask(url);
    expect(exits).toEqual([]);
    await expect(ask(url, { timeout_ms: 300 })).rejects.toThrow();
    expect(exits).toEqual([1]);
    expect(lines).toEqual(['fault: crash after 2 requests']);
  });

  test('a share meets that share of the requests, the same ones each time', async () => {
    const statuses = async (seed: number) => {
      const url = await grammar({ seed, fault: ['status=0.1', 'rate_limit=0.05'] });
      const all: number[] = [];
      for (let i = 0; i < 200; i++) all.push((await ask(url)).status);
      return all;
    };
    const first = await statuses(1);
    const count = (status: number) => first.filter((s) => s === status).length;
    expect(Math.abs(count(500) - 20)).toBeLessThanOrEqual(3);
    expect(Math.abs(count(429) - 10)).toBeLessThanOrEqual(3);
    expect(await statuses(1)).toEqual(first);
    expect(await statuses(2)).not.toEqual(first);
  });

  test('strike at the paths named, by default not at health', async () => {
    expect((await send(`${await faulty('status=1')}/health`)).status).toBe(200);
    const url = await grammar({ fault: ['status=1'], fault_path: ['/health'] });
    expect((await send(`${url}/health`)).status).toBe(500);
    expect((await ask(url)).status).toBe(200);
    await expect(grammar({ fault_path: ['/helth'] })).rejects.toThrow(
      'no such path; valid: /health, /v1/grammar/correct',
    );
  });
});

test('close drops what is open and frees the port', async () => {
  const running = await start({ payloads: 'test/stand-in/fixtures', fault: ['hang=1'] });
  const hung = ask(running.url);
  const dropped = expect(hung).rejects.toThrow();
  await until(async () => (await metric(running.url, 'http_requests_in_flight')) === 1);
  await running.close();
  await dropped;
  await expect(send(`${running.url}/health`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
