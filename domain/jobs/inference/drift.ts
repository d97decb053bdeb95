/** Does a figure grow over a run? Latency in start order, memory in time; each block apart, the worst one counts. */
import type { Measured } from '../../record/request-table.ts';
import { trend } from '../../statistics/trend.ts';
import { loadSpans } from '../../figures/summary.ts';
import type { ServerSample } from '../../run/server-sample.ts';

export interface Drift {
  /** Growth from the first value to the last along the fitted line, with one-sided bounds, in the values' unit. */
  readonly growth: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

interface Timed {
  readonly at: readonly number[];
  readonly values: readonly number[];
}

/** Null where no block holds enough for a trend. */
function worst(blocks: readonly Timed[], alpha: number): Drift | null {
  const found = blocks.flatMap(({ at, values }): Drift[] => {
    const outcome = trend(Float64Array.from(values), alpha, Float64Array.from(at));
    if (!outcome.ok) return [];
    const { estimate, lower, upper } = outcome.growth;
    return [{ growth: estimate, low: lower, high: upper, n: outcome.n }];
  });
  return found.toSorted((a, b) => b.growth - a.growth)[0] ?? null;
}

/** In ms; valid answers alone. */
export function latencyDrift(of: Measured, alpha: number): Drift | null {
  const blocks = [...new Set(of.block)].map((block): Timed => {
    const rows: [number, number][] = [];
    for (let i = 0; i < of.n; i += 1) {
      if (of.block[i] === block && of.error[i] === 0)
        rows.push([of.start_ms[i] ?? 0, of.duration_ms[i] ?? 0]);
    }
    rows.sort(([a], [b]) => a - b);
    return { at: rows.map(([at]) => at), values: rows.map(([, value]) => value) };
  });
  return worst(blocks, alpha);
}

/** In bytes, between a block's first and last measured request. */
export function memoryDrift(samples: readonly ServerSample[], of: Measured, alpha: number): Drift | null {
  const blocks = [...loadSpans(of)].map(([block, { from, to }]): Timed => {
    const inside = samples.filter(
      (sample) =>
        sample.block === block &&
        sample.variant === of.variant &&
        sample.process !== null &&
        sample.at_ms >= from &&
        sample.at_ms <= to,
    );
    return {
      at: inside.map(({ at_ms }) => at_ms),
      values: inside.map(({ process }) => process?.rss_bytes ?? 0),
    };
  });
  return worst(blocks, alpha);
}
