/** Comparisons to render: made up, but of one piece; typed, so that they follow the model. */
import type { Check, GateCheck, LimitCheck } from '../../domain/verdict/check.ts';
import type { Comparison, Histogram } from '../../domain/result/comparison.ts';
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import { finding } from '../../domain/verdict/findings.ts';
import type { TrendSummary, VariantSummary } from '../../domain/figures/summary.ts';
import { mapVariants, type Variant } from '../../domain/variants.ts';
import type { Series } from '../../domain/figures/series.ts';

export interface RenderCase {
  readonly comparison: Comparison;
  readonly series: Series | null;
}

const REQUESTS = 1800;
const BINS = 48;

/** Quantiles of a log-normal: z = 0, 1.2816, 1.6449, 2.3263. */
function trend(median: number, sigma: number, n = REQUESTS): TrendSummary {
  const at = (z: number): number => Number((median * Math.exp(sigma * z)).toPrecision(6));
  return {
    n,
    mean: at(sigma / 2),
    min: at(-3),
    p50: at(0),
    p90: at(1.2816),
    p95: at(1.6449),
    p99: at(2.3263),
    max: at(3.2),
  };
}

const STAGES = [
  ['tokenize', 0.01],
  ['prefill', 0.11],
  ['decode', 0.87],
  ['detokenize', 0.01],
] as const;

function summary(variant: Variant, median: number, right: number, cost: number): VariantSummary {
  const latency = trend(median, 0.3);
  const rate = 10_000 / latency.mean;
  return {
    variant,
    requests: REQUESTS,
    warm_up: 160,
    ok: REQUESTS,
    failed: 0,
    errors: [],
    trends: { request_duration: latency },
    with_failures: null,
    throughput: { requests_per_s: rate, ok_per_s: rate, window_s: 60 },
    cost: { n: REQUESTS, mean: cost, total: cost * REQUESTS },
    accuracy: {
      correction: { answers: REQUESTS, right: Math.round(right * REQUESTS), share: right, payloads: 251 },
      translation: { answers: REQUESTS, right: 1476, share: 0.82, payloads: 251 },
    },
    cpqu: cost / right,
    tokens: null,
    goodput: null,
    stages: STAGES.map(([stage, share]) => ({ stage, ...trend(median * share, 0.3) })),
    little: { in_flight: 9.97, clients: 10 },
  };
}

const baseline = summary('baseline', 300, 0.76, 0.00042);
const shadow = summary('shadow', 315, 0.91, 0.00045);

function limit(of: Partial<LimitCheck> & Pick<LimitCheck, 'variant' | 'value'>): LimitCheck {
  return {
    kind: 'limit',
    id: 'request_duration_p95',
    metric: 'request_duration',
    statistic: 'p95',
    op: '<',
    limit: 5000,
    unit: 'ms',
    interval: { low: (of.value ?? 0) * 0.95, high: (of.value ?? 0) * 1.06 },
    answer: 'pass',
    straddles: false,
    n: REQUESTS,
    ...of,
  };
}

const p99 = { kind: 'target', id: 'request_duration_p99', statistic: 'p99', limit: 7000 } as const;
const errors = {
  id: 'request_failed_rate',
  metric: 'request_failed',
  statistic: 'rate',
  limit: 0.01,
  unit: 'share',
  interval: { low: 0, high: 0.0021 },
} as const;

const limits: readonly LimitCheck[] = [
  limit({ variant: 'baseline', value: 491.4 }),
  limit({ variant: 'shadow', value: 516 }),
  limit({ ...errors, variant: 'baseline', value: 0 }),
  limit({ ...errors, variant: 'shadow', value: 0 }),
  limit({ ...p99, variant: 'baseline', value: 602.8 }),
  limit({ ...p99, variant: 'shadow', value: 632.9 }),
];

function gate(of: Partial<GateCheck> & Pick<GateCheck, 'id' | 'gate' | 'estimate' | 'interval'>): GateCheck {
  return {
    kind: 'gate',
    metric: 'request_duration',
    statistic: null,
    scale: 'ratio',
    better: 'lower',
    limit: 1.15,
    answer: 'pass',
    undecided: null,
    advisory: null,
    n: REQUESTS,
    n_of: 'requests',
    alpha: 0.025,
    baseline: null,
    shadow: null,
    ...of,
  };
}

