import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kolmogorovSmirnov, mannWhitney } from '../../../domain/statistics/diagnostics.ts';
import { normalCdf } from '../../../domain/statistics/distributions.ts';
import {
  obrienFlemingConstant,
  obrienFlemingCriticals,
  obrienFlemingLevels,
} from '../../../domain/statistics/group-sequential.ts';
import { holmAdjust, holmRejections } from '../../../domain/statistics/multiplicity.ts';
import { planQuantileRatio, smallestProof } from '../../../domain/statistics/planning.ts';
import { sortSamples } from '../../../domain/statistics/quantiles.ts';
import { seededRandom } from '../../../domain/statistics/random.ts';
import { trend } from '../../../domain/statistics/trend.ts';
import { expectClose, oracles, value } from './oracles.ts';

describe('Holm', () => {
  it('adjusts as the oracle', () => {
    holmAdjust(oracles.multiplicity.p).forEach((p, i) =>
      expectClose(p, oracles.multiplicity.holm[i] ?? Number.NaN),
    );
  });
  it('by levels rejects what adjusted p-values reject', () => {
    const p = fc.array(fc.double({ min: 0, max: 0.2, noNaN: true }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(p, (values) => {
        const byLevel = holmRejections(values.length, 0.05, (i, level) => (values[i] ?? 1) <= level);
        const adjusted = holmAdjust(values);
        // Where rounding alone decides, either answer is right.
        adjusted.forEach((q, i) => {
          if (Math.abs(q - 0.05) > 1e-12) expect(byLevel[i]).toBe(q <= 0.05);
        });
      }),
    );
  });
  it('throws for a p-value that cannot be', () => {
    expect(() => holmAdjust([0.1, Number.NaN])).toThrow('p is NaN');
  });
});

describe("O'Brien and Fleming", () => {
  const constants = Object.entries(oracles.group_sequential.constants).flatMap(([twoSided, { obf }]) =>
    Object.entries(obf).map(([looks, c]) => ({ twoSided: Number(twoSided), looks: Number(looks), c })),
  );
  it.each(constants)('c = $c for $looks looks at two-sided $twoSided', ({ twoSided, looks, c }) => {
    expectClose(obrienFlemingConstant(looks, twoSided / 2), c, 1e-4);
  });
  it('one look is no looking', () => {
    expectClose(obrienFlemingLevels(1, 0.025)[0] ?? Number.NaN, 0.025, 1e-6);
  });
  it('levels rise, and t criticals lie outside the normal ones', () => {
    const levels = obrienFlemingLevels(4, 0.025);
    expect(levels).toEqual(levels.toSorted((a, b) => a - b));
    const criticals = obrienFlemingCriticals(0.025, [10, 20, 30, 40]);
    criticals.forEach((t, k) => expect(normalCdf(-t)).toBeLessThan(levels[k] ?? 0));
  });
  it('throws for looks and levels that cannot be', () => {
    expect(() => obrienFlemingLevels(0, 0.025)).toThrow('looks is 0');
    expect(() => obrienFlemingLevels(3, 0.7)).toThrow('alpha is 0.7');
  });
});

describe('trend', () => {
  const noise = (seed: number, n: number, phi: number) => {
    const { normal } = seededRandom(seed);
    let state = 0;
    return Float64Array.from({ length: n }, () => (state = phi * state + normal()));
  };
  it('finds growth under autocorrelated noise, with the right size', () => {
    const growing = noise(3, 2000, 0.7).map((x, i) => x + (2 * i) / 2000);
    const { growth, p } = value(trend(growing, 0.025));
    expect(growth.lower).toBeGreaterThan(0);
    expect(growth.lower).toBeLessThan(2);
    expect(growth.upper).toBeGreaterThan(2);
    expect(p).toBeLessThan(0.025);
  });
  it('finds none in a steady series more often than its level', () => {
    let found = 0;
    for (let seed = 1; seed <= 400; seed++) {
      if (value(trend(noise(seed, 1000, 0.7), 0.025)).growth.lower > 0) found++;
    }
    // 10 expected; 21 has a probability below 0.002.
    expect(found).toBeLessThan(21);
  });
  it('is not fooled by a sawtooth', () => {
    const sawtooth = Float64Array.from({ length: 3000 }, (_, i) => 100 + (i % 70));
    expect(value(trend(sawtooth, 0.025)).growth.lower).toBeLessThan(0);
  });
  it('is exact on a line, by the times given', () => {
    const times = Float64Array.from({ length: 100 }, (_, i) => 5 * i);
    const { growth } = value(
      trend(
        times.map((t) => 3 + 2 * t),
        0.025,
        times,
      ),
    );
    expectClose(growth.estimate, 990, 1e-9);
  });
  it('does not change with the units of time and turns with the sign of the values', () => {
    const values = noise(9, 300, 0.5);
    const seconds = Float64Array.from(values, (_, i) => i * 0.001);
    const [one, other] = [
      value(trend(values, 0.025)),
      value(
        trend(
          values.map((x) => -x),
          0.025,
          seconds,
        ),
      ),
    ];
    expectClose(one.growth.upper, -other.growth.lower, 1e-9);
  });
  it.each([
    [trend(new Float64Array(0), 0.025), 'no_data'],
    [trend(new Float64Array(29), 0.025), 'too_few'],
    [trend(new Float64Array(40).fill(Number.NaN), 0.025), 'bad_value'],
    [trend(new Float64Array(40), 0.025, new Float64Array(40)), 'bad_value'],
    [trend(new Float64Array(40), 0.025, new Float64Array(39)), 'bad_value'],
  ])('refuses %j', (outcome, reason) => expect(outcome).toMatchObject({ ok: false, reason }));
});

describe('planning', () => {
  it.each(oracles.sample_size_quantile_ratio.cases)('$n for sigma $sigma, p $p, margin $margin', (c) => {
    expect(
      planQuantileRatio({ log_sd: c.sigma, p: c.p, margin: c.margin, power: c.power, alpha: 0.05 }),
    ).toBe(c.n);
  });
  it('throws for what cannot be planned', () => {
    const plan = { log_sd: 0.5, p: 0.95, margin: 1.15, power: 0.8, alpha: 0.05 };
    expect(() => planQuantileRatio({ ...plan, margin: 1 })).toThrow('margin is 1');
    expect(() => planQuantileRatio({ ...plan, log_sd: Number.NaN })).toThrow('log_sd is NaN');
    expect(() => smallestProof(0, () => false)).toThrow('nothing below');
  });
});

describe('rank diagnostics', () => {
  const sorted = (values: readonly number[]) => value(sortSamples(Float64Array.from(values))).sorted;
  it.each(oracles.mann_whitney)('Mann-Whitney $name', (c) => {
    const result = mannWhitney(sorted(c.x), sorted(c.y));
    expectClose(result.u, c.U1);
    expectClose(result.p, c.p_asymptotic_cc);
    expectClose(result.superiority, c.cles_P_x_gt_y);
  });
  it.each(oracles.ks_2samp)('Kolmogorov-Smirnov $D', ({ x, y, D }) => {
    expectClose(kolmogorovSmirnov(sorted(x), sorted(y)), D);
  });
  it('sees nothing between equal samples', () => {
    expect(mannWhitney(sorted([1, 1]), sorted([1]))).toEqual({ u: 1, superiority: 0.5, p: 1 });
  });
});
