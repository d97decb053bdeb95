/** A file's lines without holding the file: pieces of a megabyte, each byte one character (latin1), which costs nothing. */
import { closeSync, openSync, readSync } from 'node:fs';

const PIECE = 1 << 20;

/** Calls `line` for each line, bytes as characters: {@link utf8} makes them text. */
export function eachLine(path: string, line: (bytes: string) => void): void {
  const file = openSync(path, 'r');
  const buffer = Buffer.allocUnsafe(PIECE);
  let rest = '';
  try {
    for (;;) {
      const n = readSync(file, buffer, 0, PIECE, null);
      if (n === 0) break;
      const text = rest + buffer.toString('latin1', 0, n);
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
}

const BEYOND_ASCII = /[\u0080-\u00FF]/;

/** The text of a line from {@link eachLine}. */
export function utf8(bytes: string): string {
  return BEYOND_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}
