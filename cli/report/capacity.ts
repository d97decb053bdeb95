/** A capacity as tables, and its picture: latency against throughput, with the knee and the most that is sustained. */
import type { Bottleneck } from '../../domain/jobs/capacity/bottlenecks.ts';
import type { Capacity } from '../../domain/jobs/capacity/capacity.ts';
import type { Drift } from '../../domain/jobs/capacity/drift.ts';
import type { Step } from '../../domain/jobs/capacity/step.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { placeOf, presentVariants } from '../../domain/variants.ts';
import { htmlText } from './escape.ts';
import { dashOf, key } from './html/sides.ts';
import { MISSING, amount, integer, ms, percent } from './format.ts';
import type { Section } from './section.ts';
import { ADVICE, CAUSE_WORDS } from './words/capacity.ts';
import { MARKS } from './words/marks.ts';

const rate = (value: number | null | undefined): string =>
  value === null || value === undefined ? MISSING : value.toFixed(2);

function answer({ answer: word, causes }: Step): string {
  const why = causes.map((cause) => CAUSE_WORDS[cause]).join(', ');
  if (word === 'good') return 'sustained';
  return word === 'bad' ? why : `unsure: ${why}`;
}

const capacities = (comparison: Comparison): Capacity[] =>
  comparison.capacity === undefined || comparison.capacity === null
    ? []
    : presentVariants(comparison.capacity).flatMap((variant) => comparison.capacity?.[variant] ?? []);

export function capacitySections(comparison: Comparison): Section[] {
  const all = capacities(comparison);
  if (all.length === 0) return [];
  const time = (value: number | undefined): string => (value === undefined ? MISSING : ms(value));
  const sections: Section[] = [
    {
      id: 'capacity',
      wide: true,
      title: 'Maximum sustainable load',
      head: ['variant', 'sustains', 'requests/s', 'saturates at', 'knee', 'gave out at', 'first by'],
      rows: all.map(({ variant, unit, sustained, saturation_per_s, knee, gave_out }) => [
        variant,
        sustained === null
          ? 'none of the steps'
          : `${amount(sustained.load)} ${unit}${sustained.sure ? '' : ' (by points)'}`,
        rate(sustained?.per_s),
        saturation_per_s === null ? MISSING : `${rate(saturation_per_s)} requests/s`,
        knee === null
          ? MISSING
          : `${amount(knee.load)} ${unit}, ${rate(knee.per_s)} requests/s at p50 ${ms(knee.p50_ms)}`,
        gave_out === null ? 'nothing' : `${amount(gave_out.load)} ${unit}`,
        gave_out === null ? MISSING : gave_out.causes.map((cause) => CAUSE_WORDS[cause]).join(', '),
      ]),
      note: 'sustained: the limits hold with their intervals, and throughput still rises (clients) or no queue grows (requests/s); knee: the highest throughput over latency',
    },
    withoutEmpty({
      id: 'steps',
      wide: true,
      title: 'Steps',
      head: [
        '',
        'variant',
        'load',
        'answer',
        'n',
        'requests/s',
        'mean',
        'p50',
        'p95',
        'p99',
        'TTFT p50',
        'tokens/s',
        'errors',
        'good',
        'in flight',
        'late p99',
      ],
      rows: all.flatMap(({ variant, steps }) =>
        steps.map((step) => {
          const { summary, in_flight, late_p99_ms } = step;
          const latency = summary.trends.request_duration;
          return [
            { good: MARKS.pass, bad: MARKS.fail, unsure: MARKS.open }[step.answer],
            variant,
            `${amount(step.load.value)} ${step.load.unit}`,
            answer(step),
            integer(summary.requests),
            rate(step.throughput?.estimate),
            time(latency?.mean),
            time(latency?.p50),
            time(latency?.p95),
            time(latency?.p99),
            time(summary.trends.ttft?.p50),
            summary.tokens === null ? MISSING : integer(summary.tokens.per_s),
            summary.requests === 0 ? MISSING : percent(summary.failed / summary.requests, 1),
            summary.goodput === null ? MISSING : percent(summary.goodput.share, 1),
            in_flight === null ? MISSING : `${in_flight.first.toFixed(1)} to ${in_flight.last.toFixed(1)}`,
            late_p99_ms === null ? MISSING : ms(late_p99_ms),
          ];
        }),
      ),
    }),
  ];
  const rows = all.flatMap(({ variant, bottlenecks }) =>
    bottlenecks.map((one) => [variant, ...bottleneckRow(one)]),
  );
  if (rows.length > 0)
    sections.push({
      id: 'bottlenecks',
      wide: true,
      title: 'Bottlenecks',
      head: [
        'variant',
        'where',
        'at the lowest load',
        'at the highest',
        'share of the growth',
        'share of the time',
        'recommendation',
      ],
      rows,
      note: 'mean time of a request by stage; waiting is what no stage of the server accounts for: its queue, and the network',
    });
  return sections;
}

