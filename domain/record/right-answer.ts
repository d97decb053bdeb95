/** When is an answer right: equal to a label after both are normalised. Runs in k6, so no `\p{...}` (it never matches there). */

// k6's engine takes 0.1 ms for a replacement in a sentence, and a run scores every answer: what has nothing to replace is
// found out by one test, and a printable ASCII text (the most) needs neither NFKC nor any of the characters below.
const BEYOND_PLAIN = /[^ -~]| {2}/;
const TYPOGRAPHIC = /[\u00ab\u00bb\u02bc\u2010-\u201e]/;
const ODD_SPACE = /[\s\u200b\ufeff]{2}|[\t-\r\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]/;

/** Unicode (NFKC), typographic quotes and dashes, case, white space and closing punctuation do not count. */
export function normalise(text: string): string {
  let plain = text;
  if (BEYOND_PLAIN.test(plain)) {
    plain = plain.normalize('NFKC');
    if (TYPOGRAPHIC.test(plain))
      plain = plain
        .replace(/[\u2018\u2019\u201b\u02bc]/g, "'")
        .replace(/[\u201c\u201d\u201e\u00ab\u00bb]/g, '"')
        .replace(/[\u2010-\u2015]/g, '-');
    if (ODD_SPACE.test(plain)) plain = plain.replace(/[\s\u200b\ufeff]+/g, ' ');
  }
  return plain
    .toLowerCase()
    .replace(/^ /, '')
    .replace(/[\s.!?;:,"\u2026\u3002]+$/, '');
}

/** The labels of one payload. */
export interface Labels {
  readonly size: number;
  has(answer: string): boolean;
}

/** A server answers a payload in few ways: what was judged is remembered, up to this many. */
const REMEMBERED = 16;

/**
 * Normalised once, and only when an answer comes that is none of them as it stands.
 * @param normalised the same, where somebody has done so before (0.1 ms a label in k6's engine, for each VU)
 */
export function labels(accepted: readonly string[], normalised?: readonly string[]): Labels {
  const exact = new Set(accepted);
  const judged = new Map<string, boolean>();
  let all: ReadonlySet<string> | null = null;
  return {
    size: exact.size,
    has(answer) {
      if (exact.has(answer)) return true;
      let right = judged.get(answer);
      if (right === undefined) {
        all ??= new Set(normalised ?? accepted.map(normalise));
        right = all.has(normalise(answer));
        if (judged.size >= REMEMBERED) judged.clear();
        judged.set(answer, right);
      }
      return right;
    },
  };
}

export function isRight(answer: string, accepted: Labels): boolean {
  return accepted.has(answer);
}
