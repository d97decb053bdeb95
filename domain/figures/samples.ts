/** The valid values of one variant's trend, block by block, checked and sorted once for everything that asks. */
import type { TrendName } from '../record/metrics.ts';
import { blockRows, type Measured, type OptionalTrend } from '../record/request-table.ts';
import { prepareLatency, type LatencyBlock, type LatencySample } from '../statistics/latency-sample.ts';
import type { Outcome } from '../statistics/outcome.ts';

const COLUMNS: Readonly<Partial<Record<TrendName, OptionalTrend>>> = {
  ttft: 'ttft_ms',
  answer_ttft: 'answer_ttft_ms',
  tpot: 'tpot_ms',
  itl: 'itl_ms',
  e2e: 'e2e_ms',
};

function column(of: Measured, trend: TrendName): Float64Array | undefined {
  if (trend === 'request_duration') return of.duration_ms;
  if (trend === 'request_cost_eur') return of.cost_eur;
  if (trend === 'tokens_per_s') return tokensPerSecond(of);
  const name = COLUMNS[trend];
  return name === undefined ? undefined : of.optional.get(name);
}

/** Of each answer: its tokens over the time to the last of them. */
function tokensPerSecond({ n, optional }: Measured): Float64Array | undefined {
  const tokens = optional.get('tokens');
  const e2e_ms = optional.get('e2e_ms');
  if (tokens === undefined || e2e_ms === undefined) return undefined;
  const rates = new Float64Array(n).fill(Number.NaN);
  for (let i = 0; i < n; i += 1) {
    const ms = e2e_ms[i] ?? Number.NaN;
    if (ms > 0) rates[i] = (1000 * (tokens[i] ?? Number.NaN)) / ms;
  }
  return rates;
}

/** The blocks that this variant ran in, ascending. */
export function blocksOf(of: Measured): readonly number[] {
  return blockRows(of).map(({ from }) => of.block[from] ?? 0);
}

/** Which of a variant's requests a sample is made of. */
export interface Basis {
  /** Of each payload the first sending alone, the warm-up's counted: what no cache of repeats can have answered. */
  readonly first?: boolean;
  /** Without the payloads that the warm-up asked: of these the first sending is not among the measured ones. */
  readonly fresh?: boolean;
  /** A failure counts as an answer that never came. */
  readonly failures?: boolean;
}

/** 1 at the first request of each payload, where that was a measured one. */
function firstSendings(of: Measured): Uint8Array {
  const first = new Uint8Array(of.n);
  const seen = of.asked_before?.slice() ?? new Uint8Array(of.payload_ids.length);
  for (let i = 0; i < of.n; i += 1) {
    const payload = of.payload[i] ?? 0;
    if (seen[payload] === 1) continue;
    seen[payload] = 1;
    first[i] = 1;
  }
  return first;
}

function collect(of: Measured, values: Float64Array | undefined, basis: Basis = {}): LatencyBlock[] {
  if (values === undefined) return [];
  const first = basis.first === true ? firstSendings(of) : null;
  const blocks: LatencyBlock[] = [];
  for (const { from, to } of blockRows(of)) {
    const durations_ms = new Float64Array(to - from);
    const index = new Float64Array(to - from);
    const payloads = new Int32Array(to - from);
    // k6 counts its clients from 1: 0 says that the log does not name them.
    const clients = (of.vu[from] ?? 0) === 0 ? undefined : new Int32Array(to - from);
    let n = 0;
    for (let i = from; i < to; i += 1) {
      if (first !== null && first[i] !== 1) continue;
      if (basis.fresh === true && of.asked_before?.[of.payload[i] ?? 0] === 1) continue;
      const failed = of.error[i] !== 0;
      const value = failed ? Number.POSITIVE_INFINITY : (values[i] ?? Number.NaN);
      if ((failed && basis.failures !== true) || Number.isNaN(value)) continue;
      durations_ms[n] = value;
      index[n] = of.index[i] ?? 0;
      payloads[n] = of.payload[i] ?? 0;
      if (clients !== undefined) clients[n] = of.vu[i] ?? 0;
      n += 1;
    }
    if (n === 0) continue;
    blocks.push({
      durations_ms: durations_ms.subarray(0, n),
      index: index.subarray(0, n),
      payloads: payloads.subarray(0, n),
      ...(clients === undefined ? {} : { clients: clients.subarray(0, n) }),
    });
  }
  return blocks;
}

/** The sample of a trend on another basis than all valid answers. */
export const sampleOn = (of: Measured, trend: TrendName, basis: Basis): Outcome<{ sample: LatencySample }> =>
  prepareLatency(collect(of, column(of, trend), basis), basis.failures === true ? 'infinite' : 'refused');

export interface Samples {
  of(trend: TrendName): Outcome<{ sample: LatencySample }>;
}

/** Sorts at the first asking, and remembers. */
export function samples(of: Measured): Samples {
  const known = new Map<TrendName, Outcome<{ sample: LatencySample }>>();
  return {
    of(trend) {
      let outcome = known.get(trend);
      if (outcome === undefined) known.set(trend, (outcome = prepareLatency(collect(of, column(of, trend)))));
      return outcome;
    },
  };
}
