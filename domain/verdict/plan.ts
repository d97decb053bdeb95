/**
 * What a run can decide, before it is measured: the power of each gate at equality, from the settings, the labels and the
 * baseline's warm-up. Gates that an equal shadow would pass with 80 % count; the others inform, with what they would need.
 *
 * Nothing here sees a measured request, nor any of the shadow's: a shadow that answers worse, fails or is slow now and then
 * would make the very gates that see it look undecidable, and so switch them off. An equal shadow is the baseline again.
 *
 * Powers are those of normal approximations (Mosteller 1946 for a quantile): good to about ten points, which is what a
 * warm-up of a few hundred requests can tell. docs/calibration.md shows how often the gates so chosen do pass.
 */
import {
  batchDegrees,
  batchLength,
  blockDegrees,
  longRunVariance,
  mean,
  variance,
} from '../statistics/batch-means.ts';
import { upToOneDigit } from '../statistics/decision.ts';
import { normalCdf, normalQuantile, studentTQuantile } from '../statistics/distributions.ts';
import { failureRuns, inflationOfRuns } from '../statistics/failure-runs.ts';
import type { PreparedBlock } from '../statistics/latency-sample.ts';
import { LEAST_MEMORIES, memoryOf } from '../statistics/memory.ts';
import { LEAST_MEAN_PAIRS } from '../statistics/payload-ratio.ts';
import { smallestFiniteSample } from '../statistics/quantile-ratio.ts';
import { quantile, sortSamples } from '../statistics/quantiles.ts';
import type { TrendName } from '../record/metrics.ts';
import type { Advisory } from './check.ts';
import { fewestPayloads } from './gates/accuracy.ts';
import { failures, faultlessRequests } from './gates/error-rate.ts';
import type { Side } from './gates/evaluation.ts';
import { LEAST_TYPICAL_PAYLOADS } from './gates/latency.ts';
import type { LoadKind } from './gates/throughput.ts';
import { gateId, PERCENTILES, type Gate } from './thresholds.ts';

/** Chance of a pass at equality from which a gate counts. */
export const LEAST_POWER = 0.8;
/** Answers in the warm-up below which it tells nothing of a spread. */
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
  readonly warm_up: Side | null;
  /** Requests a variant. */
  readonly n: number;
  readonly per_s: number | null;
}

/** Plans of all gates. @param warm_up the baseline's warm-up requests; null: there are none */
export function planGates(gates: readonly Gate[], settings: PlanSettings, warm_up: Side | null): GatePlan[] {
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

/** Answers a second, as the warm-up went. */
function warmUpRate(warm_up: Side | null): number | null {
  if (warm_up === null || warm_up.measured.n < LEAST_WARM_UP) return null;
  const { n, start_ms, duration_ms } = warm_up.measured;
  let [first, last] = [Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    const start = start_ms[i] ?? 0;
    first = Math.min(first, start);
    last = Math.max(last, start + (duration_ms[i] ?? 0));
  }
  return last > first ? (1000 * n) / (last - first) : null;
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
      // Few answers beyond the percentile make the interval's far side the longer one.
      const skew = 1 + 1 / Math.sqrt(n * Math.min(p, 1 - p));
      const unit = error === null ? undefined : error.percentile(p) * skew;
      if (n < floor)
        return {
          power: 0,
          needs: Math.max(floor, needed(unit, gate.margin, of) ?? 0),
          n_of: 'requests',
        };
      return ofRequests(unit, gate.margin, of, error?.memory);
    }
    case 'typical': {
      const payloads = Math.min(settings.payloads, n);
      if (payloads < LEAST_TYPICAL_PAYLOADS)
        return { power: 0, needs: LEAST_TYPICAL_PAYLOADS, n_of: 'payloads' };
      const error = spreadOf(of, gate.metric);
      const planned = ofRequests(error?.typical, gate.margin, of, error?.memory);
      // What payloads vary by cancels in this ratio. Where no payload was sent again, nobody can tell how much that is.
      const unsure = error?.repeated === false && planned.power !== null && planned.power > 0;
      return unsure && (planned.power ?? 0) < LEAST_POWER ? { ...planned, power: null } : planned;
    }
    case 'mean': {
      if (n < LEAST_MEAN_PAIRS) return { power: 0, needs: LEAST_MEAN_PAIRS, n_of: 'requests' };
      const error = spreadOf(of, gate.metric);
      return ofRequests(error?.mean, gate.margin, of, error?.memory);
    }
    case 'error_rate':
      return errorRate(gate.margin_pp / 100, of);
    case 'accuracy':
    case 'quality':
      return accuracy(gate, of);
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
  /** Payloads were sent again, so that what they vary by is taken off the typical ratio and the mean. */
  readonly repeated: boolean;
  readonly memory: number;
}

