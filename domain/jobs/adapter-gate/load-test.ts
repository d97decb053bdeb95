/** load_test_results.json: what the first step hands to the second. */
import * as v from 'valibot';
import { parseJson } from '../../text/parse-json.ts';
import { isFinding, type Finding } from '../../verdict/findings.ts';

export const GATE_SCHEMA_VERSION = 1;
export const WINDOWS = ['exact', 'contract'] as const;
export type Window = (typeof WINDOWS)[number];

const figure = v.nullable(v.pipe(v.number(), v.finite()));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const figures = v.strictObject({
  p50_latency_s: figure,
  p95_latency_s: figure,
  p99_latency_s: figure,
  p50_ttft_s: figure,
  p95_ttft_s: figure,
  p99_ttft_s: figure,
  throughput_rps: figure,
  kv_cache_usage: figure,
  gpu_utilization: figure,
});
const estimate = v.strictObject({ value: v.pipe(v.number(), v.finite()), low: figure, high: figure });
const estimates = v.nullable(v.strictObject({ p50: estimate, p95: estimate, p99: estimate }));
const bucket = v.nullable(
  v.strictObject({ value: v.number(), bucket_low: v.number(), bucket_high: v.nullable(v.number()) }),
);
const buckets = v.strictObject({ p50: bucket, p95: bucket, p99: bucket });

/** A finding of this version; one that an older version wrote has no cases and no variant. */
const findingSchema = v.custom<Finding>(isFinding, 'no finding of this version: run gate:load-test again');

const client = v.strictObject({
  latency_s: estimates,
  ttft_s: estimates,
  throughput_rps: v.nullable(estimate),
  success_rate: v.nullable(estimate),
  failures: v.record(v.string(), count),
  total_requests: count,
  success_count: count,
  started_ms: figure,
  ended_ms: figure,
});

const loadTestSchema = v.strictObject({
  schema_version: v.literal(GATE_SCHEMA_VERSION),
  /** Of this load test, for ever: a decision that is made again finds what it has already written by it. */
  load_test_id: v.pipe(v.string(), v.regex(/^[\w.-]{1,100}$/)),
  status: v.picklist(['completed', 'failed']),
  adapter_name: v.string(),
  /** Without user information. */
  vllm_url: v.string(),
  prometheus_url: v.string(),
  job: v.string(),
  concurrency: count,
  max_tokens: count,
  total_requests: count,
  success_count: count,
  failure_count: count,
  client_success_rate: figure,
  wall_clock_duration_s: figure,
  eval_data: v.strictObject({ source: v.string(), sha256: v.string(), prompts: count }),
  /** Which of the server's figures are decided on. */
  window: v.picklist(WINDOWS),
  /** WINDOW of the contract's questions. */
  contract_window: v.nullable(v.string()),
  /** The server's figures that are decided on. */
  metrics: figures,
  server: v.strictObject({
    exact: v.nullable(
      v.strictObject({
        figures,
        buckets: v.strictObject({ latency: buckets, ttft: buckets }),
        requests_seen: figure,
        model_names: v.array(v.string()),
      }),
    ),
    contract: v.nullable(figures),
    scrape_interval_s: figure,
    clock_offset_ms: figure,
  }),
  client,
  findings: v.array(findingSchema),
});

export type LoadTest = v.InferOutput<typeof loadTestSchema>;

/** @throws BadValue that names the file and what is wrong with it */
export function parseLoadTest(text: string, where: string): LoadTest {
  return parseJson(loadTestSchema, text, where, 'give the load_test_results.json of gate:load-test');
}
