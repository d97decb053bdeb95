import { describe, expect, test } from 'vitest';
import {
  formatArrival,
  formatThinkTime,
  parseArrival,
  parseThinkTime,
  parseTrace,
  schedule,
  thinkTimeAt,
} from '../../domain/load/arrivals.ts';

/** Largest distance between the sample's distribution and 1 - exp(-x / mean) (Kolmogorov and Smirnov). */
function distanceFromExponential(gaps: Float64Array, mean: number): number {
  const sorted = gaps.toSorted();
  let most = 0;
  sorted.forEach((gap, i) => {
    const expected = 1 - Math.exp(-gap / mean);
    most = Math.max(most, expected - i / sorted.length, (i + 1) / sorted.length - expected);
  });
  return most;
}

const gapsOf = (starts: Float64Array): Float64Array => starts.slice(1).map((at, i) => at - (starts[i] ?? 0));

/** Critical value at 0.1 %: a right generator fails one seed in a thousand, and the seeds are fixed. */
const critical = (n: number): number => 1.95 / Math.sqrt(n);

const poisson = { arrival: { kind: 'poisson' }, rate_per_s: 50, length_ms: 100_000 } as const;

describe('schedules', () => {
  test.each([1, 2, 3, 4, 5])('poisson gaps are exponential (Kolmogorov-Smirnov), seed %i', (seed) => {
    const gaps = gapsOf(schedule({ ...poisson, seed }));
    expect(gaps.length).toBeGreaterThan(4500);
    expect(distanceFromExponential(gaps, 20)).toBeLessThan(critical(gaps.length));
  });

  test('the test itself tells even gaps from exponential ones', () => {
    const gaps = gapsOf(schedule({ ...poisson, arrival: { kind: 'constant' }, seed: 1 }));
    expect(distanceFromExponential(gaps, 20)).toBeGreaterThan(critical(gaps.length));
  });

  test('the first gap is as any other: over 2000 seeds it is exponential', () => {
    const first = Float64Array.from(
      { length: 2000 },
      (_, seed) => schedule({ ...poisson, seed, length_ms: 1000 })[0] ?? 0,
    );
    expect(distanceFromExponential(first, 20)).toBeLessThan(critical(first.length));
  });

  test('a seed gives the same starts, another seed others', () => {
    expect(schedule({ ...poisson, seed: 7 })).toEqual(schedule({ ...poisson, seed: 7 }));
    expect(schedule({ ...poisson, seed: 7 })).not.toEqual(schedule({ ...poisson, seed: 8 }));
  });

  test('constant: even gaps from 0, as many as the time holds', () => {
    const starts = schedule({
      arrival: { kind: 'constant' },
      rate_per_s: 10,
      seed: 1,
      length_ms: 1000,
    });
    expect([...starts]).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  });

  test('bursts: the peak while on, the rate between, each as Poisson', () => {
    const starts = schedule({
      arrival: { kind: 'bursts', on_ms: 5000, off_ms: 10_000, peak_per_s: 50 },
      rate_per_s: 2,
      seed: 3,
      length_ms: 600_000,
    });
    const on = starts.filter((at) => at % 15_000 < 5000).length;
    const off = starts.length - on;
    // Counts of a Poisson process: five standard deviations.
    expect(Math.abs(on - 10_000)).toBeLessThan(5 * Math.sqrt(10_000));
    expect(Math.abs(off - 800)).toBeLessThan(5 * Math.sqrt(800));
    expect(gapsOf(starts).every((gap) => gap >= 0)).toBe(true);
  });

  test('bursts without a rate between send nothing there', () => {
    const starts = schedule({
      arrival: { kind: 'bursts', on_ms: 1000, off_ms: 1000, peak_per_s: 20 },
      rate_per_s: 0,
      seed: 1,
      length_ms: 20_000,
    });
    expect(starts.every((at) => at % 2000 < 1000)).toBe(true);
  });

  test('bursts of odd lengths, ten thousands of them: ascending, and all within the time', () => {
    const length_ms = 7000.7;
    const arrival = { kind: 'bursts', on_ms: 0.1, off_ms: 0.3, peak_per_s: 900 } as const;
    const starts = schedule({ arrival, rate_per_s: 100, seed: 4, length_ms });
    expect(gapsOf(starts).every((gap) => gap >= 0)).toBe(true);
    expect(starts.every((at) => at >= 0 && at < length_ms)).toBe(true);
    expect(Math.abs(starts.length - 2100)).toBeLessThan(5 * Math.sqrt(2100));
  });

  test('more starts than memory holds are refused with the way out', () => {
    expect(() => schedule({ ...poisson, rate_per_s: 20_000, length_ms: 3_600_000, seed: 1 })).toThrow(
      /more blocks/,
    );
  });
});

describe('texts', () => {
  test.each(['closed', 'constant', 'poisson', 'bursts:on=5s,off=10s,peak=50', 'trace:a.jsonl'])(
    '%s is read and written back',
    (text) => expect(formatArrival(parseArrival(text))).toBe(text),
  );
  test.each([
    ['poison', /did you mean poisson/],
    ['poisson:5', /--rate/],
    ['bursts', /bursts:on=5s,off=10s,peak=50/],
    ['bursts:on=5s,off=10s', /incomplete/],
    ['bursts:on=0s,off=1s,peak=5', /longer than 0/],
    ['trace', /names no file/],
  ])('%s is refused', (text, message) => expect(() => parseArrival(text)).toThrow(message));

  test('think time: a range, one value, not backwards', () => {
    expect(formatThinkTime(parseThinkTime('1s-3s'))).toBe('1s-3s');
    expect(parseThinkTime('2s')).toEqual({ from_ms: 2000, to_ms: 2000 });
    expect(() => parseThinkTime('3s-1s')).toThrow(/1s-3s/);
    const times = Array.from({ length: 50_000 }, (_, i) => thinkTimeAt(parseThinkTime('1s-3s'), 1, i));
    expect(times.toSorted((a, b) => a - b)[0]).toBeGreaterThanOrEqual(1000);
    expect(times.toSorted((a, b) => a - b).at(-1)).toBeLessThan(3000);
    expect(times.reduce((sum, ms) => sum + ms, 0) / times.length).toBeCloseTo(2000, -2);
  });
});

describe('traces', () => {
  test('offsets with a payload, a prompt, or lengths', () => {
    const entries = parseTrace(
      '{"offset_ms":0,"payload":"p1"}\n\n{"offset_ms":5,"prompt":"hi","output_length":3}\n{"offset_ms":5,"prompt_length":20}\n',
      't.jsonl',
    );
    expect(entries.map(({ offset_ms }) => offset_ms)).toEqual([0, 5, 5]);
    expect(entries[1]).toMatchObject({ prompt: 'hi', output_length: 3, payload: null });
  });
  test.each([
    ['{"offset_ms":10}\n{"offset_ms":5}', /line 2.*order/],
    ['{"offset_ms":-1}', /line 1.*-1/],
    ['{"offset_m":1}', /did you mean offset_ms/],
    ['{"payload":"p"}', /offset_ms is missing/],
    ['nonsense', /not JSON/],
    ['', /no request/],
  ])('%s is refused', (text, message) => expect(() => parseTrace(text, 't.jsonl')).toThrow(message));
});
