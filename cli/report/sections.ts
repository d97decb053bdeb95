/** A comparison as titled tables of text: the one arrangement that the terminal and markdown both show. */
import type { GateCheck, LimitCheck } from '../../domain/verdict/check.ts';
import type { Spread } from '../../domain/figures/by-prompt.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { METRICS, type TrendName } from '../../domain/record/metrics.ts';
import type { AccuracySummary, TrendSummary, VariantSummary } from '../../domain/figures/summary.ts';
import { formatDuration } from '../../domain/text/units.ts';
import { presentVariants, type Variant } from '../../domain/variants.ts';
import { PROTOCOLS } from '../../domain/protocols/index.ts';
import { formatSlo } from '../../domain/figures/slo.ts';
import { capacitySections, driftSection, endpointsSection } from './capacity.ts';
import { MISSING, change, eur, instant, integer, ms, percent, points, quantity } from './format.ts';
import { inferenceSections, loadInWords } from './inference.ts';
import type { Section } from './section.ts';
import {
  advisory,
  checkLabel,
  difference,
  gateInterval,
  gateLimit,
  limitBound,
  limitValue,
  mark,
  undecided,
} from './words.ts';

export type { Section } from './section.ts';

/** One figure of each variant and, where both are there, the change. */
type Row = readonly [
  label: string,
  of: (summary: VariantSummary) => number | null | undefined,
  show: (value: number) => string,
  delta?: 'ratio' | 'points',
];

function figures(comparison: Comparison, rows: readonly Row[]): string[][] {
  const { baseline, shadow } = comparison.variants;
  return rows.flatMap(([label, of, show, delta]) => {
    const values = presentVariants(comparison.variants).map((variant) => {
      const summary = comparison.variants[variant];
      return summary === undefined ? undefined : of(summary);
    });
    if (values.every((value) => value === null || value === undefined)) return [];
    const shown = values.map((value) => (value === null || value === undefined ? MISSING : show(value)));
    if (baseline === undefined || shadow === undefined) return [[label, ...shown]];
    const [before, after] = [of(baseline), of(shadow)];
    if (
      before === null ||
      before === undefined ||
      after === null ||
      after === undefined ||
      delta === undefined
    )
      return [[label, ...shown, '']];
    return [
      [
        label,
        ...shown,
        delta === 'ratio' ? (before === 0 ? MISSING : change(after / before)) : points(after - before),
      ],
    ];
  });
}

const heads = (comparison: Comparison, first: string): string[] => {
  const present = presentVariants(comparison.variants);
  return [first, ...present, ...(present.length === 2 ? ['change'] : [])];
};

function trendRows(name: TrendName, statistics: readonly (keyof TrendSummary)[]): Row[] {
  const { label, unit } = METRICS[name];
  return statistics.map((statistic): Row => [
    `${label} ${statistic}`,
    (summary) => summary.trends[name]?.[statistic],
    (value) => quantity(value, unit),
    'ratio',
  ]);
}

export function gatesSection(comparison: Comparison): Section | null {
  const gates = comparison.checks.filter((check): check is GateCheck => check.kind === 'gate');
  if (gates.length === 0) return null;
  const first = comparison.verdict.because[0];
  const ordered = gates.toSorted((a, b) => Number(b.id === first) - Number(a.id === first));
  const level = ordered[0]?.alpha ?? 0.025;
  return {
    id: 'gates',
    title: 'Verdict',
    head: [
      '',
      'shadow against baseline',
      'change',
      `${percent(1 - 2 * level, 0)} interval`,
      'limit',
      'n',
      'answer',
    ],
    rows: ordered.map((gate) => [
      mark(gate),
      checkLabel(gate),
      difference(gate, gate.estimate),
      gateInterval(gate),
      gateLimit(gate),
      `${integer(gate.n)} ${gate.n_of}`,
      [gate.answer, advisory(gate) || undecided(gate)].filter((text) => text !== '').join(', '),
    ]),
  };
}

export function limitsSection(comparison: Comparison): Section | null {
  const checks = comparison.checks.filter((check): check is LimitCheck => check.kind !== 'gate');
  if (checks.length === 0) return null;
  return {
    id: 'limits',
    title: 'Limits and targets',
    head: ['', 'variant', 'figure', 'value', 'interval', 'limit', 'n'],
    rows: checks.map((check) => [
      mark(check),
      check.variant,
      checkLabel(check),
      limitValue(check),
      check.interval === null
        ? MISSING
        : [check.interval.low, check.interval.high]
            .map((bound) => (bound === null ? 'no bound' : quantity(bound, check.unit)))
            .join(' to '),
      `${check.kind === 'target' ? 'target ' : ''}${limitBound(check)}`,
      integer(check.n),
    ]),
  };
}