const latencyGate = (
  statistic: 'p50' | 'p95' | 'p99',
  of: Partial<GateCheck> & Pick<GateCheck, 'estimate' | 'interval'>,
): GateCheck =>
  gate({
    id: `request_duration_${statistic}`,
    gate: 'latency',
    statistic,
    baseline: baseline.trends.request_duration?.[statistic] ?? null,
    shadow: shadow.trends.request_duration?.[statistic] ?? null,
    ...of,
  });

const gates: readonly GateCheck[] = [
  latencyGate('p95', { estimate: 1.05, interval: { low: 0.981, high: 1.118 } }),
  latencyGate('p50', { estimate: 1.05, interval: { low: 1.012, high: 1.089 } }),
  latencyGate('p99', {
    estimate: 1.05,
    interval: { low: 0.9, high: null },
    answer: 'inconclusive',
    undecided: { reason: 'need_more', more: 2400, minutes: 1.2 },
    advisory: { reason: 'too_few', needs: 2500, has: REQUESTS },
  }),
  gate({
    id: 'error_rate',
    gate: 'error_rate',
    metric: 'request_failed',
    scale: 'difference',
    limit: 0.01,
    estimate: 0,
    interval: { low: -0.0021, high: 0.0021 },
    baseline: 0,
    shadow: 0,
  }),
  gate({
    id: 'cpqu',
    gate: 'cpqu',
    metric: 'cpqu',
    limit: 1,
    estimate: 0.895,
    interval: { low: 0.84, high: 0.951 },
    n: 251,
    n_of: 'payloads',
    baseline: 0.000553,
    shadow: 0.000495,
  }),
  gate({
    id: 'accuracy_correction',
    gate: 'accuracy',
    metric: 'accuracy',
    statistic: 'correction',
    scale: 'difference',
    better: 'higher',
    limit: -0.02,
    estimate: 0.15,
    interval: { low: 0.102, high: 0.198 },
    n: 251,
    n_of: 'payloads',
    baseline: 0.76,
    shadow: 0.91,
  }),
  gate({
    id: 'throughput',
    gate: 'throughput',
    metric: 'throughput',
    better: 'higher',
    limit: 0.85,
    estimate: 0.953,
    interval: { low: 0.92, high: 0.985 },
    advisory: { reason: 'restates_latency' },
    n: 30,
    n_of: 'windows',
    baseline: 31.9,
    shadow: 30.3,
  }),
];

/** A log-normal's density over common bins; the last bin takes the rest, as in the model. */
function histogram(medians: Readonly<Partial<Record<Variant, number>>>): Histogram {
  const top = 760;
  const share = (median: number): number[] => {
    const density = Array.from({ length: BINS }, (_, i) => {
      const x = ((i + 0.5) * top) / BINS;
      return Math.exp(-0.5 * (Math.log(x / median) / 0.3) ** 2) / x;
    });
    const sum = density.reduce((a, b) => a + b, 0) / 0.996;
    return density.map((d, i) => Number((d / sum + (i === BINS - 1 ? 0.004 : 0)).toFixed(6)));
  };
  return {
    edges_ms: Array.from({ length: BINS + 1 }, (_, i) => Number(((i * top) / BINS).toFixed(3))),
    shares: mapVariants(medians, share),
  };
}

