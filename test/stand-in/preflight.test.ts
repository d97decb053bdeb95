/** The look at a language model's server before the load: what it shows, what it refuses, and what it leaves to the load. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { preflight } from '../../cli/services/preflight.ts';
import type { Api } from '../../domain/protocols/index.ts';
import { parseSettings, type SettingName } from '../../domain/settings/settings.ts';
import { start } from '../../stand-in/openai.ts';
import { testIo } from '../gate/io.ts';
import { closing } from './running.ts';

const running = closing();
const up = async (flags: Parameters<typeof start>[0] = {}) =>
  running(start({ ttft_ms: 1, itl_ms: 0, prefill_token_ms: 0, ...flags }));

async function look(
  urls: { readonly baseline: string; readonly shadow?: string },
  flags: Readonly<Partial<Record<SettingName, string>>> = {},
  apis: readonly Api[] = ['chat'],
) {
  const io = testIo();
  const { settings } = parseSettings({ flags, env: {}, job: {} });
  const deployment = { urls, processes: {}, stand_ins: {}, stop: async () => {} };
  const found = await preflight(io, settings, apis, deployment);
  return { found, said: io.said.err };
}

const requests = new Map<string, number>();

/** A server of this test's own on loopback. */
async function serve(handle: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const path = `${request.method} ${request.url}`;
      requests.set(path, (requests.get(path) ?? 0) + 1);
      handle(request, response, Buffer.concat(pieces).toString());
    });
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  requests.clear();
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

const ANSWER =
  'data: {"model":"m","choices":[{"delta":{"content":"yes"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

describe('what is shown', () => {
  test('a good answer of each variant', async () => {
    const { said, found } = await look(
      { baseline: await up(), shadow: await up({ adapter: ['lora'] }) },
      { shadowModel: 'lora' },
    );
    expect(said).toMatch(
      /the baseline answers: model "stand-in-8b", \d+ tokens by its own count in \d+ token events?, ended by/,
    );
    expect(said).toMatch(/the shadow answers: model "lora"/);
    expect(said).not.toContain('missing');
    expect([found.model, found.shadowModel]).toEqual(['stand-in-8b', 'lora']);
  });

  test('what is missing, and what is odd', async () => {
    const { said } = await look({
      baseline: await up({ fault: ['no_usage=1'] }),
      shadow: await up({ fault: ['no_done=1'] }),
    });
    expect(said).toMatch(
      /the baseline answers: .* token events.*missing: a count of tokens, a count of prompt tokens/,
    );
    expect(said).toMatch(
      /the shadow answers: .*missing: its terminator; such answers ended with a finish reason and without \[DONE\]/,
    );
  });

  test.each<[string, Api]>([
    ['completions', 'completions'],
    ['llama', 'llama'],
    ['events', 'events'],
  ])('--api %s', async (api, asked) => {
    expect((await look({ baseline: await up() }, { api }, [asked])).said).toContain(
      'tokens by its own count',
    );
  });

  test('an answer that comes whole', async () => {
    expect((await look({ baseline: await up() }, { stream: 'false' })).said).toMatch(
      /tokens by its own count, ended by .*; whole/,
    );
  });

  test("a base URL as an SDK's", async () => {
    expect((await look({ baseline: `${await up()}/v1/` })).said).toContain('the baseline answers');
  });
});

describe('the name of a model is asked for, rather than looked up', () => {
  const listing = (names: readonly string[], takes: (model: string) => boolean) =>
    serve((request, response, body) => {
      if (request.url === '/v1/models') {
        response.setHeader('content-type', 'application/json');
        return response.end(JSON.stringify({ data: names.map((id) => ({ id })) }));
      }
      const { model } = JSON.parse(body);
      if (!takes(model)) {
        response.writeHead(404);
        return response.end('no such model');
      }
      response.setHeader('content-type', 'text/event-stream');
      return response.end(ANSWER);
    });

  test('one that it takes and does not list is a remark', async () => {
    const { said, found } = await look(
      { baseline: await listing(['tiny:latest'], () => true) },
      { model: 'tiny' },
    );
    expect(said).toContain('answers to "tiny", which its /v1/models does not list (tiny:latest)');
    expect(found.model).toBe('tiny');
  });

  test('one that it does not take is refused, with a dozen names at most', async () => {
    const many = Array.from({ length: 200 }, (_, i) => `team/model-${i}`);
    const url = await listing(many, () => false);
    await expect(look({ baseline: url }, { model: 'team/model-x' })).rejects.toThrow(
      /--model: the baseline has no model "team\/model-x"; did you mean team\/model-0\? \(it lists (?:team\/model-\d+, ){11}team\/model-11 and 188 more\)/,
    );
    expect(requests.get('POST /v1/chat/completions')).toBe(1);
  });
});

