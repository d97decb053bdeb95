import { describe, expect, test } from 'vitest';
import { BadValue } from '../../domain/text/units.ts';
import { start } from '../../stand-in/openai.ts';
import { closing, json, post, series } from './running.ts';

const running = closing();
const quick = { ttft_ms: 4, itl_ms: 1, prefill_token_ms: 0 };
const up = (flags: Parameters<typeof start>[0] = {}) => running(start({ ...quick, ...flags }));
const chat = { messages: [{ role: 'user', content: 'Why is the sky blue?' }], stream: true };

interface Event {
  readonly name: string;
  readonly data: string;
  readonly at_ms: number;
}

/** A stream's events as they arrive, and whether its connection broke. */
async function read(response: Response): Promise<{ events: Event[]; broken: boolean }> {
  const events: Event[] = [];
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const bytes of response.body ?? []) {
      const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const field = (name: string) =>
          block
            .split('\n')
            .find((line) => line.startsWith(`${name}: `))
            ?.slice(name.length + 2) ?? '';
        events.push({ name: field('event'), data: field('data'), at_ms: performance.now() });
      }
    }
  } catch {
    return { events, broken: true };
  }
  return { events, broken: false };
}

const jsonOf = (events: readonly Event[]) =>
  events.filter(({ data }) => data !== '[DONE]').map(({ data }) => JSON.parse(data));
const deltasOf = (events: readonly Event[]) =>
  jsonOf(events).flatMap(({ choices }) => choices.map((c: { delta: object }) => c.delta));
const contentsOf = (events: readonly Event[]): string[] =>
  deltasOf(events).flatMap(({ content }) => (typeof content === 'string' && content !== '' ? [content] : []));

async function streamed(url: string, body: object, path = '/v1/chat/completions') {
  const response = await post(`${url}${path}`, body);
  return { status: response.status, ...(await read(response)) };
}

const middle = async (fault: string, body: object = {}) =>
  streamed(await up({ fault: [fault] }), { ...chat, max_tokens: 8, ignore_eos: true, ...body });

