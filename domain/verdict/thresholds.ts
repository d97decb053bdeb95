/**
 * Limits, targets and gates as data (thresholds/*.json); k6's options and the verdict both come from here.
 *
 * A limit is a contracted number for one variant's point figure, and blocks. A target is the same and only informs. A gate
 * compares the shadow with the baseline, on the interval of the difference.
 */
import * as v from 'valibot';
import { METRICS, isMetricName, submetric, type MetricName, type TrendName } from '../record/metrics.ts';
import { offer } from '../text/nearest.ts';
import { BadValue } from '../text/units.ts';

export const PERCENTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 } as const;
export type Percentile = keyof typeof PERCENTILES;

const trend_names = Object.keys(METRICS).filter(
  (name): name is TrendName => isMetricName(name) && METRICS[name].kind === 'trend',
);

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
/** Ratios outside this are a slip: a percentage, or a share, where a ratio is wanted. */
const RATIO_RANGE = [0.5, 5] as const;
const ratioMargin = {
  margin: v.pipe(
    v.number(),
    v.check(
      (margin) => margin >= RATIO_RANGE[0] && margin <= RATIO_RANGE[1],
      ({ input }) =>
        `the margin ${String(input)} is no ratio of shadow to baseline; allowed: ${RATIO_RANGE[0]} to ${RATIO_RANGE[1]} (1.15 means 15 % more: slower, dearer; 0.85 means 15 % less)`,
    ),
  ),
};
/** Half of all answers is no tolerance. */
const MOST_POINTS = 50;
const pointsMargin = {
  margin_pp: v.pipe(
    v.number(),
    v.check(
      (points) => points >= 0 && points <= MOST_POINTS,
      ({ input }) =>
        `the margin ${String(input)} is no number of percentage points; allowed: 0 to ${MOST_POINTS} (1 means from 2 % to 3 %)`,
    ),
  ),
};

/** Of a target: beyond `limit` but within this is acceptable, and said so. */
const acceptable = v.optional(v.pipe(v.number(), v.minValue(0)));

const limitSchema = v.variant('metric', [
  v.strictObject({
    metric: v.picklist(trend_names),
    statistic: v.picklist(['p50', 'p90', 'p95', 'p99', 'mean', 'max']),
    op: v.picklist(['<', '<=', '>', '>=']),
    limit: v.pipe(v.number(), v.minValue(0)),
    acceptable,
  }),
  v.strictObject({
    metric: v.literal('request_failed'),
    statistic: v.literal('rate'),
    op: v.picklist(['<', '<=']),
    limit: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    acceptable,
  }),
  v.strictObject({
    metric: v.literal('throughput'),
    statistic: v.literal('rate'),
    op: v.picklist(['>', '>=']),
    limit: v.pipe(v.number(), v.minValue(0)),
    acceptable,
  }),
]);

const observed = { kind: v.picklist(['limit', 'target']), op: v.picklist(['<', '<=']) };

/** Limits and targets on what no single request shows: a trend, a recovery, the server's own resources. */
const observedSchema = v.variant('figure', [
  /** Growth of the latency over the run, as a share of its p50. */
  v.strictObject({ figure: v.literal('latency_drift'), ...observed, limit: positive }),
  /** Growth of the server's resident memory over the run, in bytes. */
  v.strictObject({ figure: v.literal('server_memory_drift'), ...observed, limit: positive }),
  /** Share of the spike's own requests that failed. */
  v.strictObject({
    figure: v.literal('spike_failed'),
    ...observed,
    limit: v.pipe(positive, v.maxValue(1)),
  }),
  /** ms from the spike's end until p95 is back within `factor` of the time before it. */
  v.strictObject({
    figure: v.literal('recovery'),
    ...observed,
    limit: positive,
    factor: v.pipe(v.number(), v.gtValue(1)),
  }),
  /** Most resident memory over the model's own, in bytes; mean share of all CPUs; mean share of the GPU. */
  v.strictObject({
    figure: v.picklist(['server_memory', 'server_cpu', 'server_gpu']),
    ...observed,
    limit: positive,
  }),
]);

const gateSchema = v.variant('gate', [
  v.strictObject({
    gate: v.literal('latency'),
    metric: v.picklist(trend_names),
    statistic: v.picklist(['p50', 'p90', 'p95', 'p99']),
    ...ratioMargin,
  }),
  v.strictObject({
    gate: v.picklist(['typical', 'mean']),
    metric: v.picklist(trend_names),
    ...ratioMargin,
  }),
  v.strictObject({ gate: v.literal('error_rate'), ...pointsMargin }),
  v.strictObject({
    gate: v.literal('accuracy'),
    answer: v.picklist(['correction', 'translation']),
    ...pointsMargin,
  }),
  v.strictObject({ gate: v.literal('cost'), ...ratioMargin }),
  /** By any metric that answers are scored by; without one by the correction. */
  v.strictObject({ gate: v.literal('cpqu'), metric: v.optional(v.string()), ...ratioMargin }),
  /** The mean of a metric that answers are scored by. */
  v.strictObject({ gate: v.literal('quality'), metric: v.string(), ...pointsMargin }),
  /** How much more often answers differ between the variants than the baseline's differ among themselves. */
  v.strictObject({ gate: v.literal('agreement'), ...pointsMargin }),
  v.strictObject({ gate: v.literal('throughput'), ...ratioMargin }),
  v.strictObject({ gate: v.literal('output_length'), ...ratioMargin }),
]);

