/** A variant's colour and line on the page, by its place: 0 is the baseline, 1 the first candidate. */
import { htmlText } from '../escape.ts';

/** From the third variant on, lines differ by their dashes too, for eyes that can't tell the colours apart. */
const DASHES: readonly (readonly number[])[] = [
  [],
  [],
  [9, 3],
  [2, 3],
  [9, 3, 2, 3],
  [14, 4],
  [5, 5],
  [2, 6],
  [14, 3, 2, 3, 2, 3],
];

export const dashOf = (place: number): readonly number[] => DASHES[place] ?? [];

/** The name beside its colour, and beside its dashes where it has any. */
export function key(name: string, place: number): string {
  const dash = dashOf(place);
  const line =
    dash.length === 0
      ? ''
      : `<svg class="dash" viewBox="0 0 26 8" aria-hidden="true"><line x1="0" x2="26" y1="4" y2="4" stroke-dasharray="${dash.join(' ')}"/></svg>`;
  return `<span class="key v${place}">${line}${htmlText(name)}</span>`;
}
