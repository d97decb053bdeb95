/** Untrusted text is data: made harmless for the place where it will be shown. */

/**
 * Characters that a reader can't see but a program obeys, as a class of a regular expression. Joiners are not among them:
 * scripts and emoji need them.
 */
const HIDDEN = new RegExp(
  `[${[
    '\\u0000-\\u001F\\u007F-\\u009F', // controls, ANSI sequences among them
    '\\u061C\\u200E\\u200F\\u2028-\\u202E\\u2066-\\u2069', // line separators and directions
    '\\u200B\\u2060-\\u2065\\uFEFF\\u{E0000}-\\u{E007F}', // no width at all
    '\\uD800-\\uDFFF\\uFFFE\\uFFFF', // half a pair, non-characters: no XML can hold them
  ].join('')}]`,
  'gu',
);

function named(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** On one line, with every hidden character shown by its code: no colours, cursor moves or reordered text in a terminal. */
export function terminalText(text: string): string {
  return text.replace(/[\n\t]/g, ' ').replace(HIDDEN, named);
}

/** For running markdown text and table cells: nothing in it is markup, a link or a new cell, and nobody is mentioned. */
export function markdownText(text: string): string {
  return terminalText(text)
    .replace(/[\\`*_[\]<>|#~]/g, (c) => `\\${c}`)
    .replace(/&(?=#?\w+;)/g, '\\&')
    .replace(/@(?=\w)/g, '@\u200B') // a mention would send mail from a pull-request comment
    .replace(/:\/\//g, ':\\//') // GitHub links bare addresses; escaped, they read and copy the same
    .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}\\.`);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const entity = (character: string): string => ENTITIES[character] ?? character;

/** For HTML text and quoted attributes. */
export function htmlText(text: string): string {
  return terminalText(text).replace(/[&<>"']/g, entity);
}

/** For XML 1.0 text and quoted attributes: what XML can't hold, not even escaped, is shown by its code. */
export const xmlText: (text: string) => string = htmlText;

/** For a `<script type="application/json">`: can't end the element, and every JSON parser reads it back. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What a spreadsheet takes for a formula, full-width forms and leading blanks included. */
const FORMULA = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/;

/**
 * One field of RFC 4180. Numbers stand as they are (absent: empty, infinite: `inf`); text that a spreadsheet would run
 * gets an apostrophe in front.
 */
export function csvField(value: string | number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf';
  const shown = terminalText(value);
  const safe = FORMULA.test(shown) ? `'${shown}` : shown;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
