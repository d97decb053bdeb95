/** comparison.csv (RFC 4180): one row a figure, raw numbers, for spreadsheets and other systems. */
import type { Check, GateCheck } from '../../domain/verdict/check.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { METRICS, isMetricName, type TrendName } from '../../domain/record/metrics.ts';
import type { VariantSummary } from '../../domain/figures/summary.ts';
import { presentVariants, type Variant } from '../../domain/variants.ts';
import { csvField } from './escape.ts';

const HEAD = [
  'section',
  'figure',
  'unit',
  'baseline',
  'shadow',
  'delta',
  'low',
  'high',
  'limit',
  'answer',
  'n',
] as const;

type Value = string | number | null | undefined;
type Row = Readonly<Partial<Record<(typeof HEAD)[number], Value>>>;

/**
 * `delta` is the change from baseline to shadow: relative (0.07 is 7 % more), but for shares their difference. In gate rows
 * `low`, `high` and `limit` are on that scale too; in limit and target rows they are in `unit`, as the figure itself.
 * Absent is empty, infinite is `inf`.
 */
export function renderCsv(comparison: Comparison): string {
  const rows: readonly Row[] = [
    { section: 'verdict', figure: comparison.run.run_id, answer: comparison.verdict.word },
    ...comparison.checks.map(checkRow),
    ...capacityRows(comparison),
    ...figureRows(comparison),
    ...trustRows(comparison),
    ...comparison.findings.map(({ code, severity, variant }): Row => ({
      section: 'finding',
      figure: variant === null ? code : `${code} ${variant}`,
      answer: severity,
    })),
  ];
  return [HEAD, ...rows.map((row) => HEAD.map((name) => row[name]))]
    .map((fields) => `${fields.map(csvField).join(',')}\r\n`)
    .join('');
}

function checkRow(check: Check): Row {
  if (check.kind === 'gate') return gateRow(check);
  const { kind, id, unit, limit, answer, n } = check;
  return {
    section: kind,
    figure: id,
    unit,
    [check.variant]: check.value,
    low: check.interval?.low,
    high: check.interval?.high,
    limit,
    answer,
    n,
  };
}

const GATE_UNITS: Readonly<Record<Exclude<GateCheck['gate'], 'latency'>, string>> = {
  error_rate: 'share',
  accuracy: 'share',
  cost: 'EUR',
  cpqu: 'EUR',
  throughput: 'requests/s',
  output_length: 'tokens',
};

function gateRow(check: GateCheck): Row {
  const change = (value: number | null): number | null =>
    value === null || check.scale === 'difference' ? value : relative(value);
  const unit =
    check.gate !== 'latency'
      ? GATE_UNITS[check.gate]
      : isMetricName(check.metric)
        ? METRICS[check.metric].unit
        : '';
  return {
    section: 'gate',
    figure: check.id,
    unit,
    baseline: check.baseline,
    shadow: check.shadow,
    delta: change(check.estimate),
    low: change(check.interval.low),
    high: change(check.interval.high),
    limit: change(check.limit),
    answer: check.advisory === null ? check.answer : 'advisory',
    n: check.n,
  };
}

/** 1.15 to 0.15: the subtraction's rounding (0.1499999999999999) left out. */
const relative = (ratio: number): number => Number((ratio - 1).toPrecision(12));

type Pick = (summary: VariantSummary) => number | 'inf' | null | undefined;

