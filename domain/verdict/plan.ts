/**
 * What a run can decide, before it is measured: the power of each gate at equality, from the settings, the labels and the
 * warm-up. Gates that an equal shadow would pass with 80 % count; the others inform, with what they would need. Nothing
 * here sees a measured request, so no gate is ever switched off by what was seen.
 *
 * Powers are those of normal approximations (Mosteller 1946 for a quantile): good to about ten points, which is what a
 * warm-up of a few hundred requests can tell. docs/calibration.md shows how often the gates so chosen do pass.
 */
import { batchLength, blockDegrees, longRunVariance, mean, variance } from '../statistics/batch-means.ts';
import { upToOneDigit } from '../statistics/decision.ts';
import { normalCdf, normalQuantile, studentTQuantile } from '../statistics/distributions.ts';
import { failureRuns, inflationOfRuns } from '../statistics/failure-runs.ts';
import { LEAST_MEMORIES } from '../statistics/memory.ts';
import { logDifferences, type LatencyPair, smallestFiniteSample } from '../statistics/quantile-ratio.ts';
import { quantile, sortSamples } from '../statistics/quantiles.ts';
import { costRatio } from '../statistics/ratio-of-totals.ts';
import { scoresOf, USUAL_METRIC } from '../quality/scores.ts';
import type { TrendName } from '../record/metrics.ts';
import type { Advisory } from './check.ts';
import { fewestPayloads } from './gates/accuracy.ts';
import { byPayload, costsByPayload } from './gates/by-payload.ts';
import { failures, faultlessRequests } from './gates/error-rate.ts';
import type { Pair } from './gates/evaluation.ts';
import { LEAST_TYPICAL_PAYLOADS } from './gates/latency.ts';
import { matchedLatency } from './gates/latency-pair.ts';
import type { LoadKind } from './gates/throughput.ts';
import { gateId, PERCENTILES, type Gate } from './thresholds.ts';

/** Chance of a pass at equality from which a gate counts. */
export const LEAST_POWER = 0.8;
/** Answers of each variant in the warm-up below which it tells nothing of a spread. */
const LEAST_WARM_UP = 20;

export interface PlanSettings {
  /** One-sided level of the last look. */
  readonly alpha: number;
  /** Planned length of all blocks together, ms. */
  readonly duration_ms: number;
  /** Requests a variant where that is given: by a rate, or by a count; null: as fast as the warm-up went. */
  readonly requests: number | null;
  /** Distinct payloads, and those with a label. */
  readonly payloads: number;
  readonly labelled: number;
  readonly load: LoadKind;
}

export interface GatePlan {
  readonly id: string;
  /** Chance that an equal shadow passes; null: the warm-up does not tell. */
  readonly power: number | null;
  /** Null: it counts. */
  readonly advisory: Advisory | null;
  /** Requests a variant or payloads for 80 %, to one digit; null: not known. */
  readonly needs: number | null;
  readonly n_of: 'requests' | 'payloads';
  /** How long `needs` would take at this rate; null of payloads, and where no rate is known. */
  readonly minutes: number | null;
}

/** What one gate's data would be like. */
interface Forecast {
  readonly power: number | null;
  readonly needs: number | null;
  readonly n_of: GatePlan['n_of'];
}

interface Expected {
  readonly settings: PlanSettings;
  readonly warm_up: Pair | null;
  /** Requests a variant. */
  readonly n: number;
  readonly per_s: number | null;
}

