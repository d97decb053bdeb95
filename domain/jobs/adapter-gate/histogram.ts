/** Cumulative buckets to percentiles, with how coarse they are. */
import type { Increase } from './samples.ts';

export interface Bucket {
  /** Upper bound in the metric's unit; infinite for the last. */
  readonly le: number;
  /** Observations up to it. */
  readonly count: number;
}

/** A percentile and the bucket that it lies in: the truth may be anywhere within. */
export interface BucketQuantile {
  readonly value: number;
  readonly bucket_low: number;
  /** Null: above the highest bound, so that `value` is only the least it can be. */
  readonly bucket_high: number | null;
}

/** Sums over series by `le`, ascending. Null where a series has no readable `le`. */
export function bucketsOf(increases: readonly Increase[]): readonly Bucket[] | null {
  const sums = new Map<number, number>();
  for (const { labels, increase } of increases) {
    const text = labels['le'];
    const le = text === '+Inf' ? Infinity : Number(text ?? Number.NaN);
    if (Number.isNaN(le)) return null;
    sums.set(le, (sums.get(le) ?? 0) + increase);
  }
  const buckets = [...sums].map(([le, count]) => ({ le, count })).toSorted((a, b) => a.le - b.le);
  // Scrapes of several engines a moment apart may leave a bucket below the one before; Prometheus mends it likewise.
  let most = 0;
  return buckets.map(({ le, count }) => ({ le, count: (most = Math.max(most, count)) }));
}

export const observations = (buckets: readonly Bucket[]): number => buckets.at(-1)?.count ?? 0;

/**
 * Linear within the bucket, as Prometheus's histogram_quantile; in the highest, infinite bucket its lower bound. Null:
 * nothing was observed, or there is no infinite bucket.
 */
export function bucketQuantile(buckets: readonly Bucket[], q: number): BucketQuantile | null {
  const total = observations(buckets);
  if (total === 0 || buckets.at(-1)?.le !== Infinity) return null;
  const rank = q * total;
  let low = 0;
  let below = 0;
  for (const { le, count } of buckets) {
    if (count >= rank && count > below) {
      if (le === Infinity) return { value: low, bucket_low: low, bucket_high: null };
      const start = Math.min(low, le);
      return {
        value: start + (le - start) * ((rank - below) / (count - below)),
        bucket_low: start,
        bucket_high: le,
      };
    }
    [low, below] = [le, count];
  }
  return null;
}
