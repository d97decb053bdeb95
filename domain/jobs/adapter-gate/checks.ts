/** The four checks, each against an absolute limit and, where there is a baseline, against it. */
import type { Unit } from '../../record/metrics.ts';
import { holds, type Answer, type Check, type Interval, type Op } from '../../verdict/check.ts';
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
  readonly unit: Unit;
  readonly absolute: LimitName;
  readonly relative: LimitName;
  /** How the candidate stands to the baseline. */
  readonly scale: 'ratio' | 'difference';
}

const RULES: Readonly<Record<DecidingFigure, Rule>> = {
  p95_latency_s: {
    op: '<',
    unit: 's',
    absolute: 'max_p95_latency',
    relative: 'max_p95_latency_ratio',
    scale: 'ratio',
  },
  p95_ttft_s: {
    op: '<',
    unit: 's',
    absolute: 'max_p95_ttft',
    relative: 'max_p95_ttft_ratio',
    scale: 'ratio',
  },
  throughput_rps: {
    op: '>',
    unit: 'requests/s',
    absolute: 'min_throughput',
    relative: 'min_throughput_ratio',
    scale: 'ratio',
  },
  client_success_rate: {
    op: '>=',
    unit: 'share',
    absolute: 'min_success_rate',
    relative: 'max_success_rate_drop',
    scale: 'difference',
  },
};

/** What a whole interval says of a limit; null where there is no interval. */
export function byInterval({ interval, op, limit }: Pick<Check, 'interval' | 'op' | 'limit'>): Answer | null {
  if (interval === null) return null;
  const inside = (bound: number | null): boolean | null => (bound === null ? null : holds(op, bound, limit));
  const [low, high] = [inside(interval.low), inside(interval.high)];
  if (low === true && high === true) return 'pass';
  return low === false && high === false ? 'fail' : 'inconclusive';
}

export interface Candidate {
  readonly figures: Baseline['figures'];
  readonly client: Baseline['client'];
  readonly total_requests: number;
}

/**
 * The four checks, absolute and, where there is a baseline, against it: by the point figures of the contract. The interval
 * comes from the clients' own records and stands beside.
 * @param strict a check also needs its whole interval on the good side
 */
export function judge(
  candidate: Candidate,
  baseline: Baseline | null,
  limits: Limits,
  strict: boolean,
): readonly Check[] {
  const absolute = DECIDING.map((figure): Check => {
    const { op, unit, absolute: name } = RULES[figure];
    const value = candidate.figures[figure];
    const estimate = candidate.client[figure];
    return checkOf(
      {
        id: figure,
        figure,
        scale: 'value',
        unit,
        op,
        limit: limits[name],
        value,
        interval: estimate === null ? null : { low: estimate.low, high: estimate.high },
        compared: null,
      },
      candidate.total_requests,
      value === null ? null : holds(op, value, limits[name]),
      strict,
    );
  });
  if (baseline === null) return absolute;
  const relative = DECIDING.map((figure): Check => {
    const rule = RULES[figure];
    const [now, before] = [candidate.figures[figure], baseline.figures[figure]];
    const common = {
      id: `${figure}_relative`,
      figure,
      scale: rule.scale,
      unit: rule.unit,
      compared: { baseline: before, candidate: now },
    } as const;
    if (rule.scale === 'difference') {
      const drop = limits[rule.relative];
      return checkOf(
        {
          ...common,
          op: '>=',
          limit: 0 - drop,
          value: now === null || before === null ? null : now - before,
          interval: differenceOfRates(candidate, baseline),
        },
        candidate.total_requests,
        now === null || before === null ? null : now >= before - drop,
        // No sample, however large, shows "not worse by anything at all".
        strict && drop > 0,
      );
    }
    const op = rule.op === '<' ? '<=' : '>=';
    const limit = limits[rule.relative];
    const known = now !== null && before !== null && before > 0;
    return checkOf(
      {
        ...common,
        op,
        limit,
        value: known ? now / before : null,
        interval: ratioOf(candidate.client[figure], baseline.client[figure]),
      },
      candidate.total_requests,
      known ? holds(op, now, limit * before) : null,
      strict,
    );
  });
  return [...absolute, ...relative];
}

type Figure = Pick<Check, 'id' | 'scale' | 'unit' | 'op' | 'limit' | 'value' | 'interval' | 'compared'> & {
  readonly figure: DecidingFigure;
};

/** No data never passes. @param point what the point figure says; null: there is none */
function checkOf({ figure, ...of }: Figure, n: number, point: boolean | null, by_interval: boolean): Check {
  const said = byInterval(of);
  const open = point === true && by_interval && said !== 'pass';
  return {
    ...of,
    kind: 'gate',
    subject: { variant: null },
    metric: figure,
    statistic: null,
    acceptable: null,
    alpha: of.interval === null ? null : ALPHA,
    answer: point === null || open ? 'inconclusive' : point ? 'pass' : 'fail',
    role: 'blocks',
    advisory: null,
    undecided:
      point === null
        ? { reason: 'no_data', problem: 'neither Prometheus nor the clients gave this figure' }
        : open
          ? { reason: 'too_few', needs: null }
          : null,
    n,
    n_of: 'requests',
  };
}

/** A check as perf_decision.json has it. */
export interface ContractCheck {
  readonly figure: string;
  readonly kind: 'absolute' | 'relative';
  readonly op: Op;
  readonly limit: number;
  /** Absolute: the candidate's figure. Relative: its ratio to the baseline's, or for the success rate the difference. */
  readonly value: number | null;
  readonly candidate: number | null;
  readonly baseline: number | null;
  readonly interval: Interval | null;
  readonly interval_answer: Answer | null;
  readonly passed: boolean;
}

export const contractCheck = (check: Check): ContractCheck => ({
  figure: check.metric,
  kind: check.scale === 'value' ? 'absolute' : 'relative',
  op: check.op,
  limit: check.limit,
  value: check.value,
  candidate: check.compared === null ? check.value : check.compared.candidate,
  baseline: check.compared?.baseline ?? null,
  interval: check.interval,
  interval_answer: byInterval(check),
  passed: check.answer === 'pass',
});

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
