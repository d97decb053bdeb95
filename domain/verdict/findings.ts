/**
 * What a reader must know beside the figures, in every job. A finding is data: a code and its arguments, whose names and
 * kinds the table states once, so that a renamed argument compiles nowhere. `cli/report/words` has the one sentence of each.
 */
import type { Variant } from '../variants.ts';

/**
 * invalid: the measurement can't be trusted, so there is no verdict. fail: a fault of what was tested, which fails it.
 * open: what fails stands, but nothing may pass beside it. warning: the verdict stands, but its reader should think. note: for the record.
 */
export const SEVERITIES = ['invalid', 'fail', 'open', 'warning', 'note'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** An argument's kind; with a question mark it may be left out. Text may be a server's own words: untrusted. */
type Kind = 'number' | 'text' | 'number?' | 'text?';
type Kinds = Readonly<Record<string, Kind>>;
type ValueOf<K extends Kind> = K extends 'number' | 'number?' ? number : string;
type Optional<K extends Kinds> = { [N in keyof K]: K[N] extends `${string}?` ? N : never }[keyof K];
type ArgsFrom<K extends Kinds> = { readonly [N in Exclude<keyof K, Optional<K>>]: ValueOf<K[N]> } & {
  readonly [N in Optional<K>]?: ValueOf<K[N]>;
};

/** The part of a report that a finding belongs to. */
export const TOPICS = [
  'gates',
  'limits',
  'latency',
  'throughput',
  'capacity',
  'drift',
  'errors',
  'cost',
  'accuracy',
  'little',
  'trust',
  'server',
  'setup',
] as const;
export type Topic = (typeof TOPICS)[number];

interface Row<K extends Kinds> {
  readonly topic: Topic;
  readonly severity: Severity;
  readonly args: K;
}

const row = <const K extends Kinds>(topic: Topic, severity: Severity, args: K): Row<K> => ({
  topic,
  severity,
  args,
});
/** Of a finding that needs no arguments. */
const plain = (topic: Topic, severity: Severity) => row(topic, severity, {});

/** Whether what was measured can be trusted: the counts, the load machine, the servers' lives. */
const EVIDENCE = {
  lost_requests: row('trust', 'invalid', { lost: 'number', started: 'number', finished: 'number' }),
  unrecorded_requests: row('trust', 'invalid', { finished: 'number', recorded: 'number', bad: 'number?' }),
  torn_lines: row('trust', 'invalid', { count: 'number', line: 'number', problem: 'text' }),
  iterations_failed: row('trust', 'invalid', { broken: 'number', iterations: 'number' }),
  k6_disagrees: row('trust', 'invalid', { k6_p95_ms: 'number', log_p95_ms: 'number' }),
  k6_threshold_disagrees: row('trust', 'invalid', { metric: 'text', expression: 'text' }),
  no_summary: row('trust', 'invalid', { blocks: 'number', summaries: 'number' }),
  cpu_saturated: row('trust', 'invalid', {
    full_share: 'number',
    mean_share: 'number',
    cpus: 'number',
    /** Cores in use by k6, by servers that the suite started, and by others; absent where nobody looked. */
    k6_cores: 'number?',
    servers_cores: 'number?',
    others_cores: 'number?',
    /** Clients that may fit; absent where clients are not the cause. */
    fits: 'number?',
  }),
  evidence_missing: row('trust', 'invalid', { what: 'text', seen: 'number', planned: 'number' }),
  evidence_garbled: row('trust', 'invalid', { what: 'text', lines: 'number', problem: 'text' }),
  not_watched: row('trust', 'warning', { what: 'text', seen: 'number', planned: 'number' }),
  probe_delay: row('trust', 'invalid', {
    delay_ms: 'number',
    limit_ms: 'number',
    floor_ms: 'number',
    fits: 'number?',
  }),
  probe_starved: row('trust', 'invalid', { share: 'number' }),
  probe_failed_often: row('trust', 'invalid', { failed: 'number', probes: 'number', problem: 'text' }),
  late_starts: row('trust', 'invalid', { late_ms: 'number', limit_ms: 'number' }),
  burst_spread: row('trust', 'invalid', { spread_ms: 'number', limit_ms: 'number' }),
  baseline_gone: row('errors', 'invalid', { after_s: 'number' }),
  server_restarted: plain('errors', 'invalid'),
  no_answers: row('errors', 'invalid', { requests: 'number', failures: 'text?' }),
  rate_not_sent: row('trust', 'invalid', { after_s: 'number' }),
  machine_spoilt_all: row('trust', 'invalid', { steps: 'number' }),
  lengths_differ: row('trust', 'invalid', { baseline: 'text', candidate: 'text' }),
  not_computed: row('gates', 'warning', { what: 'text', problem: 'text' }),
} as const;

/** What happened to a run, and what its figures call for. */
const RUN = {
  server_gone: row('errors', 'fail', { after_s: 'number' }),
  same_server: row('setup', 'warning', { how: 'text' }),
  interrupted: row('setup', 'warning', { after_s: 'number?' }),
  stopped_for_cost: row('setup', 'warning', { after_s: 'number' }),
  k6_failed: row('trust', 'warning', { after_s: 'number' }),
  gate_left_out: row('gates', 'note', { gate: 'text', cure: 'text' }),
  judge_disagrees: row('accuracy', 'warning', { disagreed: 'number', repeated: 'number', model: 'text' }),
  answers_differ: row('accuracy', 'note', { between: 'number', within: 'number?', payloads: 'number' }),
  missing_cost: row('cost', 'warning', { missing: 'number', answers: 'number' }),
  little_gap: row('little', 'warning', { in_flight: 'number', clients: 'number' }),
  cpu_busy: row('trust', 'warning', { mean_share: 'number' }),
  undeclared_difference: row('setup', 'warning', { what: 'text', baseline: 'text', candidate: 'text' }),
  payloads_differ: row('trust', 'invalid', { baseline: 'number', candidate: 'number' }),
  requests_unsent: row('setup', 'warning', { unsent: 'number', planned: 'number' }),
  metrics_vanished: row('server', 'warning', { names: 'text' }),
  metrics_absent: row('server', 'note', { names: 'text' }),
  drift: row('drift', 'warning', {
    what: 'text',
    unit: 'text',
    level: 'number',
    growth: 'number',
    low: 'number',
    high: 'number',
  }),
  repeats_differ: row('latency', 'open', { baseline: 'number', candidate: 'number', payloads: 'number' }),
  gates_only_inform: row('gates', 'open', { latency: 'number', gates: 'number', needs: 'number?' }),
  clients_differ: row('latency', 'warning', { clients: 'number' }),
  open_loop_throughput: plain('throughput', 'note'),
  closed_loop_throughput: plain('throughput', 'note'),
  declared_aa: plain('setup', 'note'),
  point_rule: plain('gates', 'note'),
  short_run: row('setup', 'note', { requests: 'number?', probes: 'number?' }),
  repeated_payloads: row('accuracy', 'note', { answers: 'number', payloads: 'number' }),
  few_payloads: row('accuracy', 'note', { has: 'number', needs: 'number' }),
  deployment_noise_unknown: plain('gates', 'note'),
  failures_left_out: row('latency', 'note', { failed: 'number', requests: 'number' }),
  interval_straddles_limit: row('limits', 'note', { check: 'text' }),
  fallback: row('setup', 'note', { from: 'number', to: 'number', run: 'text' }),
} as const;

/** Answers of language models. */
const MODEL = {
  output_length_differs: row('latency', 'warning', { ratio: 'number' }),
  prefix_cache: row('latency', 'warning', { times: 'number', cached_share: 'number?' }),
  tokens_estimated: row('latency', 'note', { estimated: 'number', answers: 'number' }),
  /** Shares of answers that ended in one way. */
  finish_differs: row('errors', 'warning', { finish: 'text', baseline: 'number', candidate: 'number' }),
  content_filtered: row('errors', 'warning', { count: 'number', answers: 'number' }),
  several_models: row('setup', 'warning', { models: 'text' }),
  other_model: row('setup', 'note', { asked: 'text', answered: 'text' }),
  old_answers: row('latency', 'warning', { repeated: 'number', answers: 'number' }),
  cached_answers: row('latency', 'warning', { count: 'number', answers: 'number' }),
  gateway_tried_again: row('latency', 'warning', { sign: 'text', count: 'number', answers: 'number' }),
  comes_whole: row('latency', 'warning', { whole: 'number', answers: 'number', one_event: 'number' }),
  /** Token events a read. */
  buffered: row('latency', 'warning', { events: 'number' }),
  held_back: row('latency', 'warning', { events: 'number' }),
  prompt_tokens_differ: row('latency', 'warning', {
    payloads: 'number',
    differ: 'number',
    baseline: 'number',
    candidate: 'number',
    cause: 'text',
  }),
  prompts_cut: row('latency', 'warning', { tokens: 'number', payloads: 'text' }),
  /** Shares of answers whose tokens the server counted. */
  token_sources_differ: row('latency', 'warning', { baseline: 'number', candidate: 'number' }),
  resent: row('errors', 'warning', { count: 'number', requests: 'number' }),
  hidden_tokens: row('latency', 'note', { mean: 'number' }),
  tokens_per_event: row('latency', 'note', { tokens: 'number' }),
  odd_answers: row('errors', 'note', { oddity: 'text', count: 'number', answers: 'number' }),
} as const;

/** What a ramp found out. */
const CAPACITY = {
  capacity_unknown: row('capacity', 'warning', { steps: 'number' }),
  capacity_unsure: row('capacity', 'note', { load: 'number', unit: 'text' }),
  capacity_beyond: row('capacity', 'note', { load: 'number', unit: 'text' }),
  machine_gave_out: row('capacity', 'warning', { load: 'number', unit: 'text' }),
} as const;

/** A gateway's bugs, each by its name, and what a reader of its report must know beside. */
const GATEWAY = {
  blocking_call: row('errors', 'fail', { users: 'number', at_work: 'number', peak: 'number?' }),
  too_few_workers: row('errors', 'fail', { users: 'number', at_work: 'number' }),
  context_leak: row('errors', 'fail', { wrong: 'number', answers: 'number' }),
  crossed_answers: row('errors', 'fail', { crossed: 'number', answers: 'number' }),
  lm_asked_for_other_models: plain('errors', 'fail'),
  torn_log: row('errors', 'fail', { lines: 'number' }),
  lost_log: row('errors', 'fail', { lost: 'number', requests: 'number' }),
  doubled_log: row('errors', 'fail', { doubled: 'number' }),
  log_bad_fields: row('errors', 'fail', { lines: 'number' }),
  log_without_request: row('errors', 'fail', { lines: 'number', run: 'text' }),
  log_disagrees: row('errors', 'fail', { lines: 'number' }),
  bad_input_accepted: row('errors', 'fail', { accepted: 'number', sent: 'number' }),
  html_error: row('errors', 'fail', { requests: 'number', all: 'number' }),
  hang_on_error: row('errors', 'fail', { requests: 'number', all: 'number', timeout_ms: 'number' }),
  crash_on_error: row('errors', 'fail', { how: 'text', dropped: 'number' }),
  wrong_answer_in_storm: row('errors', 'fail', { requests: 'number', all: 'number' }),
  memory_leak: row('errors', 'fail', { value: 'number', limit: 'number' }),
  not_normal_again: plain('errors', 'fail'),
  instant_429: row('errors', 'fail', {
    early: 'number',
    requests: 'number',
    after_ms: 'number',
    queue_timeout_ms: 'number',
  }),
  no_limit_in_force: row('errors', 'fail', {
    burst: 'number',
    slowest_ms: 'number',
    limit: 'number',
    peak: 'number?',
  }),
  limit_exceeded: row('errors', 'fail', { peak: 'number', limit: 'number' }),
  limit_never_released: row('errors', 'fail', { tried: 'number', for_ms: 'number' }),
  queue_timeout_ignored: row('errors', 'fail', { longest_ms: 'number', queue_timeout_ms: 'number' }),
  probe_behind_queue: row('errors', 'fail', { figure: 'text', value: 'number?', limit: 'number' }),
  probe_failed: row('errors', 'fail', { failed: 'number', asked: 'number' }),
  probes_alike: plain('errors', 'fail'),
  ready_always_true: row('errors', 'fail', { waited_ms: 'number' }),
  live_turns_false: row('errors', 'fail', { status: 'text' }),
  ready_stays_false: row('errors', 'fail', { waited_ms: 'number' }),
  timeouts: row('errors', 'fail', { requests: 'number', timeout_ms: 'number' }),
  gateway_restarted: row('errors', 'fail', { how: 'text' }),
  answer_cache: row('trust', 'invalid', { how: 'text', median_ms: 'number', lm_delay_ms: 'number' }),
  lm_served_fewer: row('trust', 'invalid', { answers: 'number', served: 'number' }),
  storm_not_seen: row('trust', 'invalid', { calls: 'number' }),
  model_not_named: row('trust', 'invalid', { unnamed: 'number', answers: 'number' }),
  lm_served_more: row('trust', 'warning', { served: 'number', answers: 'number' }),
  metric_disagrees: row('trust', 'warning', { counted: 'number', answers: 'number', sent: 'number' }),
  errors_hidden_by_retries: row('trust', 'note', {
    right: 'number',
    answers: 'number',
    errors: 'number',
    calls: 'number',
  }),
  burst_below_queue_timeout: row('trust', 'note', {
    burst: 'number',
    capacity: 'number',
    queue_timeout_ms: 'number',
  }),
  foreign_log_lines: row('trust', 'note', { lines: 'number' }),
} as const;

/** An adapter's gate: what Prometheus, MLflow and the clients said of the test. */
const ADAPTER_GATE = {
  prometheus_failed: row('trust', 'invalid', { cause: 'text' }),
  no_scrape_after: row('trust', 'invalid', { instance: 'text?', metric: 'text?', series: 'number?' }),
  target_missing: row('trust', 'invalid', { job: 'text?' }),
  target_down: row('trust', 'invalid', { instance: 'text', scrapes: 'number', cause: 'text?' }),
  no_series: row('trust', 'invalid', { metric: 'text', instance: 'text?', when: 'text?' }),
  not_a_number: row('trust', 'invalid', { figure: 'text' }),
  several_series: row('trust', 'invalid', { figure: 'text', series: 'number' }),
  counter_reset: row('trust', 'invalid', { metric: 'text', resets: 'number' }),
  other_traffic: row('trust', 'invalid', { seen: 'number', sent: 'number', others: 'number' }),
  unseen_requests: row('trust', 'invalid', { seen: 'number', answered: 'number' }),
  bad_buckets: row('trust', 'invalid', { metric: 'text' }),
  prompts_unsent: plain('trust', 'invalid'),
  load_failed: row('trust', 'invalid', { cause: 'text' }),
  prompts_unrecorded: row('trust', 'invalid', { recorded: 'number', expected: 'number' }),
  baseline_incomplete: row('gates', 'invalid', { baseline: 'text', missing: 'text' }),
  baseline_differs: row('server', 'warning', { what: 'text', baseline: 'text', candidate: 'text' }),
  clock_offset: row('server', 'warning', { offset_ms: 'number' }),
  other_gate_failed: row('server', 'warning', { version: 'text' }),
  beyond_buckets: row('server', 'warning', { figure: 'text', bucket_low: 'number' }),
  base_model_label: row('server', 'note', { models: 'text', adapter: 'text' }),
  absent_gauge: row('server', 'note', { figure: 'text' }),
  coarse_bucket: row('server', 'note', { figure: 'text', bucket_low: 'number', bucket_high: 'number' }),
  client_gap: row('server', 'note', {
    figure: 'text',
    client: 'number',
    server: 'number',
    gap: 'number',
    within: 'text',
    slower: 'text',
  }),
  window_dilutes: row('server', 'note', { window: 'text', contract: 'number', exact: 'number' }),
  no_margin_for_success: plain('server', 'note'),
  resumed: row('server', 'note', { run_id: 'text' }),
} as const;

export const FINDINGS = { ...EVIDENCE, ...RUN, ...MODEL, ...CAPACITY, ...GATEWAY, ...ADAPTER_GATE } as const;

export type FindingCode = keyof typeof FINDINGS;
export const FINDING_CODES = Object.keys(FINDINGS).filter((code): code is FindingCode => code in FINDINGS);

/** Each code's arguments. */
export type FindingArgs = {
  readonly [C in FindingCode]: (typeof FINDINGS)[C] extends Row<infer K> ? ArgsFrom<K> : never;
};

export interface FindingOf<C extends FindingCode> {
  readonly code: C;
  readonly severity: Severity;
  /** Whom it is about; null where it is about the run. */
  readonly variant: Variant | null;
  readonly args: FindingArgs[C];
  /** Single cases, as data for whoever mends it: untrusted text. */
  readonly cases: readonly string[];
}
export type Finding = { [C in FindingCode]: FindingOf<C> }[FindingCode];

interface About {
  readonly variant?: Variant | null;
  readonly cases?: readonly string[];
}

/** A finding with the severity of its code. Its arguments may be left out only where each of them may. */
export function finding<C extends FindingCode>(
  code: C,
  ...[args, about]: Partial<FindingArgs[C]> extends FindingArgs[C]
    ? [args?: FindingArgs[C], about?: About]
    : [args: FindingArgs[C], about?: About]
): FindingOf<C>;
export function finding(code: FindingCode, args: object = {}, about: About = {}): object {
  const { variant = null, cases = [] } = about;
  return { code, severity: FINDINGS[code].severity, variant, args, cases };
}

export const isInvalid = (findings: readonly Finding[]): boolean =>
  findings.some(({ severity }) => severity === 'invalid');

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isKind = (kind: Kind, value: unknown): boolean =>
  value === undefined
    ? kind.endsWith('?')
    : typeof value === (kind.startsWith('number') ? 'number' : 'string');

function hasArgs(args: Kinds, value: unknown): boolean {
  return (
    isObject(value) &&
    Object.entries(args).every(([name, kind]) => isKind(kind, value[name])) &&
    Object.keys(value).every((name) => Object.hasOwn(args, name))
  );
}

/** Whether a value read from a file is a finding of this version: a known code with exactly its arguments. */
export function isFinding(value: unknown): value is Finding {
  if (!isObject(value)) return false;
  const code = FINDING_CODES.find((one) => one === value['code']);
  return (
    code !== undefined &&
    SEVERITIES.some((one) => one === value['severity']) &&
    (value['variant'] === null || typeof value['variant'] === 'string') &&
    Array.isArray(value['cases']) &&
    value['cases'].every((one) => typeof one === 'string') &&
    hasArgs(FINDINGS[code].args, value['args'])
  );
}
