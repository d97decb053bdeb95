/** Constants of how a block is run; the cli's announced times and k6's options both come from here. */

/** Beyond the request timeout, how long k6 waits for requests in flight at the end. */
export const GRACE_MS = 5000;

/** Before the load the probe alone asks this often, this far apart: its idle floor. Then the load begins. */
export const PROBE_IDLE_SAMPLES = 20;
export const PROBE_IDLE_GAP_MS = 20;
export const PROBE_LEAD_MS = 600;
/** During the whole load. */
export const PROBE_PER_SECOND = 10;
