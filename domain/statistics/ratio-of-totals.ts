/**
 * Ratios of totals, shadow / baseline, on the logarithm by the delta method: log(sum s / sum b) varies as the mean of
 * the residuals z = s / mean(s) - b / mean(b) (Cochran 1977, Sampling Techniques, 6.3). What differs is what counts as
 * one independent unit: a stretch of requests, a window of time, a payload.
 */
import { mean } from './batch-means.ts';
import type { BlockRule } from './blocks.ts';
import { clusteredMeanError } from './clustered-mean.ts';
import { studentTQuantile } from './distributions.ts';
import { symmetric } from './mover.ts';
import { checkAlpha, findBadValue, type Interval, type Outcome, refuse, type Refusal } from './outcome.ts';

/** Values of both variants in one block, matched by position. */
export interface PairedBlock {
  readonly baseline: Float64Array;
  readonly shadow: Float64Array;
}

export interface TotalsRatio {
  /** Shadow / baseline. */
  readonly ratio: Interval;
  readonly log: Interval;
  readonly se: number;
  readonly critical: number;
  readonly degrees: number;
  readonly source: BlockRule['source'];
  /** Pairs, windows or payloads: what the function counts. */
  readonly n: number;
}

/** Below this, batches of requests say nothing of how requests depend on each other. */
export const LEAST_PAIRS = 20;

/**
 * Ratio of the totals of both variants' answers to the same payloads in start order, one a pair: overlapping batch means.
 * It bounds the totals over this payload list. The ratio of the totals, and not the mean of the pairs' log ratios, which
 * a value of 0 would leave without one. `name`: of what, for refusals.
 */
export function pairedTotalsRatio(
  name: string,
  blocks: readonly PairedBlock[],
  alpha: number,
): Outcome<TotalsRatio> {
  checkAlpha(alpha);
  const totals = { baseline: 0, shadow: 0 };
  let n = 0;
  for (const [b, block] of blocks.entries()) {
    const bad = findBadBlock(`${name}, block ${b + 1}`, block);
    if (bad !== undefined) return bad;
    n += block.baseline.length;
    totals.baseline += sum(block.baseline);
    totals.shadow += sum(block.shadow);
  }
  if (n === 0) return refuse('no_data', `${name}: there are no pairs; at least ${LEAST_PAIRS} are needed`);
  if (n < LEAST_PAIRS)
    return refuse('too_few', `${name}: there are ${n} pairs; at least ${LEAST_PAIRS} are needed`);
  const bad =
    findBadTotal(`${name}: the baseline's total`, totals.baseline) ??
    findBadTotal(`${name}: the shadow's total`, totals.shadow);
  if (bad !== undefined) return bad;
  const residuals = blocks.map(({ baseline, shadow }) =>
    baseline.map((value, i) => (n * (shadow[i] ?? 0)) / totals.shadow - (n * value) / totals.baseline),
  );
  const rule = clusteredMeanError(residuals, alpha);
  return { ok: true, ...toRatio(Math.log(totals.shadow / totals.baseline), rule), n };
}

/** One payload's answers of both variants: a cluster. Units are what the cost is divided by. */
export interface PayloadTotals {
  readonly baseline_cost: number;
  readonly baseline_units: number;
  readonly shadow_cost: number;
  readonly shadow_units: number;
}

/**
 * Ratio of cost per quality unit, total cost / correct answers (the units), with payloads as clusters: t with G - 1
 * degrees. Two pseudo-payloads, each answered right by one variant alone, widen it as in `payloadDifference`: a handful of
 * payloads that were all answered right must not read as certainty. Refuses a variant without a correct answer.
 */
export function costPerQualityRatio(payloads: readonly PayloadTotals[], alpha: number): Outcome<TotalsRatio> {
  return clusterRatio(payloads, alpha, 1);
}

/** What a payload not seen may cost more or less than those seen, as a share: the least that a cost can vary. */
const LEAST_COST_SHIFT = 0.1;

