/** Our times of streamed answers against a server that stamped its own flushes: how far off we are, and how late it was. */
import { mean } from '../domain/statistics/batch-means.ts';
import { isFields } from '../domain/text/fields.ts';
import { quantile, sortSamples } from '../domain/statistics/quantiles.ts';
import { BadValue } from '../domain/text/units.ts';

/** One stream as the truth server stamped it; ms since the request's arrival there. */
export interface Stamped {
  readonly id: string;
  readonly flush_ms: readonly number[];
  /** When each flush was due. */
  readonly due_ms: readonly number[];
}

/** The same stream as we measured it; ms since we handed the request over. */
export interface Seen {
  readonly ttft_ms: number;
  readonly e2e_ms: number;
  readonly gaps_ms: readonly number[];
}

export interface ErrorSummary {
  readonly n: number;
  /** Ours - the truth, in ms. */
  readonly mean: number;
  /** Of the size of the error. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface SelfCheck {
  /** What TTFT and E2E say beyond the server's own times includes connecting and the way of the request there. */
  readonly ttft: ErrorSummary;
  readonly itl: ErrorSummary;
  readonly e2e: ErrorSummary;
  /** How late the server's flushes were: none of our error, but load that it did not mean to give. */
  readonly server_late: ErrorSummary;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** A line of the truth server's stamps. @throws BadValue */
export function parseStamps(line: string): Stamped {
  const value: unknown = JSON.parse(line);
  if (isFields(value)) {
    const { id, flush_us, ttft_ms, itl_ms } = value;
    const flushes: readonly unknown[] = Array.isArray(flush_us) ? flush_us : [];
    const flush_ms = flushes.filter(isNumber).map((us) => us / 1000);
    if (typeof id === 'string' && isNumber(ttft_ms) && isNumber(itl_ms) && flush_ms.length > 0)
      return { id, flush_ms, due_ms: flush_ms.map((_, k) => ttft_ms + k * itl_ms) };
  }
  throw new BadValue(
    `"${line.slice(0, 80)}" is no line of stamps: it needs id, ttft_ms, itl_ms and flush_us`,
  );
}

function summary(errors: readonly number[], what: string): ErrorSummary {
  const sizes = sortSamples(Float64Array.from(errors, Math.abs));
  if (!sizes.ok) throw new BadValue(`${what}: ${sizes.message}`);
  const q = (p: number): number => quantile(sizes.sorted, p);
  const n = errors.length;
  return { n, mean: mean(Float64Array.from(errors)), p50: q(0.5), p95: q(0.95), p99: q(0.99) };
}

/** @throws BadValue where there is no pair, or a stream that has other tokens than were flushed */
export function selfCheck(pairs: readonly { readonly seen: Seen; readonly stamped: Stamped }[]): SelfCheck {
  const errors: Record<keyof SelfCheck, number[]> = { ttft: [], itl: [], e2e: [], server_late: [] };
  for (const { seen, stamped } of pairs) {
    const { flush_ms, due_ms } = stamped;
    if (seen.gaps_ms.length !== flush_ms.length - 1)
      throw new BadValue(
        `stream ${stamped.id}: the server flushed ${flush_ms.length} tokens, we saw ${seen.gaps_ms.length + 1}`,
      );
    errors.ttft.push(seen.ttft_ms - (flush_ms[0] ?? 0));
    errors.e2e.push(seen.e2e_ms - (flush_ms.at(-1) ?? 0));
    for (const [k, gap_ms] of seen.gaps_ms.entries())
      errors.itl.push(gap_ms - ((flush_ms[k + 1] ?? 0) - (flush_ms[k] ?? 0)));
    for (const [k, at_ms] of flush_ms.entries()) errors.server_late.push(at_ms - (due_ms[k] ?? 0));
  }
  return {
    ttft: summary(errors.ttft, 'TTFT'),
    itl: summary(errors.itl, 'ITL'),
    e2e: summary(errors.e2e, 'E2E'),
    server_late: summary(errors.server_late, 'flushes'),
  };
}
