/** A load test as gate:load-test writes it, made by hand. */
import type { LoadTest } from '../../domain/jobs/adapter-gate/load-test.ts';

const around = (value: number, width = 0.03) => ({
  value,
  low: value * (1 - width),
  high: value * (1 + width),
});
const percentiles = (p50: number, p95: number, p99: number) => ({
  p50: around(p50),
  p95: around(p95),
  p99: around(p99),
});
const bucket = (value: number, bucket_low: number, bucket_high: number | null) => ({
  value,
  bucket_low,
  bucket_high,
});

export function loadTest(over: Partial<LoadTest> = {}): LoadTest {
  const metrics = {
    p50_latency_s: 3,
    p95_latency_s: 4.5,
    p99_latency_s: 5.5,
    p50_ttft_s: 0.2,
    p95_ttft_s: 0.6,
    p99_ttft_s: 0.9,
    throughput_rps: 3.2,
    kv_cache_usage: 0.4,
    gpu_utilization: null,
  };
  return {
    schema_version: 1,
    load_test_id: 'gate-made-1',
    status: 'completed',
    adapter_name: 'lora-a',
    vllm_url: 'http://127.0.0.1:8000',
    prometheus_url: 'http://127.0.0.1:9090',
    job: 'vllm-service',
    concurrency: 10,
    max_tokens: 256,
    total_requests: 1000,
    success_count: 998,
    failure_count: 2,
    client_success_rate: 0.998,
    wall_clock_duration_s: 312,
    eval_data: { source: 'data/eval-v1.jsonl', sha256: 'ab'.repeat(32), prompts: 1000 },
    window: 'exact',
    contract_window: '6m',
    metrics,
    server: {
      exact: {
        figures: metrics,
        buckets: {
          latency: { p50: bucket(3, 2.5, 5), p95: bucket(4.5, 2.5, 5), p99: bucket(5.5, 5, 10) },
          ttft: { p50: bucket(0.2, 0.1, 0.25), p95: bucket(0.6, 0.5, 0.75), p99: bucket(0.9, 0.75, 1) },
        },
        requests_seen: 1000,
        model_names: ['base-8b'],
      },
      contract: metrics,
      scrape_interval_s: 5,
      clock_offset_ms: 1,
    },
    client: {
      latency_s: percentiles(3, 4.5, 5.5),
      ttft_s: percentiles(0.2, 0.6, 0.9),
      throughput_rps: around(3.2),
      success_rate: { value: 0.998, low: 0.993, high: 0.9998 },
      failures: { timeout: 2 },
      total_requests: 1000,
      success_count: 998,
      started_ms: 1_700_000_000_000,
      ended_ms: 1_700_000_312_000,
    },
    findings: [],
    ...over,
  };
}

/** The same with these server's figures. */
export const withMetrics = (
  metrics: Partial<LoadTest['metrics']>,
  over: Partial<LoadTest> = {},
): LoadTest => {
  const made = loadTest(over);
  return { ...made, metrics: { ...made.metrics, ...metrics } };
};