describe('answers', () => {
  test('the models are the base and its adapters', async () => {
    const url = await up({ adapter: ['adapter-1', 'adapter-2'] });
    const { data } = await json(fetch(`${url}/v1/models`));
    expect(data.map(({ id, parent }: { id: string; parent: string }) => [id, parent])).toEqual([
      ['stand-in-8b', null],
      ['adapter-1', 'stand-in-8b'],
      ['adapter-2', 'stand-in-8b'],
    ]);
  });

  test('a chat is streamed: role at arrival, a token an event, the reason, usage, [DONE]', async () => {
    const body = { ...chat, max_tokens: 5, ignore_eos: true, stream_options: { include_usage: true } };
    const { events, broken } = await streamed(await up({ ttft_ms: 60, ttft_cv: 0 }), body);
    expect(broken).toBe(false);
    const chunks = jsonOf(events);
    expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: null });
    expect((events[1]?.at_ms ?? 0) - (events[0]?.at_ms ?? 0)).toBeGreaterThan(30);
    expect(contentsOf(events)).toHaveLength(5);
    expect(chunks.at(-2).choices[0].finish_reason).toBe('length');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 5 } });
    expect(events.at(-1)?.data).toBe('[DONE]');
    expect(events).toHaveLength(9);
  });

  test('without streaming the same answer comes in one piece', async () => {
    const url = await up();
    const body = { ...chat, max_tokens: 7, temperature: 0 };
    const { events } = await streamed(url, body);
    const plain = await json(post(`${url}/v1/chat/completions`, { ...body, stream: false }));
    expect(plain.choices[0].message.content).toBe(contentsOf(events).join(''));
    expect(plain.usage.total_tokens).toBe(plain.usage.prompt_tokens + plain.usage.completion_tokens);
  });

  test('the text goes by seed and prompt at temperature 0, else by request', async () => {
    const url = await up();
    const said = async (body: object) =>
      (await json(post(`${url}/v1/completions`, { prompt: 'Once', max_tokens: 12, ...body }))).choices[0]
        .text;
    expect(await said({ temperature: 0 })).toBe(await said({ temperature: 0 }));
    expect(await said({ temperature: 0 })).not.toBe(await said({ temperature: 0, prompt: 'Twice' }));
    expect(await said({})).not.toBe(await said({}));
    expect(await said({ seed: 7 })).toBe(await said({ seed: 7 }));
  });

  test('lengths are natural, cut by max_tokens, or forced', async () => {
    const url = await up({ tokens: 20, tokens_cv: 0.5, itl_ms: 0 });
    const ask = async (body: object) => {
      const { usage, choices } = await json(post(`${url}/v1/completions`, { prompt: 'Tell me', ...body }));
      return { tokens: usage.completion_tokens, reason: choices[0].finish_reason };
    };
    const natural = await Promise.all(Array.from({ length: 20 }, () => ask({})));
    expect(new Set(natural.map(({ tokens }) => tokens)).size).toBeGreaterThan(3);
    expect(natural.every(({ reason }) => reason === 'stop')).toBe(true);
    expect(await ask({ max_tokens: 2 })).toEqual({ tokens: 2, reason: 'length' });
    expect(await ask({ max_tokens: 500, ignore_eos: true })).toEqual({ tokens: 500, reason: 'length' });
    expect((await ask({ min_tokens: 300 })).tokens).toBe(300);
  });

  test("llama.cpp's /completion ends with stop:true and timings, and no [DONE]", async () => {
    const url = await up();
    const { events } = await streamed(
      url,
      { prompt: 'Say', n_predict: 4, ignore_eos: true, stream: true },
      '/completion',
    );
    const chunks = jsonOf(events);
    expect(chunks.map(({ stop }) => stop)).toEqual([false, false, false, false, true]);
    expect(chunks.at(-1).timings).toMatchObject({ predicted_n: 4 });
    expect(events.some(({ data }) => data === '[DONE]')).toBe(false);
    const plain = await json(post(`${url}/completion`, { prompt: 'Say', max_tokens: 4 }));
    expect(plain.stop).toBe(true);
  });

  test('/events names its events token and done', async () => {
    const { events } = await streamed(
      await up(),
      { prompt: 'Go', max_tokens: 3, ignore_eos: true },
      '/events',
    );
    expect(events.map(({ name }) => name)).toEqual(['token', 'token', 'token', 'done']);
  });

  test('the role-only delta comes with the first token, or never, with content empty or absent', async () => {
    const body = { ...chat, max_tokens: 2 };
    const first = async (flags: Parameters<typeof start>[0]) =>
      deltasOf((await streamed(await up(flags), body)).events)[0];
    expect(await first({ role_chunk: 'with-first', role_content: 'empty' })).toEqual({
      role: 'assistant',
      content: '',
    });
    expect(await first({ role_content: 'absent' })).toEqual({ role: 'assistant' });
    expect(await first({ role_chunk: 'none' })).not.toHaveProperty('role');
  });

  test('deltas may carry reasoning or tool calls', async () => {
    const body = { ...chat, max_tokens: 4, ignore_eos: true };
    const reasoning = deltasOf((await streamed(await up({ deltas: 'reasoning' }), body)).events);
    expect(reasoning.filter((delta) => 'reasoning_content' in delta)).toHaveLength(2);
    const { events } = await streamed(await up({ deltas: 'tool' }), body);
    expect(deltasOf(events).filter((delta) => 'tool_calls' in delta)).toHaveLength(4);
    expect(jsonOf(events).at(-1).choices[0].finish_reason).toBe('tool_calls');
  });

  test("the request's id is echoed", async () => {
    const url = await up();
    for (const path of ['/v1/chat/completions', '/nowhere']) {
      const response = await post(`${url}${path}`, { ...chat, max_tokens: 1 }, { 'x-request-id': 'abc-1' });
      expect(response.headers.get('x-request-id')).toBe('abc-1');
      await response.text();
    }
  });

  test('tokens are due at deadlines, so that lateness does not add up', async () => {
    const url = await up({ itl_ms: 10, itl_cv: 0, ttft_ms: 1 });
    const asked = json(post(`${url}/completion`, { prompt: 'x', max_tokens: 41, ignore_eos: true }));
    await expect.poll(() => series(url, 'vllm:num_requests_running')).toBe(1);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
    const { predicted_ms } = (await asked).timings;
    expect(predicted_ms).toBeGreaterThan(390);
    expect(predicted_ms).toBeLessThan(900);
  });
});

