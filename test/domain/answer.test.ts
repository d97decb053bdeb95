import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRight, labels, normalise } from '../../domain/record/right-answer.ts';

/** What normalise must give, without a shortcut. */
const plainly = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/[\u2018\u2019\u201b\u02bc]/g, "'")
    .replace(/[\u201c\u201d\u201e\u00ab\u00bb]/g, '"')
    .replace(/[\u2010-\u2015]/g, '-')
    .toLowerCase()
    .replace(/[\s\u200b\ufeff]+/g, ' ')
    .replace(/^ /, '')
    .replace(/[\s.!?;:,"\u2026\u3002]+$/, '');

const pieces = fc.constantFrom(
  'a',
  'B',
  ' ',
  '  ',
  '\t',
  '\n',
  '\u00a0',
  '\u200b',
  '\ufeff',
  '\u2028',
  '\u3000',
  '\u1680',
  '\u2019',
  '\u02bc',
  '\u00ab',
  '\u201e',
  '\u2013',
  '\u2026',
  '.',
  '!',
  '"',
  'é',
  'ﬁ',
  'İ',
  'ж',
  '\u00b4',
);

test('no shortcut changes what a normalised text is', () => {
  const text = fc.oneof(
    fc.array(pieces, { maxLength: 12 }).map((some) => some.join('')),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(text, (one) => {
      expect(normalise(one)).toBe(plainly(one));
    }),
    { numRuns: 5000 },
  );
});

test('an answer is right as it stands, or once both are normalised', () => {
  const accepted = labels(['She goes.', 'She \u2018walks\u2019.']);
  expect(accepted.size).toBe(2);
  for (const answer of ['She goes.', 'she  goes', "SHE 'walks'!"])
    expect(isRight(answer, accepted)).toBe(true);
  for (const answer of ['', 'She go.', 'She goes. Not.']) expect(isRight(answer, accepted)).toBe(false);
});
