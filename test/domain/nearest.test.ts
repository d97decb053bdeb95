import fc from 'fast-check';
import { test } from 'vitest';
import { editDistance, isOneEdit } from '../../domain/nearest.ts';

test('isOneEdit is an edit distance of one', () => {
  const word = fc.string({ unit: fc.constantFrom('A', 'B', '_'), maxLength: 6 });
  fc.assert(
    fc.property(word, word, (a, b) => isOneEdit(a, b) === (editDistance(a, b) === 1)),
    { numRuns: 3000 },
  );
});
