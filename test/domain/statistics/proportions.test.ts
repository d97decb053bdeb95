import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalQuantile } from '../../../domain/statistics/distributions.ts';
import { mcnemar } from '../../../domain/statistics/exact-tests.ts';
import { adjustedMean } from '../../../domain/statistics/means.ts';
import type { Interval } from '../../../domain/statistics/outcome.ts';
import { type PairedCounts, tango } from '../../../domain/statistics/paired-proportions.ts';
import { clopperPearson, newcombeDifference, wilson } from '../../../domain/statistics/proportions.ts';
import { expectClose, oracles, value } from './oracles.ts';

/** Smallest n at which `count` events still show what is to be shown. */
function smallestProof(count: number, shows: (n: number) => boolean): number {
  let n = Math.max(1, count);
  while (!shows(n)) n++;
  return n;
}

function expectInterval(
  { lower, upper }: Interval,
  expected: readonly [number, number],
  tolerance?: number,
): void {
  expectClose(lower, expected[0], tolerance);
  expectClose(upper, expected[1], tolerance);
}

describe('one proportion', () => {
  it.each(oracles.wilson)('Wilson $x of $n', ({ x, n, two_sided, one_sided95 }) => {
    expectInterval(value(wilson({ count: x, n }, 0.025)), two_sided);
    expectInterval(value(wilson({ count: x, n }, 0.05)), one_sided95);
  });
  it.each(oracles.clopper_pearson)('Clopper-Pearson $x of $n', (c) => {
    expectInterval(value(clopperPearson({ count: c.x, n: c.n }, 0.025)), c.two_sided95);
    expectInterval(value(clopperPearson({ count: c.x, n: c.n }, 0.05)), [
      c.one_sided95_lower,
      c.one_sided95_upper,
    ]);
  });
  it.each(oracles.aa_calibration.cases)('Clopper-Pearson on $n_AA A/A runs', (c) => {
    expectClose(value(clopperPearson({ count: 0, n: c.n_AA }, 0.05)).upper, c.CP95_upper_if_0_alarms);
    expectClose(value(clopperPearson({ count: 1, n: c.n_AA }, 0.05)).upper, c.CP95_upper_if_1);
  });
  it.each(Object.entries(oracles.aa_calibration.n_to_prove_FPR_le_5pct_95conf))(
    'runs that prove a false alarm rate of 5 %% after %s alarms',
    (count, n) => {
      const shows = (runs: number) =>
        value(clopperPearson({ count: Number(count), n: runs }, 0.05)).upper <= 0.05;
      expect(smallestProof(Number(count), shows)).toBe(n);
    },
  );
  it.each([
    ['exact_CP', clopperPearson],
    ['wilson', wilson],
  ] as const)('smallest n that shows 99 %% success, %s', (method, interval) => {
    for (const [failures, n] of Object.entries(oracles.success_ge_99pct_min_n[method])) {
      const count = Number(failures);
      const shows = (requests: number) =>
        value(interval({ count: requests - count, n: requests }, 0.05)).lower >= 0.99;
      expect(smallestProof(count, shows)).toBe(n);
    }
  });
});

describe('two independent proportions', () => {
  it.each(oracles.newcombe_diff_independent.cases)('Newcombe $x1 of $n1, $x2 of $n2', (c) => {
    const [first, second] = [
      { count: c.x1, n: c.n1 },
      { count: c.x2, n: c.n2 },
    ];
    expectClose(value(newcombeDifference(first, second, 0.025)).estimate, c.diff);
    expectInterval(value(newcombeDifference(first, second, 0.025)), c.ci95);
    expectInterval(value(newcombeDifference(first, second, 0.05)), c.ci90);
  });
});

