/** Every sentence that a result is told in: the one message catalogue of findings, checks and verdicts. */
import type { Advice } from '../../domain/jobs/capacity/bottlenecks.ts';
import type { CapacityRatio } from '../../domain/jobs/capacity/ratio.ts';
import type { Cause } from '../../domain/jobs/capacity/step.ts';
import type { Check, GateCheck, LimitCheck } from '../../domain/verdict/check.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import type { Finding, FindingCode } from '../../domain/verdict/findings.ts';
import { presentVariants } from '../../domain/variants.ts';
import type { ObservedLimit } from '../../domain/verdict/thresholds.ts';
import { levelOf } from '../../domain/result/suite.ts';
import { METRICS, isMetricName } from '../../domain/record/metrics.ts';
import { change, integer, MISSING, ms, percent, points, quantity } from './format.ts';

type Args = Finding['args'];
const n = (args: Args, name: string): number => Number(args[name] ?? Number.NaN);
const t = (args: Args, name: string): string => String(args[name] ?? '');
const seconds = (value: number): string => `${value.toFixed(0)} s`;

const CAUSES_OF_OTHER_PROMPTS: Readonly<Record<string, string>> = {
  truncation: 'one of them cuts prompts, so that they were not asked the same',
  template: 'always by the same number, as another chat template makes it',
  tokenizer: 'another tokenizer, or another question; figures by token then compare different tokens',
};

const ENDINGS: Readonly<Record<string, string>> = {
  length: 'their limit of tokens',
  content_filter: 'a content filter',
  tool_calls: 'a tool call',
};
const ending = (finish: string): string => ENDINGS[finish] ?? finish;

/** What answers did that their protocol does not say: follows "answers". */
export const ODDITIES: Readonly<Record<string, string>> = {
  open_end: 'ended without the blank line after their last event',
  spaced_terminator: 'had spaces around [DONE]',
  no_terminator: 'ended with a finish reason and without [DONE]',
  content_type: 'were event streams by their content, and something else by their content type',
  unknown_event: 'held events that are no part of an answer',
  keep_alive: 'held words in place of JSON, taken as signs of life',
};