/** Plans of all gates. @param warm_up both variants' warm-up requests, as a run's pair; null: there are none */
export function planGates(gates: readonly Gate[], settings: PlanSettings, warm_up: Pair | null): GatePlan[] {
  const per_s =
    settings.requests === null ? warmUpRate(warm_up) : (1000 * settings.requests) / settings.duration_ms;
  const n = settings.requests ?? (per_s === null ? null : Math.round((per_s * settings.duration_ms) / 1000));
  return gates.map((gate): GatePlan => {
    const id = gateId(gate);
    if (gate.gate === 'throughput' && settings.load === 'closed')
      return {
        id,
        power: null,
        advisory: { reason: 'restates_latency' },
        needs: null,
        n_of: 'requests',
        minutes: null,
      };
    if (gate.gate === 'agreement')
      return {
        id,
        power: null,
        advisory: { reason: 'by_choice' },
        needs: null,
        n_of: 'payloads',
        minutes: null,
      };
    const { power, needs, n_of } =
      n === null ? unknown(gate) : forecast(gate, { settings, warm_up, n, per_s });
    const minutes =
      n_of === 'requests' && needs !== null && per_s !== null && per_s > 0 ? needs / per_s / 60 : null;
    const counts = power === null || power >= LEAST_POWER;
    return { id, power, advisory: counts ? null : { reason: 'power', power, needs }, needs, n_of, minutes };
  });
}

/** Answers a second of the slower variant. */
function warmUpRate(warm_up: Pair | null): number | null {
  if (warm_up === null) return null;
  const rates = [warm_up.baseline, warm_up.shadow].map(({ measured: { n, start_ms, duration_ms } }) => {
    if (n < LEAST_WARM_UP) return Number.NaN;
    let [first, last] = [Infinity, -Infinity];
    for (let i = 0; i < n; i++) {
      const start = start_ms[i] ?? 0;
      first = Math.min(first, start);
      last = Math.max(last, start + (duration_ms[i] ?? 0));
    }
    return (1000 * n) / (last - first);
  });
  const slower = Math.min(...rates);
  return slower > 0 && slower < Infinity ? slower : null;
}

const OF_PAYLOADS: readonly Gate['gate'][] = ['accuracy', 'quality', 'agreement', 'cost', 'cpqu'];

const unknown = (gate: Gate): Forecast => ({
  power: null,
  needs: null,
  n_of: OF_PAYLOADS.includes(gate.gate) ? 'payloads' : 'requests',
});

function forecast(gate: Gate, of: Expected): Forecast {
  const { settings, n } = of;
  switch (gate.gate) {
    case 'latency': {
      const p = PERCENTILES[gate.statistic];
      const floor = smallestFiniteSample(p, settings.alpha);
      const error = spreadOf(of, gate.metric);
      if (n < floor)
        return {
          power: 0,
          needs: Math.max(floor, needed(error?.percentile(p), gate.margin, of) ?? 0),
          n_of: 'requests',
        };
      return ofRequests(error?.percentile(p), gate.margin, of, error?.memory);
    }
    case 'typical': {
      const payloads = Math.min(settings.payloads, n);
      if (payloads < LEAST_TYPICAL_PAYLOADS)
        return { power: 0, needs: LEAST_TYPICAL_PAYLOADS, n_of: 'payloads' };
      const error = spreadOf(of, gate.metric);
      return ofRequests(error?.typical, gate.margin, of, error?.memory);
    }
    case 'mean': {
      const error = spreadOf(of, gate.metric);
      return ofRequests(error?.mean, gate.margin, of, error?.memory);
    }
    case 'error_rate':
      return errorRate(gate.margin_pp / 100, of);
    case 'accuracy':
      return accuracy(gate, gate.answer, of);
    // Answers are scored after the load: the warm-up tells nothing of other metrics yet.
    case 'quality':
      return accuracy(gate, gate.metric, of);
    case 'cost':
    case 'cpqu':
      return money(gate, of);
    case 'throughput':
      // Of an open or counted load: ends are no more uneven than independent ones; six merged windows, five degrees.
      return byPower(Math.sqrt(2 / n), studentTQuantile(1 - settings.alpha, 5), gate.margin, n);
    case 'agreement':
    case 'output_length':
      return unknown(gate);
  }
}

/** Power at equality of a gate on a ratio whose log has this standard error at n; and the n for 80 %. */
function byPower(se: number, critical: number, margin: number, n: number): Forecast {
  const room = Math.abs(Math.log(margin));
  const power = se > 0 ? normalCdf(room / se - critical) : 1;
  const enough = n * (((critical + normalQuantile(LEAST_POWER)) * se) / room) ** 2;
  return { power, needs: room > 0 ? upToOneDigit(enough) : null, n_of: 'requests' };
}

