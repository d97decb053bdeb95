/** Answers as a shape, a word and a colour: none of them alone. */
import { MARKS, type MarkName } from '../words/marks.ts';

type Shape = Exclude<MarkName, 'none'> | 'invalid';

const SHAPES: Readonly<Record<Shape, string>> = {
  pass: '<path d="M4.5 8.4l2.4 2.4 4.6-5.2"/>',
  fail: '<path d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6"/>',
  warn: '<path d="M8 4.3v4.4M8 11.2v.3"/>',
  open: '<path d="M6 6.3a2 2 0 1 1 2.6 1.9c-.5.2-.6.5-.6 1M8 11.2v.3"/>',
  invalid: '<path d="M4.6 11.4l6.8-6.8"/>',
};

const WORDS: Readonly<Record<Shape, string>> = {
  pass: 'pass',
  fail: 'fail',
  warn: 'warning',
  open: 'open',
  invalid: 'invalid',
};

/** Empty where nothing was judged. */
export function markSvg(name: Shape | 'none'): string {
  if (name === 'none') return '';
  return `<svg class="mark ${name}" viewBox="0 0 16 16" role="img" aria-label="${WORDS[name]}"><circle cx="8" cy="8" r="7.2"/>${SHAPES[name]}</svg>`;
}

/** The mark that the shared tables write as a character. */
export function markOf(cell: string): Shape | null {
  switch (cell) {
    case MARKS.pass:
      return 'pass';
    case MARKS.fail:
      return 'fail';
    case MARKS.warn:
      return 'warn';
    case MARKS.open:
      return 'open';
    default:
      return null;
  }
}
