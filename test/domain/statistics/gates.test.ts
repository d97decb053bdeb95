import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advise, decide, upToOneDigit } from '../../../domain/statistics/decision.ts';
import { errorRateDifference } from '../../../domain/statistics/error-rate.ts';
import { meanInterval, payloadDifference } from '../../../domain/statistics/means.ts';
import { newcombeDifference } from '../../../domain/statistics/proportions.ts';
import {
  costPerQualityRatio,
  costRatio,
  type PairedBlock,
  pairedTotalsRatio,
  type PayloadTotals,
} from '../../../domain/statistics/ratio-of-totals.ts';
import { seededRandom } from '../../../domain/statistics/random.ts';
import { expectClose, oracles, value } from './oracles.ts';

describe('means', () => {
  const { x_base, x_shadow, paired_t, paired_ci90 } = oracles.t_tests;
  const differences = Float64Array.from(x_shadow, (x, i) => x - (x_base[i] ?? 0));
  it('match the paired t oracle', () => {
    const interval = value(meanInterval(differences, 0.05));
    expectClose(interval.lower, paired_ci90[0]);
    expectClose(interval.upper, paired_ci90[1]);
    expectClose(interval.estimate / interval.se, paired_t);
  });
  it('of payloads that all agree leave room for those not seen', () => {
    const { lower, upper } = value(payloadDifference(new Float64Array(8), 0.025));
    expect(lower).toBeLessThan(-0.1);
    expect(upper).toBeGreaterThan(0.1);
  });
  it('of payloads are no narrower for repeats: n counts payloads', () => {
    expect(value(payloadDifference(Float64Array.of(0.2, 0, 0.1), 0.025)).n).toBe(3);
  });
  it.each([
    [meanInterval(new Float64Array(0), 0.025), 'no_data'],
    [meanInterval(Float64Array.of(1), 0.025), 'too_few'],
    [meanInterval(Float64Array.of(1, Number.NaN), 0.025), 'bad_value'],
    [payloadDifference(Float64Array.of(1.5, 0), 0.025), 'bad_value'],
    [payloadDifference(Float64Array.of(Number.NaN, 0), 0.025), 'bad_value'],
    [payloadDifference(Float64Array.of(0), 0.025), 'too_few'],
  ])('refuse %j', (outcome, reason) => expect(outcome).toMatchObject({ ok: false, reason }));
});

/** Positive values around a centre, from a seed. */
function positive(seed: number, n: number, centre: number): Float64Array {
  const { normal } = seededRandom(seed);
  return Float64Array.from({ length: n }, () => centre * Math.exp(0.3 * normal()));
}

const blockOf = (n: number, ratio: number, seed = 1): PairedBlock => {
  const baseline = positive(seed, n, 4e-4);
  return { baseline, shadow: positive(seed + 1, n, ratio).map((x, i) => x * (baseline[i] ?? 0)) };
};
const swap = ({ baseline, shadow }: PairedBlock): PairedBlock => ({ baseline: shadow, shadow: baseline });

describe('paired ratio of totals', () => {
  const ratio = (blocks: readonly PairedBlock[], alpha: number) => pairedTotalsRatio('tokens', blocks, alpha);
  it('holds the truth and is the ratio of the totals', () => {
    const block = blockOf(2000, 1.07);
    const result = value(ratio([block], 0.025));
    const total = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0);
    expectClose(result.ratio.estimate, total(block.shadow) / total(block.baseline), 1e-12);
    expect(result.ratio.lower).toBeLessThan(result.ratio.estimate);
    expect(result.n).toBe(2000);
  });
  it('swaps, is monotone in alpha and knows no units', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 4 }), (seed, count) => {
        const blocks = Array.from({ length: count }, (_, b) => blockOf(40, 1.1, seed + 10 * b));
        const one = value(ratio(blocks, 0.025)).log;
        const other = value(ratio(blocks.map(swap), 0.025)).log;
        expectClose(one.lower, -other.upper, 1e-12);
        const strict = value(ratio(blocks, 0.01)).log;
        expect(strict.upper).toBeGreaterThanOrEqual(one.upper - 1e-12);
        const cents = blocks.map(({ baseline, shadow }) => ({
          baseline: baseline.map((x) => x * 100),
          shadow: shadow.map((x) => x * 100),
        }));
        expectClose(value(ratio(cents, 0.025)).log.upper, one.upper, 1e-12);
      }),
      { numRuns: 40 },
    );
  });
  it('takes free answers, but not a free variant', () => {
    const block = blockOf(30, 1);
    block.baseline[3] = 0;
    expect(ratio([block], 0.025).ok).toBe(true);
    const free = { ...block, shadow: new Float64Array(30) };
    expect(ratio([free], 0.025)).toMatchObject({ ok: false, reason: 'bad_value' });
  });
  it.each([
    [[], 'no_data'],
    [[blockOf(19, 1)], 'too_few'],
    [[blockOf(30, 1), blockOf(1, 1)], 'too_few'],
    [[{ baseline: new Float64Array(30), shadow: new Float64Array(29) }], 'bad_value'],
    [[{ ...blockOf(30, 1), shadow: new Float64Array(30).fill(Number.NaN) }], 'bad_value'],
    [[{ ...blockOf(30, 1), shadow: new Float64Array(30).fill(-1) }], 'bad_value'],
  ])('refuses bad input %#', (blocks, reason) => {
    expect(ratio(blocks, 0.025)).toMatchObject({ ok: false, reason });
  });
});

