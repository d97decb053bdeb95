import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Bug } from '../../stand-in/gateway/flags.ts';
import { start } from '../../stand-in/gateway.ts';
import { BadValue } from '../../domain/text/units.ts';
import { start as startLm } from '../../stand-in/lm.ts';
import { closing, json, post, series } from './running.ts';

const running = closing();
let folder = '';
let logs = '';
let next_logs = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});

type GatewayFlags = NonNullable<Parameters<typeof start>[0]>;
type Given = Partial<GatewayFlags> & { readonly lm?: NonNullable<Parameters<typeof startLm>[0]> };

/** A gateway with an LM of its own; its logs are in `logs`. */
async function up({ lm = {}, ...flags }: Given = {}, host?: Parameters<typeof start>[1]) {
  const lm_url = await running(startLm({ delay_ms: 20, ...lm }));
  logs = join(folder, String(next_logs++));
  const url = await running(start({ lm_url, logs, lm_backoff_ms: 5, ready_poll_ms: 20, ...flags }, host));
  return { url, lm_url };
}

const buggy = (bug: Bug, given: Given = {}) => up({ bug, ...given });

const bodies: Readonly<Record<string, (text: string) => object>> = {
  Ask: (question) => ({ question }),
  Translate: (text) => ({ text, language: 'de' }),
};
const body = (program: string, text: string): object => bodies[program]?.(text) ?? { text };
const ask = (url: string, program: string, text: string, signal: AbortSignal | null = null) =>
  post(`${url}/${program}`, body(program, text), {}, signal);
const many = (count: number, request: (i: number) => Promise<Response>) =>
  Promise.all(Array.from({ length: count }, (_, i) => request(i)));
const statuses = (responses: readonly Response[]) => responses.map(({ status }) => status);
const linesOf = (program: string) =>
  readFileSync(join(logs, `${program}.log`), 'utf8')
    .trim()
    .split('\n');
const control = (lm_url: string, settings: object) => post(`${lm_url}/control`, settings);
const peak = async (lm_url: string) => (await json(fetch(`${lm_url}/control`))).peak_in_flight;

describe('answers', () => {
  test('/programs lists them with models, inputs, outputs and the field that names the model', async () => {
    const { url } = await up();
    const { programs } = await json(fetch(`${url}/programs`));
    expect(programs).toHaveLength(4);
    expect(programs[3]).toEqual({
      name: 'Ask',
      model: 'model-b',
      endpoint: '/Ask',
      mode: 'sync',
      inputs: { question: 'str' },
      outputs: { answer: 'str', model: 'str' },
      model_field: 'model',
    });
    expect(new Set(programs.map((p: { model: string }) => p.model)).size).toBe(2);
    expect(programs.filter((p: { mode: string }) => p.mode === 'async')).toHaveLength(2);
  });

  test('a program answers by its own model, and logs the request', async () => {
    const { url } = await up();
    const response = await post(`${url}/Ask`, { question: 'Why? id-4' }, { 'x-request-id': 'r-4' });
    expect(response.headers.get('x-request-id')).toBe('r-4');
    const answer = await json(response);
    expect(answer.model).toBe('model-b');
    expect(answer.answer).toContain('id-4');
    const [line] = linesOf('Ask').map((row) => JSON.parse(row));
    expect(line).toMatchObject({
      program: 'Ask',
      model: 'model-b',
      inputs: { question: 'Why? id-4' },
      outputs: answer,
      success: true,
    });
    expect(line.duration_ms).toBeGreaterThan(19);
    expect(Number.isNaN(Date.parse(line.timestamp))).toBe(false);
    expect(JSON.stringify(line)).not.toContain('r-4');
  });

  test('bad inputs are 422 and are not logged', async () => {
    const { url } = await up();
    const response = await post(`${url}/Ask`, { questions: 'x' });
    expect(response.status).toBe(422);
    expect((await json(response)).detail).toContain('question');
    expect(linesOf('Ask')).toEqual(['']);
  });

  test('the log is appended to', async () => {
    const { url, lm_url } = await up();
    await ask(url, 'Ask', '1');
    writeFileSync(join(logs, 'Ask.log'), `${linesOf('Ask').join('\n')}\n`);
    const again = await running(start({ lm_url, logs }));
    await ask(again, 'Ask', '2');
    expect(linesOf('Ask')).toHaveLength(2);
  });

  test('programs are given by flags', async () => {
    const { url } = await up({ program: ['One:openai/m:8b:async'] });
    expect((await json(post(`${url}/One`, { question: 'q' }))).model).toBe('openai/m:8b');
    await expect(start({ program: ['One:m'] })).rejects.toThrow(BadValue);
    await expect(start({ program: ['A:m:sync', 'A:n:sync'] })).rejects.toThrow('A is given twice');
    await expect(start({ logs: join(folder, '0', 'Ask.log') })).rejects.toThrow('--logs');
  });

  test('a bearer token is asked for where one is set, but not by the probes', async () => {
    vi.stubEnv('GATEWAY_TOKEN', 'open sesame');
    const { url } = await up();
    const refused = await ask(url, 'Ask', 'x');
    expect([refused.status, refused.headers.get('location')]).toEqual([303, '/login']);
    const admitted = await post(`${url}/Ask`, { question: 'x' }, { authorization: 'Bearer open sesame' });
    expect(admitted.status).toBe(200);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  });
});

