/** Gates to checks: the interval rule with Holm's correction for fails, or the point rule; and what an open one needs. */
import { METRICS, isMetricName, type Unit } from '../../record/metrics.ts';
import type { Variant } from '../../variants.ts';
import { advise, decide, upToOneDigit, type Advice } from '../../statistics/decision.ts';
import { holmRejections } from '../../statistics/multiplicity.ts';
import type { Outcome } from '../../statistics/outcome.ts';
import type { Advisory, Check, Role, Undecided } from '../check.ts';
import { finding, type Finding } from '../findings.ts';
import { gateFigure, gateId, type Gate } from '../thresholds.ts';
import type { GatePlan } from '../plan.ts';
import { accuracyGate } from './accuracy.ts';
import { errorRateGate, type InFlight } from './error-rate.ts';
import type { Bounds, Evaluation, Pair } from './evaluation.ts';
import { latencyGate, payloadGate } from './latency.ts';
import { moneyGate } from './money.ts';
import { outputLengthGate } from './output-length.ts';
import { agreementGate, qualityGate } from './quality.ts';
import { throughputGate, type LoadKind } from './throughput.ts';

export interface GateContext {
  /** One-sided level. */
  readonly alpha: number;
  /** Of the last look, where this is an earlier one: floors are properties of the plan. */
  readonly final_alpha?: number;
  readonly rule: 'interval' | 'point';
  /** Ids that count whatever the plan says. */
  readonly required: readonly string[];
  /** Which gates count, from settings, labels and the warm-up; null: not planned, so that floors by size decide. */
  readonly plan: readonly GatePlan[] | null;
  /** Log-SD between deployments of one build, by statistic; absent: not known, taken as 0. */
  readonly deployment_log_sd: Readonly<Partial<Record<string, number>>>;
  readonly block_ms: number;
  readonly load: LoadKind;
  readonly in_flight: InFlight;
}

function evaluate(gate: Gate, pair: Pair, context: GateContext): Evaluation {
  const final = context.final_alpha ?? context.alpha;
  switch (gate.gate) {
    case 'latency':
      return latencyGate(gate, pair, final, context.deployment_log_sd[gate.statistic] ?? 0);
    case 'typical':
    case 'mean':
      return payloadGate(gate, pair, context.alpha);
    case 'error_rate':
      return errorRateGate(gate, pair, context.in_flight, final);
    case 'accuracy':
      return accuracyGate(gate, pair, final);
    case 'quality':
      return qualityGate(gate, pair, final);
    case 'agreement':
      return agreementGate(gate, pair);
    case 'cost':
    case 'cpqu':
      return moneyGate(gate, pair);
    case 'output_length':
      return outputLengthGate(gate, pair);
    case 'throughput':
      return throughputGate(gate, pair, context.block_ms, context.load, context.in_flight);
  }
}

/** Never from what was measured, where there is a plan. */
function advisoryOf(id: string, evaluation: Evaluation, context: GateContext): Advisory | null {
  if (context.required.includes(id)) return null;
  const planned = context.plan?.find((one) => one.id === id);
  return planned === undefined ? evaluation.advisory : planned.advisory;
}

/** A gate with its evaluation, or with the exception that evaluating it threw: one broken gate must not cost the others. */
interface Entry {
  readonly id: string;
  readonly evaluation: Evaluation;
  readonly advisory: Advisory | null;
  /** At the plain level. */
  readonly outcome: Outcome<Bounds>;
}

export interface JudgedGates {
  readonly checks: readonly Check[];
  /** What could not be computed, and why. */
  readonly findings: readonly Finding[];
}

