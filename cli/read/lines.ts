/** A file's lines without holding the file: each is given as its place in a piece that is used anew. */
import { closeSync, openSync, readSync } from 'node:fs';
import { pieceOf, type Piece } from '../../domain/scan-record.ts';

/** Small enough to stay in a core's cache: pieces of a megabyte take twice as long. */
const PIECE = 1 << 16;
const LINE_FEED = 10;

export interface BufferPiece extends Piece {
  readonly bytes: Buffer;
}
const bufferPiece = (bytes: Buffer): BufferPiece => ({ ...pieceOf(bytes), bytes });

/** Calls `line` for each line: bytes [from, to) of the piece, without its line feed; to be used before it returns. */
export function eachLine(path: string, line: (piece: BufferPiece, from: number, to: number) => void): void {
  const file = openSync(path, 'r');
  let piece = bufferPiece(Buffer.alloc(PIECE));
  let held = 0;
  try {
    for (;;) {
      const { bytes } = piece;
      const read = readSync(file, bytes, held, bytes.length - held, null);
      if (read === 0) break;
      const end = held + read;
      let from = 0;
      for (
        let to = bytes.indexOf(LINE_FEED, held);
        to !== -1 && to < end;
        to = bytes.indexOf(LINE_FEED, from)
      ) {
        line(piece, from, to);
        from = to + 1;
      }
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