describe('bad input', () => {
  const ask = async (body: unknown, flags: Parameters<typeof start>[0] = {}, headers = {}) => {
    const response = await post(`${await up(flags)}/v1/chat/completions`, body, headers);
    return { status: response.status, text: await response.text() };
  };
  const long = { ...chat, messages: [{ role: 'user', content: 'word '.repeat(50) }] };

  test('an unknown model is 404 with the names served, or 200', async () => {
    const refused = await ask({ ...chat, model: 'gpt' });
    expect(refused.status).toBe(404);
    expect(refused.text).toContain('stand-in-8b');
    expect((await ask({ ...chat, model: 'gpt', max_tokens: 1 }, { unknown_model: '200' })).status).toBe(200);
  });

  test('a context overflow is 400, or 200 with an empty stream', async () => {
    const refused = await ask(long, { context_length: 40 });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('maximum context length is 40');
    expect(await ask(long, { context_length: 40, overflow: 'empty' })).toEqual({ status: 200, text: '' });
  });

  test('malformed JSON is 500 or 400, a wrong shape and a bad switch are 400', async () => {
    expect((await ask('{"messages":')).status).toBe(500);
    expect((await ask('{"messages":', { malformed_json: '400' })).status).toBe(400);
    expect(await ask({ messages: [] })).toMatchObject({ status: 400 });
    expect(await ask({ ...chat, max_tokens: 0 })).toMatchObject({ status: 400 });
    expect((await ask(chat, {}, { 'x-batching': 'maybe' })).text).toContain("'maybe'; allowed: on, off");
  });

  test('/health and /metrics may be missing', async () => {
    const url = await up({ missing: ['health', 'metrics'] });
    expect((await fetch(`${url}/health`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect((await fetch(`${await up()}/health`)).status).toBe(200);
    await expect(start({ missing: ['models'] })).rejects.toThrow(BadValue);
  });
});

describe('batching and caches', () => {
  const plain = { ...chat, stream: false, max_tokens: 1, temperature: 0 };
  const elapsed = async (requests: readonly (() => Promise<Response>)[]) => {
    const started = performance.now();
    await Promise.all(requests.map(async (request) => (await request()).text()));
    return performance.now() - started;
  };
  const slow = { ttft_ms: 100, ttft_cv: 0, batch_slope: 0 };
  const eight = (url: string, headers = {}) =>
    elapsed(Array.from({ length: 8 }, () => () => post(`${url}/v1/chat/completions`, plain, headers)));

  test('what runs at once is limited, by the server or by a header', async () => {
    expect(await eight(await up({ ...slow, max_running: 4 }))).toBeGreaterThan(195);
    expect(await eight(await up({ ...slow, batching: 'off' }))).toBeGreaterThan(780);
    const url = await up(slow);
    const together_ms = await eight(url);
    const alone_ms = await eight(url, { 'x-batching': 'off' });
    expect(alone_ms).toBeGreaterThan(780);
    expect(together_ms).toBeLessThan(alone_ms * 0.75);
  });

  test('a fuller batch is slower', async () => {
    expect(await eight(await up({ ...slow, batch_slope: 1 }))).toBeGreaterThan(250);
  });

  test('requests are gathered until the batch is full or has waited', async () => {
    expect(await eight(await up({ batch_size: 8, batch_wait_ms: 20_000 }))).toBeLessThan(10_000);
    const url = await up({ batch_size: 8, batch_wait_ms: 200 });
    expect(await elapsed([() => post(`${url}/v1/chat/completions`, plain)])).toBeGreaterThan(190);
  });

  test('a known prefix costs no prefill', async () => {
    const prompt = 'word '.repeat(320);
    const ask = async (url: string, headers = {}) => {
      const { timings } = await json(post(`${url}/completion`, { prompt, max_tokens: 1 }, headers));
      return timings.prompt_ms;
    };
    const url = await up({ ttft_ms: 1, ttft_cv: 0, prefill_token_ms: 1 });
    const cold_ms = await ask(url);
    expect(cold_ms).toBeGreaterThan(300);
    expect(await ask(url)).toBeLessThan(cold_ms / 2);
    expect(await ask(url, { 'x-cache': 'off' })).toBeGreaterThan(300);
    expect(await series(url, 'vllm:prefix_cache_hits_total')).toBe(304);
    const without = await up({ ttft_ms: 1, ttft_cv: 0, prefill_token_ms: 1, prefix_cache: 'off' });
    await ask(without);
    expect(await ask(without)).toBeGreaterThan(300);
  });

  test('the answer cache knows a request at temperature 0', async () => {
    const url = await up({ ttft_ms: 400, ttft_cv: 0, answer_cache: 'on' });
    const once = (body = plain, headers = {}) =>
      elapsed([() => post(`${url}/v1/chat/completions`, body, headers)]);
    const first_ms = await once();
    expect(first_ms).toBeGreaterThan(390);
    expect(await once()).toBeLessThan(first_ms / 2);
    expect(await once(plain, { 'x-cache': 'off' })).toBeGreaterThan(390);
    expect(await once({ ...plain, temperature: 1 })).toBeGreaterThan(390);
  });

  test('the shadow is a little slower', async () => {
    const prompt_ms = async (variant: 'baseline' | 'shadow') => {
      const url = await up({ ttft_ms: 400, ttft_cv: 0, variant });
      return (await json(post(`${url}/completion`, { prompt: 'x', max_tokens: 1 }))).timings.prompt_ms;
    };
    const [baseline_ms, shadow_ms] = await Promise.all([prompt_ms('baseline'), prompt_ms('shadow')]);
    expect(shadow_ms - baseline_ms).toBeGreaterThan(8);
  });
});

describe('metrics', () => {
  test("vLLM's series carry the base model's name and count what was served", async () => {
    const url = await up({ adapter: ['adapter-1'] });
    const labels = ['model_name="stand-in-8b"', 'engine="0"'];
    await streamed(url, { ...chat, model: 'adapter-1', max_tokens: 6, ignore_eos: true });
    await (await post(`${url}/v1/completions`, { prompt: 'a b c', max_tokens: 1, ignore_eos: true })).text();
    expect(await series(url, 'vllm:request_success_total', ...labels, 'finished_reason="length"')).toBe(2);
    expect(await series(url, 'vllm:generation_tokens_total', ...labels)).toBe(7);
    expect(await series(url, 'vllm:time_to_first_token_seconds_count', ...labels)).toBe(2);
    expect(await series(url, 'vllm:e2e_request_latency_seconds_bucket', ...labels, 'le="+Inf"')).toBe(2);
    expect(await series(url, 'vllm:inter_token_latency_seconds_count', ...labels)).toBe(5);
    expect(await series(url, 'vllm:prompt_tokens_total', ...labels)).toBeGreaterThan(3);
  });

  test('running, waiting and the KV cache are seen; a client that leaves frees its place', async () => {
    const url = await up({ max_running: 1, itl_ms: 20, kv_tokens: 1000 });
    const leave = new AbortController();
    const body = { ...chat, max_tokens: 400, ignore_eos: true };
    const first = await post(`${url}/v1/chat/completions`, body, {}, leave.signal);
    const second = post(`${url}/v1/chat/completions`, { ...body, max_tokens: 2 });
    await expect.poll(() => series(url, 'vllm:num_requests_waiting')).toBe(1);
    expect(await series(url, 'vllm:num_requests_running')).toBe(1);
    expect(await series(url, 'vllm:kv_cache_usage_perc')).toBeGreaterThan(0.4);
    leave.abort();
    await first.body?.cancel().catch(() => undefined);
    expect((await read(await second)).events.at(-1)?.data).toBe('[DONE]');
    expect(await series(url, 'vllm:request_success_total', 'finished_reason="abort"')).toBe(1);
    expect(await series(url, 'vllm:num_requests_running')).toBe(0);
  });
});

describe('faults', () => {
  const isDone = ({ data }: Event) => data === '[DONE]';

  test.each(['cut_stream=1', 'cut_body=1'])('%s breaks off in mid-stream', async (fault) => {
    const { events, broken } = await middle(fault);
    expect(broken).toBe(true);
    expect(contentsOf(events)).toHaveLength(4);
  });

  test('no_terminator', async () => {
    const { events, broken } = await middle('no_terminator=1');
    expect(broken).toBe(false);
    expect(contentsOf(events)).toHaveLength(8);
    expect(events.some(isDone)).toBe(false);
    const url = await up({ fault: ['no_terminator=1'] });
    const llama = await streamed(url, { prompt: 'x', max_tokens: 2, stream: true }, '/completion');
    expect(jsonOf(llama.events).some(({ stop }) => stop === true)).toBe(false);
    const named = await streamed(url, { prompt: 'x', max_tokens: 2 }, '/events');
    expect(named.events.some(({ name }) => name === 'done')).toBe(false);
  });

  test('error_event', async () => {
    const { events } = await middle('error_event=1');
    expect(events.at(-2)?.data).toContain('injected fault');
    expect(events.filter(isDone)).toHaveLength(1);
    const url = await up({ fault: ['error_event=1'] });
    const named = await streamed(url, { prompt: 'x', max_tokens: 4 }, '/events');
    expect(named.events.some(({ name }) => name === 'error')).toBe(true);
  });

  test('zero_tokens', async () => {
    const { events, status } = await middle('zero_tokens=1', { stream_options: { include_usage: true } });
    expect(status).toBe(200);
    expect(contentsOf(events)).toEqual([]);
    expect(jsonOf(events).at(-1).usage.completion_tokens).toBe(0);
    expect(events.some(isDone)).toBe(true);
  });

  test('huge_line and its counterpart for bodies', async () => {
    for (const fault of ['huge_line=1:300000', 'huge=1:300000']) {
      const { events } = await middle(fault);
      expect(Math.max(...events.map(({ data }) => data.length))).toBeGreaterThan(300_000);
      expect(contentsOf(events)).toHaveLength(8);
    }
  });

  test('garbage_line', async () => {
    const { events } = await middle('garbage_line=1');
    expect(() => jsonOf(events)).toThrow(SyntaxError);
    expect(events.some(isDone)).toBe(true);
  });

  test('stall', async () => {
    const { events } = await middle('stall=1:250');
    const gaps_ms = events.slice(2).map(({ at_ms }, i) => at_ms - (events[i + 1]?.at_ms ?? 0));
    expect(Math.max(...gaps_ms)).toBeGreaterThan(200);
  });

  test('no_usage and no_stream', async () => {
    const { events } = await middle('no_usage=1', { stream_options: { include_usage: true } });
    expect(jsonOf(events).some(({ usage }) => usage !== undefined && usage !== null)).toBe(false);
    const response = await post(`${await up({ fault: ['no_stream=1'] })}/v1/chat/completions`, chat);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect((await json(response)).object).toBe('chat.completion');
  });

  test('the kit’s: status, rate limit, HTML page, reset, hang', async () => {
    const ask = async (fault: string, signal: AbortSignal | null = null) =>
      post(`${await up({ fault: [fault] })}/v1/chat/completions`, chat, {}, signal);
    expect((await ask('status=1:503')).status).toBe(503);
    const limited = await ask('rate_limit=1:7');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    expect((await ask('wrong_content_type=1')).headers.get('content-type')).toContain('text/html');
    await expect(ask('reset=1')).rejects.toThrow('fetch failed');
    await expect(ask('hang=1', AbortSignal.timeout(150))).rejects.toThrow('timeout');
  });

  test('a share strikes its share', async () => {
    const url = await up({ fault: ['zero_tokens=0.25'], itl_ms: 0, ttft_ms: 0 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, async () => json(post(`${url}/completion`, { prompt: 'x', max_tokens: 2 }))),
    );
    expect(answers.filter(({ content }) => content === '')).toHaveLength(11);
  });
});