/** All gates of one candidate against the baseline, at one look. */
export function judgeGates(gates: readonly Gate[], pair: Pair, context: GateContext): JudgedGates {
  const entries: Entry[] = [];
  const broken: { readonly gate: Gate; readonly problem: string }[] = [];
  for (const gate of gates) {
    try {
      const evaluation = evaluate(gate, pair, context);
      const id = gateId(gate);
      const advisory = advisoryOf(id, evaluation, context);
      entries.push({ id, evaluation, advisory, outcome: evaluation.at(context.alpha) });
    } catch (error) {
      broken.push({ gate, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  const candidate = pair.shadow.summary.variant;
  const levels = failLevels(entries, context);
  return {
    checks: [
      ...entries.map((entry) => judgeGate(entry, pair, context, levels.get(entry.id) ?? null)),
      ...broken.map(({ gate, problem }) => notComputed(gate, candidate, context, problem)),
    ],
    findings: broken.map(({ gate, problem }) =>
      finding('not_computed', { what: gateId(gate), problem }, { variant: candidate }),
    ),
  };
}

const onPoint = (bounds: Bounds): Bounds => ({ ...bounds, lower: bounds.estimate, upper: bounds.estimate });

const decideBy = (bounds: Bounds, { limit, better }: Evaluation, rule: GateContext['rule']) =>
  decide(rule === 'point' ? onPoint(bounds) : bounds, limit, better);

/**
 * A pass needs every gate, which needs no correction; a fail needs only one, so its level is Holm's. For each gate that
 * fails at the plain level: the level at which its fail is judged, and whether it fails there.
 */
function failLevels(
  entries: readonly Entry[],
  context: GateContext,
): ReadonlyMap<string, { readonly level: number; readonly fails: boolean }> {
  const suspects = entries.filter(
    ({ advisory, outcome, evaluation }) =>
      advisory === null && outcome.ok && decideBy(outcome, evaluation, context.rule) === 'fail',
  );
  const counted = entries.filter(({ advisory }) => advisory === null).length;
  if (context.rule === 'point')
    return new Map(suspects.map(({ id }) => [id, { level: context.alpha, fails: true }]));
  // The level of the last asking is the one that an answer was taken at.
  const asked: number[] = [];
  const rejected = holmRejections(counted, context.alpha, (i, level) => {
    const entry = suspects[i];
    if (entry === undefined) return false;
    asked[i] = level;
    const outcome = entry.evaluation.at(level);
    return outcome.ok && decideBy(outcome, entry.evaluation, context.rule) === 'fail';
  });
  return new Map(
    suspects.map(({ id }, i) => [id, { level: asked[i] ?? context.alpha, fails: rejected[i] === true }]),
  );
}

const finite = (bound: number): number | null => (Number.isFinite(bound) ? bound : null);

/** A ratio's lower bound of 0 is no bound: the logarithm's was minus infinity. */
const lowerOf = ({ lower }: Bounds, scale: Evaluation['scale']): number | null =>
  scale === 'ratio' && lower <= 0 ? null : finite(lower);

const roleOf = (advisory: Advisory | null): Role => {
  switch (advisory?.reason) {
    case undefined:
      return 'blocks';
    case 'restates_latency':
      return 'advises';
    case 'power':
    case 'too_few':
    case 'by_choice':
      return 'informs';
  }
};

const unitOf = (metric: string): Unit => {
  if (isMetricName(metric)) return METRICS[metric].unit;
  return metric === 'throughput' ? 'requests/s' : metric === 'cpqu' ? 'EUR' : 'share';
};

/** The row shows the interval that its answer was taken from, at that answer's own level, and advises at that level. */
function judgeGate(
  { id, evaluation, advisory, outcome }: Entry,
  pair: Pair,
  context: GateContext,
  fail: { readonly level: number; readonly fails: boolean } | null,
): Check {
  const { metric, statistic, scale, better, limit, n, n_of } = evaluation;
  const common = {
    kind: 'gate',
    id,
    subject: { variant: pair.shadow.summary.variant },
    metric,
    statistic,
    scale,
    unit: unitOf(metric),
    op: better === 'lower' ? '<=' : '>=',
    limit,
    acceptable: null,
    role: roleOf(advisory),
    advisory,
    n,
    n_of,
    compared: { baseline: evaluation.baseline, candidate: evaluation.shadow },
  } as const;
  const level = fail?.level ?? context.alpha;
  const shown = level === context.alpha ? outcome : evaluation.at(level);
  if (!outcome.ok || !shown.ok)
    return {
      ...common,
      value: null,
      interval: null,
      alpha: null,
      answer: 'inconclusive',
      undecided: { reason: 'no_data', problem: outcome.ok ? 'no interval at this level' : outcome.message },
    };
  const plain = decideBy(outcome, evaluation, context.rule);
  const answer = plain === 'fail' && advisory === null && fail?.fails !== true ? 'inconclusive' : plain;
  const counted = answer === 'inconclusive' && plain === 'fail';
  return {
    ...common,
    value: finite(outcome.estimate),
    interval: { low: lowerOf(shown, scale), high: finite(shown.upper) },
    alpha: level,
    answer,
    undecided: answer !== 'inconclusive' ? null : undecided(shown, evaluation, pair, counted),
    ...(shown.basis === undefined ? {} : { basis: shown.basis }),
    ...(typeof evaluation.unseen === 'number' ? { unseen: evaluation.unseen } : {}),
    ...(typeof evaluation.mid_p === 'number' ? { mid_p: evaluation.mid_p } : {}),
  };
}

function notComputed(gate: Gate, variant: Variant, context: GateContext, problem: string): Check {
  const id = gateId(gate);
  return {
    kind: 'gate',
    id,
    subject: { variant },
    ...gateFigure(gate),
    scale: 'ratio',
    unit: unitOf(gate.gate),
    op: '<=',
    limit: 'margin' in gate ? gate.margin : gate.margin_pp / 100,
    acceptable: null,
    value: null,
    interval: null,
    alpha: context.alpha,
    answer: 'inconclusive',
    role: 'blocks',
    advisory: null,
    undecided: { reason: 'no_data', problem: `it could not be computed: ${problem}` },
    n: 0,
    n_of: 'requests',
    compared: null,
  };
}

/** @param alone it fails at the plain level, and not at Holm's, at which `bounds` stand */
function undecided(bounds: Bounds, evaluation: Evaluation, pair: Pair, alone: boolean): Undecided {
  if (bounds.memory !== null) return { reason: 'memory', requests: Number(bounds.memory.toPrecision(1)) };
  // Below the floor there is no error to extrapolate: the floor is what is known.
  const { floor = 0, n } = evaluation;
  const advice: Advice =
    n < floor
      ? { kind: 'need_more', more: floor < Infinity ? upToOneDigit(floor - n) : null, equal: null }
      : advise({ ...bounds.working, n });
  const minutesOf = (more: number | null): number | null => {
    const per_s = Math.min(
      pair.baseline.summary.throughput.ok_per_s,
      pair.shadow.summary.throughput.ok_per_s,
    );
    return evaluation.n_of === 'requests' && per_s > 0 && more !== null ? more / per_s / 60 : null;
  };
  if (alone) {
    const more = advice.kind === 'need_more' ? advice.more : null;
    return { reason: 'fails_alone', more, minutes: minutesOf(more) };
  }
  switch (advice.kind) {
    case 'grey_zone':
      return { reason: 'grey_zone', equal: advice.equal };
    case 'deployment_noise':
      return { reason: 'deployment_noise', log_sd: (bounds.working.deployment_sd ?? 0) / Math.SQRT2 };
    case 'need_more':
      return {
        reason: 'need_more',
        more: advice.more,
        equal: advice.equal,
        minutes: minutesOf(advice.more),
      };
  }
}
