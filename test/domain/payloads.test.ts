import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { isRight, labels, normalise } from '../../domain/record/right-answer.ts';
import { isSampled, payloadAt } from '../../domain/load/payload-order.ts';
import { assertDistinctIds, toPayload } from '../../domain/load/payload.ts';

describe('the payload sequence', () => {
  it('asks every payload once a round, in another order each round', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(2 ** 31), fc.nat(5), (size, seed, round) => {
        const asked = Array.from({ length: size }, (_, i) => payloadAt(seed, round * size + i, size));
        expect(new Set(asked).size).toBe(size);
        expect(Math.min(...asked)).toBe(0);
        expect(Math.max(...asked)).toBe(size - 1);
      }),
      { numRuns: 60 },
    );
    const rounds = [0, 1].map((round) =>
      Array.from({ length: 50 }, (_, i) => payloadAt(1, round * 50 + i, 50)).join(),
    );
    expect(rounds[0]).not.toBe(rounds[1]);
  });

  it('depends on the seed alone', () => {
    const sequence = (seed: number): string =>
      Array.from({ length: 40 }, (_, i) => payloadAt(seed, i, 302)).join();
    expect(sequence(1)).toBe(sequence(1));
    expect(sequence(1)).not.toBe(sequence(2));
  });

  it('has no payload that prefers a place', () => {
    // Over 400 seeds each of 20 payloads should stand first about 20 times (binomial, 5 SD is 22).
    const first = Array.from({ length: 20 }, () => 0);
    for (let seed = 0; seed < 400; seed += 1) {
      const place = payloadAt(seed, 0, 20);
      first[place] = (first[place] ?? 0) + 1;
    }
    for (const count of first) expect(Math.abs(count - 20)).toBeLessThan(22);
  });

  it('samples the share that was asked for, the same for both variants', () => {
    const hits = Array.from({ length: 20_000 }, (_, i) => isSampled(7, i, 0.25)).filter(Boolean).length;
    expect(hits / 20_000).toBeCloseTo(0.25, 1);
    expect(isSampled(7, 1, 1)).toBe(true);
    expect(isSampled(7, 1, 0)).toBe(false);
  });
});

describe('a right answer', () => {
  const accepted = labels(['She goes to school.', "It's “fine”"]);
  it.each([
    'She goes to school',
    'she  goes to\u00a0school!',
    ' SHE GOES TO SCHOOL . ',
    'It’s "fine"',
    'It\u2019s \u201cfine\u201d!',
  ])('%j', (answer) => expect(isRight(answer, accepted)).toBe(true));
  it.each(['She go to school', 'She goes, to school', ''])('not %j', (answer) =>
    expect(isRight(answer, accepted)).toBe(false),
  );
  it('treats composed and decomposed letters alike', () =>
    expect(normalise('e\u0301l va')).toBe(normalise('\u00e9l va')));
  it('is stable', () =>
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(normalise(normalise(text))).toBe(normalise(text));
      }),
    ));
});

describe('a payload file', () => {
  it.each([
    [5, 'a payload is an object'],
    [{ id: '', request: {} }, 'field "id"'],
    [{ id: 'a' }, 'field "request" is missing'],
    [{ id: 'a', request: {}, expected: { corrected: [1] } }, 'expected.corrected holds 1'],
  ])('%j is refused with its place', (value, message) => {
    expect(() => toPayload(value, 'x.jsonl line 3', 'x-3')).toThrow(message);
    expect(() => toPayload(value, 'x.jsonl line 3', 'x-3')).toThrow('x.jsonl line 3');
  });
  it('takes one label for a list of one', () =>
    expect(toPayload({ request: {}, expected: { corrected: 'a' } }, 'x', 'x-1').expected.corrected).toEqual([
      'a',
    ]));
  it('refuses an id that stands twice', () => {
    const payload = toPayload({ request: {} }, 'x', 'same');
    expect(() => assertDistinctIds([payload, payload])).toThrow('"same" stands twice');
  });
});