it('blocks that disagree widen a ratio that each of them finds exact', () => {
  const flat = (shadow: number): PairedBlock => ({
    baseline: new Float64Array(50).fill(1),
    shadow: new Float64Array(50).fill(shadow),
  });
  expect(value(pairedTotalsRatio('tokens', [flat(1.1), flat(1.1)], 0.025)).ratio.upper).toBeCloseTo(1.1, 12);
  const apart = value(pairedTotalsRatio('tokens', [flat(1), flat(1.2), flat(1.1)], 0.025));
  expect(apart.source).toBe('between');
  expect(apart.ratio.upper).toBeGreaterThan(1.3);
});

describe('cost per quality unit', () => {
  const payload = (b: number, s: number): PayloadTotals => ({
    baseline_cost: 0.002,
    baseline_units: b,
    shadow_cost: 0.0021,
    shadow_units: s,
  });
  it('is total cost to correct answers, and counts payloads', () => {
    const payloads = Array.from({ length: 40 }, (_, i) => payload(i % 4 === 0 ? 0 : 5, i % 10 === 0 ? 0 : 5));
    const result = value(costPerQualityRatio(payloads, 0.025));
    expectClose(result.ratio.estimate, (0.0021 * 40) / (36 * 5) / ((0.002 * 40) / (30 * 5)), 1e-12);
    expect(result).toMatchObject({ n: 40, degrees: 39 });
    const swapped = payloads.map((p) => ({
      baseline_cost: p.shadow_cost,
      baseline_units: p.shadow_units,
      shadow_cost: p.baseline_cost,
      shadow_units: p.baseline_units,
    }));
    expectClose(value(costPerQualityRatio(swapped, 0.025)).log.upper, -result.log.lower, 1e-12);
    expect(value(costPerQualityRatio(payloads, 0.01)).log.upper).toBeGreaterThan(result.log.upper);
  });
  it('is not narrower for repeats of the same few payloads', () => {
    const width = (repeats: number) => {
      const { log } = value(
        costPerQualityRatio(
          Array.from({ length: 12 }, (_, i) => payload(repeats * (i % 2), repeats)),
          0.025,
        ),
      );
      return log.upper - log.lower;
    };
    expectClose(width(1), width(100), 1e-12);
  });
  it('does not take eight payloads that were all right for certainty', () => {
    const { ratio } = value(
      costPerQualityRatio(
        Array.from({ length: 8 }, () => payload(1, 1)),
        0.025,
      ),
    );
    expect(ratio.upper).toBeGreaterThan(1.3);
  });
  it.each([
    [[], 'no_data'],
    [[payload(1, 1)], 'too_few'],
    [[payload(1, 0), payload(1, 0)], 'bad_value'],
    [[payload(1, 1), payload(Number.NaN, 1)], 'bad_value'],
    [[payload(1, 1), payload(-1, 1)], 'bad_value'],
  ])('refuses %j', (payloads, reason) => {
    expect(costPerQualityRatio(payloads, 0.025)).toMatchObject({ ok: false, reason });
  });
});

