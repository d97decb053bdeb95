import { describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { type InferenceFlags, start } from '../../stand-in/inference.ts';
import { metric, opened, post, send, until } from './client.ts';

const inference = (flags: Partial<InferenceFlags> = {}) => opened(start({ latency_scale: 0, ...flags }));
const generation = { prompt: 'Hello there', max_tokens: 5, strategy: 'greedy' };

const Ids = v.array(v.pipe(v.number(), v.integer(), v.minValue(0)));
const Tokenized = v.strictObject({ token_ids: Ids, num_tokens: v.number() });
const Generated = v.strictObject({ token_ids: Ids, text: v.string(), num_generated: v.number() });
const Batch = <S extends v.GenericSchema>(one: S) => v.strictObject({ results: v.array(one) });

describe('answers', () => {
  test('/health', async () => {
    const { status, text } = await send(`${await inference()}/health`);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ status: 'healthy' });
  });

  test('/tokenize counts its tokens and repeats', async () => {
    const url = await inference();
    const ask = async () =>
      v.parse(Tokenized, JSON.parse((await post(`${url}/tokenize`, { text: 'Hello world' })).text));
    const { token_ids, num_tokens } = await ask();
    expect(token_ids).toHaveLength(num_tokens);
    expect(num_tokens).toBeGreaterThanOrEqual(2);
    expect((await ask()).token_ids).toEqual(token_ids);
  });

  test('/generate gives the prompt and what was generated', async () => {
    const url = await inference();
    const prompt_ids = v.parse(
      Tokenized,
      JSON.parse((await post(`${url}/tokenize`, { text: generation.prompt })).text),
    ).token_ids;
    const answer = v.parse(Generated, JSON.parse((await post(`${url}/generate`, generation)).text));
    expect(answer.num_generated).toBe(5);
    expect(answer.token_ids).toHaveLength(prompt_ids.length + 5);
    expect(answer.token_ids.slice(0, prompt_ids.length)).toEqual(prompt_ids);
  });

  test('batches give one result each, in order', async () => {
    const url = await inference();
    const texts = ['one', 'two two', 'three three three'];
    const tokenized = v.parse(
      Batch(Tokenized),
      JSON.parse((await post(`${url}/batch/tokenize`, { texts })).text),
    );
    expect(tokenized.results.map(({ num_tokens }) => num_tokens)).toEqual([1, 2, 6]);
    const body = { prompts: ['a', 'b'], max_tokens: 3, strategy: 'greedy' };
    const generated = v.parse(Batch(Generated), JSON.parse((await post(`${url}/batch/generate`, body)).text));
    expect(generated.results.map(({ num_generated }) => num_generated)).toEqual([3, 3]);
  });
});

describe('the three shapes of errors', () => {
  test.each([
    ['/tokenize', { text: '' }, 'Text cannot be empty'],
    ['/batch/tokenize', { texts: [] }, 'Texts cannot be empty'],
    ['/batch/tokenize', { texts: ['a', ''] }, 'Text cannot be empty'],
    ['/generate', { ...generation, prompt: '' }, 'Prompt cannot be empty'],
    ['/generate', { ...generation, max_tokens: 0 }, 'max_tokens must be 1 to 4096'],
    ['/generate', { ...generation, strategy: 'magic' }, 'Unknown strategy: magic'],
    ['/batch/generate', { prompts: [] }, 'Prompts cannot be empty'],
  ])('%s %j: 400 with JSON', async (path, body, error) => {
    const { status, text } = await post(`${await inference()}${path}`, body);
    expect([status, JSON.parse(text)]).toEqual([400, { error }]);
  });

  test.each([
    ['{"text":', 'application/json', 400],
    ['{"text":"a"}', 'text/plain', 415],
    ['{"text":"a"}', 'application/xml', 415],
    ['{"text":1}', 'application/json', 422],
  ])('%s as %s: %d in plain text', async (body, type, status) => {
    const url = await inference();
    const got = await send(`${url}/tokenize`, { method: 'POST', body, headers: { 'content-type': type } });
    expect([got.status, got.headers['content-type']]).toEqual([status, 'text/plain; charset=utf-8']);
    expect(got.text).not.toBe('');
  });

  test.each([
    ['/nowhere', 'GET', 404],
    ['/generate', 'GET', 405],
    ['/health', 'POST', 405],
  ])('%s by %s: %d with nothing', async (path, method, status) => {
    const got = await send(`${await inference()}${path}`, { method });
    expect([got.status, got.text]).toEqual([status, '']);
  });
});