/** Without the columns that say nothing of this job. */
function withoutEmpty({ head, rows, ...section }: Section): Section {
  const said = head.map((_, i) => rows.some((row) => row[i] !== MISSING));
  const kept = (cells: readonly string[]): string[] => cells.filter((_, i) => said[i] === true);
  return { ...section, head: kept(head), rows: rows.map(kept) };
}

function bottleneckRow(one: Bottleneck): string[] {
  return [
    one.stage,
    ms(one.low_ms),
    ms(one.high_ms),
    percent(one.share_of_growth, 0),
    `${percent(one.low_share, 0)} to ${percent(one.high_share, 0)}`,
    ADVICE[one.advice],
  ];
}

const DRIFT_LABELS: Readonly<Record<Drift['what'], string>> = {
  latency_p50: 'latency p50',
  latency_p95: 'latency p95',
  error_share: 'error rate',
  server_memory: "the server's memory",
};

export function driftSection({ drift }: Comparison): Section | null {
  if (drift === undefined || drift === null || drift.length === 0) return null;
  const show = (value: number, unit: Drift['unit']): string =>
    unit === 'ms'
      ? `${value < 0 ? '-' : ''}${ms(Math.abs(value))}`
      : unit === 'share'
        ? percent(value)
        : `${value.toFixed(1)} MB`;
  return {
    id: 'drift',
    title: 'Drift',
    head: ['', 'variant', 'what', 'mean', 'growth over the run', 'interval', 'p'],
    rows: drift.map(({ variant, what, unit, level, growth, p, drifts }) => [
      drifts ? MARKS.warn : MARKS.pass,
      variant,
      DRIFT_LABELS[what],
      show(level, unit),
      show(growth.estimate, unit),
      `${show(growth.lower, unit)} to ${show(growth.upper, unit)}`,
      p < 0.001 ? '< 0.001' : p.toFixed(3),
    ]),
  };
}

export function endpointsSection({ by_endpoint }: Comparison): Section | null {
  if (by_endpoint === undefined || by_endpoint === null) return null;
  return {
    id: 'by_endpoint',
    title: 'By endpoint',
    head: ['variant', 'endpoint', 'requests', 'failed', 'p50', 'p95', 'p99'],
    rows: presentVariants(by_endpoint).flatMap((variant) =>
      (by_endpoint[variant] ?? []).map(({ endpoint, requests, failed, latency }) => [
        variant,
        endpoint,
        integer(requests),
        integer(failed),
        ...(['p50', 'p95', 'p99'] as const).map((one) => (latency === null ? MISSING : ms(latency[one]))),
      ]),
    ),
  };
}

const WIDTH = 960;
const HEIGHT = 340;
const MARGIN = { left: 64, right: 24, top: 24, bottom: 76 };
const TICKS = 5;

interface Point {
  readonly per_s: number;
  readonly p95_ms: number;
  readonly step: Step;
}

