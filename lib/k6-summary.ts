/** What k6 hands to handleSummary. */
import type { ThresholdsSeen } from '../domain/run/k6-files.ts';
import { COUNTED, SHOWN } from './load/counted.ts';

interface K6Metric {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}
export interface K6Summary {
  readonly metrics: Readonly<Record<string, K6Metric>>;
  readonly state: { readonly testRunDurationMs: number };
}

/** k6's thresholds of ours and how they ended. */
export const thresholdsOf = ({ metrics }: K6Summary): ThresholdsSeen =>
  Object.entries(metrics).flatMap(([metric, { thresholds }]) =>
    Object.entries(thresholds ?? {})
      .filter(([expression]) => expression !== COUNTED && expression !== SHOWN)
      .map(([expression, { ok }]) => ({ metric, expression, ok })),
  );
