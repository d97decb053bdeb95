import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { assertReadable, watchLogs } from '../../cli/jobs/gateway/logs.ts';
import { KEY, line, programs, record } from './build.ts';

const folder = mkdtempSync(join(tmpdir(), 'gateway-logs-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'Ask.log');
const entry = (index: number): string => line(record('log-integrity', index, { program: 'Ask' }));
const ids = (seen: { entries: readonly { request_id: string }[] }): string[] =>
  seen.entries.map(({ request_id }) => request_id);

test('only what is new counts, a line already begun belongs to others, a last one without its end counts', async () => {
  writeFileSync(file, `${entry(0)}\n{"begun by`);
  const watch = watchLogs(folder, programs, KEY);
  appendFileSync(file, ` others"}\n${entry(2)}\n${entry(4)}`);
  const seen = await watch.read([], 0);
  expect(ids(seen)).toEqual(['gw-abc123-22-2', 'gw-abc123-22-4']);
  expect(seen.torn).toEqual([]);
});

test('it waits for the flush, and no longer than it may', async () => {
  writeFileSync(file, '');
  const watch = watchLogs(folder, programs, KEY);
  setTimeout(() => appendFileSync(file, `${entry(6)}\n`), 400);
  expect(ids(await watch.read(['gw-abc123-22-6'], 20_000))).toEqual(['gw-abc123-22-6']);
  expect(ids(await watch.read(['gw-abc123-22-8'], 500))).toEqual(['gw-abc123-22-6']);
});

test('a file that was rotated meanwhile is read from its start', async () => {
  writeFileSync(file, `${entry(0)}\n${entry(2)}\n`);
  const watch = watchLogs(folder, programs, KEY);
  writeFileSync(file, `${entry(8)}\n`);
  expect(ids(await watch.read([], 0))).toEqual(['gw-abc123-22-8']);
});

test('a folder that can’t be read is said with its cure', () => {
  expect(() => assertReadable(join(folder, 'none'), 'none')).toThrow(
    /--gateway-logs none: ENOENT.*give the folder/,
  );
  expect(() => assertReadable(file, 'Ask.log')).toThrow(/it is no folder/);
});