const FINDINGS: Readonly<Record<FindingCode, (a: Args) => string>> = {
  lost_requests: (a) =>
    `${n(a, 'lost')} of ${n(a, 'started')} requests were started and never finished: they are in no figure, and the slowest are lost first`,
  unrecorded_requests: (a) =>
    `k6 finished ${n(a, 'finished')} requests and the request log holds ${n(a, 'recorded')}: the figures are not made of all of them`,
  torn_lines: (a) =>
    `${n(a, 'count')} lines of requests.jsonl can't be read, the first is line ${n(a, 'line')}: ${t(a, 'problem')}`,
  iterations_failed: (a) =>
    `${n(a, 'broken')} of ${n(a, 'iterations')} iterations ended before they sent a request (an exception in the script; see k6.log)`,
  k6_disagrees: (a) =>
    `k6 reports a p95 of ${ms(n(a, 'k6_p95_ms'))}, the request log gives ${ms(n(a, 'log_p95_ms'))}`,
  no_summary: (a) =>
    `k6 left ${n(a, 'summaries')} summaries for ${n(a, 'blocks')} blocks: its own counts are missing, so lost requests can't be excluded`,
  cpu_saturated: (a) =>
    `the load machine's ${n(a, 'cpus')} CPUs were full in ${percent(n(a, 'full_share'), 0)} of the seconds: it was measured along with the servers; try ${n(a, 'fits')} clients (--fallback-vus does so by itself) or another machine`,
  probe_delay: (a) =>
    `requests to a server that does nothing took ${ms(n(a, 'delay_ms'))} longer under load (p95) than idle; more than ${ms(n(a, 'limit_ms'))} rivals the difference to be judged; try ${n(a, 'fits')} clients, or another machine for the load`,
  probe_starved: (a) =>
    `only ${percent(n(a, 'share'), 0)} of the probe's requests could be sent on time: the load machine was starved`,
  late_starts: (a) =>
    `requests began ${ms(n(a, 'late_ms'))} after their scheduled start (p99); at most ${ms(n(a, 'limit_ms'))} is tolerable`,
  baseline_gone: (a) =>
    `the baseline stopped answering after ${seconds(n(a, 'after_s'))}: there is nothing left to compare with; the run was ended`,
  server_gone: (a) => `the server stopped answering after ${seconds(n(a, 'after_s'))}; the run was ended`,
  server_restarted: () =>
    'the server is another process after the load than before it: it was restarted, or crashed, under the load',
  no_answers: (a) => `none of its ${n(a, 'requests')} measured requests got a valid answer`,
  same_server: (a) =>
    `baseline and shadow are the same server (same ${t(a, 'how')}); where that is meant, declare it with --aa`,
  interrupted: (a) =>
    `interrupted after ${seconds(n(a, 'after_s'))}: the figures are of what was measured until then`,
  stopped_for_cost: (a) => `stopped after ${seconds(n(a, 'after_s'))}, before --max-cost was passed`,
  k6_failed: (a) => `k6 ended by itself after ${seconds(n(a, 'after_s'))}; see k6.log`,
  missing_cost: (a) =>
    `${n(a, 'missing')} of ${n(a, 'answers')} valid answers carried no cost; cost and CpQU are of the others`,
  little_gap: (a) =>
    `by Little's law ${n(a, 'in_flight').toFixed(2)} requests were in flight on average, with ${n(a, 'clients')} clients in a closed loop: requests are missing, or clients waited`,
  cpu_busy: (a) =>
    `the load machine's CPUs were ${percent(n(a, 'mean_share'), 0)} busy on average: more clients would measure it rather than the servers`,
  undeclared_difference: (a) =>
    `the two runs differ in ${t(a, 'what')}: ${t(a, 'baseline')} against ${t(a, 'shadow')}`,
  output_length_differs: (a) =>
    `the shadow's answers are ${change(n(a, 'ratio'))} long in tokens: times per answer compare different work`,
  prefix_cache: (a) =>
    `each prompt was asked ${n(a, 'times').toFixed(1)} times${'cached_share' in a ? `, and the server had ${percent(n(a, 'cached_share'), 0)} of the prompt tokens in its cache` : ''}: a prefix cache flatters TTFT; --unique-prefix shuts it out`,
  tokens_estimated: (a) =>
    `the server gave no token count for ${integer(n(a, 'estimated'))} of ${integer(n(a, 'answers'))} answers: their token events were counted, and one event may carry several tokens`,
  finish_differs: (a) =>
    `answers that ended by ${ending(t(a, 'finish'))}: ${percent(n(a, 'baseline'), 1)} of the baseline's, ${percent(n(a, 'shadow'), 1)} of the shadow's; they are not the same work`,
  content_filtered: (a) =>
    `${integer(n(a, 'count'))} of ${integer(n(a, 'answers'))} answers were ended by a content filter`,
  several_models: (a) =>
    `its answers name more than one model: ${t(a, 'models')}; something in front of it chooses, or falls back`,
  other_model: (a) => `"${t(a, 'asked')}" was asked for, and all answers name "${t(a, 'answered')}"`,
  old_answers: (a) =>
    `${integer(n(a, 'repeated'))} of ${integer(n(a, 'answers'))} answers have the id of an earlier one to the same prompt: they came from a cache, and nothing was computed for them`,
  cached_answers: (a) =>
    `${integer(n(a, 'count'))} of ${integer(n(a, 'answers'))} answers came from a cache, by their headers: nothing was computed for them`,
  gateway_tried_again: (a) =>
    `a gateway's headers say that ${integer(n(a, 'count'))} of ${integer(n(a, 'answers'))} answers came by a ${t(a, 'sign')}: their times are those of more than one try`,
  comes_whole: (a) =>
    `${integer(n(a, 'whole'))} of ${integer(n(a, 'answers'))} answers came whole, in one read${n(a, 'one_event') > 0 ? ` (${integer(n(a, 'one_event'))} in one event)` : ''}, and have no TPOT: it does not stream, or something before it buffers (nginx: proxy_buffering off; HAProxy: option http-no-delay)`,
  buffered: (a) =>
    `its tokens come in reads of ${n(a, 'events').toFixed(1)} events: something buffers (nginx: proxy_buffering off; HAProxy: option http-no-delay); gaps between tokens are those between reads`,
  held_back: (a) =>
    `the first ${n(a, 'events').toFixed(1)} token events come together, the others one by one: they are held back, which TTFT pays for; TPOT is of the tokens after them`,
  prompt_tokens_differ: (a) =>
    `of ${integer(n(a, 'payloads'))} payloads ${integer(n(a, 'differ'))} have another number of prompt tokens in each variant (mean ${n(a, 'baseline').toFixed(1)} against ${n(a, 'shadow').toFixed(1)}): ${CAUSES_OF_OTHER_PROMPTS[t(a, 'cause')] ?? t(a, 'cause')}`,
  prompts_cut: (a) =>
    `prompts of very different length all have ${integer(n(a, 'tokens'))} prompt tokens (${t(a, 'payloads')}): the server cut them`,
  token_sources_differ: (a) =>
    `tokens are the server's count in ${percent(n(a, 'baseline'), 0)} of the baseline's answers and in ${percent(n(a, 'shadow'), 0)} of the shadow's, counted events in the others: figures by token don't compare`,
  resent: (a) =>
    `${integer(n(a, 'count'))} of ${integer(n(a, 'requests'))} requests went out twice: the server closes connections that it says it keeps; --no-connection-reuse opens one for each`,
  hidden_tokens: (a) =>
    `it counts ${n(a, 'mean').toFixed(1)} tokens an answer that it did not send, as reasoning; they are in no figure by token`,
  tokens_per_event: (a) =>
    `its events carry ${n(a, 'tokens').toFixed(1)} tokens each: ITL is the time between events, TPOT that of a token`,
  odd_answers: (a) =>
    `${integer(n(a, 'count'))} of ${integer(n(a, 'answers'))} answers ${ODDITIES[t(a, 'oddity')] ?? t(a, 'oddity')}; they were read all the same`,
  rate_not_sent: (a) =>
    `given up after ${seconds(n(a, 'after_s'))}: starts fell further and further behind their schedule, so this rate could not be sent (a slow server with all VUs waiting, or a full load machine); lower --rate, or raise --max-in-flight`,
  capacity_unknown: (a) =>
    `none of ${n(a, 'steps')} steps was sustained: begin lower (--from), or hold longer (--hold) where they were unsure`,
  capacity_unsure: (a) =>
    `${n(a, 'load')} ${t(a, 'unit')} are by the point figures alone: too few answers for the limits to hold with their intervals; hold longer (--hold)`,
  capacity_beyond: (a) =>
    `nothing gave out up to ${n(a, 'load')} ${t(a, 'unit')}: the limit lies beyond; go on with --to`,
  machine_gave_out: (a) =>
    `at ${n(a, 'load')} ${t(a, 'unit')} the load machine was the limit: what the server bears beyond that can't be told from here`,
  drift: (a) =>
    `${t(a, 'what').replaceAll('_', ' ')} grew over the run by ${n(a, 'growth').toPrecision(3)} ${t(a, 'unit')} (${n(a, 'low').toPrecision(3)} to ${n(a, 'high').toPrecision(3)}), from a mean of ${n(a, 'level').toPrecision(3)} ${t(a, 'unit')}`,
  open_loop_throughput: () =>
    'in an open loop below saturation throughput is the rate that was offered, and no evidence of its own',
  payloads_differ: (a) => `only ${n(a, 'common')} payloads were asked of both variants`,
  declared_aa: () => 'declared A/A: both variants are meant to be equal, so any difference is noise',
  short_run: (a) =>
    'probes' in a
      ? "too short for the probe to measure the load machine's own delay"
      : `only ${n(a, 'requests')} measured requests: enough to see that it works, too few to judge a tail`,
  repeated_payloads: (a) =>
    `${integer(n(a, 'answers'))} scored answers are of ${n(a, 'payloads')} distinct payloads; accuracy counts payloads, since repeats of one are not independent`,
  few_payloads: (a) => `${n(a, 'has')} distinct payloads; this margin needs at least ${n(a, 'needs')}`,
  point_rule: () =>
    'gates are judged by point figures alone (--rule point): noise passes and fails as if it were a difference',
  closed_loop_throughput: () =>
    'in a closed loop throughput is the clients over the mean latency: it restates latency, and is no evidence of its own',
  deployment_noise_unknown: () =>
    'how much two deployments of one build differ is not known here (taken as 0); measure it once with npm run calibrate -- --live 59',
  failures_left_out: (a) =>
    `${n(a, 'failed')} of ${n(a, 'requests')} requests failed; latency percentiles are of valid answers, those with failures as infinitely slow stand beside`,
  interval_straddles_limit: (a) =>
    `the interval of ${t(a, 'check')} reaches over its limit: judged on the point figure, as k6 does, another run may answer differently`,
  requests_unsent: (a) =>
    `${integer(n(a, 'unsent'))} of ${integer(n(a, 'planned'))} planned requests were not sent within the time (--duration is the most that a load counted in requests may take)`,
  metrics_vanished: (a) =>
    `its metrics were there when the load began and gone when it ended: ${t(a, 'names')}; the server may have been replaced, or its metrics broke`,
  metrics_absent: (a) =>
    t(a, 'names') === ''
      ? 'it serves no metrics (--metrics-path): its own counts, queue and times are not seen'
      : `metrics that it does not have: ${t(a, 'names')} (--server-metrics names those to watch)`,
  not_seen: (a) =>
    `${figureLabel(t(a, 'what'))} is not judged: too little of the server's process was seen (start it with --start, or give --pid; memory needs 30 looks, 15 s)`,
  fallback: (a) => `the load machine was the limit at ${n(a, 'from')} clients; this run used ${n(a, 'to')}`,
};

