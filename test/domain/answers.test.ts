/** What an answer says of its end, its tokens and itself; and the body that asks for it. */
import { describe, expect, test } from 'vitest';
import { streamedAnswer, streamFailure } from '../../domain/protocols/answer.ts';
import { finishOf } from '../../domain/protocols/finish.ts';
import { gatewaySigns } from '../../domain/protocols/gateway-signs.ts';
import { APIS, PROTOCOLS } from '../../domain/protocols/index.ts';
import { beginsAsEvents, eventsOf, readStream } from '../../domain/protocols/read-stream.ts';
import { readWhole } from '../../domain/protocols/read-whole.ts';
import { endpointUrl, requestBody } from '../../domain/protocols/request-body.ts';

const event = (data: object | string): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const delta = (of: object, finish_reason: unknown = null): string =>
  event({ id: 'c1', model: 'm', choices: [{ index: 0, delta: of, finish_reason }] });
const A = delta({ content: 'a' });
const STOP = delta({}, 'stop');
const DONE = event('[DONE]');

describe('a chat answer is whole where it says how it ended', () => {
  const { stream, finish_required } = PROTOCOLS.chat;
  const read = (...pieces: readonly string[]) => {
    const facts = readStream(pieces.join(''), stream);
    const failed = streamFailure(facts, { finish_required });
    return { error: failed?.error ?? null, finish: streamedAnswer(facts).finish, odd: facts.oddities };
  };

  test.each<[string, string[], string | null, string | null, string[]]>([
    ['as OpenAI does', [A, STOP, DONE], null, 'stop', []],
    ['with the last text', [delta({ content: 'a' }, 'length'), DONE], null, 'length', []],
    [
      'with tool calls',
      [delta({ tool_calls: [{ index: 0 }] }), delta({}, 'tool_calls'), DONE],
      null,
      'tool_calls',
      [],
    ],
    ['without [DONE]', [A, STOP], null, 'stop', ['no_terminator']],
    ['with [DONE] alone', [A, DONE], 'no_finish', null, []],
    ['with neither', [A], 'no_terminator', null, []],
    ['by a filter', [A, delta({}, 'content_filter'), DONE], null, 'content_filter', []],
    ['given up', [A, delta({}, 'abort'), DONE], 'aborted', 'abort', []],
    [
      "given up, as SGLang's object",
      [A, delta({}, { type: 'abort', message: 'x' }), DONE],
      'aborted',
      'abort',
      [],
    ],
    ['given up before a token', [delta({}, 'abort'), DONE], 'aborted', 'abort', []],
    [
      'given up, said at the top',
      [A, event({ choices: [], finish_reason: 'cancelled' }), DONE],
      'aborted',
      'abort',
      [],
    ],
    ['in an error', [A, delta({}, 'error'), DONE], 'ended_in_error', 'error', []],
    [
      'with an error in the choice',
      [A, event({ choices: [{ error: { code: 1 } }] }), DONE],
      'error_event',
      null,
      [],
    ],
    [
      'with an error code in place of a chunk',
      [A, event({ text: 'NETWORK ERROR', error_code: 50001 }), DONE],
      'error_event',
      null,
      [],
    ],
    ['with a named error event', [A, 'event: error\ndata: {}\n\n', DONE], 'error_event', null, []],
    [
      'with empty errors',
      [
        event({ error: '', choices: [{ delta: { content: 'a' } }] }),
        event({ error: {}, choices: [] }),
        STOP,
        DONE,
      ],
      null,
      'stop',
      [],
    ],
    ['after an unknown event', [event({ type: 'ping' }), A, STOP, DONE], null, 'stop', ['unknown_event']],
    ['after words', [event('ping'), A, STOP, DONE], null, 'stop', ['keep_alive']],
    ['with words alone', [event('Internal Server Error')], 'bad_json', null, ['keep_alive']],
    ['with words after the first token', [A, event('oh no'), STOP, DONE], 'bad_json', 'stop', []],
    ['with spaces around [DONE]', [A, STOP, 'data:  [DONE] \n\n'], null, 'stop', ['spaced_terminator']],
    ['without its last blank line', [A, STOP, 'data: [DONE]'], null, 'stop', ['open_end']],
    [
      "without its last blank line, but for the line's end",
      [A, STOP, 'data: [DONE]\n'],
      null,
      'stop',
      ['open_end'],
    ],
    ['cut in the middle of an event', [A, STOP, 'data: {"choi'], 'no_terminator', 'stop', []],
    [
      'with reasoning alone',
      [delta({ reasoning_content: 'hm' }), delta({}, 'length'), DONE],
      'no_answer',
      'length',
      [],
    ],
    ['with another word', [A, delta({}, 'because'), DONE], null, 'other', []],
    ['of single line feeds', [(A + A + STOP + DONE).replaceAll('\n\n', '\n')], 'bad_json', null, []],
    ['of carriage returns', [(A + STOP + DONE).replaceAll('\n', '\r')], null, 'stop', []],
  ])('%s', (_, pieces, error, finish, odd) => {
    expect(read(...pieces)).toEqual({ error, finish, odd });
  });

  test('what was seen is said', () => {
    const lines = readStream((A + A + STOP + DONE).replaceAll('\n\n', '\n'), stream);
    expect(lines.error_message).toContain('4 data lines came without a blank line between them');
    expect(readStream(delta({}) + DONE, stream).error_message).toContain(
      '2 events, with its terminator, no finish reason',
    );
  });

  test('its counts, names and bytes', () => {
    const usage = {
      prompt_tokens: 0,
      completion_tokens: 5,
      completion_tokens_details: { reasoning_tokens: 3 },
    };
    const facts = readStream(
      event({ model: '', choices: [] }) +
        delta({ reasoning_content: 'é' }) +
        A +
        STOP +
        event({ model: 'another', choices: [], usage }) +
        DONE,
      stream,
    );
    expect(facts).toMatchObject({ token_events: 2, answer_events: 1, content_bytes: 3, reasoning_bytes: 2 });
    expect(streamedAnswer(facts)).toMatchObject({
      names: { model: 'm', id: 'c1' },
      counts: { completion_tokens: 5, reasoning_tokens: 3, prompt_tokens: null },
    });
  });
});

