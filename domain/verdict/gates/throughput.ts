/** The ratio of throughputs over paired windows of time; of a load that is counted in requests, of the times it took. */
import type { Measured } from '../../record/request-table.ts';
import { blockRows } from '../../record/request-table.ts';
import { throughputRatio, windowsPerBlock, type ThroughputBlock } from '../../statistics/throughput-ratio.ts';
import type { Gate } from '../thresholds.ts';
import { failures, type InFlight } from './error-rate.ts';
import { ratioBounds, type Evaluation, type Pair } from './evaluation.ts';

/**
 * closed: clients that send again once answered, so that throughput is their number over the mean latency.
 * open: at a given rate, whatever the answers do. counted: a given number of requests.
 */
export type LoadKind = 'closed' | 'open' | 'counted';

type Rows = ReturnType<typeof blockRows>[number];

/**
 * Answers by window from the block's first start. Of a closed loop the starts are counted, which are steady from the first
 * window on; of an open one the ends, since its starts are the schedule's.
 */
function answers(
  of: Measured,
  { from, to }: Rows,
  windows: number,
  block_ms: number,
  load: LoadKind,
): Float64Array {
  const counts = new Float64Array(windows);
  let first = Number.POSITIVE_INFINITY;
  for (let i = from; i < to; i += 1) first = Math.min(first, of.start_ms[i] ?? first);
  for (let i = from; i < to; i += 1) {
    if (of.error[i] !== 0) continue;
    const at = (of.start_ms[i] ?? 0) + (load === 'open' ? (of.duration_ms[i] ?? 0) : 0);
    const window = Math.floor(((at - first) / block_ms) * windows);
    if (window >= 0 && window < windows) counts[window] = (counts[window] ?? 0) + 1;
  }
  return counts;
}

/** Time that each stretch of as many requests took, ms: from the block's first start, by the order of their ends. */
function times(of: Measured, { from }: Rows, requests: number, windows: number): Float64Array {
  let first = Number.POSITIVE_INFINITY;
  const ends = new Float64Array(requests);
  for (let i = 0; i < requests; i += 1) {
    const start = of.start_ms[from + i] ?? 0;
    first = Math.min(first, start);
    ends[i] = start + (of.duration_ms[from + i] ?? 0);
  }
  ends.sort();
  let last = first;
  return Float64Array.from({ length: windows }, (_, w) => {
    const end = ends[Math.ceil(((w + 1) * requests) / windows) - 1] ?? last;
    const took = end - last;
    last = end;
    return took;
  });
}

/** @param block_ms planned length of each block */
export function throughputGate(
  gate: Extract<Gate, { gate: 'throughput' }>,
  pair: Pair,
  block_ms: number,
  load: LoadKind,
  in_flight: InFlight,
): Evaluation {
  const [before, after] = [blockRows(pair.baseline.measured), blockRows(pair.shadow.measured)];
  const [lostBefore, lostAfter] = [failures(pair.baseline.measured), failures(pair.shadow.measured)];
  const count = Math.min(before.length, after.length);
  const windows = windowsPerBlock(count);
  const blocks = before.slice(0, count).flatMap((rows, i): ThroughputBlock[] => {
    const [other, lost, gone] = [after[i], lostBefore[i], lostAfter[i]];
    if (other === undefined || lost === undefined || gone === undefined) return [];
    const requests = Math.min(rows.to - rows.from, other.to - other.from);
    // Fewer requests than windows take no time that could be told apart.
    if (load === 'counted' && requests < windows) return [];
    const one = (of: Measured, at: Rows): Float64Array =>
      load === 'counted' ? times(of, at, requests, windows) : answers(of, at, windows, block_ms, load);
    return [
      {
        baseline: one(pair.baseline.measured, rows),
        shadow: one(pair.shadow.measured, other),
        lost: { baseline: lost, shadow: gone },
      },
    ];
  });
  return {
    gate: 'throughput',
    metric: 'throughput',
    statistic: null,
    scale: 'ratio',
    better: 'higher',
    limit: gate.margin,
    n: blocks.length * windows,
    n_of: 'windows',
    advisory: load === 'closed' ? { reason: 'restates_latency' } : null,
    baseline: pair.baseline.summary.throughput.ok_per_s,
    shadow: pair.shadow.summary.throughput.ok_per_s,
    at(level) {
      const outcome = throughputRatio(blocks, {
        alpha: level,
        windows: load === 'counted' ? 'times' : 'answers',
        in_flight,
        replicates: pair.replicates,
      });
      return outcome.ok ? { ok: true, ...ratioBounds(outcome, gate.margin) } : outcome;
    },
  };
}