export function wordFinding(finding: Finding): string {
  const text = FINDINGS[finding.code](finding.args);
  return finding.variant === null ? text : `${finding.variant}: ${text}`;
}

const GATE_LABELS: Readonly<Record<GateCheck['gate'], string>> = {
  latency: 'latency',
  error_rate: 'error rate',
  accuracy: 'accuracy',
  cost: 'cost a request',
  cpqu: 'CpQU (cost per correct answer)',
  throughput: 'throughput',
  output_length: 'output length',
};

const OBSERVED_LABELS: Readonly<Record<ObservedLimit['figure'], string>> = {
  latency_drift: 'latency drift over the run',
  server_memory_drift: 'memory growth over the run',
  spike_failed: 'error rate in the spike',
  recovery: 'recovery after the spike',
  server_memory: 'server memory over the model',
  server_cpu: 'server CPU',
  server_gpu: 'GPU',
};

function isObserved(figure: string): figure is ObservedLimit['figure'] {
  return Object.hasOwn(OBSERVED_LABELS, figure);
}

const figureLabel = (figure: string): string => (isObserved(figure) ? OBSERVED_LABELS[figure] : figure);

/** A limit's value, or why there is none. */
export function limitValue(check: LimitCheck): string {
  if (check.value !== null) return quantity(check.value, check.unit);
  switch (check.missing ?? null) {
    case 'never':
      return 'not within what was watched';
    case 'too_few':
      return 'too few requests to tell';
    case 'no_data':
    case null:
      return 'no data';
  }
}

