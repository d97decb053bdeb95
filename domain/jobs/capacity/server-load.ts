/** What the server itself said during a step: who waited, how full its cache was, where its time went. */
import type { ServerSample } from '../../run/server-sample.ts';
import { mean } from '../../statistics/batch-means.ts';
import type { Variant } from '../../variants.ts';

/** Gauges and histograms of the engines that people run: vLLM, SGLang, Text Generation Inference, llama.cpp. */
const WAITING = [
  'vllm:num_requests_waiting',
  'sglang:num_queue_reqs',
  'tgi_queue_size',
  'llamacpp:requests_deferred',
];
const CACHE_SHARE = [
  'vllm:kv_cache_usage_perc',
  'vllm:gpu_cache_usage_perc',
  'sglang:token_usage',
  'llamacpp:kv_cache_usage_ratio',
];
/** Seconds a request spent in each, as histograms; the first name that is there counts. */
const STAGE_SECONDS: Readonly<Record<string, readonly string[]>> = {
  queue: ['vllm:request_queue_time_seconds', 'sglang:queue_time_seconds', 'tgi_request_queue_duration'],
  prefill: ['vllm:request_prefill_time_seconds'],
  decode: ['vllm:request_decode_time_seconds'],
};

/** What is looked for at a server's metrics endpoint. */
export const ENGINE_METRICS: readonly string[] = [
  ...WAITING,
  ...CACHE_SHARE,
  ...Object.values(STAGE_SECONDS).flat(),
];

/** Null: the server does not say. */
export interface ServerLoad {
  /** Requests that waited to be run, at the step's end (mean of its second half). */
  readonly waiting: number | null;
  /** Of the KV cache, the most that was in use, 0 to 1. */
  readonly cache_share: number | null;
  /** Of the machine's memory, the most that its processes held, where they can be seen from here. */
  readonly memory_share: number | null;
  /** Mean ms of a request in each of its stages. */
  readonly stages: readonly { readonly stage: string; readonly ms: number }[];
}

type Metrics = NonNullable<ServerSample['metrics']>;

const firstOf = <T>(names: readonly string[], read: (name: string) => T | null): T | null => {
  for (const name of names) {
    const found = read(name);
    if (found !== null) return found;
  }
  return null;
};

const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : mean(Float64Array.from(values));

/** Mean of a histogram's observations between two scrapes; null where it is not there, or nothing was observed. */
function meanBetween(first: Metrics, last: Metrics, name: string): number | null {
  const grown = (part: string): number =>
    (last[`${name}_${part}`]?.all ?? 0) - (first[`${name}_${part}`]?.all ?? 0);
  const n = grown('count');
  return n > 0 ? grown('sum') / n : null;
}

/** Null: nobody looked, or nothing was seen. @param memory_bytes of the machine */
export function serverLoad(
  samples: readonly ServerSample[],
  { block, variant, memory_bytes }: { block: number; variant: Variant; memory_bytes: number },
): ServerLoad | null {
  const own = samples.filter((sample) => sample.block === block && sample.variant === variant);
  const scrapes = own.flatMap(({ metrics }) => (metrics ? [metrics] : []));
  const memory = own.flatMap(({ process }) => process?.rss_bytes ?? []);
  const [first] = scrapes;
  const last = scrapes.at(-1);
  if ((first === undefined || last === undefined) && memory.length === 0) return null;
  const readings = (of: readonly Metrics[], name: string, part: 'all' | 'max'): number[] =>
    of.flatMap((metrics) => {
      const reading = metrics[name];
      return reading === undefined ? [] : (reading[part] ?? reading.all);
    });
  // The last look comes after the load, when nobody waits any more.
  const during = scrapes.slice(0, -1);
  const late = during.slice(Math.floor(during.length / 2));
  return {
    waiting: firstOf(WAITING, (name) => meanOf(readings(late, name, 'all'))),
    cache_share: firstOf(CACHE_SHARE, (name) => {
      const shares = readings(scrapes, name, 'max');
      return shares.length === 0 ? null : Math.max(...shares);
    }),
    memory_share: memory.length === 0 || memory_bytes <= 0 ? null : Math.max(...memory) / memory_bytes,
    stages:
      first === undefined || last === undefined
        ? []
        : Object.entries(STAGE_SECONDS).flatMap(([stage, names]) => {
            const seconds = firstOf(names, (name) => meanBetween(first, last, name));
            return seconds === null ? [] : [{ stage, ms: 1000 * seconds }];
          }),
  };
}

/** A cache this full makes requests wait for room, or drops what it held. */
const CACHE_FULL = 0.95;
const MEMORY_FULL = 0.9;

/** What gave out inside the server, where a step failed: beside how that showed from outside. */
export function serverCauses(load: ServerLoad | null): ('server_queue' | 'server_memory')[] {
  if (load === null) return [];
  const { waiting, cache_share, memory_share } = load;
  const full = (cache_share ?? 0) >= CACHE_FULL || (memory_share ?? 0) >= MEMORY_FULL;
  return [
    ...(waiting !== null && waiting >= 1 ? (['server_queue'] as const) : []),
    ...(full ? (['server_memory'] as const) : []),
  ];
}