/**
 * Ratio of mean cost an answer (the units), with payloads as clusters: it bounds the mean over the payloads that these
 * were drawn from, as accuracy and cost per quality unit do. Constant costs keep an interval, so that a shadow exactly on
 * a margin does not turn on rounding: one payload in all may cost a tenth more.
 */
export function costRatio(payloads: readonly PayloadTotals[], alpha: number): Outcome<TotalsRatio> {
  return clusterRatio(payloads, alpha, LEAST_COST_SHIFT);
}

/** @param pseudo how far one payload not seen may move a variant, in shares of a payload */
function clusterRatio(
  payloads: readonly PayloadTotals[],
  alpha: number,
  pseudo: number,
): Outcome<TotalsRatio> {
  checkAlpha(alpha);
  const n = payloads.length;
  const column = (of: (payload: PayloadTotals) => number): Float64Array => Float64Array.from(payloads, of);
  const columns = {
    baseline_cost: column((payload) => payload.baseline_cost),
    baseline_units: column((payload) => payload.baseline_units),
    shadow_cost: column((payload) => payload.shadow_cost),
    shadow_units: column((payload) => payload.shadow_units),
  };
  for (const [name, values] of Object.entries(columns)) {
    const bad = findBadValue(name, values, 0);
    if (bad !== undefined) return bad;
  }
  if (n === 0) return refuse('no_data', 'there are no payloads; at least two are needed');
  if (n === 1) return refuse('too_few', 'there is 1 payload; at least two are needed');
  for (const [name, values] of Object.entries(columns)) {
    const bad = findBadTotal(`the total of ${name}`, sum(values));
    if (bad !== undefined) return bad;
  }
  const share = (values: Float64Array): Float64Array => {
    const total = sum(values);
    return values.map((value) => value / total);
  };
  const [sc, sk, bc, bk] = [
    share(columns.shadow_cost),
    share(columns.shadow_units),
    share(columns.baseline_cost),
    share(columns.baseline_units),
  ];
  // A payload that one variant alone gets right moves its share of the units by about 1 / G'.
  const right = (values: Float64Array): number =>
    values.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
  let squares = (pseudo / right(columns.shadow_units)) ** 2 + (pseudo / right(columns.baseline_units)) ** 2;
  for (let i = 0; i < n; i++) {
    squares += ((sc[i] ?? 0) - (sk[i] ?? 0) - (bc[i] ?? 0) + (bk[i] ?? 0)) ** 2;
  }
  const log = Math.log(
    (sum(columns.shadow_cost) / sum(columns.shadow_units) / sum(columns.baseline_cost)) *
      sum(columns.baseline_units),
  );
  const degrees = n - 1;
  const critical = studentTQuantile(1 - alpha, degrees);
  return {
    ok: true,
    ...toRatio(log, {
      source: 'within',
      se: Math.sqrt((squares * n) / degrees),
      critical,
      degrees,
      least: 0,
    }),
    n,
  };
}

function toRatio(estimate: number, rule: BlockRule): Omit<TotalsRatio, 'n'> {
  const { se, critical, degrees, source } = rule;
  const log = symmetric(estimate, critical * se);
  const ratio = { estimate: Math.exp(estimate), lower: Math.exp(log.lower), upper: Math.exp(log.upper) };
  return { ratio, log, se, critical, degrees, source };
}

function sum(values: Float64Array): number {
  return values.length === 0 ? 0 : mean(values) * values.length;
}

function findBadTotal(name: string, total: number): Refusal | undefined {
  return total > 0 ? undefined : refuse('bad_value', `${name} is ${total}; a ratio needs one above 0`);
}

function findBadBlock(name: string, { baseline, shadow }: PairedBlock): Refusal | undefined {
  if (baseline.length !== shadow.length) {
    return refuse(
      'bad_value',
      `${name} has ${baseline.length} baseline and ${shadow.length} shadow values; allowed are pairs`,
    );
  }
  if (baseline.length < 2) {
    return refuse('too_few', `${name} has ${baseline.length} pairs; a block needs at least two`);
  }
  return findBadValue(`${name}, baseline`, baseline, 0) ?? findBadValue(`${name}, shadow`, shadow, 0);
}
