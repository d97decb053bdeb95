/** backpressure: a burst above the per-program limit, and single requests before and after it. */
import type { Evidence, Terms } from './evidence.ts';
import { endOf, right } from './figures.ts';
import { finding, type Finding } from '../../verdict/findings.ts';
import { mainCalls, type Judged } from './judged.ts';

/** A refusal may come this much before the queue timeout: clocks and rounding. */
const EARLY = 0.1;
/** A gateway with the limit in force can't be faster than this part of its waves. */
const TOO_FAST = 0.75;

/** What an answer to a single request may take to be normal again. */
export const normalMs = (lm_delay_ms: number): number => 2 * lm_delay_ms + 250;

/** How many of a burst are served before the first is refused, if calls take the LM's delay. */
export const burstCapacity = ({ limit, queue_timeout_ms, lm_delay_ms }: Terms): number =>
  limit * (Math.floor(queue_timeout_ms / Math.max(lm_delay_ms, 1)) + 1);

function limitFindings(evidence: Evidence, terms: Terms): Finding[] {
  const { limit, lm_delay_ms } = terms;
  const burst = mainCalls(evidence.records);
  const served = right(burst);
  const refused = burst.filter(({ status }) => status === 429).length;
  const peaks = evidence.phases.flatMap(({ lm }) => lm?.peak_in_flight ?? []);
  const peak = peaks.length === 0 ? null : Math.max(...peaks);
  const slowest = Math.max(0, ...served.map(({ duration_ms }) => duration_ms));
  const least_ms = (Math.ceil(served.length / limit) - 1) * lm_delay_ms;
  const args = { limit, burst: burst.length, slowest_ms: slowest, ...(peak === null ? {} : { peak }) };
  const too_fast = served.length > limit && slowest < TOO_FAST * least_ms;
  if (peak === null ? too_fast : peak >= 2 * limit && refused === 0)
    return [finding('no_limit_in_force', args)];
  return peak !== null && peak > limit ? [finding('limit_exceeded', { peak, limit })] : [];
}

export function judgeBackpressure(evidence: Evidence, terms: Terms): Judged {
  const { queue_timeout_ms, lm_delay_ms } = terms;
  const burst = mainCalls(evidence.records);
  const refused = burst.filter(({ status }) => status === 429);
  const served = right(burst);
  const findings: Finding[] = limitFindings(evidence, terms);
  const early = refused.filter(({ duration_ms }) => duration_ms < (1 - EARLY) * queue_timeout_ms);
  if (early.length > 0)
    findings.push(
      finding('instant_429', {
        early: early.length,
        requests: burst.length,
        after_ms: Math.min(...early.map(({ duration_ms }) => duration_ms)),
        queue_timeout_ms,
      }),
    );
  const longest = Math.max(0, ...served.map(({ duration_ms }) => duration_ms));
  // The last one admitted before the timeout still has its own call to make.
  if (longest > queue_timeout_ms + 2 * lm_delay_ms + 1000)
    findings.push(finding('queue_timeout_ignored', { longest_ms: longest, queue_timeout_ms }));
  const capacity = burstCapacity(terms);
  if (burst.length > 0 && refused.length === 0 && burst.length <= capacity)
    findings.push(finding('burst_below_queue_timeout', { burst: burst.length, capacity, queue_timeout_ms }));

  const burst_end = burst.reduce((latest, one) => Math.max(latest, endOf(one)), 0);
  const singles = evidence.records.filter(({ phase, kind }) => phase === 'after' && kind === 'call');
  const normal = right(singles).find(({ duration_ms }) => duration_ms <= normalMs(lm_delay_ms));
  const first_start = Math.min(...singles.map(({ start_ms }) => start_ms));
  // From the first try on: how late k6 itself came to it is not the gateway's doing, and is said beside.
  const recovery = normal === undefined ? null : normal.start_ms - first_start;
  if (recovery === null && singles.length > 0)
    findings.push(
      finding('limit_never_released', {
        tried: singles.length,
        for_ms: Math.max(...singles.map(endOf)) - burst_end,
      }),
    );
  return {
    figures: {
      // Tried and not seen is longer than was waited: that fails the limit. Never tried is no data.
      recovery: { value: recovery ?? (singles.length > 0 ? Infinity : null), n: singles.length },
    },
    findings,
    from_k6: [
      {
        saw: 'burst',
        requests: burst.length,
        served: served.length,
        refused: refused.length,
        slowest_ms: Math.max(0, ...burst.map(({ duration_ms }) => duration_ms)),
      },
      {
        saw: 'recovery',
        ms: recovery,
        first_try_after_ms: singles.length === 0 ? null : Math.max(0, first_start - burst_end),
      },
    ],
    from_other_side: [],
  };
}
