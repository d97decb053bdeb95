/** Limits and targets: one variant's point figure against a contracted number, as k6's threshold judges it. */
import { METRICS, type Unit } from '../record/metrics.ts';
import type { Samples } from '../figures/samples.ts';
import type { VariantSummary } from '../figures/summary.ts';
import { clopperPearson } from '../statistics/proportions.ts';
import { quantileInterval } from '../statistics/quantile-interval.ts';
import { holds, type Check, type Interval, type Undecided } from './check.ts';
import { PERCENTILES, type Limit, type Percentile } from './thresholds.ts';

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

/** What every limit and target is made of; {@link judgePoint} adds the answer. */
export type PointFigure = Omit<
  Check,
  'kind' | 'scale' | 'answer' | 'role' | 'advisory' | 'undecided' | 'compared'
>;

/** The answer of a point figure. No data never passes: it is undecided, with `missing` as the reason. */
export function judgePoint(kind: 'limit' | 'target', of: PointFigure, missing: Undecided): Check {
  const { value, op, limit } = of;
  const undecided = value === null ? missing : null;
  return {
    ...of,
    kind,
    scale: 'value',
    answer: value === null ? 'inconclusive' : holds(op, value, limit) ? 'pass' : 'fail',
    role: kind === 'limit' ? 'blocks' : 'informs',
    advisory: null,
    undecided,
    compared: null,
  };
}

/** One limit or target of one variant. @param alpha one-sided level of the interval that stands beside it */
export function judgeLimit(
  kind: 'limit' | 'target',
  limit: Limit,
  summary: VariantSummary,
  samples: Samples,
  alpha: number,
): Check {
  const { value, n, unit } = figure(limit, summary);
  const interval = intervalOf(limit, summary, samples, alpha);
  return judgePoint(
    kind,
    {
      id: `${limit.metric}_${limit.statistic}`,
      subject: { variant: summary.variant },
      metric: limit.metric,
      statistic: limit.statistic,
      unit,
      op: limit.op,
      limit: limit.limit,
      acceptable: limit.acceptable ?? null,
      value,
      interval,
      alpha: interval === null ? null : alpha,
      n,
      n_of: 'requests',
    },
    { reason: 'no_data', problem: 'no request of this variant gave this figure' },
  );
}