function generation(of: NonNullable<Comparison['run']['generation']>): string {
  const { baseline, shadow } = of.models;
  return [
    shadow === undefined || shadow === baseline ? baseline : `${baseline ?? ''} against ${shadow}`,
    PROTOCOLS[of.api].label,
    of.streamed ? 'streamed' : 'whole answers',
    `${of.forced ? 'exactly' : 'at most'} ${of.max_tokens} tokens`,
    `temperature ${of.temperature}`,
    ...(of.unique_prefix ? ['a unique prefix a request'] : []),
  ]
    .filter((part) => part !== undefined && part !== '')
    .join(', ');
}

function tokens(comparison: Comparison): Section {
  const slo = comparison.run.generation?.slo ?? null;
  const rate = (value: number): string => quantity(value, 'tokens/s');
  return {
    id: 'tokens',
    title: 'Tokens',
    head: heads(comparison, 'figure'),
    rows: figures(comparison, [
      ['tokens of an answer, mean', (summary) => summary.tokens?.mean, (value) => value.toFixed(1), 'ratio'],
      ['tokens of a prompt, mean', (summary) => summary.tokens?.prompt_mean, (value) => value.toFixed(1)],
      ...trendRows('tokens_per_s', ['mean', 'p50']),
      ['tokens/s of the system', (summary) => summary.tokens?.per_s, rate, 'ratio'],
      ...(slo === null
        ? []
        : ([
            [
              `goodput (${formatSlo(slo)})`,
              (summary) => summary.goodput?.share,
              (value) => percent(value, 1),
              'points',
            ],
            ['good answers/s', (summary) => summary.goodput?.per_s, (value) => value.toFixed(2), 'ratio'],
          ] satisfies Row[])),
    ]),
    ...(slo === null ? {} : { note: 'goodput is of every request sent; a failed one is not good' }),
  };
}

function byPrompt(comparison: Comparison): Section | null {
  const of = comparison.by_prompt ?? null;
  if (of === null) return null;
  const show = (spread: Spread | null, shown: (value: number) => string): string[] =>
    spread === null
      ? [MISSING, MISSING]
      : [shown(spread.mean), spread.sd === null ? MISSING : `± ${shown(spread.sd)}`];
  const count = (value: number | null): string => (value === null ? MISSING : value.toFixed(0));
  return {
    id: 'by_prompt',
    title: 'By prompt',
    head: ['prompt', 'n', 'prompt tokens', 'TTFT', 'sd', 'E2E', 'sd', 'tokens', 'tokens/s', 'sd'],
    rows: presentVariants(of).flatMap((variant) =>
      (of[variant] ?? []).map((one) => [
        one.payload_id,
        integer(one.n),
        count(one.prompt_tokens),
        ...show(one.ttft_ms, ms),
        ...show(one.e2e_ms, ms),
        count(one.tokens),
        ...show(one.tokens_per_s, (value) => value.toFixed(1)),
      ]),
    ),
    note: 'mean and standard deviation over the repeats; tokens/s is the tokens of an answer over its time to the last of them',
  };
}

function setup(comparison: Comparison): Section {
  const { run, variants } = comparison;
  const rows: string[][] = [
    [
      'run',
      `${run.run_id}${run.status === 'complete' ? '' : ` (${run.status})`}, started ${instant(run.started_ms)}`,
    ],
    [
      'load',
      comparison.observed?.scenario != null
        ? loadInWords(comparison.observed, run.timeout_ms, run.blocks)
        : `${loadText(comparison)}, ${formatDuration(run.warm_up_ms)} warm-up, ${formatDuration(run.duration_ms)} measured, timeout ${formatDuration(run.timeout_ms)}${run.blocks > 1 ? `, ${run.blocks} blocks` : ''}`,
    ],
    [
      'payloads',
      `${run.payloads.count} (${run.payloads.labelled} with labels), ${run.payloads.source}, seed ${run.seed}, digest ${run.payloads.sha256.slice(0, 12)}`,
    ],
  ];
  if (run.generation !== undefined && run.generation !== null)
    rows.push(['model', generation(run.generation)]);
  for (const variant of presentVariants(run.variants)) {
    const server = run.variants[variant];
    const summary = variants[variant];
    if (server === undefined) continue;
    const size =
      summary === undefined
        ? 'nothing measured'
        : `${integer(summary.requests)} measured requests, ${integer(summary.ok)} valid answers (${integer(summary.warm_up)} of the warm-up left out)`;
    rows.push([
      variant,
      `${server.label === variant ? '' : `${server.label}, `}${server.url}${server.stand_in ? " (the suite's stand-in)" : ''}: ${size}`,
    ]);
  }
  rows.push(
    [
      'machine',
      `${run.machine.cpus} x ${run.machine.cpu_model}, ${(run.machine.memory_bytes / 2 ** 30).toFixed(0)} GiB, ${run.machine.os}`,
    ],
    ['versions', `suite ${run.versions.suite}, ${run.versions.k6}, Node ${run.versions.node}`],
  );
  return { id: 'setup', title: 'Setup', head: ['what', 'value'], rows, detail: true };
}

