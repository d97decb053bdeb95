import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eachLine } from '../../cli/read/lines.ts';
import { requestLogs, requestsFile } from '../../cli/run/directory.ts';
import { compressLog } from '../../cli/run/compress.ts';
import { temporary } from '../support/suite.ts';

const linesOf = (path: string): string[] => {
  const lines: string[] = [];
  eachLine(path, ({ bytes }, from, to) => lines.push(bytes.toString('utf8', from, to)));
  return lines;
};

// Longer than a piece of the reader, with text beyond ASCII, cut off at the end as by a kill.
const LINES = [
  ...Array.from({ length: 5000 }, (_, i) => `{"index":${i},"é":"ü"}`),
  'x'.repeat(100_000),
  '{"cut',
];

test('a block compressed is read as it was, and in its place among the others', () => {
  using folder = temporary();
  const run = { id: 'soak', path: folder.path };
  for (const block of [0, 1, 10, 2]) writeFileSync(join(run.path, requestsFile(block)), LINES.join('\n'));
  const plain = linesOf(join(run.path, requestsFile(1)));
  expect(plain).toEqual(LINES);
  compressLog(run, 1);
  expect(existsSync(join(run.path, requestsFile(1)))).toBe(false);
  const logs = requestLogs(run);
  expect(logs).toEqual(
    [0, 1, 2, 10].map((block) => join(run.path, `${requestsFile(block)}${block === 1 ? '.gz' : ''}`)),
  );
  expect(linesOf(logs[1] ?? '')).toEqual(plain);
});

test('a crash between writing and removing leaves both: the compressed one counts, once', () => {
  using folder = temporary();
  const run = { id: 'soak', path: folder.path };
  const path = join(run.path, requestsFile(0));
  writeFileSync(path, 'a\nb\n');
  compressLog(run, 0);
  writeFileSync(path, 'a\nb\n');
  expect(requestLogs(run)).toEqual([`${path}.gz`]);
  expect(linesOf(`${path}.gz`)).toEqual(['a', 'b']);
});
