/** The difference of error rates. */
import { errorRateDifference, type FailureBlock } from '../../statistics/error-rate.ts';
import { normalQuantile } from '../../statistics/distributions.ts';
import { longestUnseen } from '../../statistics/failure-runs.ts';
import type { Gate } from '../thresholds.ts';
import { blockRows, type Measured } from '../../record/request-table.ts';
import { differenceBounds, type Evaluation, type Pair } from './evaluation.ts';

/** By block, 1 for a failed request, 0 for an answer, in the order of starts, block by block. */
export function failures(of: Measured): Float64Array[] {
  return blockRows(of).map(({ from, to }) => {
    const out = new Float64Array(to - from);
    for (let row = from; row < to; row += 1) out[row - from] = of.error[row] === 0 ? 0 : 1;
    return out;
  });
}

/** Requests in flight by variant: failures nearer than this came together. */
export interface InFlight {
  readonly baseline: number;
  readonly shadow: number;
}

/** Of a closed loop its clients; of an open one its rate times the median latency. */
export function inFlight(
  pair: Pair,
  load: { readonly clients: number } | { readonly rate_per_s: number },
): InFlight {
  const one = ({ summary }: Pair['baseline']): number =>
    'clients' in load
      ? load.clients
      : Math.ceil((load.rate_per_s * (summary.trends.request_duration?.p50 ?? 0)) / 1000);
  return { baseline: one(pair.baseline), shadow: one(pair.shadow) };
}

/** Requests a variant from which on two faultless ones pass: Wilson's bound of none in n is z^2 / (n + z^2) (Wilson 1927). */
export function faultlessRequests(margin: number, alpha: number): number {
  const z2 = normalQuantile(1 - alpha) ** 2;
  return margin > 0 ? Math.ceil((z2 * (1 - margin)) / margin) : Number.POSITIVE_INFINITY;
}

export function errorRateGate(
  gate: Extract<Gate, { gate: 'error_rate' }>,
  pair: Pair,
  in_flight: InFlight,
  alpha: number,
): Evaluation {
  const margin = gate.margin_pp / 100;
  const baseline = failures(pair.baseline.measured);
  const shadow = failures(pair.shadow.measured);
  const blocks = baseline.flatMap((one, i): FailureBlock[] => {
    const other = shadow[i];
    return other === undefined ? [] : [{ baseline: one, shadow: other }];
  });
  const n = Math.min(pair.baseline.summary.requests, pair.shadow.summary.requests);
  const rate = ({ failed, requests }: { failed: number; requests: number }): number | null =>
    requests === 0 ? null : failed / requests;
  return {
    gate: 'error_rate',
    metric: 'request_failed',
    statistic: null,
    scale: 'difference',
    better: 'lower',
    limit: margin,
    n,
    n_of: 'requests',
    floor: faultlessRequests(margin, alpha),
    advisory: null,
    baseline: rate(pair.baseline.summary),
    shadow: rate(pair.shadow.summary),
    // Without a failure the bound is that of independent ones, and says nothing of bursts.
    unseen:
      pair.baseline.summary.failed + pair.shadow.summary.failed === 0 && n > 0
        ? longestUnseen(n, margin)
        : null,
    at(level) {
      const outcome = errorRateDifference(blocks, { alpha: level, in_flight, replicates: pair.replicates });
      return outcome.ok ? { ok: true, ...differenceBounds(outcome, outcome.critical, margin) } : outcome;
    },
  };
}
