/** When is an answer right: equal to a label after both are normalised. Runs in k6, so no `\p{...}` (it never matches there). */

/** Unicode (NFKC), typographic quotes and dashes, case, white space and closing punctuation do not count. */
export function normalise(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\u2018\u2019\u201b\u02bc]/g, "'")
    .replace(/[\u201c\u201d\u201e\u00ab\u00bb]/g, '"')
    .replace(/[\u2010-\u2015]/g, '-')
    .toLowerCase()
    .replace(/[\s\u200b\ufeff]+/g, ' ')
    .replace(/^ /, '')
    .replace(/[\s.!?;:,"\u2026\u3002]+$/, '');
}

/** The labels of one payload, normalised once. */
export type Labels = ReadonlySet<string>;

export function labels(accepted: readonly string[]): Labels {
  return new Set(accepted.map(normalise));
}

export function isRight(answer: string, accepted: Labels): boolean {
  return accepted.has(normalise(answer));
}
