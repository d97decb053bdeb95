/** Untrusted text is data: made harmless for the place where it will be shown. */

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;

/** Control and direction characters become visible: no colours, cursor moves or reordered text in a terminal. */
export function terminalText(text: string): string {
  return text
    .replace(/[\n\t]/g, ' ')
    .replace(CONTROL, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** For running markdown text and table cells: nothing in it is markup, a link or a new cell. */
export function markdownText(text: string): string {
  return terminalText(text).replace(/[\\`*_[\]<>|#~]/g, (c) => `\\${c}`);
}