function latency(comparison: Comparison): Section {
  const rows = figures(comparison, [
    ...trendRows('request_duration', ['mean', 'p50', 'p95', 'p99', 'max']),
    ...(['ttft', 'answer_ttft', 'tpot', 'itl', 'e2e'] as const).flatMap((name) =>
      trendRows(name, ['p50', 'p95', 'p99']),
    ),
  ]);
  const infinite = presentVariants(comparison.variants).flatMap((variant) => {
    const with_failures = comparison.variants[variant]?.with_failures;
    if (with_failures === undefined || with_failures === null) return [];
    const shown = (value: number | 'inf'): string => (value === 'inf' ? 'infinite' : ms(value));
    return [
      `${variant} with failures as infinitely slow: p50 ${shown(with_failures.p50)}, p95 ${shown(with_failures.p95)}, p99 ${shown(with_failures.p99)}`,
    ];
  });
  return {
    id: 'latency',
    title: 'Latency',
    head: heads(comparison, 'figure'),
    rows,
    ...(infinite.length > 0 ? { note: infinite.join('; ') } : {}),
  };
}

function errorRows(comparison: Comparison): string[][] {
  const kinds = new Map<string, Map<Variant, number>>();
  for (const variant of presentVariants(comparison.variants)) {
    for (const { kind, status, count } of comparison.variants[variant]?.errors ?? []) {
      const name = kind === 'status' && status !== null ? `HTTP ${status}` : kind.replaceAll('_', ' ');
      const counts = kinds.get(name) ?? new Map<Variant, number>();
      counts.set(variant, (counts.get(variant) ?? 0) + count);
      kinds.set(name, counts);
    }
  }
  return [...kinds].map(([name, counts]) => [
    name,
    ...presentVariants(comparison.variants).map((variant) => integer(counts.get(variant) ?? 0)),
    ...(presentVariants(comparison.variants).length === 2 ? [''] : []),
  ]);
}

function accuracyRows(comparison: Comparison): string[][] {
  const of =
    (pick: (summary: VariantSummary) => AccuracySummary | null): Row['1'] =>
    (summary) =>
      pick(summary)?.share;
  const correction = (summary: VariantSummary): AccuracySummary | null => summary.accuracy.correction;
  const translation = (summary: VariantSummary): AccuracySummary | null => summary.accuracy.translation;
  return figures(comparison, [
    ['correction', of(correction), (value) => percent(value, 1), 'points'],
    ['translation', of(translation), (value) => percent(value, 1), 'points'],
    ['distinct payloads', (summary) => (correction(summary) ?? translation(summary))?.payloads, integer],
    ['scored answers', (summary) => (correction(summary) ?? translation(summary))?.answers, integer],
  ]);
}

function stageRows(comparison: Comparison): string[][] {
  const names = new Set(
    presentVariants(comparison.variants).flatMap(
      (variant) => comparison.variants[variant]?.stages.map(({ stage }) => stage) ?? [],
    ),
  );
  return [...names].flatMap((name) =>
    figures(
      comparison,
      (['p50', 'p95'] as const).map((statistic): Row => [
        `${name} ${statistic}`,
        (summary) => summary.stages.find(({ stage }) => stage === name)?.[statistic],
        ms,
        'ratio',
      ]),
    ),
  );
}

const TRUST_LABELS: Readonly<Record<Comparison['trust'][number]['name'], string>> = {
  lost_requests: 'requests started but never finished',
  unrecorded_requests: "requests that k6 counted and the log doesn't hold",
  failed_iterations: 'iterations that ended before a request',
  torn_lines: 'lines of the log that cannot be read',
  k6_p95_gap: "gap between k6's p95 and ours",
  cpu: "seconds with the load machine's CPUs full",
  probe_delay: 'our own delay under load (probe, p95 above idle)',
  probe_samples: "share of the probe's requests sent",
  late_starts: 'lateness of starts (p99)',
};

function trust(comparison: Comparison): Section {
  const show = (value: number, unit: string): string =>
    unit === 'share' ? percent(value, 1) : unit === 'ms' ? ms(value) : integer(value);
  return {
    id: 'trust',
    title: 'Trust',
    head: ['', 'what', 'variant', 'figure', 'limit'],
    rows: comparison.trust.map(({ name, variant, figure, limit, unit, ok }) => [
      ok ? '✅' : '❌',
      TRUST_LABELS[name],
      variant ?? '',
      show(figure, unit),
      `${name === 'probe_samples' ? 'at least' : 'at most'} ${show(limit, unit)}`,
    ]),
    detail: true,
  };
}

