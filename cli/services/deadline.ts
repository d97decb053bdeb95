/** The one place of timeouts: work that ends by a deadline, and soon after an interruption. */
import { Interrupted } from '../io.ts';

/** What cleans up after Ctrl-C may still ask; what hangs is let go. */
const AFTER_INTERRUPT_MS = 1500;

export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/**
 * Runs `work` with a signal that is aborted after `timeout_ms` (reason: DeadlinePassed), or 1.5 s after an interruption
 * (reason: Interrupted). Timers hold the controller: Node 20 loses the timer of `AbortSignal.any([AbortSignal.timeout(ms)])`
 * at a garbage collection, and the call then never ends.
 */
export async function withDeadline<T>(
  timeout_ms: number,
  interrupted: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const late = setTimeout(
    () => controller.abort(new DeadlinePassed(`no whole answer within ${timeout_ms / 1000} s`)),
    timeout_ms,
  );
  let soon: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    soon = setTimeout(() => controller.abort(new Interrupted()), AFTER_INTERRUPT_MS);
  };
  if (interrupted.aborted) interrupt();
  else interrupted.addEventListener('abort', interrupt, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(late);
    clearTimeout(soon);
    interrupted.removeEventListener('abort', interrupt);
  }
}
