// Writes the captures beside it: answers in the shapes of servers that people run, as bytes of the wire (NAME.http), and what
// each of them is (NAME.json). The texts are our own; whose habit each shows is in its note. Run: node test/captures/make.mjs
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = import.meta.dirname;
const CHAT = '/v1/chat/completions';

const data = (value) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
const DONE = data('[DONE]');

/** @param more members beside `choices`; a finish reason of undefined is left out */
const chunk = (more, delta, finish_reason) =>
  data({
    ...more,
    choices: [{ index: 0, delta, ...(finish_reason === undefined ? {} : { finish_reason }) }],
  });
const usage = (prompt_tokens, completion_tokens, more = {}) => ({
  usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, ...more },
});
const M = { id: 'answer-1', object: 'chat.completion.chunk', created: 1, model: 'm' };
const WORDS = ['A ', 'fjord ', 'is ', 'a ', 'drowned ', 'valley.'];
const role = chunk(M, { role: 'assistant', content: '' }, null);
const words = (of = M, finish = null) => WORDS.map((content) => chunk(of, { content }, finish));
const stop = (finish = 'stop') => chunk(M, {}, finish);
const counted = data({ ...M, choices: [], ...usage(9, WORDS.length) });

const head = (status, type, ...more) =>
  [`HTTP/1.1 ${status}`, `Content-Type: ${type}`, ...more].join('\r\n') + '\r\n';
const SSE = 'text/event-stream';

