/** Figures over time, for pictures: one value a window and variant; null where the window has none. */
import { errorKind, type Measured } from '../record/request-table.ts';
import { valuesSummary } from './summary.ts';
import { mapVariants, presentVariants, type ByVariant } from '../variants.ts';

export interface WindowFigures {
  readonly p50_ms: readonly (number | null)[];
  readonly p95_ms: readonly (number | null)[];
  readonly requests_per_s: readonly (number | null)[];
  /** Share of the requests that failed. */
  readonly failed: readonly (number | null)[];
  /** Mean cost of a request. */
  readonly cost_eur: readonly (number | null)[];
}

export interface Series {
  /** Middle of each window, seconds since the measurement began; rising. */
  readonly t_s: readonly number[];
  readonly variants: ByVariant<WindowFigures>;
}

/** About as many points as a chart of 430 pixels shows, whatever the run's length. */
const WINDOWS = 40;
const WIDTHS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

/** Requests by the time of their start, in windows that both variants share; null where nothing was measured. */
export function series(measured: ByVariant<Measured>): Series | null {
  let from = Infinity;
  let to = -Infinity;
  for (const variant of presentVariants(measured)) {
    // Sorted by block, then start: a block's first and last are not the run's.
    for (const start of measured[variant]?.start_ms ?? [])
      [from, to] = [Math.min(from, start), Math.max(to, start)];
  }
  if (to <= from) return null;
  const span_s = (to - from) / 1000;
  const width_s = WIDTHS_S.find((width) => span_s / width <= WINDOWS) ?? span_s / WINDOWS;
  // What is left over at the end is no whole window: its rate would look like a drop.
  const count = Math.floor(span_s / width_s);
  if (count < 2) return null;
  const window = (start_ms: number): number => Math.floor((start_ms - from) / 1000 / width_s);
  return {
    t_s: Array.from({ length: count }, (_, i) => (i + 0.5) * width_s),
    variants: mapVariants(measured, (of) => figures(of, count, width_s, window)),
  };
}

function figures(
  of: Measured,
  count: number,
  width_s: number,
  window: (start_ms: number) => number,
): WindowFigures {
  const rows: { durations: number[]; requests: number; failed: number; costed: number; cost: number }[] =
    Array.from({ length: count }, () => ({ durations: [], requests: 0, failed: 0, costed: 0, cost: 0 }));
  for (let i = 0; i < of.n; i += 1) {
    const row = rows[window(of.start_ms[i] ?? 0)];
    if (row === undefined) continue;
    row.requests += 1;
    if (errorKind(of.error[i] ?? 0) !== null) row.failed += 1;
    else row.durations.push(of.duration_ms[i] ?? 0);
    const cost = of.cost_eur[i] ?? Number.NaN;
    if (Number.isNaN(cost)) continue;
    row.costed += 1;
    row.cost += cost;
  }
  const summaries = rows.map(({ durations }) => valuesSummary(Float64Array.from(durations)));
  return {
    p50_ms: summaries.map((summary) => summary?.p50 ?? null),
    p95_ms: summaries.map((summary) => summary?.p95 ?? null),
    // A gap between blocks is no rate of 0.
    requests_per_s: rows.map(({ requests }) => (requests === 0 ? null : requests / width_s)),
    failed: rows.map(({ requests, failed }) => (requests === 0 ? null : failed / requests)),
    cost_eur: rows.map(({ costed, cost }) => (costed === 0 ? null : cost / costed)),
  };
}