const criticalOf = ({ settings, n }: Expected): number =>
  studentTQuantile(1 - settings.alpha, blockDegrees([n]));

function needed(unit: number | undefined, margin: number, of: Expected): number | null {
  return unit === undefined ? null : byPower(unit / Math.sqrt(of.n), criticalOf(of), margin, of.n).needs;
}

/** `unit`: the standard error times sqrt n. */
function ofRequests(unit: number | undefined, margin: number, of: Expected, memory = 0): Forecast {
  if (unit === undefined) return { power: null, needs: null, n_of: 'requests' };
  const enough = LEAST_MEMORIES * memory;
  if (of.n < enough)
    return { power: 0, needs: enough < Infinity ? upToOneDigit(enough) : null, n_of: 'requests' };
  return byPower(unit / Math.sqrt(of.n), criticalOf(of), margin, of.n);
}

/** Standard errors of the log ratios, times sqrt n. */
interface Spread {
  readonly percentile: (p: number) => number;
  readonly typical: number;
  readonly mean: number;
  readonly memory: number;
}

function spreadOf({ warm_up }: Expected, metric: TrendName): Spread | null {
  if (warm_up === null) return null;
  const paired = matchedLatency(warm_up, metric);
  if (!paired.ok) return null;
  const { pair } = paired;
  if (Math.min(pair.baseline.n, pair.shadow.n) < LEAST_WARM_UP) return null;
  const differences = joined(pair);
  if (differences.length < LEAST_WARM_UP) return null;
  const slow = longRunVariance(differences, batchLength(differences.length, pair.memory));
  const own = variance(differences);
  const inflation = own > 0 ? Math.max(1, slow / own) : 1;
  const sides = [pair.baseline, pair.shadow].map(({ blocks }) => ({
    logs: Float64Array.from(blocks.flatMap(({ logs }) => [...logs])),
    durations: Float64Array.from(blocks.flatMap(({ durations_ms }) => [...durations_ms])),
  }));
  return {
    percentile(p) {
      const z = normalQuantile(p);
      const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
      const sds = sides.map(({ logs }) => scaleAt(logs, p));
      // What slow noise does to the share below a percentile is less than what it does to the mean, the more so in the
      // tail: of Gaussian noise the first Hermite term phi(z)^2 / (p (1 - p)), to a power that fits AR(1).
      const share = (density ** 2 / (p * (1 - p))) ** 0.6;
      const unit = Math.sqrt((1 + (inflation - 1) * share) * p * (1 - p)) / density;
      return Math.hypot(...sds) * unit;
    },
    typical: Math.sqrt(own * inflation),
    mean: Math.sqrt(
      inflation * sides.reduce((sum, { durations }) => sum + variance(durations) / mean(durations) ** 2, 0),
    ),
    memory: pair.memory,
  };
}

function joined({ baseline, shadow, pairs }: LatencyPair): Float64Array {
  const all = pairs.flatMap((matched, b) => [
    ...logDifferences(
      baseline.blocks[b]?.logs ?? new Float64Array(0),
      shadow.blocks[b]?.logs ?? new Float64Array(0),
      matched,
    ),
  ]);
  return Float64Array.from(all);
}

/** Standard deviation of the log latency as the spread around this percentile shows it: a few stragglers don't make it. */
function scaleAt(logs: Float64Array, p: number): number {
  const outcome = sortSamples(logs);
  if (!outcome.ok) return Number.NaN;
  const at = (q: number): number => quantile(outcome.sorted, q);
  const middle = (at(0.84) - at(0.16)) / 2;
  return p <= 0.5 ? middle : Math.max(middle, (at(0.95) - at(0.5)) / normalQuantile(0.95));
}