const pass: Comparison = {
  schema_version: 1,
  run: {
    run_id: '20261122-120000-shadow',
    job: 'shadow',
    status: 'complete',
    stopped: null,
    started_ms: Date.UTC(2026, 10, 22, 12),
    ended_ms: Date.UTC(2026, 10, 22, 12, 1, 12),
    clients: 10,
    duration_ms: 60_000,
    warm_up_ms: 5000,
    timeout_ms: 10_000,
    seed: 1,
    blocks: 1,
    order: 'parallel',
    looks: null,
    fallback: null,
    deployment_noise: null,
    payloads: { source: "the suite's own", count: 251, labelled: 251, sha256: '0123456789abcdef'.repeat(4) },
    versions: { suite: '0.1.0', k6: 'k6 v2.2.0', node: 'v20.20.0' },
    machine: { os: 'linux 6.1', arch: 'x64', cpu_model: 'Example CPU', cpus: 2, memory_bytes: 24 * 2 ** 30 },
    variants: {
      baseline: { label: 'grammar 1.4', url: 'http://127.0.0.1:8080', stand_in: false },
      shadow: { label: 'grammar 1.4 + adapter 7', url: 'http://127.0.0.1:8081', stand_in: false },
    },
  },
  variants: { baseline, shadow },
  checks: [...gates, ...limits],
  slowest_stage: { stage: 'decode', baseline_p95_ms: 427.5, shadow_p95_ms: 448.9 },
  histogram: histogram({ baseline: 300, shadow: 315 }),
  trust: [
    { name: 'torn_lines', variant: null, figure: 0, limit: 0, unit: 'lines', ok: true },
    { name: 'lost_requests', variant: 'baseline', figure: 0, limit: 0, unit: 'requests', ok: true },
    { name: 'cpu', variant: null, figure: 0.016, limit: 0.2, unit: 'share', ok: true },
    { name: 'probe_delay', variant: null, figure: 1.8, limit: 22.5, unit: 'ms', ok: true },
  ],
  findings: [
    finding('repeated_payloads', { answers: REQUESTS, payloads: 251 }, 'shadow'),
    finding('closed_loop_throughput'),
    finding('deployment_noise_unknown'),
  ],
  verdict: { word: 'pass', because: ['request_duration_p95'], rule: 'interval' },
  exit_code: EXIT.pass,
};

/** The checks with one gate answered otherwise. */
const withGate = (id: string, of: Partial<GateCheck>): readonly Check[] =>
  pass.checks.map((check) => (check.kind === 'gate' && check.id === id ? { ...check, ...of } : check));

const failing: VariantSummary = {
  ...summary('shadow', 420, 0.91, 0.00045),
  ok: 1766,
  failed: 34,
  errors: [
    { kind: 'status', status: 503, count: 29 },
    { kind: 'timeout', status: null, count: 5 },
  ],
  with_failures: { p50: 423, p95: 702.4, p99: 'inf' },
};

const fail: Comparison = {
  ...pass,
  variants: { baseline, shadow: failing },
  checks: withGate('request_duration_p95', {
    estimate: 1.4,
    interval: { low: 1.31, high: 1.49 },
    answer: 'fail',
    shadow: 688,
  }).map((check) =>
    check.kind === 'limit' && check.metric === 'request_failed' && check.variant === 'shadow'
      ? { ...check, value: 34 / REQUESTS, interval: { low: 0.0131, high: 0.0263 }, answer: 'fail' }
      : check,
  ),
  histogram: histogram({ baseline: 300, shadow: 420 }),
  findings: [...pass.findings, finding('failures_left_out', { failed: 34, requests: REQUESTS }, 'shadow')],
  verdict: { word: 'fail', because: ['request_failed_rate', 'request_duration_p95'], rule: 'interval' },
  exit_code: EXIT.threshold_failed,
};

const inconclusive: Comparison = {
  ...pass,
  checks: withGate('request_duration_p95', {
    estimate: 1.09,
    interval: { low: 0.99, high: 1.19 },
    answer: 'inconclusive',
    undecided: { reason: 'need_more', more: 4100, minutes: 2.3 },
  }),
  verdict: { word: 'inconclusive', because: ['request_duration_p95'], rule: 'interval' },
  exit_code: EXIT.inconclusive,
};

const invalid: Comparison = {
  ...pass,
  trust: [
    ...pass.trust.filter(({ name }) => name !== 'cpu' && name !== 'probe_delay'),
    { name: 'cpu', variant: null, figure: 0.91, limit: 0.2, unit: 'share', ok: false },
    { name: 'probe_delay', variant: null, figure: 84, limit: 22.5, unit: 'ms', ok: false },
  ],
  findings: [
    finding('cpu_saturated', { full_share: 0.91, mean_share: 0.97, cpus: 2, fits: 7 }),
    finding('probe_delay', { delay_ms: 84, limit_ms: 22.5, floor_ms: 0.4, fits: 2 }),
    ...pass.findings,
  ],
  verdict: { word: 'invalid', because: ['cpu_saturated', 'probe_delay'], rule: 'interval' },
  exit_code: EXIT.invalid,
};