/** Of a tail that the warm-up has hardly seen no spread is known; most latencies have longer ones than a lognormal's. */
const LEAST_BEYOND = 5;
const UNSEEN_TAIL = 1.5;

/** Of slow noise in a warm-up little is known: four more degrees of an inflation of 2, as behind a queue. */
const PRIOR = { inflation: 2, degrees: 4 };

function spreadOf({ warm_up }: Expected, metric: TrendName): Spread | null {
  const outcome = warm_up?.samples.of(metric);
  if (outcome?.ok !== true || outcome.sample.n < LEAST_WARM_UP) return null;
  const { blocks } = outcome.sample;
  const logs = Float64Array.from(blocks.flatMap((block) => [...block.logs]));
  const durations = Float64Array.from(blocks.flatMap((block) => [...block.durations_ms]));
  const memory = memoryOf(blocks.map((block) => block.logs));
  const [own, m] = [variance(logs), batchLength(logs.length, memory)];
  const degrees = batchDegrees(logs.length, m);
  const measured = own > 0 ? longRunVariance(logs, m) / own : 1;
  const inflation = Math.max(
    1,
    (measured * degrees + PRIOR.inflation * PRIOR.degrees) / (degrees + PRIOR.degrees),
  );
  const inside = (value: (block: PreparedBlock) => Float64Array): number | null =>
    insidePayloads(blocks.map((block) => ({ values: value(block), payloads: block.payloads })));
  const repeated = inside(({ logs: values }) => values);
  // What time adds, on the logarithm; a mean moves by as much in shares of itself. Of it payloads are no part.
  const slow =
    repeated === null
      ? (inflation - 1) * own
      : Math.max(
          0,
          ((measured - 1) * own * degrees + (PRIOR.inflation - 1) * repeated * PRIOR.degrees) /
            (degrees + PRIOR.degrees),
        );
  return {
    percentile(p) {
      const z = normalQuantile(p);
      const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
      // What slow noise does to the share below a percentile is less than what it does to the mean, the more so in the
      // tail: of Gaussian noise the first Hermite term phi(z)^2 / (p (1 - p)), to a power that fits AR(1).
      const share = (density ** 2 / (p * (1 - p))) ** 0.6;
      const unit = Math.sqrt((1 + (inflation - 1) * share) * p * (1 - p)) / density;
      const seen = logs.length * Math.min(p, 1 - p);
      return Math.SQRT2 * scaleAt(logs, p) * unit * (seen < LEAST_BEYOND ? UNSEEN_TAIL : 1);
    },
    typical: Math.sqrt(2 * ((repeated ?? own) + slow)),
    mean: Math.sqrt(
      2 * ((inside(({ durations_ms }) => durations_ms) ?? variance(durations)) / mean(durations) ** 2 + slow),
    ),
    repeated: repeated !== null,
    memory,
  };
}

/** Fewer repeats than this tell nothing of how one payload's sendings differ. */
const LEAST_REPEATS = 20;

/** Variance between sendings of one payload, pooled; null where too few were sent again. */
function insidePayloads(
  blocks: readonly { readonly values: Float64Array; readonly payloads: Int32Array | undefined }[],
): number | null {
  const seen = new Map<number, { n: number; sum: number; squares: number }>();
  for (const { values, payloads } of blocks)
    for (let i = 0; i < values.length; i++) {
      const [value, payload] = [values[i] ?? 0, payloads?.[i] ?? -1];
      const one = seen.get(payload) ?? { n: 0, sum: 0, squares: 0 };
      seen.set(payload, { n: one.n + 1, sum: one.sum + value, squares: one.squares + value * value });
    }
  let [squares, degrees] = [0, 0];
  for (const { n, sum, squares: own } of seen.values()) {
    squares += Math.max(0, own - (sum * sum) / n);
    degrees += n - 1;
  }
  return degrees < LEAST_REPEATS || seen.has(-1) ? null : squares / degrees;
}

