/** What a reader must know of a capacity beside its figures. */
import { finding, type Finding } from '../../verdict/findings.ts';
import { presentVariants, type ByVariant } from '../../variants.ts';
import type { Capacity } from './capacity.ts';
import type { Drift } from './drift.ts';

export function capacityFindings(capacities: ByVariant<Capacity>): Finding[] {
  return [
    ...spoilt(capacities),
    ...presentVariants(capacities).flatMap((variant) => {
      const capacity = capacities[variant];
      if (capacity === undefined) return [];
      const { sustained, gave_out, unit, steps } = capacity;
      const args = { unit, load: sustained?.load ?? 0 };
      const found: Finding[] = [];
      if (sustained === null) found.push(finding('capacity_unknown', { steps: steps.length }, { variant }));
      else if (!sustained.sure) found.push(finding('capacity_unsure', args, { variant }));
      if (sustained !== null && gave_out === null) found.push(finding('capacity_beyond', args, { variant }));
      if (gave_out?.causes.includes('machine') === true)
        found.push(finding('machine_gave_out', { unit, load: gave_out.load }, { variant }));
      return found;
    }),
  ];
}

/** Where the load machine was the limit in every step, or could not be seen in any, a ramp has measured nothing. */
function spoilt(capacities: ByVariant<Capacity>): Finding[] {
  const steps = presentVariants(capacities).flatMap((variant) => capacities[variant]?.steps ?? []);
  return steps.length > 0 && steps.every(({ machine }) => !machine.ok)
    ? [finding('machine_spoilt_all', { steps: steps.length })]
    : [];
}

export const driftFindings = (drifts: readonly Drift[]): Finding[] =>
  drifts
    .filter((one) => one.drifts)
    .map(({ variant, what, unit, level, growth }) =>
      finding(
        'drift',
        { what, unit, level, growth: growth.estimate, low: growth.lower, high: growth.upper },
        { variant },
      ),
    );
