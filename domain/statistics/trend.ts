import { mean } from './batch-means.ts';
import { studentTCdf, studentTQuantile } from './distributions.ts';
import { symmetric } from './mover.ts';
import { checkAlpha, findBadValue, type Interval, type Outcome, refuse } from './outcome.ts';

export interface Trend {
  /** Growth of the fitted line from the first value to the last, in the values' unit. */
  readonly growth: Interval;
  /** One-sided p-value that it grows. */
  readonly p: number;
  readonly degrees: number;
  readonly n: number;
}

/** Stretches the series is cut into: enough for 8 degrees of freedom, few enough to outlast a queue's memory. */
const BATCHES = 10;
/** Values a stretch must average before neighbouring stretches can count as independent. */
const LEAST_A_BATCH = 3;

/**
 * Whether a series drifts (latency in a soak, a server's memory): a line by least squares through the means of ten equal
 * stretches, each bound of its growth at one-sided alpha. `times`: when each value was taken, ascending, any unit;
 * equally spaced by default.
 *
 * Why batch means (Fishman 1978) and not Mann-Kendall or a HAC error: Mann-Kendall takes values as independent, and
 * finds trends in any autocorrelated series; HAC errors are too small at the few hundred values that a soak leaves
 * (Kiefer and Vogelsang 2005). What lives shorter than a tenth of the series averages out in a batch; a random walk
 * does not, and is a trend for all that a run can tell.
 */
export function trend(values: Float64Array, alpha: number, times?: Float64Array): Outcome<Trend> {
  checkAlpha(alpha);
  const n = values.length;
  const bad =
    findBadValue('values', values) ?? (times === undefined ? undefined : findBadValue('times', times));
  if (bad !== undefined) return bad;
  if (times !== undefined && times.length !== n) {
    return refuse('bad_value', `there are ${times.length} times; allowed is one a value, ${n}`);
  }
  const least = BATCHES * LEAST_A_BATCH;
  if (n === 0) return refuse('no_data', `there are no values; at least ${least} are needed`);
  if (n < least) return refuse('too_few', `there are ${n} values; at least ${least} are needed`);
  const when = times ?? Float64Array.from(values, (_, i) => i);
  for (let i = 1; i < n; i++) {
    if ((when[i] ?? 0) < (when[i - 1] ?? 0)) {
      return refuse(
        'bad_value',
        `times[${i}] is ${when[i]}, before ${when[i - 1]}; allowed are ascending times`,
      );
    }
  }
  const span = (when[n - 1] ?? 0) - (when[0] ?? 0);
  if (span === 0) return refuse('bad_value', `all times are ${when[0]}; a trend needs times that differ`);
  const x = batches(when);
  const y = batches(values);
  const [meanX, meanY] = [mean(x), mean(y)];
  const xx = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  if (xx === 0) return refuse('bad_value', 'all batches lie at one time; a trend needs times that differ');
  const slope = x.reduce((sum, value, i) => sum + (value - meanX) * ((y[i] ?? 0) - meanY), 0) / xx;
  const residual = x.reduce((sum, value, i) => sum + ((y[i] ?? 0) - meanY - slope * (value - meanX)) ** 2, 0);
  const degrees = BATCHES - 2;
  const se = Math.sqrt(residual / degrees / xx);
  const growth = symmetric(slope * span, studentTQuantile(1 - alpha, degrees) * se * span);
  const t = se === 0 ? slope * Infinity : slope / se;
  return { ok: true, growth, p: Number.isNaN(t) ? 1 : studentTCdf(-t, degrees), degrees, n };
}

/** Means of equal stretches; those at the front are one longer where n does not divide. */
function batches(values: Float64Array): Float64Array {
  const edge = (b: number): number => Math.ceil((b * values.length) / BATCHES);
  return Float64Array.from({ length: BATCHES }, (_, b) => mean(values.subarray(edge(b), edge(b + 1))));
}