test("llama.cpp's answer needs no finish reason; its stop_type is one", () => {
  const { stream, finish_required } = PROTOCOLS.llama;
  const text = (stop_type: string): string =>
    event({ content: 'a', stop: false, stop_type: 'none' }) + event({ content: '', stop: true, stop_type });
  const facts = readStream(text('limit'), stream);
  expect(streamFailure(facts, { finish_required })).toBeNull();
  expect(streamedAnswer(facts).finish).toBe('length');
  expect(readStream(event({ content: 'a', stop: false, stop_type: 'none' }), stream).error).toBe(
    'no_terminator',
  );
});

test('a protocol of named events', () => {
  const text =
    'event: token\ndata: Hel\n\nevent: token\ndata: {"text":"lo"}\n\nevent: done\ndata: {"tokens":2}\n\n';
  const facts = readStream(text, PROTOCOLS.events.stream);
  // The data bounds the tokens, whatever is told in it.
  expect(facts).toMatchObject({ error: null, token_events: 2, terminated: true, content_bytes: 16 });
  expect(streamedAnswer(facts).counts.completion_tokens).toBe(2);
});

test("words for an answer's end, of whatever server", () => {
  expect(
    ['STOP', 'eos_token', 'end_turn', 'MAX_TOKENS', 'tool_use', 'SAFETY', ' aborted ', 'x', null].map(
      finishOf,
    ),
  ).toEqual(['stop', 'stop', 'stop', 'length', 'tool_calls', 'content_filter', 'abort', 'other', null]);
});