/** Standard deviation of the log latency as the spread around this percentile shows it: a few stragglers don't make it. */
function scaleAt(logs: Float64Array, p: number): number {
  const outcome = sortSamples(logs);
  if (!outcome.ok) return Number.NaN;
  const at = (q: number): number => quantile(outcome.sorted, q);
  const middle = (at(0.84) - at(0.16)) / 2;
  return p <= 0.5 ? middle : Math.max(middle, (at(0.9) - at(0.5)) / normalQuantile(0.9));
}

function errorRate(margin: number, { settings, warm_up, n }: Expected): Forecast {
  const z = normalQuantile(1 - settings.alpha);
  const faultless = faultlessRequests(margin, settings.alpha);
  if (n < faultless)
    return { power: 0, needs: faultless < Infinity ? upToOneDigit(faultless) : null, n_of: 'requests' };
  const enough = { power: 1, needs: upToOneDigit(faultless), n_of: 'requests' as const };
  const blocks = warm_up === null ? [] : failures(warm_up.measured);
  const total = blocks.reduce((sum, { length }) => sum + length, 0);
  const runs = blocks.flatMap((block) => failureRuns(block));
  const failed = runs.reduce((sum, size) => sum + size, 0);
  if (failed === 0 || failed === total) return enough;
  const share = failed / total;
  const unit = Math.sqrt(2 * share * (1 - share) * inflationOfRuns([runs]));
  const power = normalCdf((margin * Math.sqrt(n)) / unit - z);
  return {
    power,
    needs: upToOneDigit((((z + normalQuantile(LEAST_POWER)) * unit) / margin) ** 2),
    n_of: 'requests',
  };
}

/** Payloads that two equal servers answer unlike, as a share: they answer alike, but for a few; and right answers. */
const ALIKE = { apart: 0.05, right: 0.75 };

function accuracy(gate: { readonly margin_pp: number }, { settings, n }: Expected): Forecast {
  const margin = gate.margin_pp / 100;
  const payloads = Math.min(settings.labelled, n);
  const fewest = fewestPayloads(margin, settings.alpha);
  const z = normalQuantile(1 - settings.alpha);
  // Tango's error is taken where the shadow lies on the margin, which needs as much discordance.
  const onMargin = Math.sqrt(Math.max(ALIKE.apart, margin));
  const reach = z * onMargin + normalQuantile(LEAST_POWER) * Math.sqrt(ALIKE.apart);
  const enough = margin > 0 ? Math.max(fewest, (reach / margin) ** 2) : Infinity;
  const power =
    payloads < fewest ? 0 : normalCdf((margin * Math.sqrt(payloads) - z * onMargin) / Math.sqrt(ALIKE.apart));
  return { power, needs: enough < Infinity ? upToOneDigit(enough) : null, n_of: 'payloads' };
}

/** Fewer payloads than this make no mean of payloads. */
const LEAST_COST_PAYLOADS = 20;

function money(gate: Extract<Gate, { gate: 'cost' | 'cpqu' }>, { settings, n }: Expected): Forecast {
  const payloads = Math.min(gate.gate === 'cost' ? settings.payloads : settings.labelled, n);
  if (payloads < LEAST_COST_PAYLOADS) return { power: 0, needs: LEAST_COST_PAYLOADS, n_of: 'payloads' };
  // How two sendings of one payload differ in cost the warm-up does not tell; equal servers cost the same.
  if (gate.gate === 'cost') return { power: null, needs: null, n_of: 'payloads' };
  const unit = (ALIKE.apart + 2 / payloads) / ALIKE.right ** 2;
  const critical = studentTQuantile(1 - settings.alpha, payloads - 1);
  return { ...byPower(Math.sqrt(unit / payloads), critical, gate.margin, payloads), n_of: 'payloads' };
}
