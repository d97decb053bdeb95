/** Whether more clients still bring more answers: what closes a closed-loop ramp, since its queue can't grow. */
import type { Interval } from '../../statistics/outcome.ts';
import { serverCauses } from './server-load.ts';
import type { Step } from './step.ts';

/** Of the added load, at least this share must turn into throughput: below, clients only wait longer. */
export const RISE = 0.1;

/** Share of the added load that became throughput: 1 = all of it; the throughputs are of independent steps. */
export function gain(before: Step, after: Step): Interval | null {
  const [a, b] = [before.throughput, after.throughput];
  const added = after.load.value / before.load.value - 1;
  if (a === null || b === null || a.estimate <= 0 || added <= 0) return null;
  const ratio = b.estimate / a.estimate;
  const relative = Math.hypot(halfShare(a), halfShare(b));
  const at = (value: number): number => (value - 1) / added;
  return { estimate: at(ratio), lower: at(ratio * (1 - relative)), upper: at(ratio * (1 + relative)) };
}

const halfShare = ({ estimate, lower }: Interval): number => (estimate - lower) / estimate;

/** The steps of one variant in the order they were run, with those marked whose throughput rises no more. */
export function markFlat(steps: readonly Step[]): Step[] {
  return steps.map((step) => {
    if (step.load.unit !== 'clients' || step.answer === 'bad' || step.summary.ok === 0) return step;
    // Against the best so far: beside a step that dipped, every next one would rise.
    const below = steps
      .filter((one) => one.load.value < step.load.value && one.holds)
      .toSorted((a, b) => (b.throughput?.estimate ?? 0) - (a.throughput?.estimate ?? 0))[0];
    const rise = below === undefined ? null : gain(below, step);
    if (rise === null) return step;
    if (rise.upper < RISE)
      return { ...step, answer: 'bad', causes: ['flat', ...serverCauses(step.server)], holds: false };
    if (rise.lower > RISE) return step;
    const holds = step.holds && rise.estimate > RISE;
    return { ...step, answer: 'unsure', causes: [...step.causes, 'flat'], holds };
  });
}