/** p95 against throughput, a line a variant, as SVG that needs no script. */
export function capacityFigure(comparison: Comparison): string {
  const lines = capacities(comparison).map((capacity) => ({ capacity, points: pointsOf(capacity) }));
  const points = lines.flatMap((line) => line.points);
  if (points.length < 2) return '';
  const most_per_s = Math.max(...points.map(({ per_s }) => per_s)) * 1.05;
  const most_ms = Math.max(...points.map(({ p95_ms }) => p95_ms)) * 1.05;
  const x = (per_s: number): number =>
    MARGIN.left + (per_s / most_per_s) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value_ms: number): number =>
    HEIGHT - MARGIN.bottom - (value_ms / most_ms) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const at = ({ per_s, p95_ms }: Point): string => `${x(per_s).toFixed(1)},${y(p95_ms).toFixed(1)}`;
  const ticks = Array.from({ length: TICKS + 1 }, (_, i) => i / TICKS).map(
    (part) =>
      `<text x="${x(part * most_per_s).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${(part * most_per_s).toFixed(most_per_s < 10 ? 1 : 0)}</text>
<text x="${MARGIN.left - 6}" y="${(y(part * most_ms) + 4).toFixed(1)}" text-anchor="end">${ms(part * most_ms)}</text>`,
  );
  const drawn = lines.map(({ capacity, points: own }, i) => {
    // The variants end near each other: one is labelled above its line, the other below.
    const below = i > 0;
    const knee = own.find(({ step }) => step.load.value === capacity.knee?.load);
    const best = own.find(({ step }) => step.block === capacity.sustained?.block);
    const place = placeOf(capacity.variant, comparison.variants);
    const dash = dashOf(place);
    return `<g class="v${place}" stroke="currentColor" fill="currentColor">
<polyline points="${own.map(at).join(' ')}" fill="none" stroke-width="2"${dash.length === 0 ? '' : ` stroke-dasharray="${dash.join(' ')}"`}/>
${own.map((point) => `<circle cx="${at(point).replace(',', '" cy="')}" r="${point.step.answer === 'good' ? 4 : 2.5}"><title>${htmlText(`${capacity.variant}, ${amount(point.step.load.value)} ${point.step.load.unit}: ${point.per_s.toFixed(2)} requests/s, p95 ${ms(point.p95_ms)}`)}</title></circle>`).join('\n')}
${knee === undefined ? '' : mark(at(knee), `knee: ${amount(knee.step.load.value)}`, below ? 34 : -28)}
${best === undefined ? '' : mark(at(best), `sustained: ${amount(best.step.load.value)} ${best.step.load.unit}`, below ? 18 : -12)}
</g>`;
  });
  const keys = lines
    .map(({ capacity: { variant } }) => key(variant, placeOf(variant, comparison.variants)))
    .join(' ');
  return `<figure class="chart capacity" id="chart-capacity">
<figcaption><h3>Latency against throughput</h3><p class="keys">${keys}</p></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Latency p95 against throughput, step by step" font-size="12" fill="currentColor">
<path d="M${MARGIN.left} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}H${WIDTH - MARGIN.right}" fill="none" stroke="currentColor" opacity="0.4"/>
${ticks.join('\n')}
<text x="${WIDTH - MARGIN.right}" y="${HEIGHT - MARGIN.bottom + 34}" text-anchor="end">valid answers a second</text>
${drawn.join('\n')}
</svg>
<p class="caption">p95 of each step over the answers it brought; large dots were sustained for sure. The knee is the highest throughput over mean latency.</p>
</figure>`;
}

/** A ring around the point, and its name beside it. */
const mark = (at: string, text: string, rise: number): string => {
  const [left = '0', top = '0'] = at.split(',');
  const y = Math.max(12, Number(top) + rise);
  return `<circle cx="${left}" cy="${top}" r="7" fill="none"/><text x="${(Number(left) - 12).toFixed(1)}" y="${y.toFixed(1)}" text-anchor="end" class="named">${htmlText(text)}</text>`;
};

/** In the order of the load: the line turns back where more load brings less. */
function pointsOf({ steps }: Capacity): Point[] {
  return steps.flatMap((step): Point[] => {
    const latency = step.summary.trends.request_duration;
    return step.throughput === null || latency === undefined
      ? []
      : [{ per_s: step.throughput.estimate, p95_ms: latency.p95, step }];
  });
}
