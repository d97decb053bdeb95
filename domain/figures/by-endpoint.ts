/** The endpoints of a mixed load, each by itself. */
import { MIXABLE, type Mixable } from '../load/mix.ts';
import type { Measured } from '../record/request-table.ts';
import { valuesSummary, type TrendSummary } from './summary.ts';

export interface EndpointFigures {
  readonly endpoint: Mixable;
  readonly requests: number;
  readonly failed: number;
  /** Null where no answer was valid. */
  readonly latency: TrendSummary | null;
}

/** In logs from before records had an endpoint, a payload's id begins with its name. */
const isOf = (endpoint: Mixable, recorded: string | null, id: string): boolean =>
  recorded === null ? id.startsWith(`${endpoint}: `) : recorded === endpoint;

export function byEndpoint(of: Measured): EndpointFigures[] {
  return MIXABLE.flatMap((endpoint) => {
    const own = of.payload_ids.map((id, place) => isOf(endpoint, of.payload_endpoints[place] ?? null, id));
    const durations_ms = new Float64Array(of.n);
    let [requests, ok] = [0, 0];
    for (let i = 0; i < of.n; i += 1) {
      if (own[of.payload[i] ?? -1] !== true) continue;
      requests += 1;
      if (of.error[i] === 0) durations_ms[ok++] = of.duration_ms[i] ?? 0;
    }
    return requests === 0
      ? []
      : [{ endpoint, requests, failed: requests - ok, latency: valuesSummary(durations_ms.subarray(0, ok)) }];
  });
}