/** Figures over all steps of a ramp together, which say nothing. */
const POOLED: readonly string[] = ['latency', 'tokens', 'throughput', 'goodput', 'stages', 'little'];

/** How many requests met the objective, whatever else is judged; null where the tokens' section has it. */
function goodput(comparison: Comparison): Section | null {
  const told = comparison.run.generation?.slo ?? null;
  if (told !== null) return null;
  return {
    id: 'goodput',
    title: 'Goodput',
    head: heads(comparison, 'figure'),
    rows: figures(comparison, [
      [
        'requests that met the objective',
        (summary) => summary.goodput?.share,
        (value) => percent(value, 1),
        'points',
      ],
      ['good answers/s', (summary) => summary.goodput?.per_s, (value) => value.toFixed(2), 'ratio'],
    ]),
    note: "of all requests sent; the objective is --slo, else the job's latency limits taken for each request",
    detail: true,
  };
}

/** How the load came, for the setup. */
function loadText({ run, capacity }: Comparison): string {
  if (capacity !== undefined && capacity !== null)
    return `steps of ${presentVariants(capacity)
      .map((variant) => capacity[variant]?.unit)
      .at(0)}, ${run.arrival ?? 'closed'}`;
  if (run.arrival === undefined || run.arrival === 'closed')
    return `${run.clients} clients each, closed loop`;
  return `open loop, ${run.arrival}${run.rate_per_s === null || run.rate_per_s === undefined ? '' : ` at ${run.rate_per_s} requests/s each`}`;
}

/** Everything in reading order; a section without rows is left out. */
export function sections(comparison: Comparison): Section[] {
  const two = presentVariants(comparison.variants).length === 2;
  const stage = comparison.slowest_stage;
  const cpqu = figures(comparison, [['cost per correct answer', (summary) => summary.cpqu, eur, 'ratio']]);
  const little = figures(comparison, [
    ['rate x mean time', (summary) => summary.little?.in_flight, (value) => value.toFixed(2)],
    ['clients', (summary) => summary.little?.clients, integer],
  ]);
  const ramp = comparison.capacity !== undefined && comparison.capacity !== null;
  const all: (Section | null)[] = [
    ...capacitySections(comparison),
    gatesSection(comparison),
    limitsSection(comparison),
    setup(comparison),
    byPrompt(comparison),
    driftSection(comparison),
    endpointsSection(comparison),
    goodput(comparison),
    latency(comparison),
    tokens(comparison),
    {
      id: 'throughput',
      title: 'Throughput',
      head: heads(comparison, 'figure'),
      rows: figures(comparison, [
        ['requests/s', (summary) => summary.throughput.requests_per_s, (value) => value.toFixed(2), 'ratio'],
        ['valid answers/s', (summary) => summary.throughput.ok_per_s, (value) => value.toFixed(2), 'ratio'],
      ]),
    },
    {
      id: 'errors',
      title: 'Errors',
      head: heads(comparison, 'kind'),
      rows: [
        ...figures(comparison, [
          [
            'error rate',
            (summary) => (summary.requests === 0 ? null : summary.failed / summary.requests),
            percent,
            'points',
          ],
        ]),
        ...errorRows(comparison),
      ],
    },
    {
      id: 'cost',
      title: 'Cost',
      head: heads(comparison, 'figure'),
      rows: figures(comparison, [
        ['mean a request', (summary) => summary.cost?.mean, eur, 'ratio'],
        ['total', (summary) => summary.cost?.total, eur, 'ratio'],
      ]),
    },
    {
      id: 'cpqu',
      title: 'CpQU: cost per quality unit',
      head: heads(comparison, 'figure'),
      rows: cpqu,
      note: 'total cost / number of correct answers; the deciding metric',
    },
    {
      id: 'accuracy',
      title: 'Accuracy against labels',
      head: heads(comparison, 'answer'),
      rows: accuracyRows(comparison),
    },
    {
      id: 'stages',
      title: 'Stages',
      head: heads(comparison, 'stage'),
      rows: stageRows(comparison),
      ...(stage === null
        ? {}
        : {
            note: `the tail differs most in ${stage.stage}: p95 ${ms(stage.baseline_p95_ms)} against ${ms(stage.shadow_p95_ms)}`,
          }),
    },
    {
      id: 'little',
      title: "Little's law",
      head: two ? [...heads(comparison, 'figure')] : heads(comparison, 'figure'),
      rows: little,
      note: 'in a closed loop both must agree: it checks our data, not the servers',
      detail: true,
    },
    ...inferenceSections(comparison),
    trust(comparison),
  ];
  return all.filter(
    (section): section is Section =>
      section !== null && section.rows.length > 0 && !(ramp && POOLED.includes(section.id)),
  );
}
