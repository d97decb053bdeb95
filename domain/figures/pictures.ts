/** What is drawn rather than tabled: the latency distributions, and the stage that stands out. */
import type { Comparison, Histogram } from '../result/comparison.ts';
import type { Samples } from './samples.ts';
import { pooledQuantile } from '../statistics/latency-sample.ts';
import type { VariantSummary } from './summary.ts';
import { mapVariants, pairsOf, presentVariants, type ByVariant } from '../variants.ts';

/** The stage whose tail differs most between the variants, in ms at p95. */
export function slowestStage(summaries: ByVariant<VariantSummary>): Comparison['slowest_stage'] {
  const [pair] = pairsOf(summaries);
  if (pair === undefined) return null;
  const [baseline, candidate] = pair.of;
  let found: Comparison['slowest_stage'] = null;
  let most = 0;
  for (const { stage, p95 } of candidate.stages) {
    const before = baseline.stages.find((one) => one.stage === stage)?.p95;
    if (before === undefined) continue;
    if (Math.abs(p95 - before) > most) {
      most = Math.abs(p95 - before);
      found = { stage, baseline_p95_ms: before, shadow_p95_ms: p95 };
    }
  }
  return found;
}

const BINS = 60;

/** Bins from 0 to beyond the larger p99, so that one straggler does not flatten the picture; the last bin is open. */
export function histogram(of: ByVariant<Samples>): Histogram | null {
  const prepared = mapVariants(of, (samples) => samples.of('request_duration'));
  let top = 0;
  for (const variant of presentVariants(prepared)) {
    const outcome = prepared[variant];
    if (outcome?.ok === true) top = Math.max(top, pooledQuantile(outcome.sample, 0.99) * 1.15);
  }
  if (top === 0) return null;
  const edges_ms = Array.from({ length: BINS + 1 }, (_, i) => (top * i) / BINS);
  const shares = mapVariants(prepared, (outcome) => {
    const counts = Array.from({ length: BINS }, () => 0);
    if (!outcome.ok) return counts;
    for (const { durations_ms } of outcome.sample.blocks) {
      for (const value of durations_ms) {
        const bin = Math.min(BINS - 1, Math.floor((value / top) * BINS));
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
    }
    return counts.map((count) => count / outcome.sample.n);
  });
  return { edges_ms, shares };
}
