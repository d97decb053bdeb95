/** The four checks, each against an absolute limit and, where there is a baseline, against it. */
import type { Interval } from '../../verdict/check.ts';
import { mover } from '../../statistics/mover.ts';
import { newcombeDifference } from '../../statistics/proportions.ts';
import { ALPHA, type Estimate } from './client-figures.ts';
import { DECIDING, type Baseline, type DecidingFigure } from './baseline.ts';

/** Each with its contracted default; ratios are candidate over baseline. */
export const LIMITS = {
  max_p95_latency: 8,
  max_p95_ttft: 2,
  min_throughput: 2,
  min_success_rate: 0.99,
  max_p95_latency_ratio: 1.15,
  max_p95_ttft_ratio: 1.15,
  min_throughput_ratio: 0.85,
  max_success_rate_drop: 0,
} as const;
export type LimitName = keyof typeof LIMITS;
export type Limits = Readonly<Record<LimitName, number>>;
export const LIMIT_NAMES = Object.keys(LIMITS).filter((name): name is LimitName => name in LIMITS);

/** The limits alone, of options that hold them among others. */
export const limitsOf = (options: Limits): Limits => ({
  ...LIMITS,
  ...Object.fromEntries(LIMIT_NAMES.map((name) => [name, options[name]])),
});

interface Rule {
  readonly op: '<' | '>' | '>=';
  readonly absolute: LimitName;
  readonly relative: LimitName;
  /** How the candidate stands to the baseline. */
  readonly scale: 'ratio' | 'difference';
}

const RULES: Readonly<Record<DecidingFigure, Rule>> = {
  p95_latency_s: {
    op: '<',
    absolute: 'max_p95_latency',
    relative: 'max_p95_latency_ratio',
    scale: 'ratio',
  },
  p95_ttft_s: { op: '<', absolute: 'max_p95_ttft', relative: 'max_p95_ttft_ratio', scale: 'ratio' },
  throughput_rps: { op: '>', absolute: 'min_throughput', relative: 'min_throughput_ratio', scale: 'ratio' },
  client_success_rate: {
    op: '>=',
    absolute: 'min_success_rate',
    relative: 'max_success_rate_drop',
    scale: 'difference',
  },
};

export type IntervalAnswer = 'pass' | 'fail' | 'inconclusive';

export interface Check {
  readonly figure: DecidingFigure;
  readonly kind: 'absolute' | 'relative';
  readonly op: '<' | '<=' | '>' | '>=';
  readonly limit: number;
  /** Absolute: the candidate's figure. Relative: its ratio to the baseline's, or for the success rate the difference. */
  readonly value: number | null;
  readonly candidate: number | null;
  readonly baseline: number | null;
  /** From the clients' own records, on the scale of `value`: advisory unless strict. Null: the records can't say. */
  readonly interval: Interval | null;
  readonly interval_answer: IntervalAnswer | null;
  readonly passed: boolean;
}

const holds: Readonly<Record<Check['op'], (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

function answerOf(interval: Interval | null, op: Check['op'], limit: number): IntervalAnswer | null {
  if (interval === null) return null;
  const inside = (bound: number | null): boolean | null => (bound === null ? null : holds[op](bound, limit));
  const [low, high] = [inside(interval.low), inside(interval.high)];
  if (low === true && high === true) return 'pass';
  return low === false && high === false ? 'fail' : 'inconclusive';
}

export interface Candidate {
  readonly figures: Baseline['figures'];
  readonly client: Baseline['client'];
  readonly total_requests: number;
}

/** No data never passes. `strict`: a check also needs its whole interval on the good side. */
export function judge(
  candidate: Candidate,
  baseline: Baseline | null,
  limits: Limits,
  strict: boolean,
): readonly Check[] {
  const check = (
    of: Omit<Check, 'passed' | 'interval_answer'>,
    point: boolean,
    by_interval = strict,
  ): Check => {
    const interval_answer = answerOf(of.interval, of.op, of.limit);
    return { ...of, interval_answer, passed: point && (!by_interval || interval_answer === 'pass') };
  };
  const absolute = DECIDING.map((figure): Check => {
    const { op, absolute: name } = RULES[figure];
    const value = candidate.figures[figure];
    const estimate = candidate.client[figure];
    const interval = estimate === null ? null : { low: estimate.low, high: estimate.high };
    const limit = limits[name];
    return check(
      { figure, kind: 'absolute', op, limit, value, candidate: value, baseline: null, interval },
      value !== null && holds[op](value, limit),
    );
  });
  if (baseline === null) return absolute;
  const relative = DECIDING.map((figure): Check => {
    const rule = RULES[figure];
    const [now, before] = [candidate.figures[figure], baseline.figures[figure]];
    const common = { figure, kind: 'relative', candidate: now, baseline: before } as const;
    if (rule.scale === 'difference') {
      const drop = limits[rule.relative];
      const interval = differenceOfRates(candidate, baseline);
      return check(
        {
          ...common,
          op: '>=',
          limit: 0 - drop,
          value: now === null || before === null ? null : now - before,
          interval,
        },
        now !== null && before !== null && now >= before - drop,
        // No sample, however large, shows "not worse by anything at all".
        strict && drop > 0,
      );
    }
    const op = rule.op === '<' ? '<=' : '>=';
    const limit = limits[rule.relative];
    return check(
      {
        ...common,
        op,
        limit,
        value: now === null || before === null || before <= 0 ? null : now / before,
        interval: ratioOf(candidate.client[figure], baseline.client[figure]),
      },
      now !== null && before !== null && before > 0 && holds[op](now, limit * before),
    );
  });
  return [...absolute, ...relative];
}

/** Of two runs made apart: the logs' intervals combined (MOVER, independent estimates). */
function ratioOf(now: Estimate | null, before: Estimate | null): Interval | null {
  const [a, b] = [logInterval(now), logInterval(before)];
  if (a === null || b === null) return null;
  const { lower, upper } = mover(a, b);
  const bound = (log: number): number | null => (Number.isFinite(log) ? Math.exp(log) : null);
  const [low, high] = [bound(lower), bound(upper)];
  return low === null && high === null ? null : { low, high };
}

function logInterval(of: Estimate | null): { estimate: number; lower: number; upper: number } | null {
  if (of === null || of.value <= 0) return null;
  return {
    estimate: Math.log(of.value),
    lower: of.low === null || of.low <= 0 ? -Infinity : Math.log(of.low),
    upper: of.high === null ? Infinity : Math.log(of.high),
  };
}

/** Newcombe's interval of the difference of two success rates; null where the earlier run's count isn't known. */
function differenceOfRates(candidate: Candidate, baseline: Baseline): Interval | null {
  const proportion = (rate: number | null, n: number | null) =>
    rate === null || n === null ? null : { count: Math.round(rate * n), n };
  const now = proportion(candidate.figures.client_success_rate, candidate.total_requests);
  const before = proportion(baseline.figures.client_success_rate, baseline.total_requests);
  if (now === null || before === null) return null;
  const outcome = newcombeDifference(now, before, ALPHA);
  return outcome.ok ? { low: outcome.lower, high: outcome.upper } : null;
}
