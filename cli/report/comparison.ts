/** A run's comparison as a report: its tables, checks and pictures. */
import { formatDuration } from '../../domain/text/units.ts';
import { METRICS, type TrendName } from '../../domain/record/metrics.ts';
import { PROTOCOLS } from '../../domain/protocols/index.ts';
import type { Spread } from '../../domain/figures/by-prompt.ts';
import type { Series } from '../../domain/figures/series.ts';
import { formatSlo } from '../../domain/figures/slo.ts';
import type { AccuracySummary, TrendSummary, VariantSummary } from '../../domain/figures/summary.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { BASELINE, candidatesOf, presentVariants } from '../../domain/variants.ts';
import { lowerIsBetter } from '../../domain/verdict/check.ts';
import type { FailOn } from '../../domain/verdict/decide.ts';
import { gatesSection, judgedChecks, limitsSection } from './check-sections.ts';
import { capacityFigure, capacitySections, driftSection, endpointsSection } from './capacity.ts';
import { figureRows, variantColumns } from './figure-rows.ts';
import { EUR, MISSING, instant, integer, money, ms, percent, quantity } from './format.ts';
import { charts } from './html/charts.ts';
import { stageBars } from './html/stages.ts';
import { inferenceSections, loadInWords } from './inference.ts';
import { asJson, withoutPasses, type Report } from './report.ts';
import type { Section } from './section.ts';
import { variantTable, type Row } from './variant-table.ts';
import { MARKS } from './words/marks.ts';
import { capital, comparisonSentence } from './words/verdict.ts';

function trendRows(name: TrendName, statistics: readonly (keyof TrendSummary)[]): Row[] {
  const { label, unit } = METRICS[name];
  return statistics.map((statistic): Row => [
    `${label} ${statistic}`,
    (summary) => summary.trends[name]?.[statistic],
    (value) => quantity(value, unit),
    'ratio',
  ]);
}