export const thresholdsSchema = v.strictObject({
  limits: v.array(limitSchema),
  targets: v.array(limitSchema),
  gates: v.array(gateSchema),
  observed: v.optional(v.array(observedSchema)),
});

export type Limit = v.InferOutput<typeof limitSchema>;
export type Gate = v.InferOutput<typeof gateSchema>;
export type ObservedLimit = v.InferOutput<typeof observedSchema>;
export type Thresholds = v.InferOutput<typeof thresholdsSchema>;

/** @throws BadValue that names the file, the place and what is allowed there. */
export function parseThresholds(value: unknown, where: string): Thresholds {
  const result = v.safeParse(thresholdsSchema, value);
  if (result.success) return checkedLevels(result.output, where);
  const [issue] = result.issues;
  throw new BadValue(`${where}: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`);
}

/** @throws BadValue where a limit, which has one level only, is given a second */
function checkedLevels(thresholds: Thresholds, where: string): Thresholds {
  const two = thresholds.limits.find((limit) => limit.acceptable !== undefined);
  if (two !== undefined)
    throw new BadValue(
      `${where}: the limit on ${two.metric} has "acceptable"; only a target has two levels: move it to "targets", or drop it`,
    );
  return thresholds;
}

/** A metric's name as part of an id that a shell takes without quotes. */
const idPart = (metric: string): string => metric.replaceAll(/[^\w.-]+/g, '_');

/** The name that tables, `--require` and advice use: `request_duration_p95`, `error_rate`, `accuracy_correction`. */
export function gateId(gate: Gate): string {
  switch (gate.gate) {
    case 'latency':
      return `${gate.metric}_${gate.statistic}`;
    case 'typical':
    case 'mean':
      return `${gate.metric}_${gate.gate}`;
    case 'accuracy':
      return `accuracy_${gate.answer}`;
    case 'quality':
      return `quality_${idPart(gate.metric)}`;
    case 'cpqu':
      return gate.metric === undefined ? 'cpqu' : `cpqu_${idPart(gate.metric)}`;
    case 'error_rate':
    case 'cost':
    case 'agreement':
    case 'throughput':
    case 'output_length':
      return gate.gate;
  }
}

/** What a gate compares, as its check names it. */
export function gateFigure(gate: Gate): { readonly metric: string; readonly statistic: string | null } {
  switch (gate.gate) {
    case 'latency':
      return { metric: gate.metric, statistic: gate.statistic };
    case 'typical':
    case 'mean':
      return { metric: gate.metric, statistic: gate.gate };
    case 'accuracy':
      return { metric: 'accuracy', statistic: gate.answer };
    case 'error_rate':
      return { metric: 'request_failed', statistic: null };
    case 'cost':
      return { metric: 'request_cost_eur', statistic: 'mean' };
    case 'quality':
      return { metric: gate.metric, statistic: null };
    case 'agreement':
    case 'cpqu':
    case 'throughput':
    case 'output_length':
      return { metric: gate.gate, statistic: null };
  }
}

const STREAMED_ONLY: readonly string[] = ['ttft', 'answer_ttft', 'tpot', 'itl'];

/** The thresholds that this load can fill: none on a token's time without streams, none on a length that is not forced. */
export function fitting(
  thresholds: Thresholds,
  load: { readonly stream: boolean; readonly forceLength: boolean },
): Thresholds {
  const measured = ({ metric }: Limit): boolean => load.stream || !STREAMED_ONLY.includes(metric);
  return {
    ...thresholds,
    limits: thresholds.limits.filter(measured),
    targets: thresholds.targets.filter(measured),
    gates: thresholds.gates.filter((gate) => {
      if (gate.gate === 'output_length') return load.forceLength;
      return !('metric' in gate) || load.stream || !STREAMED_ONLY.includes(gate.metric ?? '');
    }),
  };
}

/** @throws BadValue for a gate that this run does not have. */
export function assertGateIds(ids: readonly string[], thresholds: Thresholds): void {
  const known = thresholds.gates.map(gateId);
  for (const id of ids)
    if (!known.includes(id)) throw new BadValue(`"${id}" is no gate of this run${offer(id, known)}`);
}

const k6_statistic = {
  p50: 'p(50)',
  p90: 'p(90)',
  p95: 'p(95)',
  p99: 'p(99)',
  mean: 'avg',
  max: 'max',
  rate: 'rate',
} as const;

/**
 * k6's `thresholds` option for these variants. Each limit stands on the variant's measured submetric. A submetric
 * without samples would pass in k6, so each variant also gets a count guard. Throughput has no faithful form in k6 (a
 * counter's rate is over the whole test): it is judged from the request log alone.
 */
export function k6Thresholds(thresholds: Thresholds, variants: readonly string[]): Record<string, string[]> {
  const out: Record<string, string[]> = {};
  const add = (metric: MetricName, variant: string, expression: string): void => {
    (out[submetric(metric, variant)] ??= []).push(expression);
  };
  for (const variant of variants) {
    for (const limit of thresholds.limits) {
      if (limit.metric === 'throughput') continue;
      add(limit.metric, variant, `${k6_statistic[limit.statistic]}${limit.op}${limit.limit}`);
    }
    add('requests_finished', variant, 'count>0');
  }
  return out;
}
