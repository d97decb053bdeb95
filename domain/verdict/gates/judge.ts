/** Gates to answers: the interval rule with Holm's correction for fails, or the point rule; and what an open one needs. */
import type { GateCheck, Undecided } from '../check.ts';
import type { GatePlan } from '../plan.ts';
import { gateId, type Gate } from '../thresholds.ts';
import { advise, decide, upToOneDigit, type Advice } from '../../statistics/decision.ts';
import { holmRejections } from '../../statistics/multiplicity.ts';
import type { Outcome } from '../../statistics/outcome.ts';
import { accuracyGate } from './accuracy.ts';
import { errorRateGate, type InFlight } from './error-rate.ts';
import type { Bounds, Evaluation, Pair } from './evaluation.ts';
import { latencyGate, payloadGate } from './latency.ts';
import { moneyGate } from './money.ts';
import { outputLengthGate } from './output-length.ts';
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
function advisoryOf(id: string, evaluation: Evaluation, context: GateContext): GateCheck['advisory'] {
  if (context.required.includes(id)) return null;
  const planned = context.plan?.find((one) => one.id === id);
  return planned === undefined ? evaluation.advisory : planned.advisory;
}

const finite = (bound: number): number | null => (Number.isFinite(bound) ? bound : null);

/** A ratio's lower bound of 0 is no bound: the logarithm's was minus infinity. */
const lowerOf = ({ lower }: Bounds, scale: Evaluation['scale']): number | null =>
  scale === 'ratio' && lower <= 0 ? null : finite(lower);

const POINT = (estimate: number): { lower: number; upper: number; estimate: number } => ({
  estimate,
  lower: estimate,
  upper: estimate,
});

interface Entry {
  readonly id: string;
  readonly evaluation: Evaluation;
  readonly advisory: GateCheck['advisory'];
  readonly outcome: Outcome<Bounds>;
}

/** All gates of a run at one look. */
export function judgeGates(gates: readonly Gate[], pair: Pair, context: GateContext): GateCheck[] {
  const entries = gates.map((gate): Entry => {
    const evaluation = evaluate(gate, pair, context);
    const id = gateId(gate);
    const advisory = advisoryOf(id, evaluation, context);
    return { id, evaluation, advisory, outcome: evaluation.at(context.alpha) };
  });
  const levels = failLevels(entries, context);
  return entries.map((entry): GateCheck => {
    const { id, evaluation, advisory } = entry;
    const { gate, metric, statistic, scale, better, limit, n, n_of, baseline, shadow } = evaluation;
    const { unseen = null, mid_p = null } = evaluation;
    // A fail is shown at the level that it was taken at, and so is a gate that would fail alone.
    const alpha = levels.get(id)?.level ?? context.alpha;
    const outcome = alpha === context.alpha ? entry.outcome : evaluation.at(alpha);
    const described = {
      gate,
      metric,
      statistic,
      scale,
      better,
      limit,
      n,
      n_of,
      baseline,
      shadow,
      unseen,
      mid_p,
    };
    const common = { kind: 'gate' as const, id, ...described, advisory, alpha };
    if (!outcome.ok)
      return {
        ...common,
        estimate: null,
        interval: { low: null, high: null },
        answer: 'inconclusive',
        undecided: { reason: 'no_data', problem: outcome.message },
      };
    const answer = decide(judged(outcome, context), limit, better);
    const alone = levels.get(id)?.rejected === false;
    return {
      ...common,
      ...(outcome.basis === undefined ? {} : { basis: outcome.basis }),
      estimate: finite(outcome.estimate),
      interval: { low: lowerOf(outcome, evaluation.scale), high: finite(outcome.upper) },
      answer: alone ? 'inconclusive' : answer,
      undecided: alone || answer === 'inconclusive' ? undecided(outcome, evaluation, pair, alone) : null,
    };
  });
}

const judged = (bounds: Bounds, { rule }: GateContext): { lower: number; upper: number; estimate: number } =>
  rule === 'point' ? POINT(bounds.estimate) : bounds;

interface FailLevel {
  /** Holm's level at which it fails; or, where it does not, the one that it was last asked at. */
  readonly level: number;
  readonly rejected: boolean;
}

/**
 * A pass needs every gate, which needs no correction; a fail needs only one, so its level is Holm's. Most runs fail none
 * at the plain level: then nothing needs asking again. Advisory gates keep their plain answers.
 */
function failLevels(entries: readonly Entry[], context: GateContext): ReadonlyMap<string, FailLevel> {
  const fails = ({ evaluation }: Entry, outcome: Outcome<Bounds>): boolean =>
    outcome.ok && decide(judged(outcome, context), evaluation.limit, evaluation.better) === 'fail';
  const counted = entries.filter(({ advisory }) => advisory === null);
  const suspects = counted.filter((entry) => fails(entry, entry.outcome));
  if (context.rule === 'point' || suspects.length === 0) return new Map();
  const levels = new Map<string, FailLevel>();
  holmRejections(counted.length, context.alpha, (i, level) => {
    const entry = suspects[i];
    if (entry === undefined) return false;
    const rejected = fails(entry, entry.evaluation.at(level));
    levels.set(entry.id, { level, rejected });
    return rejected;
  });
  return levels;
}

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
