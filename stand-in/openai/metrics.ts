import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** vLLM's own buckets: coarse, as a gate on them must know. */
const REQUEST_BUCKETS_S = [
  0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
];
const TTFT_BUCKETS_S = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
  2560,
];
const TOKEN_BUCKETS_S = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
];

/** What is read at each scrape. */
export interface EngineLoad {
  readonly running: () => number;
  readonly waiting: () => number;
  /** Share of the KV cache in use, 0 to 1. */
  readonly kv_usage: () => number;
}

/** The series of vLLM under its names, which carry the base model's name whatever adapter was asked. */
export function vllmMetrics(registry: Registry, model_name: string, load: EngineLoad) {
  const registers = [registry];
  const labels = { model_name, engine: '0' };
  const labelNames = Object.keys(labels);
  const gauge = (name: string, help: string, read: () => number) => {
    const collect = function collect(this: Gauge) {
      this.set(labels, read());
    };
    registry.registerMetric(new Gauge({ name: `vllm:${name}`, help, labelNames, registers: [], collect }));
  };
  const counter = (name: string, help: string) =>
    new Counter({ name: `vllm:${name}_total`, help, labelNames, registers }).labels(labels);
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `vllm:${name}_seconds`, help, labelNames, buckets, registers }).labels(labels);
  gauge('num_requests_running', 'Requests in the running batch', load.running);
  gauge('num_requests_waiting', 'Requests that wait to be run', load.waiting);
  gauge('kv_cache_usage_perc', 'Share of the KV cache in use, 1 is all', load.kv_usage);
  const success = new Counter({
    name: 'vllm:request_success_total',
    help: 'Requests that ended, by reason',
    labelNames: [...labelNames, 'finished_reason'],
    registers,
  });
  return {
    success: (finished_reason: 'stop' | 'length' | 'abort') => success.inc({ ...labels, finished_reason }),
    prompt_tokens: counter('prompt_tokens', 'Prompt tokens'),
    generation_tokens: counter('generation_tokens', 'Tokens generated'),
    prefix_cache_queries: counter('prefix_cache_queries', 'Prompt tokens looked up in the prefix cache'),
    prefix_cache_hits: counter('prefix_cache_hits', 'Prompt tokens found in the prefix cache'),
    e2e: histogram('e2e_request_latency', 'From arrival to the last token', REQUEST_BUCKETS_S),
    ttft: histogram('time_to_first_token', 'From arrival to the first token', TTFT_BUCKETS_S),
    itl: histogram('inter_token_latency', 'From one token to the next', TOKEN_BUCKETS_S),
    tpot: histogram('request_time_per_output_token', 'Mean of a request', TOKEN_BUCKETS_S),
    queue: histogram('request_queue_time', 'Waiting', REQUEST_BUCKETS_S),
    prefill: histogram(
      'request_prefill_time',
      'From the start of work to the first token',
      REQUEST_BUCKETS_S,
    ),
    decode: histogram('request_decode_time', 'From the first token to the last', REQUEST_BUCKETS_S),
  };
}

export type VllmMetrics = ReturnType<typeof vllmMetrics>;
