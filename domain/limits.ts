/** Limits and targets: one variant's point figure against a contracted number, as k6's threshold judges it. */
import type { Interval, LimitCheck } from './checks.ts';
import { METRICS, type Unit } from './metrics.ts';
import type { Measured } from './request-table.ts';
import { trendValues, type VariantSummary } from './summary.ts';
import { PERCENTILES, type Limit, type Percentile } from './thresholds.ts';

const holds: Readonly<Record<Limit['op'], (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

function isPercentile(statistic: string): statistic is Percentile {
  return Object.hasOwn(PERCENTILES, statistic);
}

function figure(limit: Limit, summary: VariantSummary): { value: number | null; n: number; unit: Unit } {
  if (limit.metric === 'request_failed') {
    const share = summary.requests === 0 ? null : summary.failed / summary.requests;
    return { value: share, n: summary.requests, unit: 'share' };
  }
  if (limit.metric === 'throughput') {
    const rate = summary.requests === 0 ? null : summary.throughput.ok_per_s;
    return { value: rate, n: summary.ok, unit: 'requests/s' };
  }
  const trend = summary.trends[limit.metric];
  return { value: trend?.[limit.statistic] ?? null, n: trend?.n ?? 0, unit: METRICS[limit.metric].unit };
}

export interface LimitIntervals {
  percentile(values: Float64Array, of: Measured, p: number): Interval | null;
  share(failed: number, n: number): Interval | null;
}

/** No data never passes. */
export function judgeLimit(
  kind: LimitCheck['kind'],
  limit: Limit,
  summary: VariantSummary,
  of: Measured,
  intervals: LimitIntervals,
): LimitCheck {
  const { value, n, unit } = figure(limit, summary);
  let interval: Interval | null = null;
  if (limit.metric === 'request_failed') interval = intervals.share(summary.failed, summary.requests);
  else if (limit.metric !== 'throughput' && isPercentile(limit.statistic) && value !== null)
    interval = intervals.percentile(trendValues(of, limit.metric), of, PERCENTILES[limit.statistic]);
  const inside = (bound: number | null, otherwise: number): boolean =>
    holds[limit.op](bound ?? otherwise, limit.limit);
  return {
    kind,
    id: `${limit.metric}_${limit.statistic}`,
    metric: limit.metric,
    statistic: limit.statistic,
    variant: summary.variant,
    op: limit.op,
    limit: limit.limit,
    unit,
    value,
    interval,
    answer: value !== null && holds[limit.op](value, limit.limit) ? 'pass' : 'fail',
    straddles:
      interval !== null &&
      inside(interval.low, Number.NEGATIVE_INFINITY) !== inside(interval.high, Number.POSITIVE_INFINITY),
    n,
  };
}
