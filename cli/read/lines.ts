/** A file's lines without holding the file: pieces of a megabyte, decoded once each. */
import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const PIECE = 1 << 20;

/** Calls `line` for each line; returns whether the last one ended with a line feed (a cut file doesn't). */
export function eachLine(path: string, line: (text: string) => void): boolean {
  const file = openSync(path, 'r');
  const buffer = Buffer.alloc(PIECE);
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for (;;) {
      const n = readSync(file, buffer, 0, PIECE, null);
      if (n === 0) break;
      const text = rest + decoder.write(buffer.subarray(0, n));
      let from = 0;
      for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
        line(text.slice(from, to));
        from = to + 1;
      }
      rest = text.slice(from);
    }
  } finally {
    closeSync(file);
  }
  if (rest !== '') line(rest);
  return rest === '';
}