/** `< 200 ms`, and for a target with two levels `(acceptable < 500 ms)`. */
export function limitBound({ op, limit, acceptable = null, unit }: LimitCheck): string {
  const bound = `${op} ${quantity(limit, unit)}`;
  return acceptable === null ? bound : `${bound} (acceptable ${op} ${quantity(acceptable, unit)})`;
}

/** What a check is about: `p95 latency`, `error rate`, `accuracy, correction`. */
export function checkLabel(check: Check): string {
  const metric = isMetricName(check.metric) ? METRICS[check.metric].label : check.metric;
  if (check.kind === 'gate') {
    if (check.gate === 'latency') return `${check.statistic} ${metric === 'Latency' ? 'latency' : metric}`;
    return check.gate === 'accuracy' ? `accuracy, ${check.statistic}` : GATE_LABELS[check.gate];
  }
  if (isObserved(check.metric)) return OBSERVED_LABELS[check.metric];
  if (check.metric === 'request_failed') return 'error rate';
  if (check.metric === 'throughput') return 'throughput';
  return `${check.statistic} ${metric === 'Latency' ? 'latency' : metric}`;
}

/** A difference on its gate's scale. */
export function difference(check: GateCheck, value: number | null): string {
  if (value === null) return MISSING;
  return check.scale === 'ratio' ? change(value) : points(value);
}

export function gateInterval(check: GateCheck): string {
  const { low, high } = check.interval;
  if (low === null && high === null) return MISSING;
  return `${low === null ? 'no lower bound' : difference(check, low)} to ${high === null ? 'no upper bound' : difference(check, high)}`;
}

/** What the gate tolerates: `at most +15.0 %`, `at least -2.0 pp`. */
export function gateLimit(check: GateCheck): string {
  return `${check.better === 'lower' ? 'at most' : 'at least'} ${difference(check, check.limit)}`;
}

