/** Submetrics that the block's summary counts by. */
import { submetric } from '../../domain/record/metrics.ts';

export const COUNTED = 'count>=0';
export const SHOWN = 'max>=0';

/** Thresholds that can't fail: k6 reports a submetric only where a threshold names it. */
export function countedSubmetrics(variants: readonly string[]): Record<string, string[]> {
  return Object.fromEntries(
    variants.flatMap((variant) => [
      [`requests_started{variant:${variant}}`, [COUNTED]],
      [`requests_finished{variant:${variant}}`, [COUNTED]],
      [`http_reqs{variant:${variant}}`, [COUNTED]],
      [`iterations{variant:${variant}}`, [COUNTED]],
      [submetric('request_duration', variant), [SHOWN]],
    ]),
  );
}
