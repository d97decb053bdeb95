/** Times, objectives, prompts and protocols of streamed answers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byPrompt } from '../../domain/figures/by-prompt.ts';
import { GapHistogram } from '../../domain/figures/gap-histogram.ts';
import {
  assertTextOnly,
  promptOfLength,
  textOf,
  toPrompt,
  uniquePrefix,
  withPrefix,
} from '../../domain/load/prompt.ts';
import { APIS, PROTOCOLS } from '../../domain/protocols/index.ts';
import { valueAt, type Ask } from '../../domain/protocols/protocol.ts';
import { requestHeaders } from '../../domain/settings/request-headers.ts';
import { RequestTable } from '../../domain/record/request-table.ts';
import { samples } from '../../domain/figures/samples.ts';
import { parseStamps, selfCheck } from '../../proof/selfcheck.ts';
import { parseSettings } from '../../domain/settings/settings.ts';
import { formatSlo, meetsSlo, parseSlo, type Slo } from '../../domain/figures/slo.ts';
import { streamTimes, type Arrivals } from '../../domain/figures/stream-times.ts';
import { summarise } from '../../domain/figures/summary.ts';
import { fitting, parseThresholds } from '../../domain/verdict/thresholds.ts';
import streamThresholds from '../../thresholds/stream.json' with { type: 'json' };
import { record } from '../support/run-data.ts';

describe('times of an answer', () => {
  const arrivals: Arrivals = {
    first_token_ms: 200,
    first_answer_ms: 200,
    last_token_ms: 1180,
    reported_tokens: 50,
    reported_reasoning: null,
    token_events: 50,
    first_read_events: 1,
    content_bytes: 200,
    reasoning_bytes: 0,
  };

  test('TPOT is over the tokens after the first', () => {
    expect(streamTimes(arrivals)).toEqual({
      ttft_ms: 200,
      answer_ttft_ms: 200,
      tpot_ms: 20,
      e2e_ms: 1180,
      tokens: 50,
      tokens_estimated: false,
      hidden_tokens: null,
    });
  });

  test.each([
    ['one event', { token_events: 1, first_read_events: 1 }],
    ['one read of many events', { token_events: 50, first_read_events: 50 }],
  ])('an answer that came whole, as %s, has no TPOT', (_, whole) => {
    const at_once = { ...arrivals, ...whole, last_token_ms: 200 };
    expect(streamTimes(at_once)).toMatchObject({ ttft_ms: 200, tpot_ms: null, e2e_ms: 200, tokens: 50 });
  });

  test('tokens that came with the first are no decode steps', () => {
    // 10 ms a token: the first ten are held back and come together, the others one by one.
    const held = { ...arrivals, first_token_ms: 300, last_token_ms: 700, first_read_events: 10 };
    expect(streamTimes(held).tpot_ms).toBe(10);
    // Six tokens an event, 5 ms a token: four further events for 30 tokens.
    const several = { ...arrivals, reported_tokens: 30, token_events: 5, last_token_ms: 200 + 4 * 30 };
    expect(streamTimes(several).tpot_ms).toBe(5);
  });

  test.each([
    ['among the tokens', { reported_tokens: 650, reported_reasoning: 600 }, 50, 600],
    ['beside them', { reported_tokens: 50, reported_reasoning: 600 }, 50, 600],
    ['sent as reasoning', { reported_tokens: 50, reported_reasoning: 30, reasoning_bytes: 120 }, 50, null],
    ['sent as content, an event a token', { reported_tokens: 50, reported_reasoning: 30 }, 50, null],
    ['none', { reported_tokens: 50, reported_reasoning: 0 }, 50, null],
  ])('reasoning that is counted %s', (_, reported, tokens, hidden_tokens) => {
    expect(streamTimes({ ...arrivals, ...reported })).toMatchObject({
      tokens,
      hidden_tokens,
      tokens_estimated: false,
      tpot_ms: 20,
    });
  });

  test('a count that the content can not hold gives way to the events', () => {
    expect(streamTimes({ ...arrivals, reported_tokens: 650 })).toMatchObject({
      tokens: 50,
      tokens_estimated: true,
      hidden_tokens: 600,
      tpot_ms: 20,
    });
  });

  test('the first token of the answer is told apart from that of its reasoning', () => {
    expect(streamTimes({ ...arrivals, first_answer_ms: 900 })).toMatchObject({
      ttft_ms: 200,
      answer_ttft_ms: 900,
    });
  });

  test('one token has no TPOT', () => {
    const one = { ...arrivals, last_token_ms: 200, reported_tokens: 1, token_events: 1 };
    expect(streamTimes(one)).toMatchObject({ ttft_ms: 200, tpot_ms: null, e2e_ms: 200, tokens: 1 });
  });

  test('events stand in for tokens where the server does not count, or counts 0', () => {
    for (const reported_tokens of [null, 0])
      expect(streamTimes({ ...arrivals, reported_tokens })).toMatchObject({
        tokens: 50,
        tokens_estimated: true,
      });
  });

  test('no token has no time', () => {
    const none = {
      ...arrivals,
      first_token_ms: null,
      first_answer_ms: null,
      last_token_ms: null,
      reported_tokens: null,
      token_events: 0,
      first_read_events: 0,
      content_bytes: 0,
    };
    expect(streamTimes(none)).toEqual({
      ttft_ms: null,
      answer_ttft_ms: null,
      tpot_ms: null,
      e2e_ms: null,
      tokens: null,
      tokens_estimated: false,
      hidden_tokens: null,
    });
  });
});

describe('SLO', () => {
  test('is read as written', () => {
    expect(parseSlo('ttft=200ms,tpot=50ms')).toEqual({ ttft: 200, tpot: 50 });
    expect(parseSlo(' E2E = 1.5s ')).toEqual({ e2e: 1500 });
  });

  test.each([
    ['', 'no objective'],
    ['ttft', 'no objective'],
    ['ttft=1s=2s', 'no objective'],
    ['ttft=1s,,tpot=1s', 'no objective'],
    ['itl=1s', 'ttft, tpot, e2e'],
    ['tttf=1s', 'did you mean ttft?'],
    ['ttft=5', 'a unit is missing'],
    ['ttft=0ms', "can't be met"],
    ['ttft=1s,ttft=2s', 'stands twice'],
  ])('%j is refused', (text, word) => {
    expect(() => parseSlo(text)).toThrow(word);
  });

  test('what is formatted is read back', () => {
    const limit = fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined });
    fc.assert(
      fc.property(limit, limit, limit, (ttft, tpot, e2e) => {
        const given = Object.entries({ ttft, tpot, e2e }).filter(([, ms]) => ms !== undefined);
        fc.pre(given.length > 0);
        const slo: Slo = Object.fromEntries(given);
        expect(parseSlo(formatSlo(slo))).toEqual(slo);
      }),
    );
  });

  const slo = { ttft: 200, tpot: 50 };
  test.each([
    ['both met', { ttft_ms: 200, tpot_ms: 50, e2e_ms: 999 }, true],
    ['TTFT over', { ttft_ms: 201, tpot_ms: 10, e2e_ms: 999 }, false],
    ['TPOT over', { ttft_ms: 10, tpot_ms: 51, e2e_ms: 999 }, false],
    ['one token: TTFT alone', { ttft_ms: 10, tpot_ms: null, e2e_ms: 10 }, true],
    ['one token, TTFT over', { ttft_ms: 300, tpot_ms: null, e2e_ms: 300 }, false],
    ['no TTFT can be shown', { ttft_ms: null, tpot_ms: 10, e2e_ms: 10 }, false],
  ])('%s', (_, times, met) => {
    expect(meetsSlo(slo, times)).toBe(met);
  });
});

describe('figures', () => {
  const table = new RequestTable('baseline');
  const answer = {
    ttft_ms: 100,
    tpot_ms: 20,
    e2e_ms: 500,
    tokens: 21,
    tokens_estimated: false,
    prompt_tokens: 40,
  };
  table.add(record({ ...answer, index: 0, payload_id: 'long', gaps_ms: [20, 20], cached_tokens: 32 }));
  table.add(
    record({ ...answer, index: 1, payload_id: 'long', gaps_ms: [40], ttft_ms: 300, cached_tokens: 0 }),
  );
  table.add(
    record({
      ...answer,
      index: 2,
      payload_id: 'short',
      prompt_tokens: 10,
      tokens: 1,
      tpot_ms: null,
      e2e_ms: 100,
      tokens_estimated: true,
    }),
  );
  table.add(record({ index: 3, error: 'no_token', ttft_ms: null }));
  table.add(record({ ...answer, index: 4, error: 'no_terminator', gaps_ms: [9999], tokens: 9 }));
  table.add(record({ ...answer, index: 5, phase: 'warmup', gaps_ms: [9999] }));
  const measured = table.measured();
  const of = summarise(measured, samples(measured), {
    planned_ms: 1000,
    clients: 1,
    slo: { ttft: 200, tpot: 50 },
  });

  test('goodput is of every request sent', () => {
    expect(of.requests).toBe(5);
    expect(of.goodput).toMatchObject({ met: 2, share: 2 / 5 });
  });

  test('tokens are of valid answers', () => {
    expect(of.tokens).toMatchObject({ answers: 3, estimated: 1, total: 43, prompt_mean: 30 });
    expect(of.tokens?.cached_share).toBeCloseTo(32 / 90);
    expect(of.trends.tokens_per_s?.max).toBeCloseTo(42);
  });

  test('ITL is over the gaps of all valid answers', () => {
    expect(of.trends.itl).toMatchObject({ n: 3, max: 40 });
    expect(of.trends.itl?.mean).toBeCloseTo(80 / 3);
    expect(of.trends.itl?.p50).toBeCloseTo(20, 0);
  });

  test('by prompt, in the order of their length, with the spread of the repeats', () => {
    const [short, long] = byPrompt(measured);
    expect(short).toMatchObject({
      payload_id: 'short',
      n: 1,
      prompt_tokens: 10,
      ttft_ms: { mean: 100, sd: null },
    });
    expect(long).toMatchObject({ payload_id: 'long', n: 2, tokens: 21, ttft_ms: { mean: 200 } });
    expect(long?.ttft_ms?.sd).toBeCloseTo(Math.SQRT2 * 100);
  });
});

describe('histogram of gaps', () => {
  test('quantiles are within 0.5 % of the exact ones', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.002, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0, 0.25, 0.5, 0.95, 0.99, 1),
        (gaps, p) => {
          const histogram = new GapHistogram();
          for (const gap of gaps) histogram.add(gap);
          const sorted = gaps.toSorted((a, b) => a - b);
          const exact = sorted[Math.floor((gaps.length - 1) * p)] ?? Number.NaN;
          expect(Math.abs(histogram.quantile(p) / exact - 1)).toBeLessThan(0.006);
        },
      ),
    );
  });

  test('tokens of one read have no gap', () => {
    const histogram = new GapHistogram();
    for (const gap of [0, 0, 0, 50]) histogram.add(gap);
    expect(histogram.quantile(0.5)).toBe(0);
    expect(histogram.quantile(1)).toBeCloseTo(50, 0);
  });
});

describe('prompts', () => {
  test('a text is a conversation of one', () => {
    expect(toPrompt({ prompt: 'Hello' }, 'f.jsonl line 1', 'f-1')).toEqual({
      id: 'f-1',
      messages: [{ role: 'user', content: 'Hello' }],
    });
  });

  test.each([
    [5, 'not 5'],
    [{ id: 'x' }, 'neither "prompt" nor "messages"'],
    [{ prompt: 'a', messages: [] }, 'both "prompt" and "messages"'],
    [{ prompt: ' ' }, 'field "prompt"'],
    [{ prompt: 'a', id: [7] }, 'field "id" is [7]'],
    [{ prompt: 'a', output_tokens: 0 }, 'field "output_tokens" is 0'],
    [{ prompt: 'a', max_tokens: 3, output_tokens: 3 }, 'both "max_tokens" and "output_tokens"'],
    [{ prompt: 'a', stream: false }, 'field "stream" can\'t be sent as it is: --no-stream'],
    [{ prompt: 'a', n: 2 }, 'field "n"'],
    [
      { prompt: 'a', system: 'b' },
      'field "system" can\'t be sent as it is: write it as the first of "messages"',
    ],
    [{ prompt: 'a', timestamp: 5 }, '--arrival trace:FILE'],
    [{ prompt: 'a', extra_body: 5 }, 'field "extra_body" is 5'],
    [{ messages: [] }, 'at least one'],
    [{ messages: 'hi' }, 'field "messages"'],
    [{ messages: [{ role: 'user' }] }, 'messages[0]: field "content"'],
    [{ messages: [{ content: 'a' }] }, 'messages[0]: field "role"'],
  ])('%j is refused with its place', (value, word) => {
    expect(() => toPrompt(value, 'f.jsonl line 3', 'x')).toThrow(word);
    expect(() => toPrompt(value, 'f.jsonl line 3', 'x')).toThrow('f.jsonl line 3');
  });

  test("a number is an id, and vLLM's output_tokens a length", () => {
    expect(toPrompt({ id: 7, prompt: 'a', output_tokens: 12 }, 'f', 'x')).toEqual({
      id: '7',
      messages: [{ role: 'user', content: 'a' }],
      max_tokens: 12,
    });
  });

  test('members and messages stay as they were written, also when k6 reads them again', () => {
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Weather?' },
          { type: 'image_url', image_url: {} },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function' }] },
      { role: 'tool', tool_call_id: 'c1', content: '12 C' },
    ];
    const members = { tools: [{ type: 'function' }], top_p: 0.9, stop: ['END'], max_completion_tokens: 17 };
    const prompt = toPrompt({ id: 'p', messages, ...members }, 'f', 'x');
    expect(prompt).toEqual({ id: 'p', messages, members });
    expect(toPrompt(JSON.parse(JSON.stringify(prompt)), 'f', 'x')).toEqual(prompt);
    expect(textOf(prompt.messages)).toBe('Weather?\n\n12 C');
    expect(textOf(withPrefix(prompt.messages, 'abc '))).toBe('abc \nWeather?\n\n12 C');
  });

  test("an extra_body is merged as OpenAI's clients do, and what is expected stays here", () => {
    const prompt = toPrompt(
      { prompt: 'a', extra_body: { top_k: 5 }, expected: { text: 'b' }, n: 1 },
      'f',
      'x',
    );
    expect([prompt.members, prompt.expected]).toEqual([{ top_k: 5, n: 1 }, { text: 'b' }]);
    expect(toPrompt(JSON.parse(JSON.stringify(prompt)), 'f', 'x')).toEqual(prompt);
  });

  test('what one text leaves out is refused where one text is sent', () => {
    const ask = (message: object) =>
      toPrompt({ messages: [{ role: 'user', content: 'a', ...message }] }, 'f', 'x');
    expect(() => assertTextOnly(ask({ content: [{ type: 'text', text: 'a' }] }), 'f')).not.toThrow();
    expect(() => assertTextOnly(ask({ content: [{ type: 'image_url' }] }), 'f')).toThrow('image_url');
    expect(() => assertTextOnly(ask({ tool_call_id: 'c' }), 'f line 3')).toThrow(
      'f line 3: messages[0] has "tool_call_id"',
    );
  });

  test.each([1, 3, 16, 2048])('a prompt of %i words has so many', (words) => {
    expect(textOf(promptOfLength(words, 1).messages).split(' ')).toHaveLength(words);
  });

  test('prompts of two lengths share no long beginning: a prefix cache must not join them', () => {
    const start = (words: number): string => textOf(promptOfLength(words, 1).messages).slice(0, 60);
    expect(start(256)).not.toBe(start(512));
  });

  test('a unique prefix is the same for both variants, and never twice', () => {
    const prefixes = Array.from({ length: 5000 }, (_, i) => uniquePrefix('run-1', 1, i));
    expect(new Set(prefixes).size).toBe(5000);
    expect(uniquePrefix('run-1', 1, 7)).toBe(prefixes[7]);
    expect(uniquePrefix('run-2', 1, 7)).not.toBe(prefixes[7]);
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ];
    expect(withPrefix(messages, 'abc ').map(({ content }) => content)).toEqual(['abc Be brief.', 'Hi']);
  });
});

describe('protocols', () => {
  const ask: Ask = {
    messages: [{ role: 'user', content: 'Hi' }],
    prompt: 'Hi',
    model: 'm',
    max_tokens: 9,
    force_length: false,
    temperature: 0,
    stream: true,
  };

  test.each(APIS)('%s: the length is asked for, and forced only where it is to be', (api) => {
    const body = (of: Ask) => PROTOCOLS[api].body(of);
    expect(body(ask)).toMatchObject({ model: 'm', max_tokens: 9, temperature: 0, stream: true });
    expect(body(ask)).not.toHaveProperty('ignore_eos');
    expect(body({ ...ask, force_length: true })).toMatchObject({ ignore_eos: true, min_tokens: 9 });
    expect(body({ ...ask, model: null })).not.toHaveProperty('model');
  });

  test('usage is asked for in streams, where it is no matter of course', () => {
    expect(PROTOCOLS.chat.body(ask)).toMatchObject({ stream_options: { include_usage: true } });
    expect(PROTOCOLS.chat.body({ ...ask, stream: false })).not.toHaveProperty('stream_options');
  });

  test('a path is followed through objects and lists, and into nothing else', () => {
    const answer = { choices: [{ text: 'a' }], n: null };
    expect(valueAt(answer, 'choices.0.text')).toBe('a');
    for (const path of ['choices.1.text', 'choices.0.text.length', 'n.x', 'constructor', '__proto__'])
      expect(valueAt(answer, path)).toBeUndefined();
  });
});

describe('settings', () => {
  const parse = (flags: Record<string, string>) => parseSettings({ flags, env: {}, job: {} });

  test('lengths are whole numbers, each once', () => {
    expect(parse({ promptLengths: '16, 64' }).settings.promptLengths).toEqual([16, 64]);
    expect(parse({ promptLengths: '16,16' }).problems.join()).toContain('stands twice');
    expect(parse({ promptLengths: '16,x' }).problems.join()).toContain('"x"');
  });

  test('thresholds on a token without streams are left out, and a gate on lengths that are not forced', () => {
    const own = parseThresholds(streamThresholds, 'stream.json');
    const names = (stream: boolean, forceLength: boolean): string[] => {
      const { gates, targets } = fitting(own, { stream, forceLength });
      return [
        ...gates.map((gate) => ('metric' in gate ? (gate.metric ?? gate.gate) : gate.gate)),
        ...targets.map(({ metric }) => metric),
      ];
    };
    expect(names(false, false)).toEqual([
      'e2e',
      'e2e',
      'e2e',
      'error_rate',
      'accuracy',
      'cost',
      'accuracy',
      'agreement',
      'throughput',
    ]);
    expect(names(true, false)).not.toContain('output_length');
    expect(names(true, true)).toContain('output_length');
  });
});

describe('headers', () => {
  const { settings } = parseSettings({
    flags: { header: 'X-Team: env:TEAM\nX-Kind: load' },
    env: { API_KEY: 'k1', SHADOW_API_KEY: 'k2' },
    job: {},
  });

  test('each variant has its own key, and values come from the environment', () => {
    expect(requestHeaders(settings, 'baseline', { TEAM: 'a' })).toEqual({
      Authorization: 'Bearer k1',
      'X-Team': 'a',
      'X-Kind': 'load',
    });
    expect(requestHeaders(settings, 'shadow', { TEAM: 'a' })['Authorization']).toBe('Bearer k2');
  });

  test('an empty variable is named', () => {
    expect(() => requestHeaders(settings, 'baseline', {})).toThrow('TEAM is empty or missing');
  });
});

describe('self-check', () => {
  const line = JSON.stringify({
    id: 'a',
    ttft_ms: 200,
    itl_ms: 20,
    tokens: 3,
    flush_us: [200_100, 220_000, 241_000],
  });

  test('errors are ours - the truth', () => {
    const stamped = parseStamps(line);
    const seen = { ttft_ms: 200.6, e2e_ms: 240.8, gaps_ms: [20, 21] };
    const check = selfCheck([{ seen, stamped }]);
    expect(check.ttft.mean).toBeCloseTo(0.5);
    expect(check.e2e.mean).toBeCloseTo(-0.2);
    expect(check.e2e.p50).toBeCloseTo(0.2);
    expect(check.itl).toMatchObject({ n: 2 });
    expect(check.itl.mean).toBeCloseTo(0.05);
    expect(check.server_late.mean).toBeCloseTo((0.1 + 0 + 1) / 3);
  });

  test('a token that we did not see is no small error', () => {
    const seen = { ttft_ms: 200, e2e_ms: 240, gaps_ms: [40] };
    expect(() => selfCheck([{ seen, stamped: parseStamps(line) }])).toThrow('flushed 3 tokens, we saw 2');
    expect(() => selfCheck([])).toThrow();
    expect(() => parseStamps('{"id":"a"}')).toThrow('no line of stamps');
  });
});
