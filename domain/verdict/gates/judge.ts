/** Gates to answers: the interval rule with Holm's correction for fails, or the point rule; and what an open one needs. */
import type { GateCheck, Undecided } from '../check.ts';
import { gateId, type Gate } from '../thresholds.ts';
import { advise, decide } from '../../statistics/decision.ts';
import { holmRejections } from '../../statistics/multiplicity.ts';
import { accuracyGate } from './accuracy.ts';
import { errorRateGate } from './error-rate.ts';
import type { Bounds, Evaluation, Pair } from './evaluation.ts';
import { latencyGate } from './latency.ts';
import { costGate, cpquGate } from './money.ts';
import { outputLengthGate } from './output-length.ts';
import { throughputGate } from './throughput.ts';

export interface GateContext {
  /** One-sided level. */
  readonly alpha: number;
  readonly rule: 'interval' | 'point';
  /** Ids that count even where the data make them advisory. */
  readonly required: readonly string[];
  /** Log-SD between deployments of one build, by statistic; absent: not known, taken as 0. */
  readonly deployment_log_sd: Readonly<Partial<Record<string, number>>>;
  readonly block_ms: number;
  readonly closed_loop: boolean;
}

function evaluate(gate: Gate, pair: Pair, context: GateContext): Evaluation {
  switch (gate.gate) {
    case 'latency':
      return latencyGate(gate, pair, context.alpha, context.deployment_log_sd[gate.statistic] ?? 0);
    case 'error_rate':
      return errorRateGate(gate, pair);
    case 'accuracy':
      return accuracyGate(gate, pair, context.alpha);
    case 'cost':
      return costGate(gate, pair);
    case 'cpqu':
      return cpquGate(gate, pair);
    case 'output_length':
      return outputLengthGate(gate, pair);
    case 'throughput':
      return throughputGate(gate, pair, context.block_ms, context.closed_loop);
  }
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

/** All gates of a run at one look. @param minutes_per_request measured, for advice; null where it makes no sense */
export function judgeGates(gates: readonly Gate[], pair: Pair, context: GateContext): GateCheck[] {
  const entries = gates.map((gate) => {
    const evaluation = evaluate(gate, pair, context);
    const id = gateId(gate);
    const advisory = context.required.includes(id) ? null : evaluation.advisory;
    return { id, evaluation, advisory, outcome: evaluation.at(context.alpha) };
  });
  const fails = (evaluation: Evaluation, bounds: Bounds): boolean =>
    decide(
      context.rule === 'point' ? POINT(bounds.estimate) : bounds,
      evaluation.limit,
      evaluation.better,
    ) === 'fail';
  // A pass needs every gate, which needs no correction; a fail needs only one, so its level is Holm's. Most runs fail
  // none at the plain level: then nothing needs asking again.
  const suspects = entries.filter(
    ({ advisory, outcome, evaluation }) => advisory === null && outcome.ok && fails(evaluation, outcome),
  );
  const counted = entries.filter(({ advisory }) => advisory === null).length;
  const failing = new Set<string>();
  if (context.rule === 'point') for (const { id } of suspects) failing.add(id);
  else if (suspects.length > 0) {
    const rejected = holmRejections(counted, context.alpha, (i, level) => {
      const entry = suspects[i];
      if (entry === undefined) return false;
      const outcome = entry.evaluation.at(level);
      return outcome.ok && fails(entry.evaluation, outcome);
    });
    suspects.forEach(({ id }, i) => {
      if (rejected[i] === true) failing.add(id);
    });
  }
  return entries.map(({ id, evaluation, advisory, outcome }): GateCheck => {
    const { gate, metric, statistic, scale, better, limit, n, n_of, baseline, shadow } = evaluation;
    const described = { gate, metric, statistic, scale, better, limit, n, n_of, baseline, shadow };
    const common = { kind: 'gate' as const, id, ...described, advisory, alpha: context.alpha };
    if (!outcome.ok)
      return {
        ...common,
        estimate: null,
        interval: { low: null, high: null },
        answer: 'inconclusive',
        undecided: { reason: 'no_data', problem: outcome.message },
      };
    const judged = context.rule === 'point' ? POINT(outcome.estimate) : outcome;
    const plain = decide(judged, evaluation.limit, evaluation.better);
    // An advisory gate shows its own plain answer; one that counts fails only at Holm's level.
    const answer = plain === 'fail' && advisory === null && !failing.has(id) ? 'inconclusive' : plain;
    return {
      ...common,
      estimate: finite(outcome.estimate),
      interval: { low: lowerOf(outcome, evaluation.scale), high: finite(outcome.upper) },
      answer,
      undecided: answer === 'inconclusive' ? undecided(outcome, evaluation, pair) : null,
    };
  });
}

function undecided(bounds: Bounds, evaluation: Evaluation, pair: Pair): Undecided {
  const advice = advise({ ...bounds.working, n: evaluation.n });
  switch (advice.kind) {
    case 'grey_zone':
      return { reason: 'grey_zone' };
    case 'deployment_noise':
      return { reason: 'deployment_noise', log_sd: bounds.working.deployment_sd / Math.SQRT2 };
    case 'need_more': {
      // Without any bound there is no error to extrapolate: the floor is what is known.
      const floor =
        evaluation.advisory?.reason === 'too_few' ? evaluation.advisory.needs - evaluation.n : evaluation.n;
      const more = Number.isFinite(advice.more) ? advice.more : Math.max(floor, 1);
      const per_s = Math.min(
        pair.baseline.summary.throughput.ok_per_s,
        pair.shadow.summary.throughput.ok_per_s,
      );
      const minutes = evaluation.n_of === 'requests' && per_s > 0 ? more / per_s / 60 : null;
      return { reason: 'need_more', more, minutes };
    }
  }
}