describe('cost a request', () => {
  const constant = (ratio: number, payloads = 302): PayloadTotals[] =>
    Array.from({ length: payloads }, (_, i) => ({
      baseline_cost: 0.0004 * (1 + (i % 6)),
      baseline_units: 1 + (i % 6),
      shadow_cost: 0.0004 * ratio * (1 + (i % 6)),
      shadow_units: 1 + (i % 6),
    }));
  it('of constant costs keeps an interval around the ratio: no margin turns on rounding', () => {
    const { ratio, log } = value(costRatio(constant(1.15), 0.025));
    expectClose(ratio.estimate, 1.15, 1e-12);
    expect(ratio.lower).toBeLessThan(1.15 - 1e-4);
    expect(ratio.upper).toBeGreaterThan(1.15 + 1e-4);
    expect(log.upper - log.lower).toBeLessThan(0.01);
  });
  it('takes payloads as clusters: repeats of the same few are no more evidence', () => {
    const { normal } = seededRandom(5);
    const few = Array.from({ length: 12 }, () => ({ b: Math.exp(normal()), s: Math.exp(normal()) }));
    const width = (repeats: number) => {
      const { log } = value(
        costRatio(
          few.map(({ b, s }) => ({
            baseline_cost: b * repeats,
            baseline_units: repeats,
            shadow_cost: s * repeats,
            shadow_units: repeats,
          })),
          0.025,
        ),
      );
      return log.upper - log.lower;
    };
    expectClose(width(1), width(100), 1e-12);
  });
});

describe('difference of error rates', () => {
  const failing = (n: number, at: (i: number) => boolean) =>
    Float64Array.from({ length: n }, (_, i) => (at(i) ? 1 : 0));
  it('is Newcombe where nothing failed', () => {
    const none = failing(1000, () => false);
    const expected = value(newcombeDifference({ count: 0, n: 1000 }, { count: 0, n: 1000 }, 0.025));
    const result = value(errorRateDifference([{ baseline: none, shadow: none }], { alpha: 0.025 }));
    expectClose(result.upper, expected.upper);
    expectClose(result.lower, expected.lower);
    expect(result).toMatchObject({ inflation: 1, baseline: { failures: 0, n: 1000, runs: 0 } });
  });
  it('is wider where as many failures came in one cluster', () => {
    const none = failing(2000, () => false);
    const spread = value(
      errorRateDifference([{ baseline: none, shadow: failing(2000, (i) => i % 100 === 7) }], {
        alpha: 0.025,
      }),
    );
    const cluster = value(
      errorRateDifference([{ baseline: none, shadow: failing(2000, (i) => i >= 900 && i < 920) }], {
        alpha: 0.025,
      }),
    );
    expect(spread.shadow.failures).toBe(cluster.shadow.failures);
    expect(spread.inflation).toBeLessThan(1.5);
    expect(cluster.inflation).toBeGreaterThanOrEqual(20);
    expect(cluster.upper).toBeGreaterThan(1.5 * spread.upper);
  });
  it('is wider where one block of three had all the failures', () => {
    const none = failing(500, () => false);
    const some = failing(500, (i) => i % 20 === 3);
    const blocks = [none, some, none].map((shadow) => ({ baseline: none, shadow }));
    const even = [0, 1, 2].map((b) => ({ baseline: none, shadow: failing(500, (i) => i % 60 === 3 + b) }));
    const [apart, alike] = [
      value(errorRateDifference(blocks, { alpha: 0.025 })),
      value(errorRateDifference(even, { alpha: 0.025 })),
    ];
    expect(apart.source).toBe('between');
    expect(alike.source).toBe('within');
    expect(apart.upper).toBeGreaterThan(alike.upper);
  });
  it('swaps and is monotone in alpha', () => {
    const outcomes = fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 1, maxLength: 200 });
    const block = fc.record({ baseline: outcomes, shadow: outcomes });
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 4 }), (lists) => {
        const blocks = lists.map(({ baseline, shadow }) => ({
          baseline: Float64Array.from(baseline),
          shadow: Float64Array.from(shadow),
        }));
        const one = value(errorRateDifference(blocks, { alpha: 0.025 }));
        const other = value(errorRateDifference(blocks.map(swap), { alpha: 0.025 }));
        expectClose(one.lower, -other.upper, 1e-12);
        expect(value(errorRateDifference(blocks, { alpha: 0.01 })).upper).toBeGreaterThanOrEqual(
          one.upper - 1e-12,
        );
      }),
      { numRuns: 60 },
    );
  });
  it.each([
    [[], 'no_data'],
    [[{ baseline: new Float64Array(0), shadow: new Float64Array(3) }], 'no_data'],
    [[{ baseline: new Float64Array(3), shadow: Float64Array.of(0, Number.NaN) }], 'bad_value'],
    [[{ baseline: new Float64Array(3), shadow: Float64Array.of(0, 2) }], 'bad_value'],
  ])('refuses bad input %#', (blocks, reason) => {
    expect(errorRateDifference(blocks, { alpha: 0.025 })).toMatchObject({ ok: false, reason });
  });
});

