/** May the candidate replace the baseline by what it sustains? From brackets: a ramp knows loads that held and loads that did not. */
import { judgePoint } from '../../verdict/limits.ts';
import type { Check, Interval } from '../../verdict/check.ts';
import type { Thresholds } from '../../verdict/thresholds.ts';
import { pairsOf, presentVariants, type ByVariant, type Variant } from '../../variants.ts';
import type { Capacity } from './capacity.ts';

/** Where the thresholds have no throughput gate. */
const TOLERATED = 0.85;

export const SUSTAINED = 'sustained_load';
export const CAPACITY = 'capacity';

/** That each variant sustains a load that was tried, and how each candidate stands to the baseline. */
export function capacityChecks(
  capacities: ByVariant<Capacity>,
  { gates }: Pick<Thresholds, 'gates'>,
): Check[] {
  const limit = gates.flatMap((gate) => (gate.gate === 'throughput' ? gate.margin : []))[0] ?? TOLERATED;
  return [
    ...pairsOf(capacities).flatMap(
      ({ candidate, of: [baseline, other] }) => ratioCheck(candidate, baseline, other, limit) ?? [],
    ),
    ...presentVariants(capacities).flatMap((variant) => {
      const capacity = capacities[variant];
      return capacity === undefined ? [] : [sustainedCheck(capacity)];
    }),
  ];
}

function sustainedCheck({ variant, sustained, steps, unit }: Capacity): Check {
  return judgePoint(
    'limit',
    {
      id: SUSTAINED,
      subject: { variant },
      metric: SUSTAINED,
      statistic: null,
      unit: unit === 'clients' ? 'clients' : 'requests/s',
      op: '>',
      limit: 0,
      acceptable: null,
      value: sustained?.load ?? null,
      interval: null,
      alpha: null,
      n: steps.length,
      n_of: 'steps',
    },
    { reason: 'no_data', problem: 'none of the loads tried was sustained' },
  );
}

/** Null where one of the two sustains nothing that was tried: there is no ratio. */
function ratioCheck(variant: Variant, baseline: Capacity, candidate: Capacity, limit: number): Check | null {
  const [kept, asked] = [baseline.sustained, candidate.sustained];
  if (kept === null || asked === null) return null;
  const [above, below] = [baseline.gave_out, candidate.gave_out];
  // The candidate's highest good load over the baseline's lowest bad one, and the other way round.
  const low = above === null ? null : asked.load / above.load;
  const high = below === null ? null : below.load / kept.load;
  // Where the candidate bore all that was tried, as the baseline did, nothing more can be asked of it here.
  const both = above === null && below === null;
  const passes = both || (low !== null && low >= limit && asked.sure && above?.sure === true);
  const fails = high !== null && high < limit && kept.sure && below?.sure === true;
  const answer = passes ? 'pass' : fails ? 'fail' : 'inconclusive';
  const interval: Interval = { low, high };
  return {
    kind: 'gate',
    id: CAPACITY,
    subject: { variant },
    metric: SUSTAINED,
    statistic: null,
    scale: 'ratio',
    unit: baseline.unit === 'clients' ? 'clients' : 'requests/s',
    op: '>=',
    limit,
    acceptable: null,
    value: asked.load / kept.load,
    interval,
    alpha: null,
    answer,
    role: 'blocks',
    advisory: null,
    undecided: answer === 'inconclusive' ? { reason: 'closer_steps' } : null,
    n: baseline.steps.length + candidate.steps.length,
    n_of: 'steps',
    compared: { baseline: kept.load, candidate: asked.load },
  };
}
