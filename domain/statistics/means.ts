import { mean, variance } from './batch-means.ts';
import { studentTQuantile } from './distributions.ts';
import { symmetric } from './mover.ts';
import { checkAlpha, findBadValue, type Interval, type Outcome, refuse } from './outcome.ts';

export interface MeanInterval extends Interval {
  readonly n: number;
  readonly se: number;
  readonly degrees: number;
}

/** Student's t interval of the mean of independent values, each bound at one-sided alpha (Student 1908). n >= 2. */
export function meanInterval(values: Float64Array, alpha: number): Outcome<MeanInterval> {
  checkAlpha(alpha);
  const n = values.length;
  const bad = findBadValue('values', values);
  if (bad !== undefined) return bad;
  if (n === 0) return refuse('no_data', 'there are no values; at least two are needed');
  if (n === 1) return refuse('too_few', 'there is 1 value; at least two are needed');
  const se = Math.sqrt(variance(values) / n);
  return {
    ok: true,
    ...symmetric(mean(values), studentTQuantile(1 - alpha, n - 1) * se),
    n,
    se,
    degrees: n - 1,
  };
}

/**
 * Interval of the mean difference of accuracy, shadow - baseline, over payloads whose answers vary from one sending to
 * the next. `differences`: one a payload, the mean of its answers' scores under the shadow less that under the
 * baseline, from -1 to 1. A payload is a cluster: n is the number of distinct payloads.
 *
 * Student's t over payloads, with the two pseudo-payloads of Bonett and Price 2012 ("Adjusted Wald confidence interval
 * for a difference of binomial proportions based on paired data"), one for each side: a few payloads that happen to
 * agree must not read as certainty.
 */
export function payloadDifference(differences: Float64Array, alpha: number): Outcome<MeanInterval> {
  checkAlpha(alpha);
  const n = differences.length;
  const bad = findBadValue('differences', differences, -1);
  if (bad !== undefined) return bad;
  if (n === 0) return refuse('no_data', 'there are no payloads; at least two are needed');
  if (n === 1) return refuse('too_few', 'there is 1 payload; at least two are needed');
  const over = differences.find((difference) => difference > 1);
  if (over !== undefined)
    return refuse('bad_value', `a difference is ${over}; allowed are numbers from -1 to 1`);
  const { centre, se } = adjustedMean(differences);
  const half = studentTQuantile(1 - alpha, n - 1) * se;
  const raw = mean(differences);
  return {
    ok: true,
    estimate: raw,
    lower: Math.max(-1, Math.min(raw, centre - half)),
    upper: Math.min(1, Math.max(raw, centre + half)),
    n,
    se,
    degrees: n - 1,
  };
}

/** Centre and standard error once +1 and -1 are added to the differences (Bonett and Price 2012). */
export function adjustedMean(differences: Float64Array): { centre: number; se: number } {
  const size = differences.length + 2;
  let [sum, squares] = [0, 2];
  for (const difference of differences) {
    sum += difference;
    squares += difference * difference;
  }
  const centre = sum / size;
  return { centre, se: Math.sqrt((squares / size - centre * centre) / size) };
}
