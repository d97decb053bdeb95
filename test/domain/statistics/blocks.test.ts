import { describe, expect, it } from 'vitest';
import { agreement, betweenDegrees, blockRule, blockWeights } from '../../../domain/statistics/blocks.ts';
import { normalCdf, normalQuantile, studentTQuantile } from '../../../domain/statistics/distributions.ts';

/**
 * Probability that an upper bound by the rule misses, where the noise inside has variance 1, known, and blocks differ
 * by `ratio` times that in all: over the spread S, ratio chi^2_nu / nu, which is independent of the mean.
 */
function missProbability(alpha: number, nu: number, ratio: number): number {
  const { most, stretch } = agreement(alpha, nu);
  const k = normalQuantile(1 - alpha) * stretch;
  const t = studentTQuantile(1 - alpha, nu);
  const root = Math.sqrt(ratio);
  const steps = 10_000;
  let [miss, mass] = [0, 0];
  for (let i = 0; i < steps; i++) {
    // u = spread / root; all but 1e-12 of its mass lies below 8, and what decides at a large ratio lies near 0.
    const w = (i + 0.5) / steps;
    const u = 8 * w * w;
    const density = w * Math.exp((nu - 1) * Math.log(u) - (nu * u * u) / 2);
    const spread = u * root;
    const half = spread <= most ? k : Math.max(k, t * spread);
    mass += density;
    miss += density * normalCdf(-half / root);
  }
  return miss / mass;
}

describe('the block rule keeps its level, whatever the variance between blocks', () => {
  const levels = [0.05, 0.025, 0.007];
  const ratios = [1, 1.1, 1.5, 2, 4, 10, 30, 100, 1000, 100_000];
  it.each([1, 1.5, 2, 3, 4, 9, 30])('%d degrees between blocks', (nu) => {
    for (const alpha of levels) {
      for (const ratio of ratios) {
        expect(missProbability(alpha, nu, ratio), `alpha ${alpha}, ratio ${ratio}`).toBeLessThanOrEqual(
          alpha * 1.001,
        );
      }
    }
  });
  it('and would not with the stretch taken back: the test can fail', () => {
    const alpha = 0.025;
    const z = normalQuantile(1 - alpha);
    // The miss probability of the unstretched rule at two blocks, three times the noise between as inside.
    const unstretched = (2 * normalCdf(agreement(alpha, 1).most / 2) - 1) * normalCdf(-z / 2);
    expect(unstretched).toBeGreaterThan(alpha);
  });
});

describe('agreement', () => {
  it('is trusted more the more blocks there are', () => {
    const at = (nu: number) => agreement(0.025, nu).stretch;
    expect([0, 1, 2, 4, 9].map((nu) => Number(at(nu).toFixed(2)))).toEqual([1, 2, 1.46, 1.13, 1.04]);
  });
  it('of two blocks asks for more than chance agreement', () => {
    expect(agreement(0.025, 1).most).toBeCloseTo(0.617, 3);
    expect(agreement(0.025, 2).most).toBe(1);
  });
});

describe('blockRule', () => {
  const weights = blockWeights([1, 1, 1]);
  const spread = { within: 0.01, withinCritical: 2, withinDegrees: 60, weights };
  it('takes the noise inside where blocks agree', () => {
    const rule = blockRule({ ...spread, estimates: Float64Array.of(0.1, 0.11, 0.09) }, 0.025);
    expect(rule).toMatchObject({ source: 'within', se: 0.1, degrees: 60, least: 0 });
  });
  it("takes Student's t over blocks where they do not", () => {
    const rule = blockRule({ ...spread, estimates: Float64Array.of(0, 1, 2) }, 0.025);
    expect(rule.source).toBe('between');
    expect(rule.se).toBeCloseTo(1 / Math.sqrt(3), 12);
    expect(rule.critical).toBeCloseTo(4.302652729749, 9);
    expect(rule.degrees).toBeCloseTo(2, 12);
  });
  it('is plain with one block', () => {
    const one = blockRule(
      {
        within: 4,
        withinCritical: 2.2,
        withinDegrees: 10,
        estimates: Float64Array.of(7),
        weights: blockWeights([5]),
      },
      0.025,
    );
    expect(one).toMatchObject({ source: 'within', se: 2, degrees: 10, least: 0 });
  });
  it('takes an A-B-B-A as one replicate: a drift that it cancels is no disagreement', () => {
    // A drift of 0.2 a repetition: by position the two pairs of a repetition differ by it, as wholes they agree.
    const drifting = {
      within: 0.0004,
      withinCritical: 2,
      withinDegrees: 60,
      estimates: Float64Array.of(0.2, -0.2, 0.2, -0.2),
      weights: blockWeights([1, 1, 1, 1]),
    };
    expect(blockRule(drifting, 0.025).source).toBe('between');
    expect(blockRule({ ...drifting, replicates: [0, 0, 1, 1] }, 0.025).source).toBe('within');
  });
  it('counts an uneven pair of blocks for less than two', () => {
    expect(betweenDegrees(blockWeights([100, 100]))).toBe(1);
    expect(betweenDegrees(blockWeights([100, 10]))).toBeLessThan(0.3);
  });
});
