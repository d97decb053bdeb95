/** What grows or shrinks over a long run: latency, errors, the server's memory. */
import type { Measured } from '../../record/request-table.ts';
import type { ResourceSample, RunData } from '../../run/data.ts';
import { mean } from '../../statistics/batch-means.ts';
import type { Interval } from '../../statistics/outcome.ts';
import { trend } from '../../statistics/trend.ts';
import { presentVariants, type Variant } from '../../variants.ts';

export interface Drift {
  readonly variant: Variant;
  readonly what: 'latency_p50' | 'latency_p95' | 'error_share' | 'server_memory';
  readonly unit: 'ms' | 'share' | 'MB';
  /** Mean over the run. */
  readonly level: number;
  /** From the run's begin to its end, each bound at one-sided alpha. */
  readonly growth: Interval;
  /** One-sided p-value that it grows. */
  readonly p: number;
  /** Grows for sure, and by more than a tenth of its level. */
  readonly drifts: boolean;
}

/** Equal stretches of the run, each one value; the trend's ten batches hold as many each, three at least. */
const WINDOWS = { least: 30, most: 60 };
/** Fewer answers give a window no percentile. */
const LEAST_ANSWERS = 20;
const TELLING = 0.1;

export function driftsOf(data: RunData, alpha: number): Drift[] {
  return presentVariants(data.measured).flatMap((variant) => {
    const of = data.measured[variant];
    const windows = of === undefined ? [] : windowsOf(of);
    const full = windows.filter(({ sorted }) => sorted.length >= LEAST_ANSWERS);
    const asked = windows.filter(({ requests }) => requests > 0);
    return [
      drift(
        variant,
        'latency_p50',
        'ms',
        full.map(({ sorted }) => at(sorted, 0.5)),
        alpha,
      ),
      drift(
        variant,
        'latency_p95',
        'ms',
        full.map(({ sorted }) => at(sorted, 0.95)),
        alpha,
      ),
      drift(
        variant,
        'error_share',
        'share',
        asked.map(({ requests, sorted }) => 1 - sorted.length / requests),
        alpha,
      ),
      drift(variant, 'server_memory', 'MB', memory(data.resources, variant), alpha),
    ].filter((one) => one !== null);
  });
}

const at = (sorted: Float64Array, p: number): number => sorted[Math.floor(p * (sorted.length - 1))] ?? 0;

interface Window {
  readonly requests: number;
  /** Latencies of the valid answers. */
  readonly sorted: Float64Array;
}

/** By the load's own time: pauses between blocks are no part of it, so windows go by place in the sequence of requests. */
function windowsOf(of: Measured): Window[] {
  const count = Math.min(WINDOWS.most, Math.max(WINDOWS.least, Math.floor(of.n / LEAST_ANSWERS)));
  const edge = (w: number): number => Math.floor((w * of.n) / count);
  return Array.from({ length: count }, (_, w) => {
    const from = edge(w);
    const to = edge(w + 1);
    const sorted = of.duration_ms
      .slice(from, to)
      .filter((_value, i) => of.error[from + i] === 0)
      .sort();
    return { requests: to - from, sorted };
  });
}

function memory(resources: readonly ResourceSample[], variant: Variant): number[] {
  return resources.flatMap(({ rss_bytes }) => {
    const bytes = rss_bytes?.[variant];
    return bytes === undefined ? [] : [bytes / 2 ** 20];
  });
}

function drift(
  variant: Variant,
  what: Drift['what'],
  unit: Drift['unit'],
  values: readonly number[],
  alpha: number,
): Drift | null {
  const outcome = trend(Float64Array.from(values), alpha);
  if (!outcome.ok) return null;
  const level = mean(Float64Array.from(values));
  const { growth, p } = outcome;
  const drifts = p < alpha && growth.lower > 0 && growth.estimate > TELLING * level;
  return { variant, what, unit, level, growth, p, drifts };
}
