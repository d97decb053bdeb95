/** A check in words, whatever its job: what it is about, its value, its bound, its interval, and why it has no answer. */
import { DECIDING, type DecidingFigure } from '../../../domain/jobs/adapter-gate/baseline.ts';
import { SUSTAINED } from '../../../domain/jobs/capacity/ratio.ts';
import { FIGURES, type FigureName } from '../../../domain/jobs/gateway/limits.ts';
import { METRICS, isMetricName } from '../../../domain/record/metrics.ts';
import { levelOf } from '../../../domain/result/suite.ts';
import { lowerIsBetter, type Check, type Counted } from '../../../domain/verdict/check.ts';
import type { Gate, ObservedLimit } from '../../../domain/verdict/thresholds.ts';
import { MISSING, change, integer, percent, points, quantity } from '../format.ts';

/** Figures that are no metric of a request. */
type Named =
  | Exclude<Gate['gate'], 'latency' | 'typical' | 'mean' | 'cost'>
  | ObservedLimit['figure']
  | FigureName
  | DecidingFigure
  | typeof SUSTAINED;

const LABELS: Readonly<Record<Named, string>> = {
  error_rate: 'error rate',
  accuracy: 'accuracy',
  cpqu: 'CpQU (cost per correct answer)',
  throughput: 'throughput',
  output_length: 'output length',
  quality: 'quality',
  agreement: 'answers that differ',
  latency_drift: 'latency drift over the run',
  server_memory_drift: 'memory growth over the run',
  spike_failed: 'error rate in the spike',
  recovery: 'recovery after the spike',
  server_memory: 'server memory over the model',
  server_cpu: 'server CPU',
  server_gpu: 'GPU',
  duration_p95: FIGURES.duration_p95.label,
  after_error_rate: FIGURES.after_error_rate.label,
  after_duration_p95: FIGURES.after_duration_p95.label,
  live_p95: FIGURES.live_p95.label,
  ready_p95: FIGURES.ready_p95.label,
  memory_growth: FIGURES.memory_growth.label,
  p95_latency_s: 'E2E p95',
  p95_ttft_s: 'TTFT p95',
  throughput_rps: 'throughput',
  client_success_rate: 'success rate (client)',
  sustained_load: 'sustained load',
};

const isNamed = (metric: string): metric is Named => Object.hasOwn(LABELS, metric);
const isDeciding = (metric: string): boolean => DECIDING.some((one) => one === metric);

/** What a check is about: `p95 latency`, `error rate`, `accuracy, correction`. */
export function checkLabel({
  metric,
  statistic,
  scale,
}: Pick<Check, 'metric' | 'statistic' | 'scale'>): string {
  if (metric === 'request_failed') return 'error rate';
  if (metric === 'request_cost_eur') return 'cost a request';
  if (metric === 'accuracy' && statistic !== null) return `${LABELS.accuracy}, ${statistic}`;
  if (isDeciding(metric) && isNamed(metric))
    return `${LABELS[metric]}${scale === 'value' ? '' : ', relative'}`;
  if (isNamed(metric)) return LABELS[metric];
  const label = isMetricName(metric) ? METRICS[metric].label : metric;
  return statistic === null ? label : `${statistic} ${label === 'Latency' ? 'latency' : label}`;
}

/** A value on its check's scale: `4.50 s`, `+7.1 %`, `+15.0 pp`. */
export function onScale({ scale, unit }: Check, value: number): string {
  switch (scale) {
    case 'value':
      return quantity(value, unit);
    case 'ratio':
      return change(value);
    case 'difference':
      return points(value);
  }
}

/** A value, or in few words why there is none. */
export function checkValue(check: Check): string {
  const { value } = check;
  // What did not end while it was watched took longer than any limit.
  if (value !== null) return Number.isFinite(value) ? onScale(check, value) : 'not within what was watched';
  const why = check.undecided?.reason;
  if (why === 'too_few') return `too few ${check.n_of} to tell`;
  if (why === 'no_evidence') return 'not seen';
  if (check.kind !== 'gate') return 'no data';
  // An answer without a figure: failures that count as infinitely slow have reached the percentile.
  return check.answer === 'inconclusive' ? MISSING : 'infinite';
}

/** What is tolerated: `at most +15.0 %` of a comparison, `< 200 ms (acceptable < 500 ms)` of a figure by itself. */
export function checkBound(check: Check): string {
  const { op, limit, acceptable, scale } = check;
  if (scale !== 'value') return `${lowerIsBetter(op) ? 'at most' : 'at least'} ${onScale(check, limit)}`;
  const bound = `${op} ${onScale(check, limit)}`;
  return acceptable === null ? bound : `${bound} (acceptable ${op} ${onScale(check, acceptable)})`;
}

/** The confidence of a two-sided interval whose bounds have this level: `95 %`, and more digits where they tell. */
export const confidence = (alpha: number): string => `${Number(((1 - 2 * alpha) * 100).toFixed(1))} %`;

/** The level of the run: the widest there is, since a correction for several gates only makes it stricter. */
export const plainLevel = (checks: readonly Check[]): number | null =>
  checks.reduce<number | null>(
    (most, { alpha }) => (alpha === null ? most : Math.max(most ?? 0, alpha)),
    null,
  );

/** Its bounds, as values are written. */
export function checkInterval(check: Check): string {
  const { interval } = check;
  if (interval === null || (interval.low === null && interval.high === null)) return MISSING;
  const none = check.kind === 'gate' ? ['no lower bound', 'no upper bound'] : ['no bound', 'no bound'];
  const bound = (value: number | null, otherwise = ''): string =>
    value === null ? otherwise : onScale(check, value);
  return `${bound(interval.low, none[0])} to ${bound(interval.high, none[1])}`;
}

