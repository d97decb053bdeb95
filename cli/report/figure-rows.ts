/** A comparison's figures as rows of its CSV: the raw numbers of every table. */
import { METRICS, type TrendName } from '../../domain/record/metrics.ts';
import type { VariantSummary } from '../../domain/figures/summary.ts';
import { CAPACITY } from '../../domain/jobs/capacity/ratio.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { BASELINE, SHADOW, candidatesOf, presentVariants, type Variant } from '../../domain/variants.ts';
import { relative } from './csv.ts';
import type { FigureRow } from './report.ts';

/** The columns of variants; that of the usual candidate is there without one, for whoever reads the file by its columns. */
export function variantColumns({ variants }: Comparison): string[] {
  const candidates = candidatesOf(variants);
  return [BASELINE, ...(candidates.length === 0 ? [SHADOW] : candidates)];
}

export const figureRows = (comparison: Comparison): FigureRow[] => [
  ...capacityRows(comparison),
  ...summaryRows(comparison),
  ...trustRows(comparison),
];

type Value = number | 'inf' | null | undefined;
type Pick = (summary: VariantSummary) => Value;

/** The baseline beside each candidate, or what there is alone. */
function pairs({ variants }: Comparison): (readonly Variant[])[] {
  const candidates = candidatesOf(variants);
  return candidates.length === 0 ? [[BASELINE]] : candidates.map((candidate) => [BASELINE, candidate]);
}

function summaryRows(comparison: Comparison): FigureRow[] {
  const { variants, run } = comparison;
  const rows: FigureRow[] = [];
  const all = presentVariants(variants).flatMap((variant) => variants[variant] ?? []);
  const add = (section: string, figure: string, unit: string, pick: Pick): void => {
    for (const pair of pairs(comparison)) {
      const values = pair.map((variant): [Variant, Value] => {
        const summary = variants[variant];
        return [variant, summary === undefined ? null : pick(summary)];
      });
      if (values.every(([, value]) => value === null || value === undefined)) continue;
      const [before, after] = values.map(([, value]) => value);
      const delta = unit === 'count' ? null : deltaOf(unit, before, after);
      rows.push({ section, figure, unit, values: Object.fromEntries(values), delta });
    }
  };
  rows.push({
    section: 'setup',
    figure: 'label',
    values: Object.fromEntries(
      presentVariants(run.variants).map((variant) => [variant, run.variants[variant]?.label]),
    ),
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
  const kinds = all.flatMap((of) => of.errors).map(({ kind, status }) => ({ kind, status }));
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
  const currency = comparison.currency ?? 'EUR';
  add('cost', 'mean', currency, (of) => of.cost?.mean);
  add('cost', 'total', currency, (of) => of.cost?.total);
  add('cost', 'cpqu', currency, (of) => of.cpqu);
  for (const answer of ['correction', 'translation'] as const) {
    add('accuracy', answer, 'share', (of) => of.accuracy[answer]?.share);
    add('accuracy', `${answer} answers`, 'count', (of) => of.accuracy[answer]?.answers);
    add('accuracy', `${answer} payloads`, 'count', (of) => of.accuracy[answer]?.payloads);
  }
  for (const metric of new Set(all.flatMap((of) => of.quality?.map((one) => one.metric) ?? [])))
    add(
      'quality',
      metric,
      'share',
      (of) => of.quality?.find((one) => one.metric === metric && one.undecided === null)?.share,
    );
  for (const stage of new Set(all.flatMap((of) => of.stages.map((one) => one.stage)))) {
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

function deltaOf(unit: string, before: Value, after: Value): number | null {
  if (typeof before !== 'number' || typeof after !== 'number') return null;
  if (unit === 'share') return after - before;
  return before === 0 ? null : relative(after / before);
}

/** What each variant of a ramp sustains, then every step by its load, in the order of the load. */
function capacityRows(comparison: Comparison): FigureRow[] {
  const { capacity, checks } = comparison;
  if (capacity === undefined || capacity === null) return [];
  const unit = presentVariants(capacity).map((variant) => capacity[variant]?.unit)[0];
  const invalid = comparison.verdict.word === 'invalid';
  const rows = pairs(comparison).flatMap((pair): FigureRow[] => {
    const ratio = checks.find(({ id, subject }) => id === CAPACITY && subject.variant === pair.at(-1));
    const on = (value: number | null | undefined): number | null =>
      value === null || value === undefined ? null : relative(value);
    const of = (pick: (variant: Variant) => number | null | undefined): FigureRow['values'] =>
      Object.fromEntries(pair.map((variant) => [variant, pick(variant)]));
    return [
      {
        section: 'capacity',
        figure: 'sustained',
        unit,
        values: of((variant) => capacity[variant]?.sustained?.load),
        delta: on(ratio?.value),
        low: on(ratio?.interval?.low),
        high: on(ratio?.interval?.high),
        limit: on(ratio?.limit),
        answer: invalid ? undefined : ratio?.answer,
      },
      {
        section: 'capacity',
        figure: 'saturation',
        unit: 'requests/s',
        values: of((variant) => capacity[variant]?.saturation_per_s),
      },
    ];
  });
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
          values: { [variant]: value },
          answer,
          n: summary.requests,
        });
      }
    }
  }
  return rows;
}

/** A figure of the run as a whole stands under each of its variants. Of an invalid run, only what made it so has an answer. */
function trustRows({ trust, variants, verdict }: Comparison): FigureRow[] {
  const passed = verdict.word === 'invalid' ? undefined : 'pass';
  return trust.map(({ name, variant, figure, limit, unit, ok }) => ({
    section: 'trust',
    figure: name,
    unit,
    values: Object.fromEntries(
      presentVariants(variants).flatMap((one) =>
        variant === null || variant === one ? [[one, figure]] : [],
      ),
    ),
    limit,
    answer: ok ? passed : 'fail',
  }));
}
