/** The questions put to Prometheus: the contract's own texts, and the raw samples that exact figures are made of. */
import { PERCENTILES } from '../../verdict/thresholds.ts';

export const STATISTICS = ['p50', 'p95', 'p99'] as const;
export type Statistic = (typeof STATISTICS)[number];

/** vLLM's series that a decision rests on. */
export const SERIES = {
  latency: 'vllm:e2e_request_latency_seconds_bucket',
  ttft: 'vllm:time_to_first_token_seconds_bucket',
  success: 'vllm:request_success_total',
} as const;
export type SeriesName = keyof typeof SERIES;

/** Every figure that is asked for, by its name in load_test_results.json; times in s, usage as a share, GPU in %. */
export const FIGURES = [
  'p50_latency_s',
  'p95_latency_s',
  'p99_latency_s',
  'p50_ttft_s',
  'p95_ttft_s',
  'p99_ttft_s',
  'throughput_rps',
  'kv_cache_usage',
  'gpu_utilization',
] as const;
export type FigureName = (typeof FIGURES)[number];
export type Figures = Readonly<Record<FigureName, number | null>>;

/** One value a figure. */
export const mapFigures = <T>(of: (name: FigureName) => T): Record<FigureName, T> => ({
  p50_latency_s: of('p50_latency_s'),
  p95_latency_s: of('p95_latency_s'),
  p99_latency_s: of('p99_latency_s'),
  p50_ttft_s: of('p50_ttft_s'),
  p95_ttft_s: of('p95_ttft_s'),
  p99_ttft_s: of('p99_ttft_s'),
  throughput_rps: of('throughput_rps'),
  kv_cache_usage: of('kv_cache_usage'),
  gpu_utilization: of('gpu_utilization'),
});

/** Figures that a server may well not have; without them nothing is decided otherwise. */
export const OPTIONAL_FIGURES: readonly FigureName[] = ['kv_cache_usage', 'gpu_utilization'];

/** A label's value as PromQL writes it. */
const quoted = (value: string): string => JSON.stringify(value);

const KV_CACHE = (job: string): string => `vllm:kv_cache_usage_perc{job=${quoted(job)}}`;
const GPU = 'DCGM_FI_DEV_GPU_UTIL{gpu="0"}';

/** WINDOW of the contract: the test's duration rounded up to the minute, at least one. */
export const contractWindow = (duration_ms: number): string =>
  `${Math.max(1, Math.ceil(duration_ms / 60_000))}m`;

/** The contract's questions, to the letter. */
export function contractQueries(job: string, window: string): Readonly<Record<FigureName, string>> {
  const selector = `{job=${quoted(job)}}[${window}]`;
  const quantile = (statistic: Statistic, series: string): string =>
    `histogram_quantile(${PERCENTILES[statistic]}, rate(${series}${selector}))`;
  return {
    p50_latency_s: quantile('p50', SERIES.latency),
    p95_latency_s: quantile('p95', SERIES.latency),
    p99_latency_s: quantile('p99', SERIES.latency),
    p50_ttft_s: quantile('p50', SERIES.ttft),
    p95_ttft_s: quantile('p95', SERIES.ttft),
    p99_ttft_s: quantile('p99', SERIES.ttft),
    throughput_rps: `sum(rate(${SERIES.success}${selector}))`,
    kv_cache_usage: KV_CACHE(job),
    gpu_utilization: GPU,
  };
}

const range = (seconds: number): string => `${Math.max(1, Math.ceil(seconds))}s`;

/** Raw samples of a series over the last so many seconds. */
export const rawSamples = (series: string, job: string, seconds: number): string =>
  `${series}{job=${quoted(job)}}[${range(seconds)}]`;

/** Each scrape of the job's targets: 1 it answered, 0 it did not. */
export const scrapes = (job: string, seconds: number): string => rawSamples('up', job, seconds);

/** The peak of a gauge over the test: read after it, the gauge itself is back at rest. */
export const peak = {
  kv_cache_usage: (job: string, seconds: number): string =>
    `max(max_over_time(${KV_CACHE(job)}[${range(seconds)}]))`,
  gpu_utilization: (seconds: number): string => `max_over_time(${GPU}[${range(seconds)}])`,
} as const;
