/** A service-level objective of streamed answers, and the goodput under it: the share of all requests that met it. */
import { offer } from '../text/nearest.ts';
import type { Thresholds } from '../verdict/thresholds.ts';
import { BadValue, formatDuration, parseDuration } from '../text/units.ts';

export const SLO_METRICS = ['ttft', 'tpot', 'e2e'] as const;
export type SloMetric = (typeof SLO_METRICS)[number];

/** The most that each named time may be, in ms; at least one is named. */
export type Slo = Readonly<Partial<Record<SloMetric, number>>>;

const SHAPE = 'ttft=200ms,tpot=50ms (of ttft, tpot, e2e, each once)';

/** @throws BadValue */
export function parseSlo(text: string): Slo {
  const slo: Partial<Record<SloMetric, number>> = {};
  for (const part of text.split(',')) {
    const [given = '', limit, ...rest] = part.split('=').map((piece) => piece.trim());
    if (limit === undefined || rest.length > 0)
      throw new BadValue(`"${part.trim()}" of "${text}" is no objective; allowed: ${SHAPE}`);
    const metric = SLO_METRICS.find((one) => one === given.toLowerCase());
    if (metric === undefined)
      throw new BadValue(`"${given}" of "${text}" is no time of an answer${offer(given, SLO_METRICS)}`);
    if (slo[metric] !== undefined)
      throw new BadValue(`"${metric}" stands twice in "${text}"; allowed: ${SHAPE}`);
    const ms = parseDuration(limit);
    if (ms <= 0) throw new BadValue(`"${part.trim()}" can't be met; allowed: a duration above 0`);
    slo[metric] = ms;
  }
  return slo;
}

export const formatSlo = (slo: Slo): string =>
  SLO_METRICS.flatMap((metric) => {
    const ms = slo[metric];
    return ms === undefined ? [] : [`${metric}=${formatDuration(ms)}`];
  }).join(',');

/** What was asked for, else what the latency limits say of a single answer; null where neither does. */
export function sloOf(slo: Slo | null, { limits }: Pick<Thresholds, 'limits'>): Slo | null {
  if (slo !== null) return slo;
  const implied: Partial<Record<SloMetric, number>> = {};
  for (const { metric, op, limit } of limits) {
    if (op !== '<' && op !== '<=') continue;
    const name = metric === 'request_duration' ? 'e2e' : SLO_METRICS.find((one) => one === metric);
    if (name !== undefined) implied[name] = Math.min(implied[name] ?? limit, limit);
  }
  return Object.keys(implied).length === 0 ? null : implied;
}

/** Times of one valid answer in ms; null where it has none. */
export type AnswerTimes = Readonly<Record<`${SloMetric}_ms`, number | null>>;

/**
 * Whether a valid answer met the objective; a failed request never does. An answer of one token has no TPOT and is judged
 * on the other times alone. A missing TTFT or E2E is not met: it can't be shown.
 */
export function meetsSlo(slo: Slo, times: AnswerTimes): boolean {
  return SLO_METRICS.every((metric) => {
    const limit = slo[metric];
    if (limit === undefined) return true;
    const value = times[`${metric}_ms`];
    return value === null ? metric === 'tpot' : value <= limit;
  });
}