describe('what is refused', () => {
  test.each<[string, string[], string]>([
    ['no_stream=1', [], 'does not stream when asked'],
    ['wrong_content_type=1', [], 'HTML page'],
    ['single_line_feeds=1', [], 'data lines came without a blank line between them'],
    ['status=1:401', [], 'answers 401'],
  ])('%s', async (fault, _, words) => {
    await expect(look({ baseline: await up({ fault: [fault] }) })).rejects.toThrow(words);
  });

  test('lines of JSON are told from an answer that comes whole', async () => {
    const url = await serve((_, response) => {
      response.setHeader('content-type', 'application/x-ndjson');
      response.end('{"message":{}}\n{"done":true}\n');
    });
    await expect(look({ baseline: url })).rejects.toThrow('streams lines of JSON');
  });

  test('a member that the server does not take, with the cure, which cures it', async () => {
    const url = await serve((_, response, body) => {
      const { max_tokens, stream_options } = JSON.parse(body === '' ? '{}' : body);
      const refuse = (text: string) => {
        response.writeHead(400);
        response.end(text);
      };
      if (stream_options !== undefined) return refuse('Unknown argument: stream_options');
      if (max_tokens !== undefined) return refuse('max_tokens is not supported; use max_completion_tokens');
      response.setHeader('content-type', 'text/event-stream');
      return response.end(ANSWER);
    });
    await expect(look({ baseline: url })).rejects.toThrow(`--body '{"stream_options":null}'`);
    const cured = { stream_options: null, max_tokens: null, max_completion_tokens: 128 };
    await expect(look({ baseline: url }, { body: '{"stream_options":null}' })).rejects.toThrow(
      `--body '{"max_tokens":null,"max_completion_tokens":128}'`,
    );
    expect((await look({ baseline: url }, { body: JSON.stringify(cured) })).said).toContain(
      'the baseline answers',
    );
  });

  test('an endpoint of a mix that is not there', async () => {
    const url = await serve((request, response) => {
      response.setHeader('content-type', 'text/event-stream');
      if (request.url === '/completion') response.statusCode = 404;
      response.end(ANSWER);
    });
    await expect(look({ baseline: url }, {}, ['chat', 'llama'])).rejects.toThrow(
      'POST /completion is not there: --mix chat=1 leaves it out',
    );
  });
});

describe('what is left to the load', () => {
  test('a server that is busy each time is asked three times, and told', async () => {
    const url = await serve((_, response) => {
      response.writeHead(503);
      response.end('Loading model');
    });
    const { said } = await look({ baseline: url });
    expect(said).toContain(
      "the baseline's first answers all failed (answers 503: Loading model); the load will count such",
    );
    expect(requests.get('POST /v1/chat/completions')).toBe(3);
  });

  test('answers that are no whole ones', async () => {
    const { said } = await look({ baseline: await up({ fault: ['abort=1'] }) });
    expect(said).toMatch(/no whole ones \(aborted: .*"abort"\); the load will count such/);
  });

  test('an error that closes the connection does not fail the next question', async () => {
    const url = await serve((request, response) => {
      if (request.method === 'GET') {
        response.writeHead(500, { 'content-length': 21 });
        response.end('Internal Server Error');
        setImmediate(() => request.socket.end());
        return;
      }
      response.setHeader('content-type', 'text/event-stream');
      response.end(ANSWER);
    });
    const { said } = await look({ baseline: url });
    expect(said).toContain('the baseline answers: model "m"');
    expect(requests.get('POST /v1/chat/completions')).toBe(1);
  });
});