describe('load', () => {
  test('sync programs share their workers, async ones need none', async () => {
    const { url, lm_url } = await up({ sync_workers: 2, lm: { delay_ms: 200 } });
    const async_ones = many(12, (i) => ask(url, 'Summarize', String(i)));
    expect(statuses(await async_ones).every((status) => status === 200)).toBe(true);
    expect(await peak(lm_url)).toBeGreaterThan(6);
    await post(`${lm_url}/control/reset`, {});
    await many(5, (i) => ask(url, 'Ask', String(i)));
    expect(await peak(lm_url)).toBe(2);
  });

  test('LM failures are retried where it may help, then said as JSON', async () => {
    const { url, lm_url } = await up();
    const calls = async (error_status: number) => {
      await control(lm_url, { error_rate: 1, error_status, delay_ms: 0 });
      await post(`${lm_url}/control/reset`, {});
      const response = await ask(url, 'Ask', 'x');
      expect(response.status).toBe(500);
      expect((await json(response)).detail).toContain(`LM answered ${error_status}`);
      return (await json(fetch(`${lm_url}/control`))).errors;
    };
    expect(await calls(500)).toBe(4);
    expect(await calls(429)).toBe(4);
    expect(await calls(401)).toBe(1);
    expect(await calls(400)).toBe(1);
    expect(linesOf('Ask').map((line) => JSON.parse(line))).toMatchObject(
      Array.from({ length: 4 }, () => ({
        success: false,
        outputs: {},
        error: expect.stringContaining('LM answered'),
      })),
    );
    await control(lm_url, { error_rate: 0 });
    expect((await ask(url, 'Ask', 'x')).status).toBe(200);
  });

  test('an LM that hangs is given up', async () => {
    const { url } = await up({ lm_timeout_s: 0.1, lm: { hang_rate: 1 } });
    const response = await ask(url, 'Ask', 'x');
    expect(response.status).toBe(500);
    expect((await json(response)).detail).toContain('within 0.1 s');
  });

  test('above the limit requests queue, and are refused only after the timeout', async () => {
    const limited = { max_concurrent_per_program: 3, lm: { delay_ms: 300 } };
    const { url, lm_url } = await up(limited);
    expect(statuses(await many(9, (i) => ask(url, 'Summarize', String(i)))).every((s) => s === 200)).toBe(
      true,
    );
    expect(await peak(lm_url)).toBe(3);
    const impatient = await up({ ...limited, queue_timeout_s: 0.05 });
    const refused = statuses(await many(9, (i) => ask(impatient.url, 'Summarize', String(i))));
    expect(refused.filter((status) => status === 429)).toHaveLength(6);
    expect(await series(impatient.url, 'gateway_requests_total', 'program="Summarize"', 'rejected')).toBe(6);
    expect(await series(impatient.url, 'gateway_program_running', 'program="Summarize"')).toBe(0);
    expect((await ask(impatient.url, 'Summarize', 'after')).status).toBe(200);
  });

  test('an answer cache may be switched on', async () => {
    const { url, lm_url } = await up({ answer_cache: 'on' });
    const first = await json(ask(url, 'Ask', 'same'));
    expect(await json(ask(url, 'Ask', 'same'))).toEqual(first);
    expect((await json(fetch(`${lm_url}/control`))).served).toBe(1);
    expect(linesOf('Ask')).toHaveLength(2);
  });
});

describe('probes', () => {
  const ready = (url: string) => json(fetch(`${url}/health/ready`));

  test('ready turns false while draining or without the LM; live stays', async () => {
    const lm = await startLm({ delay_ms: 0 });
    logs = join(folder, String(next_logs++));
    const url = await running(start({ lm_url: lm.url, logs, ready_poll_ms: 20 }));
    expect(await ready(url)).toEqual({ status: 'ready', programs: 4 });
    await post(`${url}/control/drain`, {});
    expect(await ready(url)).toMatchObject({ reason: 'draining' });
    await post(`${url}/control/drain`, { draining: false });
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    await lm.close();
    await expect.poll(() => ready(url)).toMatchObject({ reason: 'LM is unreachable' });
    expect((await fetch(`${url}/health/ready`)).status).toBe(503);
    expect(await json(fetch(`${url}/health/live`))).toEqual({ status: 'alive' });
  });
});