/** Why a gate is shown and left out of the verdict. */
export function advisory(check: GateCheck): string {
  const why = check.advisory;
  if (why === null) return '';
  if (why.reason === 'restates_latency') return 'advisory: a closed loop restates latency';
  return `advisory: needs ${integer(why.needs)} ${check.n_of}, has ${integer(why.has)}`;
}

export function undecided(check: GateCheck): string {
  const why = check.undecided;
  if (why === null) return '';
  switch (why.reason) {
    case 'need_more': {
      const time =
        why.minutes === null
          ? ''
          : `, about ${why.minutes < 1 ? 'a minute' : `${Math.ceil(why.minutes)} minutes`} more at this rate`;
      return `needs about ${integer(why.more)} ${check.n_of === 'payloads' ? 'more payloads' : 'more requests a variant'}${check.n_of === 'payloads' ? '' : time}`;
    }
    case 'grey_zone':
      return 'the difference is about as large as the limit: more requests alone will hardly decide it';
    case 'deployment_noise':
      return `two deployments of one build differ by ${percent(why.log_sd, 1)}: more requests will not decide it, more deployments (--runs) will`;
    case 'no_data':
      return `no data: ${why.problem}`;
  }
}

export function wordCheck(check: Check): string {
  return check.kind === 'gate' ? wordGate(check) : wordLimit(check);
}

function wordLimit(check: LimitCheck): string {
  const level = levelOf(check);
  const answer = level === 'met' ? 'met' : level === 'acceptable' ? 'missed, acceptable' : 'missed';
  return `${check.variant} ${checkLabel(check)} ${limitValue(check)} (${check.kind} ${limitBound(check)}): ${answer}`;
}

function wordGate(check: GateCheck): string {
  const why = undecided(check);
  return `${checkLabel(check)} ${difference(check, check.estimate)} (${gateInterval(check)}; ${gateLimit(check)}): ${check.answer}${why === '' ? '' : `, ${why}`}`;
}

const SIDES: Readonly<Record<GateCheck['gate'], readonly [below: string, above: string]>> = {
  latency: ['faster', 'slower'],
  accuracy: ['worse', 'better'],
  error_rate: ['lower', 'higher'],
  cost: ['lower', 'higher'],
  cpqu: ['lower', 'higher'],
  throughput: ['lower', 'higher'],
  output_length: ['apart', 'apart'],
};

/** "2 % faster" */
function side(check: GateCheck, value: number): string {
  const ratio = check.scale === 'ratio';
  const size = Math.abs(ratio ? value - 1 : value) * 100;
  const [below, above] = SIDES[check.gate];
  return `${size.toFixed(1)} ${ratio ? '%' : 'pp'} ${value < (ratio ? 1 : 0) ? below : above}`;
}

/** "is between 2 % faster and 11 % slower" */
function between(check: GateCheck): string {
  const { estimate, interval } = check;
  const { low, high } = interval;
  if (low !== null && high !== null) return `is between ${side(check, low)} and ${side(check, high)}`;
  if (estimate === null) return 'is not known';
  return `is ${side(check, estimate)} by the point figures, and the data can't bound it`;
}

const VERDICTS: Readonly<Record<Comparison['verdict']['word'], string>> = {
  pass: 'pass',
  fail: 'fail',
  inconclusive: 'inconclusive',
  invalid: 'invalid: no verdict',
};

