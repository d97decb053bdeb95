/** What was seen of a server during the load, summed up: its process, its GPU, its own metrics beside our counts. */
import type { Measured } from '../record/request-table.ts';
import { loadSpans } from './summary.ts';
import type { ServerSample } from '../run/server-sample.ts';

export interface Series {
  /** Seconds since the first sample. */
  readonly t_s: readonly number[];
  /** null: nothing was read at that moment. */
  readonly values: readonly (number | null)[];
}

export interface WatchedMetric {
  readonly name: string;
  /** absent: never there; vanished: there at first, gone at the end. */
  readonly state: 'present' | 'absent' | 'vanished';
  /** A counter's growth over the load; of all series, and of those with our path. */
  readonly delta: number | null;
  readonly own_delta: number | null;
  readonly max: number | null;
}

export interface ServerReport {
  readonly samples: number;
  readonly process: {
    readonly samples: number;
    readonly rss_start_bytes: number;
    readonly rss_max_bytes: number;
    /** Cores used on average while requests were measured; null where that was too short to see. */
    readonly cores: number | null;
    readonly processes: number;
  } | null;
  readonly gpu: { readonly mean_share: number; readonly max_memory_bytes: number | null } | null;
  readonly metrics: readonly WatchedMetric[];
  /** Scrapes asked and answered. */
  readonly scrapes: { readonly asked: number; readonly answered: number };
  /** Requests that we sent, warm-up included: what a counter's growth should be. */
  readonly sent: number;
  readonly series: {
    readonly rss_bytes: Series;
    readonly cores: Series;
    readonly metrics: Readonly<Record<string, Series>>;
  };
}

/** Points kept of a series: enough for a picture, few enough for a report. */
const MOST_POINTS = 240;
/** CPU time counts in ticks of 10 ms and is looked at twice a second: below this its share is noise. */
const LEAST_CPU_SPAN_MS = 1500;

function series(samples: readonly ServerSample[], value: (sample: ServerSample) => number | null): Series {
  const every = Math.max(1, Math.ceil(samples.length / MOST_POINTS));
  const kept = samples.filter((_, i) => i % every === 0 || i === samples.length - 1);
  const from = kept[0]?.at_ms ?? 0;
  return { t_s: kept.map(({ at_ms }) => (at_ms - from) / 1000), values: kept.map(value) };
}

/** Mean cores between the samples around the measured requests, block by block. */
function meanCores(samples: readonly ServerSample[], measured: Measured): number | null {
  let used_s = 0;
  let span_ms = 0;
  for (const [block, { from, to }] of loadSpans(measured)) {
    const inside = samples.filter((sample) => sample.block === block && sample.process !== null);
    const first = inside.findLast(({ at_ms }) => at_ms <= from) ?? inside[0];
    const last = inside.find(({ at_ms }) => at_ms >= to) ?? inside.at(-1);
    if (first?.process == null || last?.process == null) continue;
    used_s += Math.max(0, last.process.cpu_s - first.process.cpu_s);
    span_ms += last.at_ms - first.at_ms;
  }
  return span_ms < LEAST_CPU_SPAN_MS ? null : used_s / (span_ms / 1000);
}

function watched(samples: readonly ServerSample[], name: string): WatchedMetric {
  const scrapes = samples.filter(({ metrics }) => metrics !== undefined);
  const readings = scrapes.map(({ metrics }) => metrics?.[name] ?? null);
  const present = readings.filter((reading) => reading !== null);
  const [first] = present;
  const last = present.at(-1);
  if (first === undefined || last === undefined)
    return { name, state: 'absent', delta: null, own_delta: null, max: null };
  return {
    name,
    state: readings.at(-1) === null ? 'vanished' : 'present',
    delta: last.all - first.all,
    // A series that begins with its first request is not there before it.
    own_delta: last.own === null ? null : last.own - (first.own ?? 0),
    max: Math.max(...present.map(({ all }) => all)),
  };
}

/** Histograms are watched by their count and sum where the plain name is not there. */
function namesSeen(samples: readonly ServerSample[], wanted: readonly string[]): string[] {
  const seen = new Set(samples.flatMap(({ metrics }) => Object.keys(metrics ?? {})));
  return wanted.flatMap((name) => {
    const parts = [name, `${name}_count`, `${name}_sum`].filter((one) => seen.has(one));
    return parts.length > 0 ? parts : [name];
  });
}

/** Null: nobody looked. @param names the metrics that were to be watched */
export function serverReport(
  all: readonly ServerSample[],
  measured: Measured,
  sent: number,
  names: readonly string[],
): ServerReport | null {
  const samples = all.filter(({ variant }) => variant === measured.variant);
  if (samples.length === 0) return null;
  const processes = samples.flatMap(({ process }) => process ?? []);
  const gpus = samples.flatMap(({ gpu }) => gpu ?? []);
  const [before] = processes;
  const scrapes = samples.filter(({ metrics }) => metrics !== undefined);
  const seen = namesSeen(samples, names);
  let previous: ServerSample | null = null;
  const cores = new Map<ServerSample, number>();
  for (const sample of samples) {
    if (sample.process === null) continue;
    if (previous?.process != null && previous.block === sample.block && sample.at_ms > previous.at_ms) {
      const used_s = Math.max(0, sample.process.cpu_s - previous.process.cpu_s);
      cores.set(sample, used_s / ((sample.at_ms - previous.at_ms) / 1000));
    }
    previous = sample;
  }
  const gpu_memory = gpus.flatMap(({ memory_bytes }) => memory_bytes ?? []);
  return {
    samples: samples.length,
    process:
      before === undefined
        ? null
        : {
            samples: processes.length,
            rss_start_bytes: before.rss_bytes,
            rss_max_bytes: Math.max(...processes.map(({ rss_bytes }) => rss_bytes)),
            cores: meanCores(samples, measured),
            processes: Math.max(...processes.map((process) => process.processes)),
          },
    gpu:
      gpus.length === 0
        ? null
        : {
            mean_share: gpus.reduce((sum, { share }) => sum + share, 0) / gpus.length,
            max_memory_bytes: gpu_memory.length === 0 ? null : Math.max(...gpu_memory),
          },
    metrics: seen.map((name) => watched(samples, name)),
    scrapes: {
      asked: scrapes.length,
      answered: scrapes.filter(({ metrics }) => metrics !== null).length,
    },
    sent,
    series: {
      rss_bytes: series(samples, ({ process }) => process?.rss_bytes ?? null),
      cores: series(samples, (sample) => cores.get(sample) ?? null),
      metrics: Object.fromEntries(
        seen.map((name) => [name, series(scrapes, ({ metrics }) => metrics?.[name]?.all ?? null)]),
      ),
    },
  };
}
