/** Limits and targets: one variant's point figure against a contracted number, as k6's threshold judges it. */
import type { Interval, LimitCheck } from './check.ts';
import { METRICS, type Unit } from '../record/metrics.ts';
import type { Samples } from '../figures/samples.ts';
import { clopperPearson } from '../statistics/proportions.ts';
import { quantileInterval } from '../statistics/quantile-interval.ts';
import type { VariantSummary } from '../figures/summary.ts';
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

/** Beside the point figure, never judged: Woodruff's for a percentile, Clopper and Pearson's for a share. */
function intervalOf(limit: Limit, summary: VariantSummary, samples: Samples, alpha: number): Interval | null {
  if (limit.metric === 'throughput') return null;
  if (limit.metric === 'request_failed') {
    const exact = clopperPearson({ count: summary.failed, n: summary.requests }, alpha);
    return exact.ok ? { low: exact.lower, high: exact.upper } : null;
  }
  const outcome = samples.of(limit.metric);
  if (!isPercentile(limit.statistic) || !outcome.ok) return null;
  const { lower, upper } = quantileInterval(outcome.sample, PERCENTILES[limit.statistic], alpha);
  return { low: Number.isFinite(lower) ? lower : null, high: Number.isFinite(upper) ? upper : null };
}

/** No data never passes. */
export function judgeLimit(
  kind: LimitCheck['kind'],
  limit: Limit,
  summary: VariantSummary,
  samples: Samples,
  alpha: number,
): LimitCheck {
  const { value, n, unit } = figure(limit, summary);
  const interval = intervalOf(limit, summary, samples, alpha);
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
    acceptable: limit.acceptable ?? null,
    value,
    missing: value === null ? 'no_data' : null,
    interval,
    answer: value !== null && holds[limit.op](value, limit.limit) ? 'pass' : 'fail',
    straddles:
      interval !== null &&
      inside(interval.low, Number.NEGATIVE_INFINITY) !== inside(interval.high, Number.POSITIVE_INFINITY),
    n,
  };
}
