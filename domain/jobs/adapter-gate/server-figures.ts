/** From the raw samples of a test to what the server itself measured, with every reason not to believe it. */
import { PERCENTILES } from '../../verdict/thresholds.ts';
import { finding, type Finding } from '../../verdict/findings.ts';
import { bucketQuantile, bucketsOf, observations, type BucketQuantile } from './histogram.ts';
import {
  OPTIONAL_FIGURES,
  SERIES,
  mapFigures,
  type FigureName,
  type Figures,
  type SeriesName,
  type Statistic,
} from './promql.ts';
import { increaseOf, type Increase, type Series, type TestRange } from './samples.ts';

export type BucketQuantiles = Readonly<Record<Statistic, BucketQuantile | null>>;

/** What the server measured over exactly the test; times in s. */
export interface ExactFigures {
  readonly figures: Figures;
  readonly buckets: { readonly latency: BucketQuantiles; readonly ttft: BucketQuantiles };
  /** Requests that the server counted as ended. */
  readonly requests_seen: number | null;
  /** The `model_name` labels of the series: the base model's, whatever adapter was asked. */
  readonly model_names: readonly string[];
}

export interface RawTest {
  readonly series: Readonly<Record<SeriesName, readonly Series[]>>;
  /** Each scrape of the job's targets. */
  readonly up: readonly Series[];
  readonly gauges: {
    readonly kv_cache_usage: readonly Series[];
    readonly gpu_utilization: readonly Series[];
  };
  readonly range: TestRange;
  /** From the first request to the last answer, by the client. */
  readonly duration_s: number;
  /** Sent by us, and answered in full to us. */
  readonly sent: number;
  readonly answered: number;
}

/** Targets that are missing, or did not answer every scrape from the last before the test to the first after it. */
export function scrapeProblems(up: readonly Series[], range: TestRange): readonly Finding[] {
  if (up.length === 0) return [finding('target_missing')];
  return up.flatMap(({ labels, samples }): Finding[] => {
    const instance = labels['instance'] ?? '';
    const first = samples.findLastIndex(({ at_ms }) => at_ms <= range.from_ms);
    const last = samples.findIndex(({ at_ms }) => at_ms >= range.to_ms);
    if (first === -1) return [finding('no_series', { metric: 'up', instance, when: 'before' })];
    if (last === -1) return [finding('no_scrape_after', { instance })];
    const down = samples.slice(first, last + 1).filter(({ value }) => value !== 1).length;
    return down === 0 ? [] : [finding('target_down', { instance, scrapes: down })];
  });
}

/** One gauge's value: the greatest over series; null where there is none. */
function gauge(series: readonly Series[]): number | null {
  const values = series.flatMap(({ samples }) => samples.slice(-1).map(({ value }) => value));
  const finite = values.filter(Number.isFinite);
  return finite.length === 0 ? null : Math.max(...finite);
}

export function exactFigures(raw: RawTest): { exact: ExactFigures; findings: readonly Finding[] } {
  const findings: Finding[] = [...scrapeProblems(raw.up, raw.range)];
  const grown = (name: SeriesName): readonly Increase[] => {
    const found = raw.series[name].map((series) => increaseOf(series, raw.range));
    const increases = found.filter((one): one is Increase => one !== null);
    const resets = Math.max(0, ...increases.map((one) => one.resets));
    const cut = increases.filter(({ ended_early }) => ended_early).length;
    if (cut > 0) findings.push(finding('no_scrape_after', { metric: SERIES[name], series: cut }));
    if (increases.length === 0) findings.push(finding('no_series', { metric: SERIES[name] }));
    if (increases.some(({ increase }) => !Number.isFinite(increase)))
      findings.push(finding('not_a_number', { figure: SERIES[name] }));
    if (resets > 0) findings.push(finding('counter_reset', { metric: SERIES[name], resets }));
    return increases;
  };
  const histogram = (name: 'latency' | 'ttft'): BucketQuantiles => {
    const increases = grown(name);
    const buckets = bucketsOf(increases);
    if (buckets === null) findings.push(finding('bad_buckets', { metric: SERIES[name] }));
    else if (increases.length > 0 && observations(buckets) === 0)
      findings.push(finding('not_a_number', { figure: `${name} percentiles` }));
    const at = (statistic: Statistic): BucketQuantile | null =>
      bucketQuantile(buckets ?? [], PERCENTILES[statistic]);
    return { p50: at('p50'), p95: at('p95'), p99: at('p99') };
  };
  const latency = histogram('latency');
  const ttft = histogram('ttft');
  const successes = grown('success');
  const requests_seen = successes.length === 0 ? null : successes.reduce((sum, one) => sum + one.increase, 0);
  const figures: Figures = {
    p50_latency_s: latency.p50?.value ?? null,
    p95_latency_s: latency.p95?.value ?? null,
    p99_latency_s: latency.p99?.value ?? null,
    p50_ttft_s: ttft.p50?.value ?? null,
    p95_ttft_s: ttft.p95?.value ?? null,
    p99_ttft_s: ttft.p99?.value ?? null,
    throughput_rps: requests_seen === null || raw.duration_s <= 0 ? null : requests_seen / raw.duration_s,
    kv_cache_usage: gauge(raw.gauges.kv_cache_usage),
    gpu_utilization: gauge(raw.gauges.gpu_utilization),
  };
  if (requests_seen !== null) findings.push(...countProblems(requests_seen, raw));
  const model_names = [
    ...new Set(
      Object.values(raw.series)
        .flat()
        .flatMap(({ labels }) => labels['model_name'] ?? []),
    ),
  ];
  return { exact: { figures, buckets: { latency, ttft }, requests_seen, model_names }, findings };
}

/** The server's own count against ours: more is somebody else's, fewer are not in the figures. */
function countProblems(seen: number, { sent, answered }: RawTest): Finding[] {
  if (seen > sent) return [finding('other_traffic', { seen, sent, others: seen - sent })];
  if (seen < answered) return [finding('unseen_requests', { seen, answered })];
  return [];
}

/** The contract's figures: each question's answer, one number or a reason why there is none. */
export function contractFigures(answers: Readonly<Record<FigureName, readonly Series[]>>): {
  figures: Figures;
  findings: readonly Finding[];
} {
  const findings: Finding[] = [];
  const one = (name: FigureName): number | null => {
    const series = answers[name];
    const needed = !OPTIONAL_FIGURES.includes(name);
    const value = series[0]?.samples.at(-1)?.value;
    if (value === undefined) {
      if (needed) findings.push(finding('no_series', { metric: name }));
      return null;
    }
    if (series.length > 1) {
      if (needed) findings.push(finding('several_series', { figure: name, series: series.length }));
      return needed ? null : gauge(series);
    }
    if (Number.isFinite(value)) return value;
    if (needed) findings.push(finding('not_a_number', { figure: name }));
    return null;
  };
  return { figures: mapFigures(one), findings };
}

/** Beside the deciding percentiles: how coarse their buckets are. */
export function bucketNotes(buckets: ExactFigures['buckets']): readonly Finding[] {
  return (['latency', 'ttft'] as const).flatMap((metric): Finding[] => {
    const found = buckets[metric].p95;
    if (found === null) return [];
    const { bucket_low, bucket_high } = found;
    const figure = `p95_${metric}_s`;
    return bucket_high === null
      ? [finding('beyond_buckets', { figure, bucket_low })]
      : [finding('coarse_bucket', { figure, bucket_low, bucket_high })];
  });
}