describe('paired proportions', () => {
  const counts = (c: (typeof oracles.paired_proportion_diff.cases)[number]): PairedCounts => ({
    bothOk: c.both_ok,
    onlyShadowOk: c.only_shadow_ok,
    onlyBaselineOk: c.only_base_ok,
    neither: c.neither,
  });
  it.each(oracles.paired_proportion_diff.cases)('$both_ok, $only_shadow_ok, $only_base_ok, $neither', (c) => {
    expectClose(value(tango(counts(c), 0.025)).estimate, c.delta_shadow_minus_base);
    expectInterval(value(tango(counts(c), 0.025)), c.tango95, 1e-7);
    expectInterval(value(tango(counts(c), 0.05)), c.tango90, 1e-7);
    const differences = [
      ...Array.from({ length: c.only_shadow_ok }, () => 1),
      ...Array.from({ length: c.only_base_ok }, () => -1),
      ...Array.from({ length: c.both_ok + c.neither }, () => 0),
    ];
    const { centre, se } = adjustedMean(Float64Array.from(differences));
    const half = normalQuantile(0.975) * se;
    expectInterval({ estimate: centre, lower: centre - half, upper: centre + half }, c.bonett_price95, 1e-7);
  });
  it.each(oracles.mcnemar.cases)('McNemar $b, $c', (c) => {
    const result = value(mcnemar(c.b, c.c));
    expectClose(result.exact, c.exact_two_sided);
    expectClose(result.midP, c.mid_p);
    expectClose(result.oneSided, c.one_sided_b_le);
  });
  it('needs 189 payloads that all agree before a margin of 2 points can pass', () => {
    const lower = (n: number) =>
      value(tango({ bothOk: n, onlyShadowOk: 0, onlyBaselineOk: 0, neither: 0 }, 0.025)).lower;
    expect(lower(188)).toBeLessThan(-0.02);
    expect(lower(189)).toBeGreaterThanOrEqual(-0.02);
  });
});

describe('properties', () => {
  const share = fc
    .integer({ min: 1, max: 2000 })
    .chain((n) => fc.record({ count: fc.integer({ min: 0, max: n }), n: fc.constant(n) }));
  const cell = fc.integer({ min: 0, max: 200 });
  const paired = fc
    .record({ bothOk: cell, onlyShadowOk: cell, onlyBaselineOk: cell, neither: cell })
    .filter((c) => c.bothOk + c.onlyShadowOk + c.onlyBaselineOk + c.neither > 0);
  const intervals = fc.oneof(
    share.map((s) => (alpha: number) => value(wilson(s, alpha))),
    share.map((s) => (alpha: number) => value(clopperPearson(s, alpha))),
    fc.tuple(share, share).map(
      ([a, b]) =>
        (alpha: number) =>
          value(newcombeDifference(a, b, alpha)),
    ),
    paired.map((c) => (alpha: number) => value(tango(c, alpha))),
  );
  it('monotone in alpha, and around the estimate', () => {
    fc.assert(
      fc.property(intervals, (interval) => {
        const [strict, mild] = [interval(0.01), interval(0.05)];
        expect(strict.lower).toBeLessThanOrEqual(mild.lower + 1e-9);
        expect(strict.upper).toBeGreaterThanOrEqual(mild.upper - 1e-9);
        expect(mild.lower).toBeLessThanOrEqual(mild.estimate + 1e-9);
        expect(mild.upper).toBeGreaterThanOrEqual(mild.estimate - 1e-9);
      }),
    );
  });
  it('symmetric under swapping the variants', () => {
    fc.assert(
      fc.property(share, share, paired, (a, b, c) => {
        const swapped = { ...c, onlyShadowOk: c.onlyBaselineOk, onlyBaselineOk: c.onlyShadowOk };
        const pairs = [
          [newcombeDifference(a, b, 0.025), newcombeDifference(b, a, 0.025)],
          [tango(c, 0.025), tango(swapped, 0.025)],
        ] as const;
        for (const [one, other] of pairs) {
          expectClose(value(one).lower, -value(other).upper);
          expectClose(value(one).upper, -value(other).lower);
        }
      }),
    );
  });
});

describe('counts that cannot be are refused', () => {
  it.each([
    [wilson({ count: 1, n: 0 }, 0.025), 'no_data'],
    [clopperPearson({ count: 3, n: 2 }, 0.025), 'bad_value'],
    [clopperPearson({ count: Number.NaN, n: 2 }, 0.025), 'bad_value'],
    [newcombeDifference({ count: 1, n: 2 }, { count: -1, n: 2 }, 0.025), 'bad_value'],
    [mcnemar(-1, 4), 'bad_value'],
    [mcnemar(1.5, 2), 'bad_value'],
    [tango({ bothOk: 0, onlyShadowOk: 0, onlyBaselineOk: 0, neither: 0 }, 0.025), 'no_data'],
    [tango({ bothOk: Number.NaN, onlyShadowOk: 0, onlyBaselineOk: 0, neither: 0 }, 0.025), 'bad_value'],
  ])('%j', (outcome, reason) => expect(outcome).toMatchObject({ ok: false, reason }));
  it('a level that cannot be throws', () => {
    expect(() => wilson({ count: 1, n: 2 }, 0.5)).toThrow('alpha is 0.5');
    expect(() => tango({ bothOk: 1, onlyShadowOk: 0, onlyBaselineOk: 0, neither: 0 }, Number.NaN)).toThrow(
      'alpha',
    );
  });
});
