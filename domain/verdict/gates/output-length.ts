/** How long the answers are, in tokens: where they differ, times per answer compare different work. */
import { pairedTotalsRatio, type TotalsRatio } from '../../statistics/ratio-of-totals.ts';
import type { Outcome } from '../../statistics/outcome.ts';
import type { Gate } from '../thresholds.ts';
import { ratioBounds, type Evaluation, type Pair } from './evaluation.ts';
import { pairedValues, pairsIn } from './paired.ts';

const tokenPairs = (pair: Pair): ReturnType<typeof pairedValues> =>
  pairedValues(pair, ({ optional }) => optional.get('tokens'));

/** Shadow / baseline, of answers to the same prompts: their totals over this list. */
export const lengthRatio = (pair: Pair, alpha: number): Outcome<TotalsRatio> =>
  pairedTotalsRatio('tokens', tokenPairs(pair), alpha);

/** Shorter is as bad as longer: judged on the factor by which the lengths differ, 1 and above. */
export function outputLengthGate(gate: Extract<Gate, { gate: 'output_length' }>, pair: Pair): Evaluation {
  return {
    gate: 'output_length',
    metric: 'output_length',
    statistic: 'mean',
    scale: 'ratio',
    better: 'lower',
    limit: gate.margin,
    n: pairsIn(tokenPairs(pair)),
    n_of: 'requests',
    advisory: null,
    baseline: pair.baseline.summary.tokens?.mean ?? null,
    shadow: pair.shadow.summary.tokens?.mean ?? null,
    at(alpha) {
      const outcome = lengthRatio(pair, alpha);
      if (!outcome.ok) return outcome;
      const { log, critical } = outcome;
      const { lower, upper } = log;
      const [near, far] = [Math.abs(lower), Math.abs(upper)].toSorted((a, b) => a - b);
      const estimate = Math.abs(log.estimate);
      const folded = { estimate, lower: lower <= 0 && upper >= 0 ? 0 : (near ?? 0), upper: far ?? Infinity };
      const ratio = {
        estimate: Math.exp(folded.estimate),
        lower: Math.exp(folded.lower),
        upper: Math.exp(folded.upper),
      };
      return { ok: true, ...ratioBounds({ ratio, log: folded, critical }, gate.margin) };
    },
  };
}
