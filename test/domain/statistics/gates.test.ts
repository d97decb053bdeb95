import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advise, decide } from '../../../domain/statistics/decision.ts';
import { errorRateDifference } from '../../../domain/statistics/error-rate.ts';
import { meanInterval, meanTest, payloadDifference } from '../../../domain/statistics/means.ts';
import { newcombeDifference } from '../../../domain/statistics/proportions.ts';
import {
  costPerQualityRatio,
  costRatio,
  type PairedBlock,
  type PayloadTotals,
  throughputRatio,
} from '../../../domain/statistics/ratio-of-totals.ts';
import { seededRandom } from '../../../domain/statistics/random.ts';
import { expectClose, oracles, value } from './oracles.ts';

describe('means', () => {
  const { x_base, x_shadow, paired_t, paired_p, paired_ci90 } = oracles.t_tests;
  const differences = Float64Array.from(x_shadow, (x, i) => x - (x_base[i] ?? 0));
  it('match the paired t oracle', () => {
    const interval = value(meanInterval(differences, 0.05));
    expectClose(interval.lower, paired_ci90[0]);
    expectClose(interval.upper, paired_ci90[1]);
    expectClose(meanTest(interval).t, paired_t);
    expectClose(meanTest(interval).p, paired_p);
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

describe.each([
  ['cost', costRatio],
  ['throughput', throughputRatio],
])('ratio of %s', (_, ratio) => {
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
        const blocks = Array.from({ length: count }, (__, b) => blockOf(40, 1.1, seed + 10 * b));
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

it('blocks that disagree widen a cost ratio that each of them finds exact', () => {
  const flat = (shadow: number): PairedBlock => ({
    baseline: new Float64Array(50).fill(1),
    shadow: new Float64Array(50).fill(shadow),
  });
  expect(value(costRatio([flat(1.1), flat(1.1)], 0.025)).ratio.upper).toBeCloseTo(1.1, 12);
  const apart = value(costRatio([flat(1), flat(1.2), flat(1.1)], 0.025));
  expect(apart.source).toBe('between');
  expect(apart.ratio.upper).toBeGreaterThan(1.3);
});

describe('cost per quality unit', () => {
  const payload = (b: number, s: number): PayloadTotals => ({
    baseline_cost: 0.002,
    baseline_correct: b,
    shadow_cost: 0.0021,
    shadow_correct: s,
  });
  it('is total cost to correct answers, and counts payloads', () => {
    const payloads = Array.from({ length: 40 }, (_, i) => payload(i % 4 === 0 ? 0 : 5, i % 10 === 0 ? 0 : 5));
    const result = value(costPerQualityRatio(payloads, 0.025));
    expectClose(result.ratio.estimate, (0.0021 * 40) / (36 * 5) / ((0.002 * 40) / (30 * 5)), 1e-12);
    expect(result).toMatchObject({ n: 40, degrees: 39 });
    const swapped = payloads.map((p) => ({
      baseline_cost: p.shadow_cost,
      baseline_correct: p.shadow_correct,
      shadow_cost: p.baseline_cost,
      shadow_correct: p.baseline_correct,
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

describe('difference of error rates', () => {
  const failing = (n: number, at: (i: number) => boolean) =>
    Float64Array.from({ length: n }, (_, i) => (at(i) ? 1 : 0));
  it('is Newcombe where nothing failed', () => {
    const none = failing(1000, () => false);
    const expected = value(newcombeDifference({ count: 0, n: 1000 }, { count: 0, n: 1000 }, 0.025));
    const result = value(errorRateDifference([{ baseline: none, shadow: none }], 0.025));
    expectClose(result.upper, expected.upper);
    expectClose(result.lower, expected.lower);
    expect(result.baseline).toEqual({ failures: 0, n: 1000, inflation: 1 });
  });
  it('is wider where as many failures came in one cluster', () => {
    const none = failing(2000, () => false);
    const spread = value(
      errorRateDifference([{ baseline: none, shadow: failing(2000, (i) => i % 100 === 7) }], 0.025),
    );
    const cluster = value(
      errorRateDifference([{ baseline: none, shadow: failing(2000, (i) => i >= 900 && i < 920) }], 0.025),
    );
    expect(spread.shadow.failures).toBe(cluster.shadow.failures);
    expect(spread.shadow.inflation).toBe(1);
    expect(cluster.shadow.inflation).toBeGreaterThan(5);
    expect(cluster.upper).toBeGreaterThan(1.5 * spread.upper);
  });
  it('is wider where one block of three had all the failures', () => {
    const none = failing(500, () => false);
    const some = failing(500, (i) => i % 20 === 3);
    const blocks = [none, some, none].map((shadow) => ({ baseline: none, shadow }));
    const even = [0, 1, 2].map((b) => ({ baseline: none, shadow: failing(500, (i) => i % 60 === 3 + b) }));
    const [apart, alike] = [
      value(errorRateDifference(blocks, 0.025)),
      value(errorRateDifference(even, 0.025)),
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
        const one = value(errorRateDifference(blocks, 0.025));
        const other = value(errorRateDifference(blocks.map(swap), 0.025));
        expectClose(one.lower, -other.upper, 1e-12);
        expect(value(errorRateDifference(blocks, 0.01)).upper).toBeGreaterThanOrEqual(one.upper - 1e-12);
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
    expect(errorRateDifference(blocks, 0.025)).toMatchObject({ ok: false, reason });
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
  const base = { estimate: 0.05, margin: 0.14, se: 0.06, critical: 2, n: 1000 };
  it('gives the formula of a sample size', () => {
    expect(advise(base)).toEqual({
      kind: 'need_more',
      more: Math.ceil(1000 * ((3.28 * 0.06) / 0.09) ** 2 - 1000),
    });
  });
  it('knows a grey zone, deployment noise, and a sample without bounds', () => {
    expect(advise({ ...base, estimate: 0.139 })).toEqual({ kind: 'grey_zone' });
    expect(advise({ ...base, estimate: 0.14 })).toEqual({ kind: 'grey_zone' });
    // Five requests that differ in nothing: the number is large since they are few.
    const few = advise({ ...base, estimate: 0, margin: 0.01, se: 0.2, n: 5 });
    expect(few.kind).toBe('need_more');
    expect('more' in few ? few.more : 0).toBeGreaterThan(1000);
    expect(advise({ ...base, deployment_sd: 0.05 })).toEqual({ kind: 'deployment_noise' });
    expect(advise({ ...base, se: Infinity })).toEqual({ kind: 'need_more', more: Infinity });
  });
  it('asks for more where servers differ between deployments', () => {
    const more = (deployment_sd: number) => {
      const advice = advise({ ...base, deployment_sd });
      return advice.kind === 'need_more' ? advice.more : Number.NaN;
    };
    expect(more(0.02)).toBeGreaterThan(more(0));
  });
});
