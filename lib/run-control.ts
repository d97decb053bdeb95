/**
 * May this VU start another request? Ends a run in good order before its time: where the next request could pass the
 * budget, or the server is gone. VUs then idle until nothing is in flight, and only then is k6 aborted: an abort drops
 * what is in flight without a trace.
 */
import exec from 'k6/execution';
import { sleep } from 'k6';
import { LATE_FOR_MS, LATE_MS, LATE_STARTS, LATE_STARTS_SLOW } from '../domain/load/timing.ts';
import type { BlockSummary } from '../domain/run/block.ts';
import { STOP_REASONS, type StopReason } from '../domain/run/stop-reasons.ts';
import type { ErrorKind } from '../domain/record/errors.ts';
import type { Variant } from '../domain/variants.ts';
import { counters } from './extensions.ts';

/** A server that refuses this many in a row, over at least this long, is gone. */
const GONE_AFTER_FAILURES = 20;
const GONE_AFTER_MS = 3000;
const IDLE_SECONDS = 0.1;

export interface RunControl {
  /** Before an iteration: idles a little where the last request was refused. */
  rest(): void;
  /** False: nothing may be sent; the VU has idled a little. */
  mayStart(): boolean;
  /** Open load: a request has begun so long after its scheduled start. */
  startedLate(late_ms: number): void;
  finished(error: ErrorKind | null, cost_eur: number | null): void;
}

export interface Budget {
  readonly max_cost_eur: number | null;
  /** What the servers' time costs, all variants together. */
  readonly cost_per_ms: number;
  /** When the load began, epoch ms. */
  readonly began_ms: () => number;
  /** VUs of all variants: a stock k6 can't share a count, so there each VU keeps to its own part. */
  readonly vus_in_all: number;
}

export function runControl(variant: Variant, budget: Budget): RunControl {
  /** A VU that can't see the others keeps to its own part. */
  const share = counters.across_vus ? 1 : 1 / budget.vus_in_all;
  const maxCost = budget.max_cost_eur === null ? null : budget.max_cost_eur * share;
  const lateStarts = streak(`late_starts_${variant}`);
  const failures = streak(`failures_${variant}`);
  /** A refused connection answers at once: no flood against a server that is down. */
  let refused = false;
  return {
    rest() {
      if (refused) sleep(IDLE_SECONDS);
      refused = false;
    },
    mayStart() {
      if (stopped() === null && maxCost !== null) {
        // Reserved before it is compared, so that two VUs can't both take the last place.
        const inFlight = counters.add('in_flight', 1);
        const time = budget.cost_per_ms * Math.max(0, Date.now() - budget.began_ms()) * share;
        if (time + counters.get('spent_eur') + inFlight * counters.get('dearest_eur') <= maxCost) return true;
        counters.add('in_flight', -1);
        stop('max_cost');
      } else if (stopped() === null) {
        counters.add('in_flight', 1);
        return true;
      }
      if (counters.across_vus && counters.get('in_flight') === 0) exec.test.abort(`stopped: ${stopped()}`);
      sleep(IDLE_SECONDS);
      return false;
    },
    startedLate(late_ms) {
      if (late_ms <= LATE_MS) return lateStarts.end();
      const { count, for_ms } = lateStarts.add();
      if (count >= LATE_STARTS || (count >= LATE_STARTS_SLOW && for_ms >= LATE_FOR_MS)) stop('rate_not_sent');
    },
    finished(error, cost_eur) {
      counters.add('in_flight', -1);
      if (cost_eur !== null) {
        counters.add('spent_eur', cost_eur);
        counters.max('dearest_eur', cost_eur);
      }
      if (error !== 'connect' && error !== 'dns') return failures.end();
      const { count, for_ms } = failures.add();
      if (count >= GONE_AFTER_FAILURES && for_ms >= GONE_AFTER_MS) {
        counters.add(gone(variant), 1);
        stop('server_gone');
      }
      refused = true;
    },
  };
}

/** The same thing in a row, over all VUs: how often, and for how long. */
function streak(name: string): { add(): { count: number; for_ms: number }; end(): void } {
  const since = `${name}_since`;
  return {
    add() {
      const count = counters.add(name, 1);
      if (count === 1) counters.add(since, Date.now() - counters.get(since));
      return { count, for_ms: Date.now() - counters.get(since) };
    },
    end() {
      const count = counters.get(name);
      if (count > 0) counters.add(name, -count);
    },
  };
}

const gone = (variant: Variant): string => `gone_${variant}`;

function stop(reason: StopReason): void {
  if (counters.add('stops', 1) > 1) return;
  counters.add('stop_reason', STOP_REASONS.indexOf(reason));
  counters.add('stopped_at_ms', Date.now());
  if (!counters.across_vus && reason !== 'max_cost') exec.test.abort(`stopped: ${reason}`);
}

/** Why the run was stopped early, or null. */
export function stopped(): StopReason | null {
  return counters.get('stops') > 0 ? (STOP_REASONS[counters.get('stop_reason')] ?? null) : null;
}

/** The same for the summary, with the variant whose server was gone. */
export function stopOf(variants: readonly Variant[]): BlockSummary['stopped'] {
  const reason = stopped();
  const at_ms = counters.get('stopped_at_ms');
  if (reason !== 'server_gone') return reason === null ? null : { reason, at_ms };
  const variant = variants.find((one) => counters.get(gone(one)) > 0);
  if (variant === undefined) throw new Error('a server was gone, but of no variant');
  return { reason, variant, at_ms };
}
