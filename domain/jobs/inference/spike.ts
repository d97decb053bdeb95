/** Before, in and after a spike: each stage's figures, and how long the server took to be itself again. */
import type { Measured } from '../../record/request-table.ts';
import { quantile, sortSamples } from '../../statistics/quantiles.ts';
import { stageOf, type LoadPlan, type StageName } from '../../load/counted-plan.ts';

export interface StageFigures {
  readonly stage: StageName;
  readonly requests: number;
  readonly failed: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly max_ms: number | null;
  readonly ok_per_s: number | null;
}

/** `never`: not within what was watched after the spike. */
export type Recovery =
  | { readonly state: 'recovered'; readonly after_ms: number; readonly bar_ms: number; readonly n: number }
  | { readonly state: 'never'; readonly watched_ms: number; readonly bar_ms: number; readonly n: number }
  | { readonly state: 'unknown' };

export interface SpikeReport {
  readonly stages: readonly StageFigures[];
  /** Of the worst block. */
  readonly recovery: Recovery;
}

/** A p95 of fewer requests is one request. */
const LEAST_AFTER = 5;

interface Row {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly duration_ms: number;
  readonly ok: boolean;
}

function rowsOf(of: Measured, plan: LoadPlan, stage: StageName, block: number | null): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < of.n; i += 1) {
    if (block !== null && of.block[i] !== block) continue;
    if (stageOf(plan, of.index[i] ?? -1)?.name !== stage) continue;
    const start_ms = of.start_ms[i] ?? 0;
    const duration_ms = of.duration_ms[i] ?? 0;
    rows.push({ start_ms, duration_ms, end_ms: start_ms + duration_ms, ok: of.error[i] === 0 });
  }
  return rows.toSorted((a, b) => a.start_ms - b.start_ms);
}

const validDurations = (rows: readonly Row[]): Float64Array =>
  Float64Array.from(rows.filter(({ ok }) => ok).map(({ duration_ms }) => duration_ms));

/** Null of none. */
function percentile(values: Float64Array, p: number): number | null {
  const outcome = sortSamples(values);
  return outcome.ok ? quantile(outcome.sorted, p) : null;
}

function figures(stage: StageName, rows: readonly Row[]): StageFigures {
  const valid = validDurations(rows);
  const span_ms = Math.max(...rows.map(({ end_ms }) => end_ms)) - (rows[0]?.start_ms ?? 0);
  return {
    stage,
    requests: rows.length,
    failed: rows.length - valid.length,
    p50_ms: percentile(valid, 0.5),
    p95_ms: percentile(valid, 0.95),
    max_ms: valid.length === 0 ? null : Math.max(...valid),
    ok_per_s: rows.length === 0 || span_ms <= 0 ? null : valid.length / (span_ms / 1000),
  };
}

/**
 * The recovery's end is the start of the earliest request from which on p95 (type 7, failures as infinitely slow) is within
 * `factor` of the p95 before; its beginning is the end of the spike's last request, when the load is gone.
 */
function recovery(
  before: readonly Row[],
  spike: readonly Row[],
  after: readonly Row[],
  factor: number,
): Recovery {
  const calm_ms = percentile(validDurations(before), 0.95);
  if (calm_ms === null || spike.length === 0 || after.length < LEAST_AFTER) return { state: 'unknown' };
  const bar_ms = factor * calm_ms;
  const spike_end_ms = Math.max(...spike.map(({ end_ms }) => end_ms));
  for (let from = 0; after.length - from >= LEAST_AFTER; from += 1) {
    const rest = after.slice(from).map(({ duration_ms, ok }) => (ok ? duration_ms : Number.MAX_VALUE));
    if ((percentile(Float64Array.from(rest), 0.95) ?? Infinity) > bar_ms) continue;
    const after_ms = from === 0 ? 0 : Math.max(0, (after[from]?.start_ms ?? 0) - spike_end_ms);
    return { state: 'recovered', after_ms, bar_ms, n: after.length };
  }
  const watched_ms = Math.max(...after.map(({ end_ms }) => end_ms)) - spike_end_ms;
  return { state: 'never', watched_ms, bar_ms, n: after.length };
}

const badness = (one: Recovery): number =>
  one.state === 'recovered' ? one.after_ms : one.state === 'never' ? Infinity : -1;

/** @param factor how near to before counts as recovered: 1.5 */
export function spikeReport(of: Measured, plan: LoadPlan, factor: number): SpikeReport {
  const recoveries = [...new Set(of.block)].map((block) =>
    recovery(
      rowsOf(of, plan, 'before', block),
      rowsOf(of, plan, 'spike', block),
      rowsOf(of, plan, 'after', block),
      factor,
    ),
  );
  const worst = recoveries.toSorted((a, b) => badness(b) - badness(a))[0];
  return {
    stages: plan.stages.map(({ name }) => figures(name, rowsOf(of, plan, name, null))),
    recovery: recoveries.some(({ state }) => state === 'unknown')
      ? { state: 'unknown' }
      : (worst ?? { state: 'unknown' }),
  };
}
