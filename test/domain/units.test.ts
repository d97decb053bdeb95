import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { BadValue, formatDuration, parseDuration, parseNumber } from '../../domain/text/units.ts';
import { editDistance, nearest, offer } from '../../domain/text/nearest.ts';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['60s', 60_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '60', '-5s', '5 s', '1d', 's', '1m 30s', 'NaNs'])(
    'refuses %j and says what is allowed',
    (text) => {
      expect(() => parseDuration(text)).toThrow(BadValue);
      expect(() => parseDuration(text)).toThrow(/allowed: a number with ms, s, m or h/);
    },
  );

  it('names the missing unit', () => expect(() => parseDuration('60')).toThrow('60s?'));

  it('reads back what it formats', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, 6);
      }),
    );
  });
});

describe('numbers', () => {
  it.each(['1e999', 'NaN', 'Infinity', '0x10', '', ' 5', '5,5'])('refuses %j', (text) =>
    expect(() => parseNumber(text, { min: 0, max: 10 })).toThrow(/allowed: a number from 0 to 10/),
  );
  it('refuses what is out of bounds or not whole', () => {
    expect(() => parseNumber('11', { min: 0, max: 10 })).toThrow(BadValue);
    expect(() => parseNumber('1.5', { min: 0, max: 10, whole: true })).toThrow(/a whole number/);
  });
});

describe('the nearest name', () => {
  it('counts a transposition as one edit', () => expect(editDistance('vsu', 'vus')).toBe(1));
  it('offers one that is near', () =>
    expect(offer('duraton', ['duration', 'vus'])).toBe('; did you mean duration?'));
  it('lists all where none is', () =>
    expect(offer('zzzzzz', ['duration', 'vus'])).toBe('; allowed: duration, vus'));
  it('is symmetric and zero only for equals', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
  it('finds none for a word that shares nothing', () => expect(nearest('abc', ['xyz'])).toBeNull());
});
