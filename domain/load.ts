/** Constants of how a block is run; the cli's announced times and k6's options both come from here. */

/** Beyond the request timeout, how long k6 waits for requests in flight at the end. */
export const GRACE_MS = 5000;

/** The probe runs this long alone first: its idle floor. */
export const PROBE_LEAD_MS = 2000;
export const PROBE_PER_SECOND = 10;
