import { describe, expect, it } from 'vitest';
import { pairedBootstrap } from '../../../domain/statistics/bootstrap.ts';
import { calibrate, type CalibrationPlan } from '../../../proof/statistics/calibration.ts';
import { longRunVariance, mean, variance } from '../../../domain/statistics/batch-means.ts';
import { seededRandom } from '../../../domain/statistics/random.ts';
import { NOISE_KINDS, type NoiseKind, simulate } from '../../../proof/statistics/simulate.ts';
import { expectClose, value } from './oracles.ts';

const logsOf = (values: Float64Array) => values.map(Math.log);
const correlation = (a: Float64Array, b: Float64Array) => {
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = a.map((x, i) => (x - meanA) * ((b[i] ?? 0) - meanB));
  return mean(product) / Math.sqrt(variance(a) * variance(b));
};

describe('simulate', () => {
  it.each(NOISE_KINDS)(
    '%s: the same for the same seed, of the ratio asked for, paired by payload',
    (noise) => {
      const run = (seed: number) => simulate(seededRandom(seed), { noise, n: 20_000, ratio: 1.3 })[0];
      const [one, same, other] = [run(1), run(1), run(2)];
      if (one === undefined) throw new Error('a simulation has a block');
      expect(one).toEqual(same);
      expect(one).not.toEqual(other);
      const [b, s] = [logsOf(one.baseline_ms), logsOf(one.shadow_ms)];
      expect(Math.abs(mean(s) - mean(b) - Math.log(1.3))).toBeLessThan(0.06);
      expect(correlation(b, s)).toBeGreaterThan(0.15);
    },
  );
  it('remembers as it is told to', () => {
    const memory = (noise: NoiseKind) => {
      const [run] = simulate(seededRandom(4), { noise, n: 20_000, ratio: 1 });
      const logs = logsOf(run?.baseline_ms ?? new Float64Array());
      return longRunVariance(logs) / variance(logs);
    };
    expect(memory('iid')).toBeLessThan(1.5);
    expect(memory('ar1')).toBeGreaterThan(2.5);
    expect(memory('bursts')).toBeGreaterThan(memory('ar1'));
  });
  it('has blocks that differ as they are told to', () => {
    const run = simulate(seededRandom(6), {
      noise: 'iid',
      n: 500,
      ratio: 1,
      blocks: 60,
      block_ratio_log_sd: 0.2,
    });
    const ratios = Float64Array.from(run, (b) => mean(logsOf(b.shadow_ms)) - mean(logsOf(b.baseline_ms)));
    expect(Math.sqrt(variance(ratios))).toBeGreaterThan(0.14);
    expect(Math.sqrt(variance(ratios))).toBeLessThan(0.28);
  });
  it('throws for what cannot be simulated', () => {
    expect(() => simulate(seededRandom(1), { noise: 'iid', n: 0, ratio: 1 })).toThrow('n is 0');
    expect(() => simulate(seededRandom(1), { noise: 'iid', n: 9, ratio: Number.NaN })).toThrow(
      'ratio is NaN',
    );
  });
});

const plan: CalibrationPlan = {
  noises: ['ar1'],
  sizes: [2000],
  ratios: [1, 1.15, 1.4],
  percentiles: [0.95],
  runs: 200,
  margin: 1.15,
  alpha: 0.025,
  seed: 42,
};
const rowsOf = (changes: Partial<CalibrationPlan>) => [...calibrate({ ...plan, ...changes })];

describe('calibrate', () => {
  it('finds the verdict honest and useful under autocorrelation', () => {
    const shares: number[] = [];
    const [equal, margin, worse] = [...calibrate(plan, (share) => shares.push(share))];
    expect(equal?.error).toEqual({ decision: 'fail', nominal: 0.025 });
    expect(margin?.error).toEqual({ decision: 'pass', nominal: 0.025 });
    expect([equal?.red, margin?.red, worse?.red]).toEqual([false, false, false]);
    // Expected about 0.76 and 0.96; standard errors 0.03 and 0.014.
    expect(equal?.pass.estimate).toBeGreaterThan(0.65);
    expect(worse?.fail.estimate).toBeGreaterThan(0.9);
    for (const row of [equal, margin, worse]) {
      expect((row?.pass.count ?? 0) + (row?.fail.count ?? 0) + (row?.inconclusive.count ?? 0)).toBe(200);
    }
    expect(shares.at(-1)).toBe(1);
    expect(shares.length).toBe(100);
  });
  it('marks a row red: one block cannot see that runs differ, which is why s is measured', () => {
    const blocks = { blocks: 1, block_ratio_log_sd: 0.1 };
    const [row] = rowsOf({ noises: ['iid'], ratios: [1.15], blocks });
    expect(row?.pass.lower).toBeGreaterThan(0.025);
    expect(row?.red).toBe(true);
  });
  it.each([2, 3, 5])('stays honest with %d blocks that differ', (blocks) => {
    const rows = rowsOf({
      sizes: [500],
      percentiles: [0.5],
      ratios: [1.15],
      runs: 400,
      blocks: { blocks, block_ratio_log_sd: 0.1, block_level_log_sd: 0.1 },
    });
    expect(rows.map((row) => row.red)).toEqual([false]);
  });
  it('is the same for the same seed', () => {
    const small = { runs: 20, sizes: [500] };
    expect(rowsOf(small)).toEqual(rowsOf(small));
  });
  it('throws for runs that cannot be', () => expect(() => rowsOf({ runs: 0 })).toThrow('runs is 0'));
});

describe('pairedBootstrap', () => {
  const run = simulate(seededRandom(8), { noise: 'iid', n: 2000, ratio: 1.2 })[0];
  const [b, s] = [run?.baseline_ms ?? new Float64Array(), run?.shadow_ms ?? new Float64Array()];
  it('holds the truth where requests are independent', () => {
    const options = { p: 0.5, alpha: 0.005, resamples: 400, random: seededRandom(1) };
    const interval = value(pairedBootstrap(b, s, options));
    expect(interval.lower).toBeLessThan(Math.log(1.2));
    expect(interval.upper).toBeGreaterThan(Math.log(1.2));
    expectClose(interval.estimate, (interval.lower + interval.upper) / 2, 0.03);
  });
  it('refuses what is not pairs, and no data', () => {
    const options = { p: 0.5, alpha: 0.025, resamples: 10, random: seededRandom(1) };
    expect(pairedBootstrap(b, s.subarray(1), options)).toMatchObject({ ok: false, reason: 'bad_value' });
    expect(pairedBootstrap(new Float64Array(0), new Float64Array(0), options)).toMatchObject({
      reason: 'no_data',
    });
  });
});
