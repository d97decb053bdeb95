/**
 * A file's lines without holding the file: each is given as its place in a piece that is used anew. A compressed file
 * (.gz) is held whole: it is one block's.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { pieceOf, type Piece } from '../../domain/record/scan-record.ts';

/** Small enough to stay in a core's cache: pieces of a megabyte take twice as long. */
const PIECE = 1 << 16;
const LINE_FEED = 10;

export interface BufferPiece extends Piece {
  readonly bytes: Buffer;
}
const bufferPiece = (bytes: Buffer): BufferPiece => ({ ...pieceOf(bytes), bytes });

/** Bytes [from, to) of the piece, without a line feed; to be used before it returns. */
type OfLine = (piece: BufferPiece, from: number, to: number) => void;

/** The whole lines that end in bytes [searched, end), the first from 0; returns where the rest begins. */
function wholeLines(piece: BufferPiece, searched: number, end: number, line: OfLine): number {
  const { bytes } = piece;
  let from = 0;
  for (
    let to = bytes.indexOf(LINE_FEED, searched);
    to !== -1 && to < end;
    to = bytes.indexOf(LINE_FEED, from)
  ) {
    line(piece, from, to);
    from = to + 1;
  }
  return from;
}

/** Calls `line` for each line. */
export function eachLine(path: string, line: OfLine): void {
  if (path.endsWith('.gz')) {
    const whole = bufferPiece(gunzipSync(readFileSync(path)));
    const end = whole.bytes.length;
    const rest = wholeLines(whole, 0, end, line);
    if (rest < end) line(whole, rest, end);
    return;
  }
  const file = openSync(path, 'r');
  let piece = bufferPiece(Buffer.alloc(PIECE));
  let held = 0;
  try {
    for (;;) {
      const { bytes } = piece;
      const read = readSync(file, bytes, held, bytes.length - held, null);
      if (read === 0) break;
      const end = held + read;
      const from = wholeLines(piece, held, end, line);
      bytes.copyWithin(0, from, end);
      held = end - from;
      // A line longer than the piece: a larger one.
      if (held === bytes.length) piece = bufferPiece(Buffer.concat([bytes], 2 * bytes.length));
    }
    if (held > 0) line(piece, 0, held);
  } finally {
    closeSync(file);
  }
}