function generation(of: NonNullable<Comparison['run']['generation']>): string {
  const models = presentVariants(of.models).map((variant) => of.models[variant]);
  return [
    [...new Set(models)].join(' against '),
    PROTOCOLS[of.api].label,
    of.streamed ? 'streamed' : 'whole answers',
    `${of.forced ? 'exactly' : 'at most'} ${of.max_tokens} tokens`,
    `temperature ${of.temperature}`,
    ...(of.unique_prefix ? ['a unique prefix a request'] : []),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function tokens(comparison: Comparison): Section {
  const slo = comparison.run.generation?.slo ?? null;
  const rate = (value: number): string => quantity(value, 'tokens/s');
  return {
    id: 'tokens',
    title: 'Tokens',
    ...variantTable(comparison, 'figure', [
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
  const figures = variantTable(comparison, 'figure', [
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
    ...figures,
    ...(infinite.length > 0 ? { note: infinite.join('; ') } : {}),
  };
}

/** A row a kind of failure that any variant has. */
function errorRows({ variants }: Comparison): Row[] {
  const nameOf = ({ kind, status }: VariantSummary['errors'][number]): string =>
    kind === 'status' && status !== null ? `HTTP ${status}` : kind.replaceAll('_', ' ');
  const names = new Set(presentVariants(variants).flatMap((one) => variants[one]?.errors.map(nameOf) ?? []));
  return [...names].map((name) => [
    name,
    ({ errors }) => errors.reduce((sum, one) => (nameOf(one) === name ? sum + one.count : sum), 0),
    integer,
  ]);
}

/** By correction and translation where a JSON service has them, and by every other metric that answers were scored by. */
function accuracyRows({ variants }: Comparison): Row[] {
  const metrics = new Set(
    presentVariants(variants).flatMap(
      (variant) => variants[variant]?.quality?.map(({ metric }) => metric) ?? [],
    ),
  );
  const by = (metric: string) => (summary: VariantSummary) =>
    summary.quality?.find((one) => one.metric === metric && one.undecided === null);
  const others = [...metrics].filter((metric) => metric !== 'correction' && metric !== 'translation');
  const [first = ''] = others;
  const of =
    (pick: (summary: VariantSummary) => AccuracySummary | null): Row['1'] =>
    (summary) =>
      pick(summary)?.share;
  const correction = (summary: VariantSummary): AccuracySummary | null => summary.accuracy.correction;
  const translation = (summary: VariantSummary): AccuracySummary | null => summary.accuracy.translation;
  const scoredBy = (summary: VariantSummary): AccuracySummary | undefined =>
    correction(summary) ?? translation(summary) ?? by(first)(summary);
  return [
    ['correction', of(correction), (value) => percent(value, 1), 'points'],
    ['translation', of(translation), (value) => percent(value, 1), 'points'],
    ...others.map((metric): Row => [
      metric,
      (summary) => by(metric)(summary)?.share,
      (value) => percent(value, 1),
      'points',
    ]),
    ['distinct payloads', (summary) => scoredBy(summary)?.payloads, integer],
    ['scored answers', (summary) => scoredBy(summary)?.answers, integer],
  ];
}

function stageRows({ variants }: Comparison): Row[] {
  const names = new Set(
    presentVariants(variants).flatMap((variant) => variants[variant]?.stages.map(({ stage }) => stage) ?? []),
  );
  return [...names].flatMap((name) =>
    (['p50', 'p95'] as const).map((statistic): Row => [
      `${name} ${statistic}`,
      (summary) => summary.stages.find(({ stage }) => stage === name)?.[statistic],
      ms,
      'ratio',
    ]),
  );
}

/** Of each candidate, where its tail differs most from the baseline's. */
function slowest({ slowest_stage }: Comparison): string {
  const candidates = candidatesOf(slowest_stage);
  return candidates
    .flatMap((candidate) => {
      const one = slowest_stage[candidate];
      if (one === undefined) return [];
      const whose = candidates.length > 1 ? `the ${candidate}'s tail` : 'the tail';
      return [
        `${whose} differs most in ${one.stage}: p95 ${ms(one.baseline_p95_ms)} against ${ms(one.candidate_p95_ms)}`,
      ];
    })
    .join('; ');
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
  cpu_samples: "seconds in which the load machine's CPU was seen",
  burst_spread: "from the burst's first start to its last",
};

function trust(comparison: Comparison): Section {
  const show = (value: number, unit: string): string =>
    unit === 'share' ? percent(value, 1) : unit === 'ms' ? ms(value) : integer(value);
  return {
    id: 'trust',
    title: 'Trust',
    head: ['', 'what', 'variant', 'figure', 'limit'],
    rows: comparison.trust.map(({ name, variant, figure, op, limit, unit, ok }) => [
      ok ? MARKS.pass : MARKS.fail,
      TRUST_LABELS[name],
      variant ?? '',
      show(figure, unit),
      `${lowerIsBetter(op) ? 'at most' : 'at least'} ${show(limit, unit)}`,
    ]),
    detail: true,
    wide: true,
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
    ...variantTable(comparison, 'figure', [
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
function sections(comparison: Comparison): Section[] {
  const stage = slowest(comparison);
  const ramp = comparison.capacity !== undefined && comparison.capacity !== null;
  const currency = comparison.currency ?? EUR;
  const amount = (value: number): string => money(value, currency);
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
      ...variantTable(comparison, 'figure', [
        ['requests/s', (summary) => summary.throughput.requests_per_s, (value) => value.toFixed(2), 'ratio'],
        ['valid answers/s', (summary) => summary.throughput.ok_per_s, (value) => value.toFixed(2), 'ratio'],
      ]),
    },
    {
      id: 'errors',
      title: 'Errors',
      ...variantTable(comparison, 'kind', [
        [
          'error rate',
          (summary) => (summary.requests === 0 ? null : summary.failed / summary.requests),
          percent,
          'points',
        ],
        ...errorRows(comparison),
      ]),
    },
    {
      id: 'cost',
      title: 'Cost',
      ...variantTable(comparison, 'figure', [
        ['mean a request', (summary) => summary.cost?.mean, amount, 'ratio'],
        ['total', (summary) => summary.cost?.total, amount, 'ratio'],
      ]),
    },
    {
      id: 'cpqu',
      title: 'CpQU: cost per quality unit',
      ...variantTable(comparison, 'figure', [
        ['cost per correct answer', (summary) => summary.cpqu, amount, 'ratio'],
      ]),
      note: 'total cost / number of correct answers; the deciding metric',
    },
    {
      id: 'accuracy',
      title: 'Accuracy against labels',
      ...variantTable(comparison, 'answer', accuracyRows(comparison)),
    },
    {
      id: 'stages',
      title: 'Stages',
      ...variantTable(comparison, 'stage', stageRows(comparison)),
      ...(stage === '' ? {} : { note: stage }),
    },
    {
      id: 'little',
      title: "Little's law",
      ...variantTable(comparison, 'figure', [
        ['rate x mean time', (summary) => summary.little?.in_flight, (value) => value.toFixed(2)],
        ['clients', (summary) => summary.little?.clients, integer],
      ]),
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

/** The runs' own closing line. */
const CLOSING =
  'The suite reports a verdict; it promotes nothing. Percentiles are recomputed from `requests.jsonl` (type 7, as k6).';

/** @param series figures over time, where there are any */
export function comparisonReport(comparison: Comparison, series: Series | null, fail_on: FailOn): Report {
  const { run, variants, verdict } = comparison;
  const present = presentVariants(run.variants);
  const candidates = candidatesOf(variants);
  const shown = sections(comparison);
  const drawn = (svg: string): Report['figures'] => (svg === '' ? [] : [{ svg }]);
  return {
    name: run.job,
    run_id: run.run_id,
    word: verdict.word,
    title:
      candidates.length === 0 ? capital(BASELINE) : `${capital(candidates.join(', '))} against ${BASELINE}`,
    sentence: comparisonSentence(comparison),
    started_ms: run.started_ms,
    ended_ms: run.ended_ms,
    checks: judgedChecks(comparison),
    findings: comparison.findings,
    properties: {
      run_id: run.run_id,
      verdict: verdict.word,
      ...Object.fromEntries(present.map((variant) => [variant, run.variants[variant]?.label ?? variant])),
    },
    sides: present.map((variant) => ({
      variant,
      label: run.variants[variant]?.label ?? variant,
      requests: variants[variant]?.requests ?? 0,
    })),
    facts: [
      instant(run.started_ms),
      ...(comparison.capacity === undefined || comparison.capacity === null
        ? [`${run.clients} clients${present.length > 1 ? ' each' : ''}, ${formatDuration(run.duration_ms)}`]
        : [`${run.blocks} steps`]),
      ...(run.status === 'complete' ? [] : [run.status]),
      run.run_id,
    ],
    sections: verdict.word === 'invalid' ? withoutPasses(shown) : shown,
    figures: [
      ...drawn(capacityFigure(comparison)),
      ...charts(comparison, series),
      ...drawn(stageBars(comparison)),
    ],
    columns: variantColumns(comparison),
    rows: figureRows(comparison),
    parts: [],
    not_run: [],
    unseen: [],
    closing: CLOSING,
    json: asJson(comparison),
    exit_code: comparison.exit_code,
    fail_on,
  };
}
