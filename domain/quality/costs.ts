/** Costs that are known only once a load is over: the time of a server, shared by the requests that it served. */
import type { Measured } from '../record/request-table.ts';

const MS_PER_HOUR = 3_600_000;

/**
 * The columns with each answer's share of what the server's time cost over the measured window: in proportion to how long
 * it was in flight, so that they sum to that cost whatever the load. Failures take their time too, and their share is the
 * answers' to bear.
 */
export function withServerTime(of: Measured, per_hour: number, window_ms: number): Measured {
  let in_flight_ms = 0;
  for (let i = 0; i < of.n; i += 1) if (of.error[i] === 0) in_flight_ms += of.duration_ms[i] ?? 0;
  const per_ms = in_flight_ms > 0 ? ((per_hour / MS_PER_HOUR) * window_ms) / in_flight_ms : Number.NaN;
  return {
    ...of,
    cost_eur: Float64Array.from(of.duration_ms, (ms, i) => (of.error[i] === 0 ? ms * per_ms : Number.NaN)),
  };
}