test('events are cut as the standard says, and what is left open at the end is told', () => {
  expect(eventsOf('\uFEFFdata: a\r\ndata:b\r\rdata\n\n: c\nevent: x\ndata:  d')).toEqual([
    { name: '', data: 'a\nb', lines: 2, open: false },
    { name: '', data: '', lines: 1, open: false },
    { name: 'x', data: ' d', lines: 1, open: true },
  ]);
  expect(['data: a', '\n: hi', '\uFEFF\nevent: x', '{"data:"', '<html>', ''].map(beginsAsEvents)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

describe('an answer that came whole', () => {
  const { whole } = PROTOCOLS.chat;
  const read = (choice: object, more: object = {}) => {
    if (whole === null) throw new Error('chat answers come whole too');
    return readWhole(JSON.stringify({ id: 'c', model: 'm', choices: [choice], ...more }), whole);
  };
  test('has a text, an end, names and counts', () => {
    const usage = { completion_tokens: 4, prompt_tokens: 2 };
    expect(
      read({ message: { content: 'a', reasoning: 'hm' }, finish_reason: 'stop' }, { usage }),
    ).toMatchObject({
      ok: true,
      text: 'ahm',
      reasoning_length: 2,
      answer: { finish: 'stop', names: { model: 'm' }, counts: { completion_tokens: 4, prompt_tokens: 2 } },
    });
  });
  test.each([
    [{ message: { content: 'a' }, finish_reason: 'abort' }, {}, 'aborted'],
    [{ message: { content: null, reasoning: 'hm' }, finish_reason: 'length' }, {}, 'no_answer'],
    [{ message: { content: '' }, finish_reason: 'stop' }, {}, 'no_token'],
    [{ message: { content: 'a' } }, { error: { message: 'x' } }, 'error_event'],
    [{ message: { content: 'a' } }, { error: {} }, null],
  ])('%j %j', (choice, more, error) => {
    const reading = read(choice, more);
    expect(reading.ok ? null : reading.error).toBe(error);
  });
});

describe('the body of a request', () => {
  const ask = {
    messages: [{ role: 'user', content: 'Hi' }],
    prompt: 'Hi',
    model: 'm',
    max_tokens: 9,
    force_length: false,
    temperature: 0,
    stream: true,
  };
  const bare = { model: 'm', messages: ask.messages, max_tokens: 9, temperature: 0, stream: true };
  const OPTIONS = { stream_options: { include_usage: true } };

  test('the payload stands over the protocol, the run over both, and null takes out', () => {
    const own = { temperature: 0.7, tools: [], stop: null };
    expect(requestBody(PROTOCOLS.chat, ask, {}, [])).toEqual({ ...bare, ...OPTIONS });
    expect(requestBody(PROTOCOLS.chat, ask, own, [])).toEqual({ ...bare, ...OPTIONS, ...own });
    expect(
      requestBody(PROTOCOLS.chat, ask, own, [
        { stream_options: null, top_p: 0.5 },
        { top_p: 0.9, seed: 1 },
      ]),
    ).toEqual({ ...bare, ...own, top_p: 0.9, seed: 1 });
  });

  test("a payload's max_completion_tokens stands in place of max_tokens", () => {
    const { max_tokens: _, ...rest } = bare;
    expect(requestBody(PROTOCOLS.chat, ask, { max_completion_tokens: 5 }, [])).toEqual({
      ...rest,
      ...OPTIONS,
      max_completion_tokens: 5,
    });
  });

  test.each([
    ['http://h', '/v1/chat/completions', 'http://h/v1/chat/completions'],
    ['http://h/', '/v1/chat/completions', 'http://h/v1/chat/completions'],
    ['http://h/v1', '/v1/chat/completions', 'http://h/v1/chat/completions'],
    ['http://h/openai/v1/', '/v1/completions', 'http://h/openai/v1/completions'],
    ['http://h/v2', '/v1/completions', 'http://h/v2/v1/completions'],
    ['http://h/completion', '/completion', 'http://h/completion/completion'],
    ['http://h', '/custom?api-version=1', 'http://h/custom?api-version=1'],
  ])('%s and %s', (base, path, url) => {
    expect(endpointUrl(base, path)).toBe(url);
  });
});

test("what a gateway's headers say", () => {
  expect(gatewaySigns({ 'X-Cache': 'Hit from proxy', 'X-Litellm-Attempted-Retries': '2' })).toEqual([
    'cache',
    'retry',
  ]);
  expect(gatewaySigns({ 'X-Litellm-Cache-Key': 'd467', 'X-Litellm-Attempted-Fallbacks': '1' })).toEqual([
    'cache',
    'fallback',
  ]);
  const none = { 'X-Cache': 'MISS', Age: '0', 'X-Litellm-Attempted-Retries': '0', 'X-Litellm-Cache-Key': '' };
  expect(gatewaySigns(none)).toEqual([]);
});

test('every protocol says where an answer tells its end', () => {
  for (const api of APIS) expect(PROTOCOLS[api].stream.finish_paths?.length).toBeGreaterThan(0);
});
