/** Constants of how a block is run; the cli's announced times and k6's options both come from here. */

/** Beyond the request timeout, how long k6 waits for requests in flight at the end. */
export const GRACE_MS = 5000;

/** Before the load the probe alone asks this often, this far apart: its idle floor. Then the load begins. */
export const PROBE_IDLE_SAMPLES = 20;
export const PROBE_IDLE_GAP_MS = 20;
export const PROBE_LEAD_MS = 600;
/** During the whole load. */
export const PROBE_PER_SECOND = 10;

/** VUs that an open load gets unless the settings say: more cost memory and seldom help, since the server is then the limit. */
const MOST_VUS = 500;
const LEAST_VUS = 10;

/** As many as can be in flight while no request takes longer than its timeout. */
export function vusOfOpenLoad(
  { maxInFlight, timeoutMs }: { readonly maxInFlight: number | null; readonly timeoutMs: number },
  peak_per_s: number,
): number {
  return maxInFlight ?? Math.max(LEAST_VUS, Math.min(MOST_VUS, Math.ceil((peak_per_s * timeoutMs) / 1000)));
}

/** A start this late, so many times in a row, or so long, will not come right again: the rate can't be sent. */
export const LATE_MS = 2000;
export const LATE_STARTS = 100;
export const LATE_STARTS_SLOW = 10;
export const LATE_FOR_MS = 3000;
