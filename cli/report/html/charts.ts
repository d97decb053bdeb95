/** The charts as data; report.js draws them with uPlot. Every figure of theirs stands in a table too. */
import type { Comparison } from '../../../domain/result/comparison.ts';
import { placeOf, presentVariants, type Variant } from '../../../domain/variants.ts';
import type { Series as ServerSeries, ServerReport } from '../../../domain/figures/server-report.ts';
import { htmlText } from '../escape.ts';
import { EUR, ms } from '../format.ts';
import type { Series, WindowFigures } from '../../../domain/figures/series.ts';
import { dashOf, key } from './sides.ts';

interface Line {
  readonly label: string;
  readonly variant: Variant;
  /** The variant's, for its colour and its dashes. */
  readonly place: number;
  readonly dash: readonly number[];
  /** A second figure of a variant, beside its first. */
  readonly dashed: boolean;
  readonly values: readonly (number | null)[];
}

/** A labelled upright line at a value of x. */
interface Mark {
  readonly x: number;
  readonly label: string;
  readonly variant: Variant;
  readonly place: number;
}

export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly x: readonly number[];
  readonly x_unit: 'ms' | 's';
  readonly y_unit: 'ms' | 'EUR' | 'share' | 'requests/s' | 'count' | 'MiB' | 'cores';
  /** Bins, not points: each value holds until the next x, with the area below it filled. */
  readonly stepped: boolean;
  readonly lines: readonly Line[];
  readonly marks: readonly Mark[];
}

export function charts(comparison: Comparison, series: Series | null): readonly Chart[] {
  const distribution = distributionChart(comparison);
  return [
    ...(distribution === null ? [] : [distribution]),
    ...(series === null ? [] : timeCharts(series, places(comparison), comparison.currency ?? EUR)),
    ...serverCharts(comparison),
  ];
}

type Places = (variant: Variant) => Pick<Line, 'variant' | 'place' | 'dash'>;

const places =
  ({ variants }: Comparison): Places =>
  (variant) => {
    const place = placeOf(variant, variants);
    return { variant, place, dash: dashOf(place) };
  };

function distributionChart(comparison: Comparison): Chart | null {
  const { histogram, variants } = comparison;
  if (histogram === null) return null;
  const of = places(comparison);
  const present = presentVariants(histogram.shares);
  const marks = present.flatMap((variant) => {
    const trend = variants[variant]?.trends.request_duration;
    return trend === undefined
      ? []
      : (['p50', 'p95'] as const).map((label): Mark => ({
          x: trend[label],
          label,
          variant,
          place: of(variant).place,
        }));
  });
  return {
    id: 'distribution',
    title: present.length > 1 ? 'Latency distributions' : 'Latency distribution',
    caption: `Share of the valid answers in each bin; the last bin holds all that took longer than ${ms(histogram.edges_ms.at(-2) ?? 0)}. Dashed: p50 and p95.`,
    x: histogram.edges_ms,
    x_unit: 'ms',
    y_unit: 'share',
    stepped: true,
    // One edge more than bins: the last value is repeated so that the last bin has a right side.
    lines: present.map((variant) => {
      const shares = histogram.shares[variant] ?? [];
      return { label: variant, ...of(variant), dashed: false, values: [...shares, shares.at(-1) ?? null] };
    }),
    marks,
  };
}

function timeCharts(series: Series, of: Places, currency: string): Chart[] {
  const make = (
    id: string,
    title: string,
    caption: string,
    y_unit: Chart['y_unit'],
    figures: readonly (readonly [string, keyof WindowFigures])[],
  ): Chart[] => {
    const lines = presentVariants(series.variants).flatMap((variant) =>
      figures.map(([name, figure], i): Line => ({
        label: name === '' ? variant : `${variant} ${name}`,
        ...of(variant),
        dashed: i > 0,
        values: series.variants[variant]?.[figure] ?? [],
      })),
    );
    const some = lines.some(({ values }) => values.some((value) => value !== null));
    return some
      ? [{ id, title, caption, x: series.t_s, x_unit: 's', y_unit, stepped: false, lines, marks: [] }]
      : [];
  };
  return [
    ...make(
      'latency',
      'Latency over time',
      'p50, and p95 dashed, of each window; seconds since the measurement began.',
      'ms',
      [
        ['p50', 'p50_ms'],
        ['p95', 'p95_ms'],
      ],
    ),
    ...make('cost', 'Cost per request', `Mean of each window, ${currency}.`, 'EUR', [['', 'cost_eur']]),
    ...make('throughput', 'Throughput', 'Requests per second in each window.', 'requests/s', [
      ['', 'requests_per_s'],
    ]),
  ];
}

const MIB = 2 ** 20;

/** What was seen of the servers, on the time of the first look. */
function serverCharts(comparison: Comparison): Chart[] {
  const { observed = null } = comparison;
  if (observed === null) return [];
  const placed = places(comparison);
  const present = presentVariants(observed.server);
  const make = (
    id: string,
    title: string,
    caption: string,
    y_unit: Chart['y_unit'],
    of: (report: ServerReport) => ServerSeries | undefined,
    scale = 1,
  ): Chart[] => {
    const lines = present.flatMap((variant): (Line & { t_s: readonly number[] })[] => {
      const report = observed.server[variant];
      const seen = report === undefined ? undefined : of(report);
      if (seen === undefined || seen.values.every((value) => value === null)) return [];
      const values = seen.values.map((value) => (value === null ? null : value / scale));
      return [{ label: variant, ...placed(variant), dashed: false, values, t_s: seen.t_s }];
    });
    const x = lines[0]?.t_s ?? [];
    // Two points make a line, and both variants are looked at together.
    if (x.length < 2) return [];
    return [{ id, title, caption, x, x_unit: 's', y_unit, stepped: false, lines, marks: [] }];
  };
  const names = [
    ...new Set(present.flatMap((one) => Object.keys(observed.server[one]?.series.metrics ?? {}))),
  ];
  return [
    ...make(
      'server-memory',
      "The server's memory",
      'Resident, MiB, its children included.',
      'MiB',
      ({ series }) => series.rss_bytes,
      MIB,
    ),
    ...make('server-cpu', "The server's CPU", 'Cores in use.', 'cores', ({ series }) => series.cores),
    ...names.flatMap((name) =>
      make(
        `metric-${name}`,
        name,
        'As the server itself counts, all series together.',
        'count',
        ({ series }) => series.metrics[name],
      ),
    ),
  ];
}

/** Where a chart will be drawn. */
export function chartFigure({ id, title, caption, lines }: Chart): string {
  const keys = [...new Map(lines.map(({ variant, place }) => [variant, place]))]
    .map(([variant, place]) => key(variant, place))
    .join(' ');
  return `<figure class="chart" id="chart-${id}">
<figcaption><h3>${htmlText(title)}</h3><p class="keys">${keys}</p></figcaption>
<div class="plot" role="img" aria-label="${htmlText(`${title}. ${caption}`)}"></div>
<p class="caption">${htmlText(caption)}</p>
</figure>`;
}
