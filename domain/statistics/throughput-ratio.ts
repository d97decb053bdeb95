/**
 * Ratio of throughputs, shadow / baseline, on the logarithm: the wider of what windows of time show and of what runs of
 * lost answers show. Windows are dependent (a queue, an outage), so they are also merged with their neighbours.
 */
import { mean, variance } from './batch-means.ts';
import { blockRule, blockWeights } from './blocks.ts';
import { normalQuantile, studentTQuantile } from './distributions.ts';
import type { FailureBlock } from './error-rate.ts';
import { failureRuns, GEOMETRIC_LEVEL_THROUGHPUT, inflationOfRuns } from './failure-runs.ts';
import { mover } from './mover.ts';
import { checkAlpha, findBadValue, type Interval, type Outcome, refuse, type Refusal } from './outcome.ts';
import { wilsonScore } from './proportions.ts';

/** Windows of all blocks together: this many, or a multiple, so that neighbours can be merged by 2, 3 and 5. */
export const WINDOWS = 30;
const MERGES = [1, 2, 3, 5];
/** Fewer merged windows than this have no spread worth the name. */
const LEAST_MERGED = 6;

/** Windows for each of `blocks` blocks. */
export function windowsPerBlock(blocks: number): number {
  let [a, b] = [WINDOWS, Math.max(1, blocks)];
  while (b > 0) [a, b] = [b, a % b];
  return WINDOWS / a;
}

/** One block: what was got in each window by both variants, and which of the requests in start order were lost (1). */
export interface ThroughputBlock {
  readonly baseline: Float64Array;
  readonly shadow: Float64Array;
  readonly lost: FailureBlock;
}

export interface ThroughputOptions {
  readonly alpha: number;
  /**
   * What a window holds: answers in a stretch of time; or, of a load that is counted in requests, the time that a stretch
   * of requests took, the same for both, lost ones included.
   */
  readonly windows: 'answers' | 'times';
  readonly in_flight?: { readonly baseline: number; readonly shadow: number };
  readonly replicates?: readonly number[] | undefined;
}

export interface ThroughputRatio {
  readonly ratio: Interval;
  readonly log: Interval;
  readonly critical: number;
  /** Windows of all blocks. */
  readonly n: number;
  /** Of the lost answers; 1 where none was lost. */
  readonly inflation: number;
}

export function throughputRatio(
  blocks: readonly ThroughputBlock[],
  { alpha, windows, in_flight = { baseline: 0, shadow: 0 }, replicates }: ThroughputOptions,
): Outcome<ThroughputRatio> {
  checkAlpha(alpha);
  const bad = findBad(blocks);
  if (bad !== undefined) return bad;
  const all = {
    baseline: blocks.flatMap((block) => [...block.baseline]),
    shadow: blocks.flatMap((block) => [...block.shadow]),
  };
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const [b, s] = [total(all.baseline), total(all.shadow)];
  if (!(b > 0 && s > 0))
    return refuse('bad_value', `throughput: the totals are ${b} and ${s}; a ratio needs both above 0`);
  const n = all.baseline.length;
  const residuals = Float64Array.from(all.shadow, (x, i) => (n * x) / s - (n * (all.baseline[i] ?? 0)) / b);
  const { half, se, critical, degrees } = windowHalf(residuals, alpha);
  const rule = blockRule(
    {
      within: se * se,
      withinCritical: critical,
      withinDegrees: degrees,
      estimates: blockMeans(residuals, blocks),
      weights: blockWeights(blocks.map((block) => block.baseline.length)),
      replicates,
    },
    alpha,
  );
  const width = Math.max(half, rule.critical * rule.se, rule.least);
  const { losses, inflation } = lossInterval(blocks, in_flight, alpha);
  // Of times more is slower; and what was lost took its time, but gave no answer.
  const estimate = windows === 'answers' ? Math.log(s / b) : losses.estimate - Math.log(s / b);
  const log = {
    estimate,
    lower: estimate - Math.max(width, losses.estimate - losses.lower),
    upper: estimate + Math.max(width, losses.upper - losses.estimate),
  };
  const ratio = { estimate: Math.exp(log.estimate), lower: Math.exp(log.lower), upper: Math.exp(log.upper) };
  return { ok: true, ratio, log, critical: rule.critical, n, inflation };
}

