import fc from 'fast-check';
import { expect, test } from 'vitest';
import { selectRank } from '../../../domain/statistics/select.ts';
import { quantile, sortSamples } from '../../../domain/statistics/quantiles.ts';
import { valuesSummary } from '../../../domain/figures/summary.ts';

const values = fc.array(
  fc.oneof(
    fc.nat(5),
    fc.nat(1000).map((n) => n / 8),
  ),
  { minLength: 1, maxLength: 200 },
);

test('a selected rank is what a sort puts there, and parts the values', () => {
  fc.assert(
    fc.property(values, fc.nat(), (some, place) => {
      const rank = place % some.length;
      const moved = Float64Array.from(some);
      expect(selectRank(moved, rank)).toBe(some.toSorted((a, b) => a - b)[rank]);
      expect(Math.max(...moved.subarray(0, rank + 1))).toBe(moved[rank]);
      expect(Math.min(...moved.subarray(rank))).toBe(moved[rank]);
    }),
  );
});

test('a summary by selection has the percentiles of the sorted values', () => {
  fc.assert(
    fc.property(values, (some) => {
      const sorted = sortSamples(Float64Array.from(some));
      if (!sorted.ok) throw new Error(sorted.message);
      const summary = valuesSummary(Float64Array.from(some));
      for (const [name, p] of Object.entries({ p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 }))
        expect(summary).toHaveProperty(name, quantile(sorted.sorted, p));
      expect(summary).toMatchObject({ n: some.length, min: Math.min(...some), max: Math.max(...some) });
    }),
  );
});