function figureRows({ variants, run }: Comparison): Row[] {
  const rows: Row[] = [];
  const both = [variants.baseline, variants.shadow];
  const add = (section: string, figure: string, unit: string, pick: Pick): void => {
    const [baseline, shadow] = both.map((summary) => (summary === undefined ? null : pick(summary)));
    if ((baseline ?? null) === null && (shadow ?? null) === null) return;
    rows.push({
      section,
      figure,
      unit,
      baseline,
      shadow,
      delta: unit === 'count' ? null : delta(unit, baseline, shadow),
    });
  };
  rows.push({
    section: 'setup',
    figure: 'label',
    baseline: run.variants.baseline?.label,
    shadow: run.variants.shadow?.label,
  });
  for (const name of ['requests', 'ok', 'failed', 'warm_up'] as const)
    add('sample', name, 'count', (of) => of[name]);
  for (const trend of [
    'request_duration',
    'ttft',
    'answer_ttft',
    'tpot',
    'itl',
    'e2e',
    'tokens_per_s',
  ] as const satisfies readonly TrendName[]) {
    for (const statistic of ['n', 'mean', 'min', 'p50', 'p90', 'p95', 'p99', 'max'] as const)
      add(
        trend,
        statistic,
        statistic === 'n' ? 'count' : METRICS[trend].unit,
        (of) => of.trends[trend]?.[statistic],
      );
  }
  for (const statistic of ['p50', 'p95', 'p99'] as const)
    add('request_duration_with_failures', statistic, 'ms', (of) => of.with_failures?.[statistic]);
  for (const name of ['requests_per_s', 'ok_per_s'] as const)
    add('throughput', name, 'requests/s', (of) => of.throughput[name]);
  add('errors', 'error_rate', 'share', (of) => (of.requests === 0 ? null : of.failed / of.requests));
  const kinds = both.flatMap((of) => of?.errors ?? []).map(({ kind, status }) => ({ kind, status }));
  for (const { kind, status } of new Map(kinds.map((one) => [`${one.kind} ${one.status}`, one])).values())
    add(
      'errors',
      status === null ? kind : `${kind} ${status}`,
      'count',
      (of) => of.errors.find((one) => one.kind === kind && one.status === status)?.count ?? 0,
    );
  add('tokens', 'mean', 'tokens', (of) => of.tokens?.mean);
  add('tokens', 'total', 'tokens', (of) => of.tokens?.total);
  add('tokens', 'per_s', 'tokens/s', (of) => of.tokens?.per_s);
  add('goodput', 'share', 'share', (of) => of.goodput?.share);
  add('goodput', 'per_s', 'requests/s', (of) => of.goodput?.per_s);
  add('cost', 'n', 'count', (of) => of.cost?.n);
  add('cost', 'mean', 'EUR', (of) => of.cost?.mean);
  add('cost', 'total', 'EUR', (of) => of.cost?.total);
  add('cost', 'cpqu', 'EUR', (of) => of.cpqu);
  for (const answer of ['correction', 'translation'] as const) {
    add('accuracy', answer, 'share', (of) => of.accuracy[answer]?.share);
    add('accuracy', `${answer} answers`, 'count', (of) => of.accuracy[answer]?.answers);
    add('accuracy', `${answer} payloads`, 'count', (of) => of.accuracy[answer]?.payloads);
  }
  for (const stage of new Set(both.flatMap((of) => of?.stages.map((one) => one.stage) ?? []))) {
    for (const statistic of ['mean', 'p50', 'p95', 'p99'] as const)
      add(
        'stage',
        `${stage} ${statistic}`,
        'ms',
        (of) => of.stages.find((one) => one.stage === stage)?.[statistic],
      );
  }
  add('little', 'in_flight', 'requests', (of) => of.little?.in_flight);
  add('little', 'clients', 'count', (of) => of.little?.clients);
  return rows;
}

function delta(unit: string, baseline: ReturnType<Pick>, shadow: ReturnType<Pick>): number | null {
  if (typeof baseline !== 'number' || typeof shadow !== 'number') return null;
  if (unit === 'share') return shadow - baseline;
  return baseline === 0 ? null : relative(shadow / baseline);
}

/** Of a ramp: what each variant sustains, then every step by its load, in the order of the load. */
function capacityRows({ capacity, capacity_ratio }: Comparison): Row[] {
  if (capacity === undefined || capacity === null) return [];
  const { baseline, shadow } = capacity;
  const unit = baseline?.unit ?? shadow?.unit;
  const rows: Row[] = [
    {
      section: 'capacity',
      figure: 'sustained',
      unit,
      baseline: baseline?.sustained?.load,
      shadow: shadow?.sustained?.load,
      delta: capacity_ratio == null ? null : relative(capacity_ratio.estimate),
      low: capacity_ratio?.low == null ? null : relative(capacity_ratio.low),
      high: capacity_ratio?.high == null ? null : relative(capacity_ratio.high),
      limit: capacity_ratio == null ? null : relative(capacity_ratio.limit),
      answer: capacity_ratio?.answer,
    },
    {
      section: 'capacity',
      figure: 'saturation',
      unit: 'requests/s',
      baseline: baseline?.saturation_per_s,
      shadow: shadow?.saturation_per_s,
    },
  ];
  for (const variant of presentVariants(capacity)) {
    for (const { load, summary, throughput, answer } of capacity[variant]?.steps ?? []) {
      const latency = summary.trends.request_duration;
      const figures: readonly (readonly [figure: string, unit: string, value: Value])[] = [
        ['throughput', 'requests/s', throughput?.estimate],
        ['mean', 'ms', latency?.mean],
        ['p50', 'ms', latency?.p50],
        ['p95', 'ms', latency?.p95],
        ['p99', 'ms', latency?.p99],
        ['ttft p50', 'ms', summary.trends.ttft?.p50],
        ['tokens_per_s', 'tokens/s', summary.tokens?.per_s],
        ['error_rate', 'share', summary.requests === 0 ? null : summary.failed / summary.requests],
      ];
      for (const [figure, of, value] of figures) {
        if (value === null || value === undefined) continue;
        rows.push({
          section: `step ${load.value} ${load.unit}`,
          figure,
          unit: of,
          [variant]: value,
          answer,
          n: summary.requests,
        });
      }
    }
  }
  return rows;
}

/** A figure of the run as a whole stands under each of its variants. */
function trustRows({ trust, variants }: Comparison): Row[] {
  const at = (variant: Variant, of: Variant | null, figure: number): number | null =>
    variants[variant] !== undefined && (of === null || of === variant) ? figure : null;
  return trust.map(({ name, variant, figure, limit, unit, ok }) => ({
    section: 'trust',
    figure: name,
    unit,
    baseline: at('baseline', variant, figure),
    shadow: at('shadow', variant, figure),
    limit,
    answer: ok ? 'pass' : 'fail',
  }));
}
