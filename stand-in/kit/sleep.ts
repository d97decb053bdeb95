/** Timers fire late by their own grain; more than this is the machine's load, which must stay visible. */
const MAX_CORRECTION_MS = 1.5;
const MEMORY = 0.05;

let lateness_ms = 0.5;

/**
 * Waits `duration_ms` without burning CPU; resolves to the time that really passed, in ms.
 * Node's timers count whole milliseconds from a cached clock and so are late by about half of one: the mean lateness is
 * tracked and taken off, which leaves the mean right to some 0.1 ms and a jitter of about +-0.5 ms.
 * The timer doesn't keep the process alive.
 */
export function sleep(duration_ms: number): Promise<number> {
  if (duration_ms <= 0) return Promise.resolve(0);
  const started = performance.now();
  // Node cuts fractions off: the fraction decides by the clock's own sub-millisecond noise whether to round up.
  const wanted_ms = Math.max(1, Math.floor(duration_ms - lateness_ms + (started % 1)));
  return new Promise((resolve) => {
    const fired = () => {
      const passed_ms = performance.now() - started;
      const late_ms = Math.min(Math.max(passed_ms - duration_ms, -1), 2 * MAX_CORRECTION_MS);
      lateness_ms = Math.min(Math.max(lateness_ms + MEMORY * late_ms, 0), MAX_CORRECTION_MS);
      resolve(passed_ms);
    };
    setTimeout(fired, wanted_ms).unref();
  });
}