describe('metrics', () => {
  test('http style', async () => {
    const url = await inference();
    await post(`${url}/generate`, generation);
    await send(`${url}/health`);
    expect(await metric(url, 'http_requests_total{path="/generate",status="200"}')).toBe(1);
    expect(await metric(url, 'http_requests_total{path="/health",status="200"}')).toBe(1);
    expect(await metric(url, 'http_requests_in_flight')).toBe(0);
    expect(await metric(url, 'generated_tokens_total')).toBe(5);
  });

  test('realizar style: its own prefix only, of generating paths only', async () => {
    const url = await inference({ metrics_style: 'realizar' });
    await post(`${url}/generate`, generation);
    await post(`${url}/generate`, { ...generation, prompt: '' });
    await post(`${url}/tokenize`, { text: 'a' });
    const { text } = await send(`${url}/metrics`);
    const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(names.every((line) => line.startsWith('realizar_'))).toBe(true);
    expect(await metric(url, 'realizar_requests_total')).toBe(2);
    expect(await metric(url, 'realizar_requests_success')).toBe(1);
    expect(await metric(url, 'realizar_requests_failed')).toBe(1);
    expect(await metric(url, 'realizar_tokens_generated')).toBe(5);
  });
});

describe('faults', () => {
  const time = async (ask: () => Promise<unknown>) => {
    const started = performance.now();
    await ask();
    return performance.now() - started;
  };

  test('leak: the resident memory really grows', async () => {
    const url = await inference({ fault: ['leak=1:8192'] });
    const before = (await metric(url, 'process_resident_memory_bytes')) ?? 0;
    for (let i = 0; i < 20; i++) await post(`${url}/generate`, generation);
    const grown = ((await metric(url, 'process_resident_memory_bytes')) ?? 0) - before;
    expect(grown).toBeGreaterThan(100e6);
  });

  /** The least of several, since another process may take the CPU at any time. */
  const usual = async () => {
    const url = await inference({ latency_scale: 1 });
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await time(() => post(`${url}/generate`, generation)));
    return Math.min(...times);
  };

  test('drift: latency grows with the requests served', async () => {
    const url = await inference({ latency_scale: 1, fault: ['drift=2'] });
    const generate = () => post(`${url}/generate`, generation);
    for (let i = 0; i < 12; i++) await generate();
    expect(await time(generate)).toBeGreaterThan(3 * (await usual()));
  });

  test('never_recovers: slow for good after a burst', async () => {
    const url = await inference({ latency_scale: 1, workers: 50, fault: ['never_recovers=8:12'] });
    const generate = () => post(`${url}/generate`, generation);
    await generate();
    await Promise.all(Array.from({ length: 12 }, generate));
    expect(await time(generate)).toBeGreaterThan(4 * (await usual()));
  });

  test('metrics_vanish: 404 from then on', async () => {
    const url = await inference({ fault: ['metrics_vanish=2'] });
    await post(`${url}/tokenize`, { text: 'a' });
    expect((await send(`${url}/metrics`)).status).toBe(200);
    await post(`${url}/tokenize`, { text: 'a' });
    expect((await send(`${url}/metrics`)).status).toBe(404);
  });

  test('slow_health and errors on health', async () => {
    const slow = await inference({ fault: ['slow_health=400'] });
    expect(await time(() => send(`${slow}/health`))).toBeGreaterThan(350);
    const failing = await inference({ fault: ['status=1:503'], fault_path: ['/health', '/generate'] });
    expect((await send(`${failing}/health`)).status).toBe(503);
    expect((await post(`${failing}/tokenize`, { text: 'a' })).status).toBe(200);
  });
});

test('generation takes workers, more than they are queue', async () => {
  const url = await inference({ latency_scale: 10, workers: 1 });
  const asked = Promise.all([1, 2, 3].map(() => post(`${url}/generate`, generation)));
  await until(async () => (await metric(url, 'request_queue_depth')) === 2);
  await asked;
});
