import { checkAlpha, type Interval, type Outcome, refuse } from '../../domain/statistics/outcome.ts';
import { quantilePlace, sortSamples } from '../../domain/statistics/quantiles.ts';
import type { Random } from '../../domain/statistics/random.ts';

/**
 * The paired percentile bootstrap (Efron 1979) of the log ratio of two quantiles, shadow / baseline: what others decide
 * by, kept for comparison. It takes requests as independent, and under load passes a shadow on the margin several times
 * as often as it says. Resampled ranks are counted, not sorted: O(n) a resample.
 */
export function pairedBootstrap(
  baseline_ms: Float64Array,
  shadow_ms: Float64Array,
  options: {
    readonly p: number;
    readonly alpha: number;
    readonly resamples: number;
    readonly random: Random;
  },
): Outcome<Interval> {
  const { p, alpha, resamples, random } = options;
  checkAlpha(alpha);
  const n = baseline_ms.length;
  if (shadow_ms.length !== n) {
    return refuse(
      'bad_value',
      `there are ${n} baseline and ${shadow_ms.length} shadow durations; allowed are pairs`,
    );
  }
  const baseline = ranked(baseline_ms);
  const shadow = ranked(shadow_ms);
  if (!baseline.ok) return baseline;
  if (!shadow.ok) return shadow;
  const ratios = new Float64Array(resamples);
  const draws = new Int32Array(n);
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < n; i++) draws[i] = Math.floor(random.uniform() * n);
    ratios[r] = resampledLog(shadow, draws, p) - resampledLog(baseline, draws, p);
  }
  const sorted = sortSamples(ratios);
  if (!sorted.ok) return sorted;
  const at = (share: number): number => sorted.sorted[Math.floor(share * (resamples - 1))] ?? 0;
  const whole = Int32Array.from(draws, (_, i) => i);
  const estimate = resampledLog(shadow, whole, p) - resampledLog(baseline, whole, p);
  return { ok: true, estimate, lower: at(alpha), upper: at(1 - alpha) };
}

interface Ranked {
  readonly logs: Float64Array;
  /** Place in `logs` of the value at each position. */
  readonly ranks: Int32Array;
  /** How often each place was drawn; scratch. */
  readonly counts: Int32Array;
}

function ranked(values: Float64Array): Outcome<Ranked> {
  const outcome = sortSamples(values, Number.MIN_VALUE);
  if (!outcome.ok) return outcome;
  const order = Uint32Array.from(values, (_, i) => i).sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const ranks = new Int32Array(values.length);
  order.forEach((position, rank) => {
    ranks[position] = rank;
  });
  return { ok: true, logs: outcome.sorted.map(Math.log), ranks, counts: new Int32Array(values.length) };
}

function resampledLog({ logs, ranks, counts }: Ranked, draws: Int32Array, p: number): number {
  counts.fill(0);
  for (const position of draws) {
    const rank = ranks[position] ?? 0;
    counts[rank] = (counts[rank] ?? 0) + 1;
  }
  const { below, fraction } = quantilePlace(draws.length, p);
  let [rank, seen] = [-1, 0];
  while (seen <= below) seen += counts[++rank] ?? 0;
  const low = logs[rank] ?? 0;
  while (seen <= below + 1 && rank < logs.length - 1) seen += counts[++rank] ?? 0;
  return low + fraction * ((logs[rank] ?? 0) - low);
}
