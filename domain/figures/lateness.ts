/** How late the requests of an open load began. */
import type { Measured } from '../record/request-table.ts';

/** p99 of the lateness of starts in ms, type-7's upper neighbour; null in a closed loop. */
export function lateness(of: Measured): number | null {
  const late = of.optional.get('late_ms');
  if (late === undefined || of.n === 0) return null;
  const sorted = late
    .slice(0, of.n)
    .filter((value) => !Number.isNaN(value))
    .sort();
  return sorted[Math.ceil(0.99 * (sorted.length - 1))] ?? null;
}
