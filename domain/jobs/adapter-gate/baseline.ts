/** What a candidate is held against: an earlier load test that passed. */
import type { Estimate } from './client-figures.ts';
import type { LoadTest } from './load-test.ts';

/** The figures that are compared. */
export const DECIDING = ['p95_latency_s', 'p95_ttft_s', 'throughput_rps', 'client_success_rate'] as const;
export type DecidingFigure = (typeof DECIDING)[number];

export interface Baseline {
  /** Run id in MLflow; null: from a file. */
  readonly run_id: string | null;
  /** For a person: the file, or the run. */
  readonly source: string;
  readonly figures: Readonly<Record<DecidingFigure, number | null>>;
  /** The client's own, where the earlier run kept them. */
  readonly client: Readonly<Record<DecidingFigure, Estimate | null>>;
  readonly total_requests: number | null;
  /** What must be the same for a fair comparison; null: not known. */
  readonly model_name: string | null;
  readonly concurrency: number | null;
  readonly max_tokens: number | null;
}

export function decidingFigures(test: LoadTest): Baseline['figures'] {
  return {
    p95_latency_s: test.metrics.p95_latency_s,
    p95_ttft_s: test.metrics.p95_ttft_s,
    throughput_rps: test.metrics.throughput_rps,
    client_success_rate: test.client_success_rate,
  };
}

export function clientEstimates({ client }: LoadTest): Baseline['client'] {
  return {
    p95_latency_s: client.latency_s?.p95 ?? null,
    p95_ttft_s: client.ttft_s?.p95 ?? null,
    throughput_rps: client.throughput_rps,
    client_success_rate: client.success_rate,
  };
}

export function baselineOf(test: LoadTest, source: string): Baseline {
  return {
    run_id: null,
    source,
    figures: decidingFigures(test),
    client: clientEstimates(test),
    total_requests: test.total_requests,
    model_name: null,
    concurrency: test.concurrency,
    max_tokens: test.max_tokens,
  };
}