/** At which level an interval is, where that is not the run's own. */
export const ownLevel = ({ interval, alpha }: Check, plain: number | null): string =>
  interval === null || alpha === null || alpha === plain ? '' : `its interval is at ${confidence(alpha)}`;

/** What a check's `n` counts, after a number: of requests, those of each variant. */
const MORE: Readonly<Record<Counted, string>> = {
  requests: 'more requests a variant',
  payloads: 'more payloads',
  windows: 'more windows of time',
  blocks: 'more blocks',
  steps: 'more steps',
  clients: 'more clients',
  samples: 'more samples',
  runs: 'more runs',
  observations: 'more observations',
};

/** @param more null: no number is known */
function needs({ n_of }: Check, more: number | null, minutes: number | null): string {
  if (more === null) return 'needs at least as many again';
  return `needs about ${integer(more)} ${MORE[n_of]}${atThisRate(minutes)}`;
}

function atThisRate(minutes: number | null): string {
  if (minutes === null) return '';
  if (minutes > 60)
    return ', more than an hour at this rate: a steadier server, a wider margin or fewer gates cost less';
  return `, about ${minutes < 1 ? 'a minute' : `${Math.ceil(minutes)} minutes`} more at this rate`;
}

/** What would be enough for a candidate that is the baseline's equal. */
const forAnEqual = (more: number | null): string =>
  more === null || more === 0 ? '' : `; an equal candidate needs about ${integer(more)} more`;

/** Why there is no yes or no, and what would give one; empty where there is. */
export function undecided(check: Check): string {
  const why = check.undecided;
  if (why === null) return '';
  switch (why.reason) {
    case 'need_more':
      return `${needs(check, why.more, why.minutes)}${forAnEqual(why.equal)}`;
    case 'fails_alone':
      return `beyond the limit by itself, but not beside the other gates: ${needs(check, why.more, why.minutes)}`;
    case 'grey_zone':
      return `the difference may be as large as the limit: no number can be named${forAnEqual(why.equal)}`;
    case 'deployment_noise':
      return `two deployments of one build differ by ${percent(why.log_sd, 1)}: more ${check.n_of} will not decide it, more deployments (--runs) will`;
    case 'memory':
      return Number.isFinite(why.requests)
        ? `slow spells last about ${integer(why.requests)} requests; a run needs 20 times that`
        : 'slow spells outlast the run: a run needs 20 times their length';
    case 'closer_steps':
      return 'closer steps tell: --search, a smaller --step, a longer --hold';
    case 'no_data':
      return `no data: ${why.problem}`;
    case 'too_few':
      return `too few ${check.n_of} to tell${why.needs === null ? '' : `: needs ${integer(why.needs)}, has ${integer(check.n)}`}`;
    case 'no_evidence':
      return `not judged: ${why.problem}`;
  }
}

/** Why a gate is shown and left out of the verdict; empty where it is not. */
export function advisory({ advisory: why, n_of }: Check): string {
  switch (why?.reason) {
    case undefined:
      return '';
    case 'too_few':
      return `advisory: needs ${integer(why.needs)} ${n_of}, has ${integer(why.has)}`;
    case 'power': {
      const enough = why.needs === null ? '' : `; about ${integer(why.needs)} ${n_of} would do`;
      return `advisory: at this size an equal candidate passes with ${percent(why.power, 0)}${enough}`;
    }
    case 'restates_latency':
      return 'advisory: a closed loop restates latency';
    case 'by_choice':
      return 'advisory: the thresholds file asks for it to inform';
  }
}

const BASES: Readonly<Record<NonNullable<Check['basis']>, string>> = {
  answers: '',
  with_failures: 'failures count as infinitely slow',
  first_sendings: "over each payload's first sending",
};

/** What a reader must know of how the answer was reached; empty where it is as usual. */
export function howJudged({ basis = 'answers', unseen, mid_p }: Check): string {
  return [
    BASES[basis],
    unseen === undefined
      ? ''
      : `no failure was seen; bursts of them longer than ${integer(unseen)} requests could have been missed`,
    mid_p === undefined ? '' : `McNemar's mid-p ${mid_p < 0.001 ? '< 0.001' : mid_p.toFixed(3)}`,
  ]
    .filter((one) => one !== '')
    .join('; ');
}

/**
 * A check in one line: its figure, bound and answer.
 * @param judged false where the measurement can't be trusted, so that it has no answer
 */
export function wordCheck(check: Check, judged = true): string {
  const { kind, answer, subject } = check;
  const who = [subject.part, subject.variant].filter((one) => one !== undefined && one !== null).join(' ');
  const why = judged ? undecided(check) : '';
  const after = why === '' ? '' : `, ${why}`;
  const interval = [checkInterval(check), check.alpha === null ? '' : `at ${confidence(check.alpha)}`]
    .filter((one) => one !== '')
    .join(' ');
  if (kind === 'gate')
    return `${who === '' ? '' : `${who}: `}${checkLabel(check)} ${checkValue(check)} (${interval}; ${checkBound(check)}): ${judged ? answer : NOT_JUDGED}${after}`;
  const said = judged ? metOrMissed(check) : NOT_JUDGED;
  return `${who === '' ? '' : `${who} `}${checkLabel(check)} ${checkValue(check)} (${kind} ${checkBound(check)}): ${said}${after}`;
}

export const NOT_JUDGED = 'not judged';

function metOrMissed(check: Check): string {
  const level = levelOf(check);
  if (level === 'met') return 'met';
  if (level === 'acceptable') return 'missed, acceptable';
  return check.answer === 'fail' ? 'missed' : check.answer;
}
