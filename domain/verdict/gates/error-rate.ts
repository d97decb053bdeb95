/** The difference of error rates. */
import { errorRateDifference, type FailureBlock } from '../../statistics/error-rate.ts';
import { normalQuantile } from '../../statistics/distributions.ts';
import type { Gate } from '../thresholds.ts';
import { blockRows, type Measured } from '../../record/request-table.ts';
import type { Evaluation, Pair } from './evaluation.ts';

/** 1 for a failed request, 0 for an answer, in the order of starts, block by block. */
function failures(of: Measured): Float64Array[] {
  return blockRows(of).map(({ from, to }) => {
    const out = new Float64Array(to - from);
    for (let row = from; row < to; row += 1) out[row - from] = of.error[row] === 0 ? 0 : 1;
    return out;
  });
}

export function errorRateGate(gate: Extract<Gate, { gate: 'error_rate' }>, pair: Pair): Evaluation {
  const margin = gate.margin_pp / 100;
  const baseline = failures(pair.baseline.measured);
  const shadow = failures(pair.shadow.measured);
  const blocks = baseline.flatMap((one, i): FailureBlock[] => {
    const other = shadow[i];
    return other === undefined ? [] : [{ baseline: one, shadow: other }];
  });
  const rate = ({ failed, requests }: { failed: number; requests: number }): number | null =>
    requests === 0 ? null : failed / requests;
  return {
    gate: 'error_rate',
    metric: 'request_failed',
    statistic: null,
    scale: 'difference',
    better: 'lower',
    limit: margin,
    n: Math.min(pair.baseline.summary.requests, pair.shadow.summary.requests),
    n_of: 'requests',
    advisory: null,
    baseline: rate(pair.baseline.summary),
    shadow: rate(pair.shadow.summary),
    at(level) {
      const outcome = errorRateDifference(blocks, level);
      if (!outcome.ok) return outcome;
      const { estimate, lower, upper } = outcome;
      const critical = normalQuantile(1 - level);
      const working = { estimate, margin, se: (upper - estimate) / critical, critical, deployment_sd: 0 };
      return { ok: true, estimate, lower, upper, working };
    },
  };
}
