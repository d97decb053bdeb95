/** Text in a terminal's columns: how wide it is, wrapped at blanks, and tables made to fit. */

/** East Asian wide characters and pictures take two columns. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1F9FF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F/gu;
const NO_WIDTH = /\p{Mn}|\p{Me}|\u200C|\u200D/gu;

export const displayWidth = (text: string): number =>
  Array.from(text.replace(WIDE, '\u4E00\u4E00').replace(NO_WIDTH, '')).length;

/** Where a line may end: not between a number and its unit, nor within `2 ms to 3 ms`. */
const BREAK = /(?<!EUR)(?<!\d(?: \S{1,3})? to) (?!(?:%|pp|ms|s|min|h|[KMG]iB)(?:[\s,;.:)]|$))(?!to [+-]?\d)/;

/** Lines of at most so many columns. A word that is longer than that is cut. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BREAK).flatMap((one) => cut(one, columns))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || displayWidth(longer) <= columns) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = word;
  }
  return [...lines, line];
}

function cut(word: string, columns: number): string[] {
  if (displayWidth(word) <= columns) return [word];
  const pieces: string[] = [];
  let piece = '';
  for (const character of word) {
    if (piece !== '' && displayWidth(piece + character) > columns) {
      pieces.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...pieces, piece];
}

/** A column is not made narrower than this to spare another: text would stand a word a line. */
const LEAST = 12;

/** Longer words, as addresses, are cut. */
const LONGEST_WORD = 24;

export interface Fitted {
  readonly widths: readonly number[];
  /** Heads of the columns that found no place. */
  readonly left_out: readonly string[];
}

/**
 * Widths for a table, its head first, within so many columns: the widest are made narrower first, down to their longest word
 * or a dozen columns; where that is not enough the last columns are left out.
 */
export function fitColumns(
  rows: readonly (readonly string[])[],
  { columns, gap }: { readonly columns: number; readonly gap: number },
): Fitted {
  const [head = []] = rows;
  const natural = head.map((_, i) => Math.max(...rows.map((row) => displayWidth(row[i] ?? ''))));
  const least = natural.map((width, i) => Math.min(width, Math.max(LEAST, longestWord(rows, i))));
  const total = (widths: readonly number[]): number =>
    widths.reduce((sum, width) => sum + width, gap * Math.max(0, widths.length - 1));
  let kept = head.length;
  while (kept > 1 && total(least.slice(0, kept)) > columns) kept -= 1;
  const widths = natural.slice(0, kept);
  while (total(widths) > columns) {
    const spare = widths.map((width, i) => (width > (least[i] ?? 0) ? width : 0));
    const widest = Math.max(...spare);
    if (widest === 0) break;
    widths[spare.lastIndexOf(widest)] = widest - 1;
  }
  return { widths, left_out: head.slice(kept).filter((name) => name !== '') };
}

const longestWord = (rows: readonly (readonly string[])[], column: number): number =>
  Math.min(
    LONGEST_WORD,
    Math.max(...rows.flatMap((row) => (row[column] ?? '').split(BREAK).map(displayWidth))),
  );
