/** What a run can decide, in words, before it is measured. */
import type { GatePlan } from '../../../domain/verdict/plan.ts';
import { gateFigure, gateId, type Gate } from '../../../domain/verdict/thresholds.ts';
import { integer, percent } from '../format.ts';
import { checkLabel } from './checks.ts';

const labelOf = (gates: readonly Gate[], id: string): string => {
  const gate = gates.find((one) => gateId(one) === id);
  return gate === undefined ? id : checkLabel({ ...gateFigure(gate), scale: 'ratio' });
};

function informing(gates: readonly Gate[], { id, advisory, needs, n_of, minutes }: GatePlan): string {
  const label = labelOf(gates, id);
  if (advisory?.reason === 'restates_latency') return `${label} (a closed loop restates latency)`;
  const chance =
    advisory?.reason === 'power'
      ? `an equal candidate would pass with ${percent(advisory.power, 0)}`
      : 'too few at this size';
  const enough = needs === null ? '' : `; about ${integer(needs)} ${n_of} would do`;
  const time =
    minutes === null ? '' : minutes > 60 ? ', more than an hour' : `, ${Math.max(1, Math.ceil(minutes))} min`;
  return `${label} (${chance}${enough}${time})`;
}

/**
 * One line of what counts and one for each gate that only informs.
 * @param required ids that count whatever the plan says
 */
export function planInWords(
  gates: readonly Gate[],
  plan: readonly GatePlan[],
  required: readonly string[],
): readonly string[] {
  const counts = ({ id, advisory }: GatePlan): boolean => advisory === null || required.includes(id);
  // A label may have a comma of its own.
  const decided = plan.filter(counts).map(({ id }) => labelOf(gates, id));
  return [
    decided.length === 0 ? 'decides   nothing at this size' : `decides   ${decided.join('; ')}`,
    ...plan.filter((one) => !counts(one)).map((one) => `informs   ${informing(gates, one)}`),
  ];
}
