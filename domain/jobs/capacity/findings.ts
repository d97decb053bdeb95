/** What a reader must know of a capacity beside its figures. */
import { finding, type Finding } from '../../verdict/findings.ts';
import { presentVariants, type ByVariant } from '../../variants.ts';
import type { Capacity } from './capacity.ts';
import type { Drift } from './drift.ts';

export function capacityFindings(capacities: ByVariant<Capacity>): Finding[] {
  return presentVariants(capacities).flatMap((variant) => {
    const capacity = capacities[variant];
    if (capacity === undefined) return [];
    const { sustained, gave_out, unit, steps } = capacity;
    const args = { unit, load: sustained?.load ?? 0 };
    const found: Finding[] = [];
    if (sustained === null) found.push(finding('capacity_unknown', { steps: steps.length }, variant));
    else if (!sustained.sure) found.push(finding('capacity_unsure', args, variant));
    if (sustained !== null && gave_out === null) found.push(finding('capacity_beyond', args, variant));
    if (gave_out?.causes.includes('machine') === true)
      found.push(finding('machine_gave_out', { unit, load: gave_out.load }, variant));
    return found;
  });
}

export const driftFindings = (drifts: readonly Drift[]): Finding[] =>
  drifts
    .filter((one) => one.drifts)
    .map(({ variant, what, unit, level, growth }) =>
      finding(
        'drift',
        { what, unit, level, growth: growth.estimate, low: growth.lower, high: growth.upper },
        variant,
      ),
    );