/** Chunked transfer coding, a chunk for each piece; without its last chunk the body is cut. */
const chunked = (pieces, { type = SSE, whole = true } = {}) =>
  `${head('200 OK', type, 'Transfer-Encoding: chunked')}\r\n${pieces.map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`).join('')}${whole ? '0\r\n\r\n' : ''}`;
/** As HTTP/1.0, the body ends with the connection. */
const until_close = (pieces) => `HTTP/1.0 200 OK\r\nContent-type: ${SSE}\r\n\r\n${pieces.join('')}`;
const sized = (status, type, body) =>
  `${head(status, type, `Content-Length: ${Buffer.byteLength(body)}`)}\r\n${body}`;

const good = {
  error: null,
  finish: 'stop',
  model: 'm',
  events: WORDS.length,
  tokens: WORDS.length,
  oddities: [],
};
const bad = (error, events, more = {}) => ({
  error,
  finish: null,
  model: 'm',
  events,
  tokens: null,
  oddities: [],
  ...more,
});

/** name: note, bytes, what it is, and what else the replay needs */
const captures = {
  openai: ["OpenAI's own shape", chunked([role, ...words(), stop(), counted, DONE]), good],
  'openai-tools': [
    'a tool call, arguments in pieces',
    chunked([
      chunk(
        M,
        { tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '' } }] },
        null,
      ),
      chunk(M, { tool_calls: [{ index: 0, function: { arguments: '{}' } }] }, null),
      stop('tool_calls'),
      DONE,
    ]),
    { ...good, finish: 'tool_calls', events: 2, tokens: null },
  ],
  'azure-first': [
    'Azure: the first object has filter results and no choice; the last choice has no delta',
    chunked([
      data({ choices: [], id: '', model: '', object: '', prompt_filter_results: [{ prompt_index: 0 }] }),
      role,
      ...words(),
      data({ ...M, choices: [{ index: 0, finish_reason: 'stop' }] }),
      counted,
      DONE,
    ]),
    good,
  ],
  'litellm-usage': [
    'LiteLLM: the object with the usage has a choice with an empty delta, and no finish reason',
    chunked([
      role,
      ...words(M, undefined),
      stop('length'),
      data({
        ...M,
        choices: [{ index: 0, delta: {} }],
        ...usage(9, 6, { completion_tokens_details: { reasoning_tokens: 0 } }),
      }),
      DONE,
    ]),
    { ...good, finish: 'length' },
  ],
  'litellm-error': [
    'LiteLLM: the deployment behind it dies in mid-answer',
    chunked([
      role,
      ...words().slice(0, 3),
      data({ error: { message: 'litellm.APIConnectionError: the upstream died', type: null, code: '500' } }),
    ]),
    bad('error_event', 3),
  ],
  'transformers-serve': [
    'transformers serve: no [DONE], no role but at first, usage beside the finish reason, a version behind the name',
    chunked([
      chunk({ ...M, model: 'm@main' }, { role: 'assistant' }),
      ...words({ ...M, model: 'm@main' }, undefined),
      data({
        ...M,
        model: 'm@main',
        choices: [{ index: 0, delta: {}, finish_reason: 'length' }],
        ...usage(9, 6),
      }),
    ]),
    { ...good, finish: 'length', model: 'm@main', oddities: ['no_terminator'] },
  ],
  'mlx-lm': [
    'mlx-lm: HTTP/1.0, comments while it reads the prompt, its own name for the model',
    until_close([
      ': keepalive 8/9\n\n',
      ': keepalive 9/9\n\n',
      ...words({ ...M, model: 'default_model' }),
      chunk({ ...M, model: 'default_model' }, {}, 'stop'),
      data({ ...M, model: 'default_model', choices: [], ...usage(9, 6) }),
      DONE,
    ]),
    { ...good, model: 'default_model' },
  ],
  'llama-cpp-python': [
    'llama-cpp-python: no usage',
    chunked([role, ...words(), stop('length'), DONE]),
    { ...good, finish: 'length', tokens: null },
  ],
  'llama-cpp-python-interrupted': [
    'llama-cpp-python drops an answer when the next request comes: [DONE], and no finish reason',
    chunked([role, ...words().slice(0, 2), DONE]),
    bad('no_finish', 2),
  ],
  'llama-cpp-python-too-long': [
    'llama-cpp-python: a prompt beyond the context is a stream of nothing',
    chunked([]),
    bad('no_token', 0, { model: null }),
  ],
  'llama-server': [
    "llama.cpp's own /completion",
    chunked([
      data({ index: 0, content: 'A ', tokens: [1], stop: false, id_slot: -1, tokens_predicted: 1 }),
      data({
        index: 0,
        content: '',
        tokens: [],
        stop: true,
        model: 'm',
        tokens_predicted: 2,
        tokens_evaluated: 9,
        stop_type: 'limit',
        truncated: false,
        timings: { predicted_n: 2, predicted_ms: 5 },
      }),
    ]),
    { ...good, finish: 'length', events: 1, tokens: 2 },
    { path: '/completion' },
  ],
  fastchat: [
    'FastChat: two tokens an event, and no usage',
    chunked([chunk(M, { role: 'assistant' }, null), ...words(), stop('length'), DONE]),
    { ...good, finish: 'length', tokens: null },
  ],
  'fastchat-error': [
    'FastChat: the worker fails in mid-answer; no error member, no choices, then [DONE]',
    chunked([
      chunk(M, { role: 'assistant' }, null),
      ...words().slice(0, 3),
      data({ text: '**NETWORK ERROR**\n\n(CUDA error)', error_code: 50001 }),
      DONE,
    ]),
    bad('error_event', 3),
  ],
  ollama: [
    'Ollama: the role in each delta, an empty content with the finish reason, then usage',
    chunked([
      ...WORDS.map((content) => chunk(M, { role: 'assistant', content }, null)),
      chunk(M, { role: 'assistant', content: '' }, 'stop'),
      counted,
      DONE,
    ]),
    good,
  ],
  'ollama-completions': [
    'Ollama: usage of zeros in each object of a text completion but the last',
    chunked([
      ...WORDS.map((text) =>
        data({
          id: 'a',
          object: 'text_completion',
          choices: [{ text, index: 0, finish_reason: null }],
          model: 'm:latest',
          ...usage(0, 0),
        }),
      ),
      data({
        id: 'a',
        object: 'text_completion',
        choices: [{ text: '', index: 0, finish_reason: 'length' }],
        model: 'm:latest',
        ...usage(9, 6),
      }),
      DONE,
    ]),
    { ...good, finish: 'length', model: 'm:latest' },
    { path: '/v1/completions' },
  ],
  litserve: [
    'LitServe: an id for each object, null members, usage of zeros',
    chunked([
      ...WORDS.map((content, i) =>
        chunk(
          { ...M, id: `answer-${i}`, usage: null },
          { role: 'assistant', content, tool_calls: null },
          null,
        ),
      ),
      chunk({ ...M, id: 'answer-x' }, { tool_calls: null }, 'stop'),
      data({ ...M, choices: [], ...usage(0, 0) }),
      DONE,
    ]),
    { ...good, tokens: null },
  ],
  'mock-one-chunk': [
    'a mock: text and finish reason in one object',
    chunked([chunk(M, { role: 'assistant', content: 'Yes.' }, 'stop'), DONE]),
    { ...good, events: 1, tokens: null },
  ],
  'sglang-abort': [
    'SGLang: an answer that was given up, its finish reason an object',
    chunked([
      role,
      ...words().slice(0, 4),
      chunk(M, {}, { type: 'abort', message: 'Abort in the queue' }),
      counted,
      DONE,
    ]),
    bad('aborted', 4, { finish: 'abort', tokens: 6 }),
  ],
  'router-worker-died': [
    'a router whose worker dies: the chunked body is cut',
    chunked([role, ...words().slice(0, 3)], { whole: false }),
    bad('cut_body', 3),
  ],
  'nginx-server-died': [
    'nginx speaks HTTP/1.0 to a server that dies: a proper end, without a finish reason',
    until_close([role, ...words().slice(0, 3)]),
    bad('no_terminator', 3),
  ],
  'nginx-cut-in-event': [
    'the same in the middle of an event',
    until_close([role, ...words().slice(0, 3), 'data: {"id":"answer-1","cho']),
    bad('no_terminator', 3),
  ],
  'nginx-page': [
    'nginx: a page in place of an answer, with status 200',
    sized('200 OK', 'text/html', '<html><body><h1>We will be back soon</h1></body></html>'),
    bad('not_sse', 0, { model: null }),
  ],
  'caddy-502': [
    'Caddy before a server that is not there',
    sized('502 Bad Gateway', 'text/plain', ''),
    bad('status', 0, { model: null }),
  ],
  'gateway-429': [
    'a gateway whose limit is used up',
    sized(
      '429 Too Many Requests',
      'application/json',
      '{"error":{"message":"No deployments available","code":"429"}}',
    ),
    bad('status', 0, { model: null }),
  ],
  'openrouter-comments': [
    'OpenRouter: comments, then an error at the top with a choice beside it',
    chunked([
      ': OPENROUTER PROCESSING\n\n',
      role,
      ...words().slice(0, 2),
      data({
        ...M,
        error: { code: 502, message: 'Provider disconnected' },
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      }),
    ]),
    bad('error_event', 2, { finish: 'error' }),
  ],
  'deepseek-reasoning': [
    'DeepSeek: reasoning first, counted, then the answer',
    chunked([
      role,
      ...WORDS.map((reasoning_content) => chunk(M, { reasoning_content, content: null }, null)),
      ...words(),
      stop(),
      data({ ...M, choices: [], ...usage(9, 12, { completion_tokens_details: { reasoning_tokens: 6 } }) }),
      DONE,
    ]),
    { ...good, events: 12, tokens: 12 },
  ],
  'reasoning-only': [
    'all of it is reasoning, up to the limit',
    chunked([role, ...WORDS.map((reasoning) => chunk(M, { reasoning }, null)), stop('length'), DONE]),
    bad('no_answer', 6, { finish: 'length' }),
  ],
  'content-filter': [
    'a filter ends the answer',
    chunked([role, ...words().slice(0, 2), stop('content_filter'), DONE]),
    { ...good, finish: 'content_filter', events: 2, tokens: null },
  ],
  'empty-error': [
    'an empty error member in each object',
    chunked([
      ...WORDS.map((content) => chunk({ ...M, error: '' }, { content }, null)),
      chunk({ ...M, error: {} }, {}, 'stop'),
      DONE,
    ]),
    { ...good, tokens: null },
  ],
  'ping-words': [
    'data: ping before the first event',
    chunked([data('ping'), data('ping'), ...words(), stop(), DONE]),
    { ...good, tokens: null, oddities: ['keep_alive'] },
  ],
  'ping-object': [
    'an object that is no part of an answer',
    chunked([data({ type: 'ping' }), ...words(), stop(), DONE]),
    { ...good, tokens: null, oddities: ['unknown_event'] },
  ],
  'done-spaces': [
    'spaces around [DONE]',
    chunked([...words(), stop(), 'data:  [DONE] \n\n']),
    { ...good, tokens: null, oddities: ['spaced_terminator'] },
  ],
  'done-open': [
    'no blank line after [DONE]',
    chunked([...words(), stop(), 'data: [DONE]']),
    { ...good, tokens: null, oddities: ['open_end'] },
  ],
  'crlf-lines': [
    'CR and LF end the lines; no space behind data:',
    chunked(
      [...words(), stop(), DONE].map((piece) => piece.replaceAll('\n', '\r\n').replace('data: ', 'data:')),
    ),
    { ...good, tokens: null },
  ],
  'single-line-feeds': [
    'events are parted by one line feed',
    chunked([...words(), stop(), DONE].map((piece) => piece.replaceAll('\n\n', '\n'))),
    bad('bad_json', 0, { model: null }),
  ],
  'octet-stream': [
    'a right stream of another content type',
    chunked([...words(), stop(), DONE], { type: 'application/octet-stream' }),
    { ...good, tokens: null, oddities: ['content_type'] },
  ],
  'one-event': [
    'a gateway that lets the text out once it is whole',
    chunked([chunk(M, { role: 'assistant', content: WORDS.join('') }, null), stop(), counted, DONE]),
    { ...good, events: 1 },
  ],
  whole: [
    'an answer that was not streamed',
    sized(
      '200 OK',
      'application/json',
      JSON.stringify({
        ...M,
        object: 'chat.completion',
        choices: [
          { index: 0, message: { role: 'assistant', content: WORDS.join('') }, finish_reason: 'stop' },
        ],
        ...usage(9, 6),
      }),
    ),
    bad('not_sse', 0, { model: null }),
  ],
};

for (const [name, [note, bytes, expect, more = {}]] of Object.entries(captures)) {
  writeFileSync(join(folder, `${name}.http`), bytes);
  writeFileSync(
    join(folder, `${name}.json`),
    `${JSON.stringify({ note, path: CHAT, ...more, expect }, null, 2)}\n`,
  );
}
