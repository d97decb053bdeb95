/** May the shadow replace the baseline by what it sustains? From brackets: a ramp knows loads that held and loads that did not. */
import type { Thresholds } from '../../verdict/thresholds.ts';
import { pairsOf, type ByVariant } from '../../variants.ts';
import type { Capacity } from './capacity.ts';

export interface CapacityRatio {
  /** Shadow's sustained load over the baseline's. */
  readonly estimate: number;
  /** The shadow's highest good load over the baseline's lowest bad one, and the other way round; null: nothing gave out there. */
  readonly low: number | null;
  readonly high: number | null;
  /** The least that is tolerated. */
  readonly limit: number;
  readonly answer: 'pass' | 'fail' | 'inconclusive';
}

/** Where the thresholds have no throughput gate. */
const TOLERATED = 0.85;

/** Null: there are not two, or one sustains nothing that was tried. */
export function capacityRatio(
  capacities: ByVariant<Capacity>,
  { gates }: Pick<Thresholds, 'gates'>,
): CapacityRatio | null {
  const [pair] = pairsOf(capacities);
  if (pair === undefined) return null;
  const [baseline, candidate] = pair.of;
  const [kept, asked] = [baseline.sustained, candidate.sustained];
  if (kept === null || asked === null) return null;
  const limit = gates.flatMap((gate) => (gate.gate === 'throughput' ? gate.margin : []))[0] ?? TOLERATED;
  const [above, below] = [baseline.gave_out, candidate.gave_out];
  const low = above === null ? null : asked.load / above.load;
  const high = below === null ? null : below.load / kept.load;
  // Where the shadow bore all that was tried, as the baseline did, nothing more can be asked of it here.
  const both = above === null && below === null;
  const passes = both || (low !== null && low >= limit && asked.sure && above?.sure === true);
  const fails = high !== null && high < limit && kept.sure && below?.sure === true;
  return {
    estimate: asked.load / kept.load,
    low,
    high,
    limit,
    answer: passes ? 'pass' : fails ? 'fail' : 'inconclusive',
  };
}
