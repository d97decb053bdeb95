/** The picture command's words when it can't; test/services/report.test.ts takes a real picture. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findChromium, pictureCommand } from '../../cli/commands/picture.ts';
import type { Io } from '../../cli/io.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'picture-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function io(env: Io['env']): Io & { readonly said: () => string } {
  let said = '';
  const sink = { write: (text: string) => (said += text) };
  return {
    argv: [],
    env,
    cwd: root,
    root,
    stdout: sink,
    stderr: sink,
    interrupted: new AbortController().signal,
    said: () => said,
  };
}

function program(name: string, script: string): string {
  const path = join(root, name);
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

function run(id: string, files: readonly string[]): void {
  mkdirSync(join(root, 'results', id), { recursive: true });
  for (const file of files) writeFileSync(join(root, 'results', id, file), '<main></main>');
}

describe('which browser', () => {
  test('CHROMIUM_BINARY wins; one that is no program is refused by name', () => {
    const own = program('mine', '#!/bin/sh\n');
    expect(findChromium({ CHROMIUM_BINARY: own, PATH: '' })).toBe(own);
    expect(() => findChromium({ CHROMIUM_BINARY: '/no/such/browser' })).toThrow(
      'CHROMIUM_BINARY is "/no/such/browser"',
    );
    expect(() => findChromium({ CHROMIUM_BINARY: root })).toThrow('which is no program');
  });
  test('else the first on PATH by name', () => {
    const found = program('google-chrome', '#!/bin/sh\n');
    expect(findChromium({ PATH: `/nowhere:${root}` }, [])).toBe(found);
  });
  test('without one it says how to get one', () => {
    expect(() => findChromium({ PATH: '' }, [])).toThrow(
      /none is installed; install one \('apt-get install chromium'.*CHROMIUM_BINARY/,
    );
  });
});

describe('bad input', () => {
  test('no such run', async () => {
    run('a', ['manifest.json']);
    await expect(pictureCommand(io({}), 'b')).rejects.toThrow(/"b" is no run.*runs: a/);
  });
  test('a run without a report', async () => {
    run('a', ['manifest.json']);
    await expect(pictureCommand(io({}), 'a')).rejects.toThrow('npm run compare -- a');
  });
  test('a browser that does not start is one line, not a stack', async () => {
    run('a', ['manifest.json', 'report.html']);
    const broken = program('chromium', '#!/bin/sh\necho no display >&2\nexit 1\n');
    const error: unknown = await pictureCommand(io({ CHROMIUM_BINARY: broken }), 'a').catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ name: 'UsageError' });
    expect(String(error)).toContain(`${broken} can't be started`);
    expect(String(error)).not.toContain('\n');
  });
});
