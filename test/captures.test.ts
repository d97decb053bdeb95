/** Answers in the shapes of servers that people run (test/captures), held to what each of them is. k6/stream reads the same in Go. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as v from 'valibot';
import { streamedAnswer, streamFailure } from '../domain/protocols/answer.ts';
import { APIS, PROTOCOLS } from '../domain/protocols/index.ts';
import { beginsAsEvents, readStream } from '../domain/protocols/read-stream.ts';
import { start } from '../stand-in/openai.ts';
import { BadValue } from '../domain/text/units.ts';
import { closing, post } from './stand-in/running.ts';
import { temporary } from './support/suite.ts';

const FOLDER = join(import.meta.dirname, 'captures');
const RULES = join(FOLDER, 'rules.json');
const running = closing();

const Capture = v.object({
  note: v.string(),
  path: v.string(),
  expect: v.object({
    error: v.nullable(v.string()),
    finish: v.nullable(v.string()),
    model: v.nullable(v.string()),
    events: v.number(),
    tokens: v.nullable(v.number()),
    oddities: v.array(v.string()),
  }),
});

const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.http'))
  .map((file) => file.slice(0, -'.http'.length));
const captureOf = (name: string) =>
  v.parse(Capture, JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')));

/** What the head, or the end of the body, says already: nothing for a reader of a whole stream. */
const BEFORE_READING = new Set(['status', 'not_sse', 'cut_body']);

/** Head and body of an answer, the chunks put together. */
function partsOf(name: string): { head: string; body: string } {
  const raw = readFileSync(join(FOLDER, `${name}.http`));
  const end = raw.indexOf('\r\n\r\n');
  const head = raw.subarray(0, end).toString();
  let rest = raw.subarray(end + 4);
  if (!/transfer-encoding: chunked/i.test(head)) return { head, body: rest.toString() };
  const chunks: Buffer[] = [];
  for (;;) {
    const line = rest.indexOf('\r\n');
    const length = Number.parseInt(rest.subarray(0, Math.max(0, line)).toString(), 16);
    if (!(length > 0)) return { head, body: Buffer.concat(chunks).toString() };
    chunks.push(rest.subarray(line + 2, line + 2 + length));
    rest = rest.subarray(line + 2 + length + 2);
  }
}

test.each(names)('%s', (name) => {
  const { path, expect: is } = captureOf(name);
  const protocol = APIS.map((api) => PROTOCOLS[api]).find((one) => one.path === path);
  if (protocol === undefined) throw new Error(`no protocol has the path ${path}`);
  const { head, body } = partsOf(name);
  if (is.error === 'status') return expect(head).not.toMatch(/^HTTP\/1\.\d 2/);
  if (is.error === 'not_sse') return expect(beginsAsEvents(body)).toBe(false);
  const facts = readStream(body, protocol.stream);
  const answer = streamedAnswer(facts);
  const failed = streamFailure(facts, protocol);
  const odd = /event-stream/.test(head) ? facts.oddities : [...facts.oddities, 'content_type'];
  const tokens = answer.counts.completion_tokens;
  expect({
    error: is.error === 'cut_body' ? 'cut_body' : (failed?.error ?? null),
    finish: answer.finish,
    model: answer.names.model,
    events: facts.token_events,
    tokens: tokens === 0 ? null : tokens,
    oddities: odd,
  }).toEqual(is);
});

test('the captures are what make.mjs makes', () => {
  using folder = temporary();
  cpSync(join(FOLDER, 'make.mjs'), join(folder.path, 'make.mjs'));
  execFileSync(process.execPath, [join(folder.path, 'make.mjs')]);
  const made = readdirSync(folder.path).filter((file) => file !== 'make.mjs');
  expect(made.toSorted()).toEqual(names.flatMap((name) => [`${name}.http`, `${name}.json`]).toSorted());
  for (const file of made)
    expect(readFileSync(join(folder.path, file)).equals(readFileSync(join(FOLDER, file)))).toBe(true);
  expect(names.filter((name) => BEFORE_READING.has(captureOf(name).expect.error ?? ''))).not.toHaveLength(0);
});

test("the rules that Go's test reads are the protocols' own", () => {
  const rules = Object.fromEntries(APIS.map((api) => [PROTOCOLS[api].path, PROTOCOLS[api].stream]));
  const text = `${JSON.stringify(rules, null, 2)}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1' || !existsSync(RULES)) writeFileSync(RULES, text);
  expect(readFileSync(RULES, 'utf8')).toBe(text);
});

test('the stand-in replays a folder: bytes, pauses and ends, each capture in its turn', async () => {
  using folder = temporary();
  const body = 'data: {"a":1}\n\n';
  const head =
    'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Own: 1\r\nConnection: keep-alive\r\n\r\n';
  writeFileSync(join(folder.path, 'a.http'), `${head}${body}${body}`);
  writeFileSync(join(folder.path, 'a.json'), JSON.stringify({ pauses: [[head.length + body.length, 120]] }));
  writeFileSync(join(folder.path, 'b.http'), 'HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\nno');
  writeFileSync(join(folder.path, 'c.http'), `HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n${body}`);
  writeFileSync(join(folder.path, 'c.json'), '{"end":"reset"}');
  writeFileSync(join(folder.path, 'd.http'), 'HTTP/1.1 200 OK\r\n\r\nother');
  writeFileSync(join(folder.path, 'd.json'), '{"path":"/completion"}');
  const url = await running(start({ replay: [folder.path] }));
  const ask = async (path = '/v1/chat/completions') =>
    post(
      `${url}${path}`,
      path === '/completion' ? { prompt: 'x' } : { messages: [{ role: 'user', content: 'x' }] },
    );
  const began = performance.now();
  const first = await ask();
  expect([first.status, first.headers.get('x-own'), first.headers.get('connection')]).toEqual([
    200,
    '1',
    'close',
  ]);
  expect(await first.text()).toBe(body + body);
  expect(performance.now() - began).toBeGreaterThan(100);
  const second = await ask();
  expect([second.status, await second.text()]).toEqual([429, 'no']);
  await expect(ask().then(async (third) => third.text())).rejects.toThrow();
  expect(await (await ask('/completion')).text()).toBe('other');
});

test('a folder that holds no capture is refused', async () => {
  using folder = temporary();
  await expect(start({ replay: [folder.path] })).rejects.toThrow(BadValue);
  await expect(start({ replay: [join(folder.path, 'none')] })).rejects.toThrow("can't be read");
  writeFileSync(join(folder.path, 'a.http'), 'x');
  writeFileSync(join(folder.path, 'a.json'), '{"end":"never"}');
  await expect(start({ replay: [folder.path] })).rejects.toThrow('a.json is no description of a capture');
});
