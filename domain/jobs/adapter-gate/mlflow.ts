/** A decision as MLflow keeps it: params, metrics, tags, the dataset, and back again as a later run's baseline. */
import type { Estimate } from './client-figures.ts';
import { DECIDING, clientEstimates, type Baseline, type DecidingFigure } from './baseline.ts';
import { LIMIT_NAMES } from './checks.ts';
import type { Dataset, Decision } from './decision.ts';
import type { LoadTest } from './load-test.ts';

export const EXPERIMENT = 'vllm-lora-performance';
export const DECISION_TAG = 'perf_decision';
/** Finds the run of a load test again: what was begun is gone on with, never doubled. */
export const GATE_TAG = 'gate_load_test_id';
export const ALIASES = { passed: 'perf-passed', failed: 'perf-failed' } as const;
export const DATASET_CONTEXT = 'performance-test';
const DIGEST_LENGTH = 36;
const NO_BASELINE = 'none';

export const datasetDigest = (sha256: string): string => sha256.slice(0, DIGEST_LENGTH);

export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** Params; all of them text, since a number would be kept as "". */
export function paramsOf(decision: Decision, test: LoadTest): readonly Pair[] {
  const { candidate, baseline, limits } = decision;
  const values: Readonly<Record<string, string | number>> = {
    model_name: candidate.model_name,
    candidate_adapter: candidate.adapter_name,
    candidate_version: candidate.version ?? '',
    concurrency: test.concurrency,
    max_tokens: test.max_tokens,
    total_requests: test.total_requests,
    mode: decision.mode,
    rule: decision.rule,
    window: test.window,
    ...Object.fromEntries(LIMIT_NAMES.map((name) => [name, limits[name]])),
    baseline_run_id: baseline?.run_id ?? NO_BASELINE,
  };
  return Object.entries(values).map(([key, value]) => ({ key, value: String(value) }));
}

export interface Metric {
  readonly key: string;
  readonly value: number;
  /** Epoch ms; the load test's end, so that a repeated writing is the same entry. */
  readonly timestamp: number;
  readonly step: 0;
}

const CLIENT_METRIC: Readonly<Record<DecidingFigure, string>> = {
  p95_latency_s: 'client_p95_latency_s',
  p95_ttft_s: 'client_p95_ttft_s',
  throughput_rps: 'client_throughput_rps',
  client_success_rate: 'client_success_rate',
};

/** Metrics; what is absent is left out, since MLflow takes no null. */
export function metricsOf(decision: Decision, test: LoadTest): readonly Metric[] {
  const { metrics, baseline } = decision;
  const values: Record<string, number | null> = {
    ...metrics,
    wall_clock_duration_s: test.wall_clock_duration_s,
    baseline_p95_latency_s: baseline?.figures.p95_latency_s ?? null,
    baseline_p95_ttft_s: baseline?.figures.p95_ttft_s ?? null,
    baseline_throughput_rps: baseline?.figures.throughput_rps ?? null,
    baseline_client_success_rate: baseline?.figures.client_success_rate ?? null,
  };
  const client = clientEstimates(test);
  for (const figure of DECIDING) {
    const name = CLIENT_METRIC[figure];
    values[name] ??= client[figure]?.value ?? null;
    values[`${name}_low`] = client[figure]?.low ?? null;
    values[`${name}_high`] = client[figure]?.high ?? null;
  }
  const timestamp = Math.round(test.client.ended_ms ?? 0);
  return Object.entries(values).flatMap(([key, value]) =>
    value === null || !Number.isFinite(value) ? [] : [{ key, value, timestamp, step: 0 as const }],
  );
}

/** One dataset input as MLflow's log-inputs takes it. */
export function datasetInput({ name, digest, source }: Dataset) {
  return {
    tags: [{ key: 'mlflow.data.context', value: DATASET_CONTEXT }],
    dataset: { name, digest, source_type: 'local', source: JSON.stringify({ uri: source }) },
  };
}

/** What MLflow says of a run. */
export interface KeptRun {
  readonly run_id: string;
  readonly params: ReadonlyMap<string, string>;
  readonly metrics: ReadonlyMap<string, number>;
}

const numberOrNull = (text: string | undefined): number | null =>
  text === undefined || text === '' || !Number.isFinite(Number(text)) ? null : Number(text);

export function baselineFromRun({ run_id, params, metrics }: KeptRun): Baseline {
  const metric = (key: string): number | null => metrics.get(key) ?? null;
  const estimate = (figure: DecidingFigure): Estimate | null => {
    const name = CLIENT_METRIC[figure];
    const value = metric(name);
    return value === null ? null : { value, low: metric(`${name}_low`), high: metric(`${name}_high`) };
  };
  return {
    run_id,
    source: `run ${run_id} of ${EXPERIMENT}`,
    figures: {
      p95_latency_s: metric('p95_latency_s'),
      p95_ttft_s: metric('p95_ttft_s'),
      throughput_rps: metric('throughput_rps'),
      client_success_rate: metric('client_success_rate'),
    },
    client: {
      p95_latency_s: estimate('p95_latency_s'),
      p95_ttft_s: estimate('p95_ttft_s'),
      throughput_rps: estimate('throughput_rps'),
      client_success_rate: estimate('client_success_rate'),
    },
    total_requests: numberOrNull(params.get('total_requests')),
    model_name: params.get('model_name') ?? null,
    concurrency: numberOrNull(params.get('concurrency')),
    max_tokens: numberOrNull(params.get('max_tokens')),
  };
}

/** The baseline that a begun decision was made against: null for none, undefined where it isn't written yet. */
export function chosenBaseline({ params }: KeptRun): string | null | undefined {
  const id = params.get('baseline_run_id');
  return id === NO_BASELINE ? null : id;
}

/** A param that was written with another value: MLflow keeps the first for ever. */
export function changedParam(
  { params }: KeptRun,
  wanted: readonly Pair[],
): { key: string; kept: string; wanted: string } | null {
  for (const { key, value } of wanted) {
    const kept = params.get(key);
    if (kept !== undefined && kept !== value) return { key, kept, wanted: value };
  }
  return null;
}