function errorRate(margin: number, { settings, warm_up, n }: Expected): Forecast {
  const z = normalQuantile(1 - settings.alpha);
  const requests = { power: 1, needs: null, n_of: 'requests' as const };
  if (warm_up === null) return { ...requests, power: null };
  const sides = [warm_up.baseline, warm_up.shadow].map(({ measured }) => failures(measured));
  const sizes = sides.flat().map(({ length }) => length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const runs = sides.map((blocks) => blocks.flatMap((block) => failureRuns(block)));
  const failed = runs.flat().reduce((sum, size) => sum + size, 0);
  const faultless = faultlessRequests(margin, settings.alpha);
  if (n < faultless) return { power: 0, needs: upToOneDigit(faultless), n_of: 'requests' };
  if (failed === 0 || total === 0) return requests;
  const share = failed / total;
  const unit = Math.sqrt(2 * share * (1 - share) * inflationOfRuns(runs));
  const power = normalCdf((margin * Math.sqrt(n)) / unit - z);
  return {
    power,
    needs: upToOneDigit((((z + normalQuantile(LEAST_POWER)) * unit) / margin) ** 2),
    n_of: 'requests',
  };
}

/** Of payloads that the warm-up sent to both, how many would be answered right by one alone; a guess of 5 % counts as 20. */
function discordance(warm_up: Pair | null, metric: string): { share: number; right: number } {
  let [apart, both, right] = [1, 20, 15];
  const was = warm_up === null ? null : scoresOf(warm_up.baseline.measured, metric);
  const is = warm_up === null ? null : scoresOf(warm_up.shadow.measured, metric);
  if (warm_up !== null && was !== null && is !== null) {
    const before = byPayload(warm_up.baseline.measured, was.values);
    const after = byPayload(warm_up.shadow.measured, is.values);
    for (const [id, one] of before) {
      const other = after.get(id);
      if (other === undefined) continue;
      const [a, b] = [one.right / one.answers, other.right / other.answers];
      apart += Math.abs(a - b);
      right += (a + b) / 2;
      both += 1;
    }
  }
  return { share: apart / both, right: right / both };
}

function accuracy(
  gate: { readonly margin_pp: number },
  metric: string,
  { settings, warm_up, n }: Expected,
): Forecast {
  const margin = gate.margin_pp / 100;
  const payloads = Math.min(settings.labelled, n);
  const fewest = fewestPayloads(margin, settings.alpha);
  const { share } = discordance(warm_up, metric);
  const z = normalQuantile(1 - settings.alpha);
  // Tango's error is taken where the shadow lies on the margin, which needs as much discordance.
  const onMargin = Math.sqrt(Math.max(share, margin));
  const reach = z * onMargin + normalQuantile(LEAST_POWER) * Math.sqrt(share);
  const enough = margin > 0 ? Math.max(fewest, (reach / margin) ** 2) : Infinity;
  const power =
    payloads < fewest ? 0 : normalCdf((margin * Math.sqrt(payloads) - z * onMargin) / Math.sqrt(share));
  return { power, needs: enough < Infinity ? upToOneDigit(enough) : null, n_of: 'payloads' };
}

function money(gate: Extract<Gate, { gate: 'cost' | 'cpqu' }>, { settings, warm_up, n }: Expected): Forecast {
  const none = { power: null, needs: null, n_of: 'payloads' as const };
  const payloads = Math.min(gate.gate === 'cost' ? settings.payloads : settings.labelled, n);
  if (warm_up === null || payloads < 2) return none;
  const outcome = costRatio(
    costsByPayload(warm_up.baseline.measured, warm_up.shadow.measured, 'answer'),
    settings.alpha,
  );
  if (!outcome.ok) return none;
  let unit = outcome.se ** 2 * outcome.n;
  if (gate.gate === 'cpqu') {
    const { share, right } = discordance(warm_up, gate.metric ?? USUAL_METRIC);
    unit += share / right ** 2 + 2 / right ** 2 / payloads;
  }
  const critical = studentTQuantile(1 - settings.alpha, payloads - 1);
  return { ...byPower(Math.sqrt(unit / payloads), critical, gate.margin, payloads), n_of: 'payloads' };
}