describe('decide', () => {
  it.each([
    [0.9, 1.15, 'lower', 'pass'],
    [0.9, 1.1501, 'lower', 'inconclusive'],
    [1.15, 1.3, 'lower', 'inconclusive'],
    [1.1501, 1.3, 'lower', 'fail'],
    [-Infinity, Infinity, 'lower', 'inconclusive'],
    [1.15, 1.3, 'higher', 'pass'],
    [1, 1.14, 'higher', 'fail'],
  ] as const)('[%d, %d], better %s: %s', (lower, upper, better, decision) => {
    expect(decide({ estimate: 1, lower, upper }, 1.15, better)).toBe(decision);
  });
  it('never takes NaN for an answer', () => {
    expect(() => decide({ estimate: 1, lower: 0, upper: Number.NaN }, 1.15, 'lower')).toThrow('upper is NaN');
    expect(() => decide({ estimate: 1, lower: 0, upper: 2 }, Number.NaN, 'lower')).toThrow('margin is NaN');
  });
});

describe('advise', () => {
  const open = (
    over: Partial<{ estimate: number; half: number; margin: number; deployment_sd: number; n: number }>,
  ) => {
    const { estimate = 0.02, half = 0.126, margin = Math.log(1.15), n = 1000, deployment_sd = 0 } = over;
    const interval = { estimate, lower: estimate - half, upper: estimate + half };
    return advise({ interval, critical: 2.1, margin, deployment_sd, n });
  };
  it('names a number to one digit, and what an equal shadow needs', () => {
    // The oracle: 1413 more; and 1000 ((2.1 + 1.28) 0.06 / ln 1.15)^2 - 1000 = 1106.
    expect(open({})).toEqual({ kind: 'need_more', more: 2000, equal: 2000 });
  });
  it('names none where the difference may be as large as the limit', () => {
    expect(open({ estimate: 0.139 })).toEqual({ kind: 'grey_zone', equal: 2000 });
    expect(open({ estimate: Math.log(1.15) })).toMatchObject({ kind: 'grey_zone' });
  });
  it('takes the error of the other side where the margin has no bound, and knows of none without any', () => {
    const interval = { estimate: 0.02, lower: 0.02 - 0.126, upper: Infinity };
    expect(advise({ interval, critical: 2.1, margin: Math.log(1.15), n: 1000 })).toEqual(open({}));
    expect(open({ half: Infinity })).toEqual({ kind: 'need_more', more: null, equal: null });
  });
  it('names none where the other side is already far enough: what is missing is answers for a bound', () => {
    const interval = { estimate: -0.09, lower: -0.09 - 0.13, upper: Infinity };
    expect(advise({ interval, critical: 1.6, margin: Math.log(1.15), n: 135 })).toMatchObject({
      kind: 'need_more',
      more: null,
    });
  });
  it('knows when servers differ by more than requests can tell', () => {
    expect(open({ deployment_sd: 0.06 })).toEqual({ kind: 'deployment_noise' });
    const more = (deployment_sd: number) => {
      const advice = open({ half: 0.1, deployment_sd });
      return advice.kind === 'need_more' ? (advice.more ?? Number.NaN) : Number.NaN;
    };
    expect(more(0.03)).toBeGreaterThanOrEqual(more(0));
  });
  it.each([
    [1106, 2000],
    [4000, 4000],
    [35_706, 40_000],
    [9.2, 10],
    [0, 0],
    [-3, 0],
  ])('%d up to one digit is %d', (value_, rounded) => expect(upToOneDigit(value_)).toBe(rounded));
});