const oneVariant: Comparison = {
  ...pass,
  run: {
    ...pass.run,
    run_id: '20261122-120000-baseline',
    job: 'baseline',
    variants: { baseline: { label: 'baseline', url: 'http://127.0.0.1:8080', stand_in: true } },
  },
  variants: { baseline },
  checks: limits.filter(({ variant }) => variant === 'baseline'),
  slowest_stage: null,
  histogram: histogram({ baseline: 300 }),
  findings: [finding('repeated_payloads', { answers: REQUESTS, payloads: 251 }, 'baseline')],
  verdict: { word: 'pass', because: ['request_duration_p95', 'request_failed_rate'], rule: 'interval' },
};

/** Each piece would be run, believed or followed somewhere by a careless renderer. */
export const HOSTILE = {
  script: '</script><script>alert(1)</script>',
  attribute: '" onmouseover="alert(2)" x="',
  image: '<img src=https://evil.example/x.png onerror=alert(3)>',
  formula: "=cmd|' /C calc'!A0",
  plus: '+1+1',
  ansi: '\u001B[31mred\u001B[0m\u0007',
  bidi: 'abc\u202Egpj.exe',
  markdown: '| a | b | [x](javascript:alert(4)) `code` **bold** @team',
  xml: ']]>&amp;<!-- \u0000\uFFFE',
  css: '</style><style>body{display:none}</style>',
} as const;

const hostileStages = Object.values(HOSTILE).map((stage, i) => ({ stage, ...trend(5 + 10 * i, 0.3) }));

const hostile: Comparison = {
  ...fail,
  run: {
    ...pass.run,
    run_id: HOSTILE.css,
    job: HOSTILE.attribute,
    payloads: { ...pass.run.payloads, source: HOSTILE.formula },
    machine: { ...pass.run.machine, cpu_model: HOSTILE.image, os: HOSTILE.ansi },
    variants: {
      baseline: { label: HOSTILE.script, url: HOSTILE.plus, stand_in: false },
      shadow: { label: HOSTILE.formula, url: HOSTILE.bidi, stand_in: false },
    },
  },
  variants: {
    baseline: { ...baseline, stages: hostileStages },
    shadow: { ...failing, stages: hostileStages.toReversed() },
  },
  slowest_stage: { stage: HOSTILE.markdown, baseline_p95_ms: 1, shadow_p95_ms: 2 },
  findings: [
    finding('torn_lines', { count: 3, line: 17, problem: HOSTILE.script + HOSTILE.xml }),
    finding('undeclared_difference', {
      what: HOSTILE.markdown,
      baseline: HOSTILE.ansi,
      shadow: HOSTILE.formula,
    }),
    finding('same_server', { how: HOSTILE.attribute }),
  ],
  verdict: { word: 'invalid', because: ['torn_lines'], rule: 'interval' },
  exit_code: EXIT.invalid,
};

/** Waves instead of noise: the same picture each time. */
function series(medians: Readonly<Partial<Record<Variant, number>>>): Series {
  const t_s = Array.from({ length: 30 }, (_, i) => 2 * i + 1);
  const wave = (level: number, depth: number, phase: number): number[] =>
    t_s.map((t) => Number((level * (1 + depth * Math.sin(t / 5 + phase))).toPrecision(6)));
  return {
    t_s,
    variants: mapVariants(medians, (median, variant) => {
      const phase = variant === 'baseline' ? 0 : 2;
      return {
        p50_ms: wave(median, 0.06, phase),
        p95_ms: wave(median * 1.63, 0.1, phase + 1),
        requests_per_s: wave(10_000 / median, 0.04, phase),
        failed: t_s.map(() => 0),
        cost_eur: wave(variant === 'baseline' ? 0.00042 : 0.00045, 0.03, phase).map((cost, i) =>
          i === 20 ? null : cost,
        ),
      };
    }),
  };
}

export const CASES = {
  pass: { comparison: pass, series: series({ baseline: 300, shadow: 315 }) },
  fail: { comparison: fail, series: series({ baseline: 300, shadow: 420 }) },
  inconclusive: { comparison: inconclusive, series: null },
  invalid: { comparison: invalid, series: null },
  'one-variant': { comparison: oneVariant, series: series({ baseline: 300 }) },
  hostile: { comparison: hostile, series: null },
} as const satisfies Readonly<Record<string, RenderCase>>;

export type CaseName = keyof typeof CASES;
export const CASE_NAMES: readonly CaseName[] = [
  'pass',
  'fail',
  'inconclusive',
  'invalid',
  'one-variant',
  'hostile',
];
