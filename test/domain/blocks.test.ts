import { describe, expect, it } from 'vitest';
import { planBlocks } from '../../domain/load/blocks.ts';
import { deploymentNoise, jackknifeVariance, liveCalibration } from '../../proof/live-calibration.ts';
import { seededRandom } from '../../domain/statistics/random.ts';
import { parseSettings, type Settings } from '../../domain/settings/settings.ts';
import { made } from '../support/run-data.ts';

const settings = (flags: object): Settings => parseSettings({ flags, env: {}, job: {} }).settings;
const both = ['baseline', 'shadow'] as const;
const logMedian = (values: Float64Array): number => Math.log(values.slice().sort()[values.length >> 1] ?? 0);

describe('the plan of blocks', () => {
  it('is one block by default', () =>
    expect(planBlocks(settings({}), both)).toEqual({
      blocks: [{ variants: both, duration_ms: 60_000 }],
      looks: [],
      gap_ms: 0,
    }));

  it('repeats the whole load', () =>
    expect(planBlocks(settings({ runs: '4' }), both).blocks).toHaveLength(4));

  it('takes turns with the stated time for each variant, and gaps beyond the timeout', () => {
    const { blocks, gap_ms } = planBlocks(settings({ order: 'abba', runs: '2', timeoutMs: '10s' }), both);
    expect(blocks.slice(0, 4).map(({ variants }) => variants[0])).toEqual([
      'baseline',
      'shadow',
      'shadow',
      'baseline',
    ]);
    for (const variant of both) {
      const total = blocks
        .filter(({ variants }) => variants[0] === variant)
        .reduce((sum, { duration_ms }) => sum + duration_ms, 0);
      expect(total).toBe(2 * 60_000);
    }
    expect(gap_ms).toBeGreaterThan(10_000);
  });

  it('has nothing to take turns with where there is one variant', () =>
    expect(planBlocks(settings({ order: 'abba' }), ['baseline']).blocks).toHaveLength(1));

  it.each([
    ['60s', '10m', 5],
    ['60s', '3m', 3],
    ['60s', '4m30s', 4],
  ])('%s within %s is %d looks that fill the time', (durationMs, maxDurationMs, looks) => {
    const plan = planBlocks(settings({ untilDecided: 'true', durationMs, maxDurationMs }), both);
    expect(plan.looks).toHaveLength(looks);
    expect(plan.looks.at(-1)).toBe(plan.blocks.length);
    const total = plan.blocks.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
    expect(total).toBeCloseTo(settings({ maxDurationMs }).maxDurationMs, -1);
  });

  it('refuses too little time for three looks, and two ways to repeat', () => {
    expect(() => planBlocks(settings({ untilDecided: 'true', maxDurationMs: '2m' }), both)).toThrow(
      /give at least 3m/,
    );
    expect(() => planBlocks(settings({ untilDecided: 'true', runs: '2' }), both)).toThrow(
      /two ways to repeat/,
    );
  });
});

describe('live calibration', () => {
  it('finds no noise between deployments where there is none, and no false fail', () => {
    const rows = liveCalibration(made({ n: 800, blocks: 12 }), 1.15, 0.025);
    for (const row of rows) expect(row.answers.fail).toBe(0);
    const p50 = rows.find(({ statistic }) => statistic === 'p50');
    expect(p50?.noise.log_sd).toBeLessThan(0.02);
    expect(p50?.noise.indistinct).toBe(true);
    expect(p50?.noise.at_most).toBeGreaterThan(0);
  });

  it('takes the noise inside a run for what it is: s of 6 % is found in 10 deployments, and 0 is not claimed', () => {
    const { normal } = seededRandom(12);
    const noisy = Array.from({ length: 20 }, () => {
      const s = 0.06;
      const [b, h] = [s * normal(), s * normal()];
      const run = (level: number) =>
        Float64Array.from({ length: 1900 }, () => Math.exp(level + 0.4 * normal()));
      return { b: run(b), h: run(h) };
    });
    const logs = noisy.map(({ b, h }) => logMedian(h) - logMedian(b));
    const variances = noisy.flatMap(({ b, h }) => jackknifeVariance(b, h, 0.5) ?? []);
    // The noise inside is sqrt(2 pi / 2 / 1900) 0.4 = 1.6 %: far below what the interval's upper half would make of it.
    const found = deploymentNoise(logs, variances);
    expect(found.within_sd).toBeGreaterThan(0.012);
    expect(found.within_sd).toBeLessThan(0.022);
    expect(found.log_sd).toBeGreaterThan(0.03);
    expect(found.log_sd).toBeLessThan(0.1);
    expect(found.at_most).toBeGreaterThan(0.06);
    expect(found.indistinct).toBe(false);
  });

  it('gives no rows where a variant has no answers', () =>
    expect(liveCalibration(made({ shadow: { error_share: 1 }, n: 50 }), 1.15, 0.025)).toEqual([]));
});
