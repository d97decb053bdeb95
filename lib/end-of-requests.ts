/** When a load that is counted in requests has ended: known where VUs share a count. */
import exec from 'k6/execution';
import type { Variant } from '../domain/variants.ts';
import { counters } from './extensions.ts';
import { stopped } from './run-control.ts';

export const requestsDone = (variant: Variant): string => `requests_done_${variant}`;

export interface EndOfRequests {
  /** After each request. */
  count(variant: Variant): void;
  /** Null: a stock k6, where nobody sees them all. */
  readonly done: (() => boolean) | null;
}

/** @param requests of each variant @param most_ms the load ends by then, whatever was sent */
export function endOfRequests(
  variants: readonly Variant[],
  requests: number,
  most_ms: number,
): EndOfRequests {
  return {
    count: (variant) => void counters.add(requestsDone(variant), 1),
    done: counters.across_vus
      ? () =>
          stopped() !== null ||
          Date.now() - exec.scenario.startTime > most_ms ||
          variants.every((variant) => counters.get(requestsDone(variant)) >= requests)
      : null,
  };
}
