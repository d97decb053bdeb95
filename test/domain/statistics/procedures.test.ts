import { describe, expect, it } from 'vitest';
import { obrienFlemingConstant, obrienFlemingLevels } from '../../../domain/statistics/group-sequential.ts';
import { holmRejections } from '../../../domain/statistics/multiplicity.ts';
import { seededRandom } from '../../../domain/statistics/random.ts';
import { trend } from '../../../domain/statistics/trend.ts';
import { expectClose, oracles, value } from './oracles.ts';

describe('Holm', () => {
  it('rejects what the adjusted p-values of the oracle do', () => {
    const { p, holm } = oracles.multiplicity;
    for (const alpha of [0.01, 0.025, 0.05, 0.1, 0.2]) {
      const rejected = holmRejections(p.length, alpha, (i, level) => (p[i] ?? 1) <= level);
      rejected.forEach((found, i) => expect(found).toBe((holm[i] ?? 1) <= alpha));
    }
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
  it('levels rise', () => {
    const levels = obrienFlemingLevels(4, 0.025);
    expect(levels).toEqual(levels.toSorted((a, b) => a - b));
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