/** The widest of the half widths by windows merged with their neighbours. */
function windowHalf(
  residuals: Float64Array,
  alpha: number,
): { half: number; se: number; critical: number; degrees: number } {
  let widest = { half: 0, se: 0, critical: normalQuantile(1 - alpha), degrees: Infinity };
  for (const size of MERGES) {
    const count = Math.floor(residuals.length / size);
    if (count < LEAST_MERGED) continue;
    const merged = Float64Array.from({ length: count }, (_, i) =>
      mean(residuals.subarray(i * size, (i + 1) * size)),
    );
    const se = Math.sqrt(variance(merged) / count);
    const critical = studentTQuantile(1 - alpha, count - 1);
    if (critical * se > widest.half) widest = { half: critical * se, se, critical, degrees: count - 1 };
  }
  return widest;
}

function blockMeans(residuals: Float64Array, blocks: readonly ThroughputBlock[]): Float64Array {
  let from = 0;
  return Float64Array.from(blocks, ({ baseline }) =>
    mean(residuals.subarray(from, (from += baseline.length))),
  );
}

/** Interval of log(share answered by the shadow / by the baseline), on effective counts as for error rates. */
function lossInterval(
  blocks: readonly ThroughputBlock[],
  in_flight: { readonly baseline: number; readonly shadow: number },
  alpha: number,
): { losses: Interval; inflation: number } {
  const side = (of: 'baseline' | 'shadow'): { runs: number[]; n: number } => ({
    runs: blocks.flatMap(({ lost }) => failureRuns(lost[of], in_flight[of])),
    n: blocks.reduce((sum, { lost }) => sum + lost[of].length, 0),
  });
  const [baseline, shadow] = [side('baseline'), side('shadow')];
  const inflation = inflationOfRuns([baseline.runs, shadow.runs], GEOMETRIC_LEVEL_THROUGHPUT);
  const critical = normalQuantile(1 - alpha);
  const answered = ({ runs, n }: { runs: readonly number[]; n: number }): Interval => {
    const lost = runs.reduce((sum, size) => sum + size, 0);
    const { lower, estimate, upper } = wilsonScore(lost / inflation, n / inflation, critical);
    return { estimate: Math.log(1 - estimate), lower: Math.log(1 - upper), upper: Math.log(1 - lower) };
  };
  return { losses: mover(answered(shadow), answered(baseline)), inflation };
}

function findBad(blocks: readonly ThroughputBlock[]): Refusal | undefined {
  const n = blocks.reduce((sum, { baseline }) => sum + baseline.length, 0);
  if (n === 0) return refuse('no_data', `throughput: there are no windows; at least ${WINDOWS} are needed`);
  if (n < WINDOWS)
    return refuse('too_few', `throughput: there are ${n} windows; at least ${WINDOWS} are needed`);
  for (const [b, { baseline, shadow, lost }] of blocks.entries()) {
    const name = `throughput, block ${b + 1}`;
    if (baseline.length !== shadow.length)
      return refuse(
        'bad_value',
        `${name} has ${baseline.length} baseline and ${shadow.length} shadow windows; allowed are pairs`,
      );
    const bad = findBadValue(`${name}, baseline`, baseline, 0) ?? findBadValue(`${name}, shadow`, shadow, 0);
    if (bad !== undefined) return bad;
    if (lost.baseline.length === 0 || lost.shadow.length === 0)
      return refuse('no_data', `${name} has no requests; at least one is needed`);
  }
  return undefined;
}
