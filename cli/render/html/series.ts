/** Figures over time, for pictures: one value a window and variant; null where the window has none. */
import type { ByVariant } from '../../../domain/variants.ts';

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
