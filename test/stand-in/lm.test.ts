import { afterEach, describe, expect, test, vi } from 'vitest';
import { BadValue } from '../../domain/text/units.ts';
import { start } from '../../stand-in/lm.ts';
import { closing, json, post } from './running.ts';

const running = closing();
const up = (flags: Parameters<typeof start>[0] = {}) => running(start({ delay_ms: 5, ...flags }));
afterEach(() => {
  vi.unstubAllEnvs();
});

const ask = (url: string, model: string, input = 'hello', signal: AbortSignal | null = null) =>
  post(
    `${url}/v1/chat/completions`,
    {
      model,
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: input },
      ],
    },
    {},
    signal,
  );
const state = (url: string) => json(fetch(`${url}/control`));

describe('the mock LM', () => {
  test('names the asked model and repeats the input', async () => {
    const answer = await json(ask(await up(), 'model-a', 'id-17'));
    expect(answer.model).toBe('model-a');
    expect(JSON.parse(answer.choices[0].message.content)).toEqual({ model: 'model-a', input: 'id-17' });
  });

  test('takes its delay', async () => {
    const started = performance.now();
    await ask(await up({ delay_ms: 120 }), 'm');
    expect(performance.now() - started).toBeGreaterThan(115);
  });

  test('counts what it served, at most at once, by model', async () => {
    const url = await up({ delay_ms: 300 });
    await Promise.all([...Array.from({ length: 4 }, () => ask(url, 'a')), ask(url, 'b')]);
    expect(await state(url)).toMatchObject({
      served: 5,
      errors: 0,
      in_flight: 0,
      peak_in_flight: 5,
      by_model: { a: { served: 4, peak_in_flight: 4 }, b: { served: 1, peak_in_flight: 1 } },
    });
    await post(`${url}/control/reset`, {});
    expect(await state(url)).toMatchObject({ served: 0, peak_in_flight: 0, by_model: { a: { served: 0 } } });
  });

  test('fails at the rate that the environment, a flag or /control says', async () => {
    vi.stubEnv('MOCK_ERROR_RATE', '1');
    expect((await ask(await up(), 'm')).status).toBe(500);
    const url = await up({ error_rate: 0 });
    expect((await ask(url, 'm')).status).toBe(200);
    expect(
      await json(post(`${url}/control`, { error_rate: 0.5, error_status: 429, delay_ms: 0 })),
    ).toMatchObject({
      error_rate: 0.5,
      error_status: 429,
      delay_ms: 0,
      hang_rate: 0,
    });
    const statuses = (await Promise.all(Array.from({ length: 60 }, () => ask(url, 'm')))).map(
      ({ status }) => status,
    );
    const failures = statuses.filter((status) => status === 429).length;
    expect(failures).toBeGreaterThan(15);
    expect(failures).toBeLessThan(45);
    expect(await state(url)).toMatchObject({ errors: failures, served: 61 - failures });
  });

  test('hangs where it is told to, and counts it when the client leaves', async () => {
    const url = await up();
    await post(`${url}/control`, { hang_rate: 1 });
    await expect(ask(url, 'm', 'x', AbortSignal.timeout(100))).rejects.toThrow('timeout');
    await expect.poll(() => state(url)).toMatchObject({ hung: 1, in_flight: 0 });
  });

  test('refuses a bad setting, a bad environment and a bad body', async () => {
    const url = await up();
    expect((await post(`${url}/control`, { error_rate: 2 })).status).toBe(422);
    expect((await post(`${url}/control`, { error_rat: 0.5 })).status).toBe(422);
    expect((await post(`${url}/v1/chat/completions`, { model: 'm', messages: [] })).status).toBe(422);
    vi.stubEnv('MOCK_ERROR_RATE', '90%');
    await expect(start()).rejects.toThrow(BadValue);
  });

  test("the kit's faults strike its answers only", async () => {
    const url = await up({ fault: ['status=1:503'] });
    expect((await ask(url, 'm')).status).toBe(503);
    expect((await post(`${url}/control`, { error_rate: 0 })).status).toBe(200);
  });
});
