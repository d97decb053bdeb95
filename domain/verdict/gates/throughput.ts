/** The ratio of throughputs over paired windows. */
import { blocksOf } from '../../figures/samples.ts';
import type { Measured } from '../../record/request-table.ts';
import { LEAST_WINDOWS, throughputRatio, type PairedBlock } from '../../statistics/ratio-of-totals.ts';
import type { Gate } from '../thresholds.ts';
import type { Evaluation, Pair } from './evaluation.ts';

/** Windows that a single block is cut into; more blocks share them. */
const WINDOWS = 30;

/** Starts of requests that were answered, by window from the block's first start: steady from the first window on. */
function starts(of: Measured, block: number, windows: number, block_ms: number): Float64Array {
  const counts = new Float64Array(windows);
  let first: number | null = null;
  for (let i = 0; i < of.n; i += 1) {
    if (of.block[i] !== block) continue;
    const at = of.start_ms[i] ?? 0;
    first = first === null ? at : Math.min(first, at);
  }
  for (let i = 0; i < of.n; i += 1) {
    if (of.block[i] !== block || of.error[i] !== 0) continue;
    const window = Math.floor((((of.start_ms[i] ?? 0) - (first ?? 0)) / block_ms) * windows);
    if (window >= 0 && window < windows) counts[window] = (counts[window] ?? 0) + 1;
  }
  return counts;
}

/**
 * @param block_ms planned length of each block
 * @param closed a closed loop's throughput is its clients over the mean latency: no evidence of its own
 */
export function throughputGate(
  gate: Extract<Gate, { gate: 'throughput' }>,
  pair: Pair,
  block_ms: number,
  closed: boolean,
): Evaluation {
  const before = blocksOf(pair.baseline.measured);
  const after = blocksOf(pair.shadow.measured);
  const count = Math.min(before.length, after.length);
  const windows = Math.max(2, Math.ceil(Math.max(WINDOWS, LEAST_WINDOWS) / Math.max(count, 1)));
  const blocks = before.slice(0, count).map((block, i): PairedBlock => ({
    baseline: starts(pair.baseline.measured, block, windows, block_ms),
    shadow: starts(pair.shadow.measured, after[i] ?? block, windows, block_ms),
  }));
  return {
    gate: 'throughput',
    metric: 'throughput',
    statistic: null,
    scale: 'ratio',
    better: 'higher',
    limit: gate.margin,
    n: windows * count,
    n_of: 'windows',
    advisory: closed ? { reason: 'restates_latency' } : null,
    baseline: pair.baseline.summary.throughput.ok_per_s,
    shadow: pair.shadow.summary.throughput.ok_per_s,
    at(level) {
      const outcome = throughputRatio(blocks, level);
      if (!outcome.ok) return outcome;
      const { ratio, log, se, critical } = outcome;
      const working = {
        estimate: log.estimate,
        margin: Math.log(gate.margin),
        se,
        critical,
        deployment_sd: 0,
      };
      return { ok: true, ...ratio, working };
    },
  };
}
