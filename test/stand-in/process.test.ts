import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { metric, post, send, until } from './client.ts';

// Inside the repository, so that the bundles' external packages are found.
mkdirSync('.cache', { recursive: true });
const folder = mkdtempSync(join('.cache', 'stand-in-'));
const bundle = (name: string) => join(folder, `${name}.js`);
const children: ChildProcess[] = [];

beforeAll(async () => {
  await build({
    entryPoints: ['grammar', 'null', 'inference'].map((name) => `stand-in/${name}.ts`),
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
  });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true }));

const Ready = v.strictObject({
  listening: v.pipe(v.string(), v.regex(/^http:\/\/127\.0\.0\.1:\d+$/)),
  pid: v.number(),
  server: v.string(),
  variant: v.nullable(v.string()),
});

interface Spawned {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Code, or the signal's name. */
  readonly ended: Promise<number | string | null>;
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Spawned {
  const child = spawn(process.execPath, args, { stdio: 'pipe', env: { ...process.env, ...env } });
  children.push(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  return { child, out: () => out, err: () => err, ended };
}

const FIXTURES = ['--payloads', 'test/stand-in/fixtures'];

async function ready(spawned: Spawned) {
  await until(() => spawned.out().includes('\n') || spawned.child.exitCode !== null, 30_000);
  return v.parse(Ready, JSON.parse(spawned.out()));
}

const gone = async (url: string) => {
  const refused = await send(url).then(
    () => false,
    () => true,
  );
  return refused;
};

test('each server says in one line where it listens', async () => {
  for (const [name, args, variant] of [
    ['grammar', [...FIXTURES, '--variant', 'shadow'], 'shadow'],
    ['inference', [], 'baseline'],
    ['null', [], null],
  ] as const) {
    const spawned = run([bundle(name), ...args]);
    const line = await ready(spawned);
    expect(line).toMatchObject({ pid: spawned.child.pid, server: name, variant });
    expect((await send(`${line.listening}/`)).status).toBe(name === 'null' ? 204 : 404);
    expect(spawned.out().trimEnd().split('\n')).toHaveLength(1);
  }
});

test('two processes differ in start time or id', async () => {
  const urls = await Promise.all([1, 2].map(async () => (await ready(run([bundle('inference')]))).listening));
  const [a, b] = await Promise.all(urls.map((url) => metric(url, 'process_pid')));
  expect(a).not.toBe(b);
});

describe('the end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s with a request in flight: prompt, code 0', async (signal) => {
    const spawned = run([bundle('grammar'), ...FIXTURES, '--fault', 'hang=1']);
    const { listening } = await ready(spawned);
    const body = { text: 'a', language: 'en', translate_to: 'es' };
    const hung = expect(post(`${listening}/v1/grammar/correct`, body)).rejects.toThrow();
    await until(async () => (await metric(listening, 'http_requests_in_flight')) === 1);
    spawned.child.kill(signal);
    expect(await spawned.ended).toBe(0);
    await hung;
  });

  test('a SIGKILL of the parent ends it too', async () => {
    const parent = `
      import { spawn } from 'node:child_process';
      const args = ${JSON.stringify([bundle('grammar'), ...FIXTURES])};
      spawn(process.execPath, args, { stdio: ['pipe', 'inherit', 'inherit'], env: { ...process.env, EXIT_WITH_PARENT: '1' } });
      setInterval(() => {}, 1000);`;
    const spawned = run(['--input-type=module', '--eval', parent]);
    const { listening, pid } = await ready(spawned);
    expect(pid).not.toBe(spawned.child.pid);
    expect((await send(`${listening}/health`)).status).toBe(200);
    spawned.child.kill('SIGKILL');
    await until(() => gone(listening));
  });

  test('without EXIT_WITH_PARENT a closed stdin means nothing', async () => {
    const spawned = run([bundle('inference')], { EXIT_WITH_PARENT: '' });
    const { listening } = await ready(spawned);
    spawned.child.stdin?.end();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await send(`${listening}/health`)).status).toBe(200);
  });

  test('the crash fault ends the process with code 1', async () => {
    const spawned = run([bundle('inference'), '--fault', 'crash=1']);
    const { listening } = await ready(spawned);
    await post(`${listening}/tokenize`, { text: 'a' });
    await expect(post(`${listening}/tokenize`, { text: 'a' })).rejects.toThrow();
    expect(await spawned.ended).toBe(1);
    expect(spawned.err()).toContain('fault: crash after 1 requests');
  });
});

describe('bad input: one line on stderr, nothing on stdout, code 2', () => {
  test.each([
    [['--prot', '1'], 'grammar: unknown flag --prot. Did you mean --port?'],
    [['--fault', 'rest=0.1', ...FIXTURES], 'Did you mean reset? Valid: status,'],
    [['--payloads', 'nowhere'], "no folder 'nowhere'"],
    [['--fault-path', '/x', ...FIXTURES], 'no such path; valid:'],
  ])('%j', async (args, message) => {
    const spawned = run([bundle('grammar'), ...args]);
    expect(await spawned.ended).toBe(2);
    expect(spawned.err()).toContain(message);
    expect(spawned.err().trimEnd().split('\n')).toHaveLength(1);
    expect(spawned.out()).toBe('');
  });

  test.each(['null', 'inference'])('a taken port (%s)', async (name) => {
    const { listening } = await ready(run([bundle('null')]));
    const port = listening.slice(listening.lastIndexOf(':') + 1);
    const spawned = run([bundle(name), '--port', port]);
    expect(await spawned.ended).toBe(2);
    expect(spawned.err()).toContain(`port ${port} is taken on 127.0.0.1; give another --port`);
    expect(spawned.out()).toBe('');
  });

  test('--help exits 0', async () => {
    const spawned = run([bundle('grammar'), '--help']);
    expect(await spawned.ended).toBe(0);
    expect(spawned.out()).toContain('hostile_text=SHARE');
  });
});