/** The result in plain words; the first thing that anyone reads. */
export function sentence(comparison: Comparison): string {
  const { verdict, checks, findings } = comparison;
  const word = VERDICTS[verdict.word];
  if (verdict.word === 'invalid') {
    // Why the load was given up comes before what that did to it.
    const cause =
      findings.find(({ code }) => code === 'rate_not_sent') ??
      findings.find(({ severity }) => severity === 'invalid');
    return `The measurement can't be trusted: ${cause === undefined ? verdict.because.join(', ') : wordFinding(cause)}. Verdict: ${word}.`;
  }
  const deciding = verdict.because
    .map((id) =>
      checks.find(
        (check) =>
          check.id === id && (check.kind === 'gate' || check.answer === 'fail' || verdict.word === 'pass'),
      ),
    )
    .find((check) => check !== undefined);
  if (comparison.capacity !== undefined && comparison.capacity !== null)
    return capacitySentence(comparison.capacity, comparison.capacity_ratio ?? null, word);
  if (deciding === undefined) {
    const gone = findings.find(({ code }) => verdict.because.includes(code));
    return `${gone === undefined ? 'Nothing was judged' : capital(wordFinding(gone))}. Verdict: ${word}.`;
  }
  if (deciding.kind === 'gate') {
    const tolerated =
      deciding.scale === 'ratio'
        ? percent(Math.abs(deciding.limit - 1), 0)
        : `${(Math.abs(deciding.limit) * 100).toFixed(0)} pp`;
    const why = undecided(deciding);
    const said =
      verdict.rule === 'point' && deciding.estimate !== null
        ? `is ${side(deciding, deciding.estimate)} by the point figures alone`
        : between(deciding);
    return `The shadow's ${checkLabel(deciding)} ${said}; the limit is ${tolerated}: ${word}${why === '' ? '' : ` (${why})`}.`;
  }
  if (verdict.word === 'pass')
    return `The ${deciding.variant}'s ${checkLabel(deciding)} is ${deciding.value === null ? MISSING : quantity(deciding.value, deciding.unit)}; the limit is ${quantity(deciding.limit, deciding.unit)}: all limits are met, ${word}.`;
  return `The ${deciding.variant}'s ${checkLabel(deciding)} is ${deciding.value === null ? 'not measured' : quantity(deciding.value, deciding.unit)}; the limit is ${quantity(deciding.limit, deciding.unit)}: ${word}.`;
}

/** `The shadow sustains 31 requests/s, the baseline 36: ...` */
function capacitySentence(
  capacities: NonNullable<Comparison['capacity']>,
  ratio: CapacityRatio | null,
  word: string,
): string {
  const said = presentVariants(capacities)
    .toReversed()
    .map((variant, i) => {
      const capacity = capacities[variant];
      const { load } = capacity?.sustained ?? { load: null };
      if (load === null) return `the ${variant}${i === 0 ? ' sustains' : ''} none of the loads tried`;
      return `the ${variant} ${i === 0 ? `sustains ${amount(load)} ${capacity?.unit}` : amount(load)}`;
    });
  const sustains = capital(said.join(', '));
  if (ratio === null) return said.length > 1 ? `${sustains}: ${word}.` : `${sustains}.`;
  const { low, high, limit, answer } = ratio;
  if (low === null && high === null) return `${sustains}, and neither gave out: ${word}.`;
  const of =
    high === null
      ? `at least ${percent(low ?? 0, 0)}`
      : low === null
        ? `at most ${percent(high, 0)}`
        : `between ${percent(low, 0)} and ${percent(high, 0)}`;
  const way =
    answer === 'inconclusive' ? ' (closer steps tell: --search, a smaller --step, a longer --hold)' : '';
  return `${sustains}, ${of} of it; tolerated is ${percent(limit, 0)}: ${word}${way}.`;
}

/** What gave out, or could not be told. */
export const CAUSE_WORDS: Readonly<Record<Cause, string>> = {
  machine: 'the load machine',
  errors: 'errors',
  latency: 'latency',
  backlog: 'a growing queue',
  flat: 'throughput flat',
  no_answers: 'no valid answer',
  server_queue: "the server's queue",
  server_memory: "the server's memory",
};

export const ADVICE: Readonly<Record<Advice, string>> = {
  add_capacity: 'requests wait for a free worker: more workers or replicas, or fewer requests at once',
  speed_up_stage: 'this stage slows down under load: larger batches or more compute for it',
  reuse_connections: 'connecting takes the time: keep connections open',
  ease_machine: 'the load machine was the limit: measure from a larger one first',
  none: MISSING,
};

/** A load with the digits that a search can tell. */
export const amount = (load: number): string => String(Number(load.toPrecision(3)));

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const MARKS = { pass: '✅', fail: '❌', warn: '⚠️', open: '❔' } as const;

export function mark(check: Check): string {
  if (check.kind === 'gate')
    return check.advisory !== null
      ? MARKS.warn
      : check.answer === 'pass'
        ? MARKS.pass
        : check.answer === 'fail'
          ? MARKS.fail
          : MARKS.open;
  if (check.answer === 'pass') return MARKS.pass;
  return check.kind === 'limit' ? MARKS.fail : MARKS.warn;
}