describe('bugs', () => {
  test('blocking_call: calls go one at a time', async () => {
    const { url, lm_url } = await buggy('blocking_call');
    await many(6, (i) => ask(url, i % 2 === 0 ? 'Summarize' : 'Ask', String(i)));
    expect(await peak(lm_url)).toBe(1);
  });

  const strangers = async (url: string) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const [program, model] =
          i % 2 === 0 ? (['Summarize', 'model-a'] as const) : (['Translate', 'model-b'] as const);
        return (await json(ask(url, program, String(i)))).model !== model;
      }),
    );
    return answers.filter(Boolean).length;
  };

  test('context_leak: answers by another program’s model', async () => {
    expect(await strangers((await up()).url)).toBe(0);
    expect(await strangers((await buggy('context_leak')).url)).toBeGreaterThan(0);
  });

  const unreadable = () =>
    linesOf('Summarize').filter((line) => {
      try {
        return JSON.parse(line) === undefined;
      } catch {
        return true;
      }
    }).length;

  test.each([
    ['none', 20, false],
    ['torn_log', null, true],
    ['lost_log', 16, false],
    ['doubled_log', 24, false],
  ] as const)('%s: lines in the log %s, torn %s', async (bug, lines, torn) => {
    const { url } = await buggy(bug);
    await many(20, (i) => ask(url, 'Summarize', String(i)));
    if (torn) await expect.poll(unreadable).toBeGreaterThan(0);
    else expect(unreadable()).toBe(0);
    if (lines !== null) expect(linesOf('Summarize')).toHaveLength(lines);
  });

  const storm = { lm: { error_rate: 1, delay_ms: 0 } };

  test('html_error', async () => {
    const { url } = await buggy('html_error', storm);
    const response = await ask(url, 'Ask', 'x');
    expect([response.status, response.headers.get('content-type')]).toEqual([
      500,
      'text/html; charset=utf-8',
    ]);
  });

  test('hang_on_error', async () => {
    const { url } = await buggy('hang_on_error', storm);
    await expect(ask(url, 'Ask', 'x', AbortSignal.timeout(200))).rejects.toThrow('timeout');
  });

  test('crash_on_error', async () => {
    const exits: number[] = [];
    const host = { exit: (code: number) => void exits.push(code), log: () => undefined };
    const { url } = await up({ bug: 'crash_on_error', ...storm }, host);
    await expect(ask(url, 'Ask', 'x', AbortSignal.timeout(200))).rejects.toThrow('timeout');
    expect(exits).toEqual([1]);
  });

  const limited = { max_concurrent_per_program: 3, queue_timeout_s: 20, lm: { delay_ms: 300 } };

  test('instant_429', async () => {
    const { url } = await buggy('instant_429', limited);
    const refused = statuses(await many(9, (i) => ask(url, 'Summarize', String(i)))).filter((s) => s === 429);
    expect(refused).toHaveLength(6);
  });

  test('ignored_limit', async () => {
    const { url, lm_url } = await buggy('ignored_limit', limited);
    await many(9, (i) => ask(url, 'Summarize', String(i)));
    expect(await peak(lm_url)).toBeGreaterThan(3);
  });

  test('limit_never_released', async () => {
    const { url } = await buggy('limit_never_released', { ...limited, queue_timeout_s: 0.5 });
    await many(9, (i) => ask(url, 'Summarize', String(i)));
    expect((await ask(url, 'Summarize', 'after')).status).toBe(429);
  });

  test('probe_behind_queue', async () => {
    const { url } = await buggy('probe_behind_queue', { sync_workers: 1, lm: { delay_ms: 100 } });
    const work = many(3, (i) => ask(url, 'Ask', String(i)));
    await expect.poll(() => series(url, 'gateway_program_running', 'program="Ask"')).toBe(3);
    const started = performance.now();
    await fetch(`${url}/health/live`);
    expect(performance.now() - started).toBeGreaterThan(100);
    await work;
  });

  test('ready_always_true', async () => {
    const { url } = await buggy('ready_always_true');
    await post(`${url}/control/drain`, {});
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });

  test('cache_on', async () => {
    const { url, lm_url } = await buggy('cache_on');
    await ask(url, 'Ask', 'same');
    await ask(url, 'Ask', 'same');
    expect((await json(fetch(`${lm_url}/control`))).served).toBe(1);
  });

  test('memory_leak', async () => {
    const { url } = await buggy('memory_leak', { lm: { delay_ms: 0 } });
    const before = await series(url, 'process_resident_memory_bytes');
    await many(200, (i) => ask(url, 'Summarize', String(i)));
    expect((await series(url, 'process_resident_memory_bytes')) - before).toBeGreaterThan(30e6);
  });
});
