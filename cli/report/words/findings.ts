/** Every finding in words: the one sentence of each code, in every job and every output. */
import type { Oddity } from '../../../domain/protocols/answer.ts';
import {
  FINDINGS,
  type Finding,
  type FindingArgs,
  type FindingCode,
} from '../../../domain/verdict/findings.ts';
import { change, integer, mebibytes, ms, percent } from '../format.ts';

type Catalogue = { readonly [C in FindingCode]: (args: FindingArgs[C]) => string };

const seconds = (value: number): string => `${value.toFixed(0)} s`;
const of = (part: number, whole: number): string => `${part} of ${whole}`;
/** What was told; empty where it was not. */
const given = (text: string | undefined): string => text ?? '';
/** At most so many digits after the point, without trailing zeros. */
const digits = (value: number, most = 3): string => String(Number(value.toFixed(most)));

/** ` (k6 used 1.2 of them, the suite's servers 0.3, others 0.4)`, as far as that was seen. */
function users({ k6_cores, servers_cores, others_cores }: FindingArgs['cpu_saturated']): string {
  const parts = [
    ['k6', k6_cores],
    ["the suite's servers", servers_cores],
    ['other processes', others_cores],
  ].flatMap(([who, cores]) => (typeof cores === 'number' ? [`${who} ${cores.toFixed(1)}`] : []));
  return parts.length === 0 ? '' : ` (of them used: ${parts.join(', ')})`;
}

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

/** What answers did that their protocol does not say: follows "answers". */
export const ODDITIES: Readonly<Record<string, string>> = {
  open_end: 'ended without the blank line after their last event',
  spaced_terminator: 'had spaces around [DONE]',
  no_terminator: 'ended with a finish reason and without [DONE]',
  content_type: 'were event streams by their content, and something else by their content type',
  unknown_event: 'held events that are no part of an answer',
  keep_alive: 'held words in place of JSON, taken as signs of life',
} satisfies Record<Oddity, string>;

const UNBUFFER = 'nginx: proxy_buffering off; HAProxy: option http-no-delay';

const WORDS: Catalogue = {
  lost_requests: (a) =>
    `${a.lost} of ${a.started} requests were started and never finished: they are in no figure, and the slowest are lost first`,
  unrecorded_requests: (a) =>
    `k6 finished ${a.finished} requests and the request log holds ${a.recorded}: the figures are not made of all of them`,
  torn_lines: (a) =>
    `${a.count} lines of requests.jsonl can't be read, the first is line ${a.line}: ${a.problem}`,
  iterations_failed: (a) =>
    `${a.broken} of ${a.iterations} iterations ended before they sent a request (an exception in the script; see k6.log)`,
  k6_disagrees: (a) => `k6 reports a p95 of ${ms(a.k6_p95_ms)}, the request log gives ${ms(a.log_p95_ms)}`,
  k6_threshold_disagrees: (a) =>
    `k6 says that ${a.metric} misses ${a.expression}, and its own request log does not`,
  no_summary: (a) =>
    `k6 left ${a.summaries} summaries for ${a.blocks} blocks: its own counts are missing, so lost requests can't be excluded`,
  cpu_saturated: (a) =>
    `the load machine's ${a.cpus} CPUs were full in ${percent(a.full_share, 0)} of the seconds${users(a)}: it was measured along with the servers; ${
      a.fits === undefined
        ? 'fewer clients would not help: free the machine of what else runs there, or use another one'
        : `try ${a.fits} clients (--fallback-vus does so by itself) or another machine`
    }`,
  evidence_missing: (a) =>
    `${a.what}: ${integer(a.seen)} of ${integer(a.planned)} planned were seen; without them nobody can tell whether the measurement can be trusted`,
  evidence_garbled: (a) =>
    `${a.what}: ${integer(a.lines)} lines can't be read (${a.problem}): the evidence was damaged`,
  not_watched: (a) =>
    `${a.what} could not be watched (${integer(a.seen)} of ${integer(a.planned)} looks): what it adds to the figures is not known`,
  probe_delay: (a) =>
    `requests to a server that does nothing took ${ms(a.delay_ms)} longer under load (p95) than idle; more than ${ms(a.limit_ms)} rivals the difference to be judged; ${a.fits === undefined ? 'use another machine for the load' : `try ${a.fits} clients, or another machine for the load`}`,
  probe_starved: (a) =>
    `only ${percent(a.share, 0)} of the probe's requests could be sent on time: the load machine was starved`,
  probe_failed_often: (a) =>
    `${integer(a.failed)} of ${integer(a.probes)} requests to the server that does nothing failed (${a.problem}): the load machine's own delay is not known`,
  late_starts: (a) =>
    `requests began ${ms(a.late_ms)} after their scheduled start (p99); at most ${ms(a.limit_ms)} is tolerable`,
  burst_spread: (a) =>
    `the burst's requests began over ${ms(a.spread_ms)}; at most ${ms(a.limit_ms)} is a burst: the load machine could not send it at once`,
  baseline_gone: (a) =>
    `the baseline stopped answering after ${seconds(a.after_s)}: there is nothing left to compare with; the run was ended`,
  server_restarted: () =>
    'the server is another process after the load than before it: it was restarted, or crashed, under the load',
  no_answers: (a) =>
    `none of its ${a.requests} measured requests got a valid answer${a.failures === undefined ? '' : ` (${a.failures})`}`,
  rate_not_sent: (a) =>
    `given up after ${seconds(a.after_s)}: starts fell further and further behind their schedule, so this rate could not be sent (a slow server with all VUs waiting, or a full load machine); lower --rate, or raise --max-in-flight`,
  machine_spoilt_all: (a) =>
    `the load machine was the limit in all ${a.steps} steps: what the server sustains can't be told from here; use another machine, or begin lower (--from)`,
  lengths_differ: (a) =>
    `the two runs were made with other lengths (${a.baseline} against ${a.candidate}): rates and totals of them compare different work; run both with the same --duration or --requests`,
  not_computed: (a) => `${a.what} could not be computed: ${a.problem}`,
  server_gone: (a) => `the server stopped answering after ${seconds(a.after_s)}; the run was ended`,
  same_server: (a) =>
    `two variants are the same server (same ${a.how}); where that is meant, declare it with --aa`,
  interrupted: (a) =>
    a.after_s === undefined
      ? 'interrupted: judged by what was seen until then'
      : `interrupted after ${seconds(a.after_s)}: the figures are of what was measured until then`,
  stopped_for_cost: (a) => `stopped after ${seconds(a.after_s)}, before --max-cost was passed`,
  k6_failed: (a) => `k6 ended by itself after ${seconds(a.after_s)}; see k6.log`,
  gate_left_out: (a) => `the gate ${a.gate} is left out: ${a.cure}`,
  judge_disagrees: (a) =>
    `asked again, the judge ${a.model} gave another score to ${of(a.disagreed, a.repeated)} answers (${percent(a.disagreed / a.repeated, 0)}): its scores are no firmer than that`,
  answers_differ: (a) =>
    `its answers differ from the baseline's on ${percent(a.between, 1)} of ${integer(a.payloads)} payloads${a.within === undefined ? ', each asked once, so that nobody can tell how often the baseline differs from itself' : `, where the baseline differs from itself on ${percent(a.within, 1)}`}`,
  missing_cost: (a) =>
    `${a.missing} of ${a.answers} valid answers carried no cost; cost and CpQU are of the others`,
  little_gap: (a) =>
    `by Little's law ${a.in_flight.toFixed(2)} requests were in flight on average, with ${a.clients} clients in a closed loop: requests are missing, or clients waited`,
  cpu_busy: (a) =>
    `the load machine's CPUs were ${percent(a.mean_share, 0)} busy on average: more clients would measure it rather than the servers`,
  undeclared_difference: (a) => `the two runs differ in ${a.what}: ${a.baseline} against ${a.candidate}`,
  payloads_differ: (a) =>
    `the two runs asked other payloads (${integer(a.baseline)} against ${integer(a.candidate)}): their answers can't be compared; run both with the same --payloads`,
  requests_unsent: (a) =>
    `${integer(a.unsent)} of ${integer(a.planned)} planned requests were not sent within the time (--duration is the most that a load counted in requests may take)`,
  metrics_vanished: (a) =>
    `its metrics were there when the load began and gone when it ended: ${a.names}; the server may have been replaced, or its metrics broke`,
  metrics_absent: (a) =>
    a.names === ''
      ? 'it serves no metrics (--metrics-path): its own counts, queue and times are not seen'
      : `metrics that it does not have: ${a.names} (--server-metrics names those to watch)`,
  drift: (a) =>
    `${a.what.replaceAll('_', ' ')} grew over the run by ${a.growth.toPrecision(3)} ${a.unit} (${a.low.toPrecision(3)} to ${a.high.toPrecision(3)}), from a mean of ${a.level.toPrecision(3)} ${a.unit}`,
  repeats_differ: (a) =>
    `a repeated payload takes ${percent(a.baseline, 0)} of the time of its first sending on the baseline and ${percent(a.candidate, 0)} here (${integer(a.payloads)} payloads): only one of them caches answers, so a pass would be the load's doing: latency is judged on first sendings, and nothing passes beside it (give as many payloads as requests, or switch the cache off)`,
  gates_only_inform: (a) =>
    `no ${a.latency > 0 ? 'gate on its times' : 'gate'} can be decided by a run of this size, so that nothing passes${a.needs === undefined ? '' : `: the first needs about ${integer(a.needs)} requests a variant`}; run longer, or choose what counts with --require`,
  clients_differ: (a) =>
    `its ${integer(a.clients)} clients differ by more than chance: a balancer keeps clients on servers that are not alike, so that clients are the sample; more runs (--runs 5) or fresh connections (--no-connection-reuse) decide sooner`,
  open_loop_throughput: () =>
    'in an open loop below saturation throughput is the rate that was offered, and no evidence of its own',
  closed_loop_throughput: () =>
    'in a closed loop throughput is the clients over the mean latency: it restates latency, and is no evidence of its own',
  declared_aa: () => 'declared A/A: both variants are meant to be equal, so any difference is noise',
  point_rule: () =>
    'gates are judged by point figures alone (--rule point): noise passes and fails as if it were a difference',
  short_run: (a) =>
    a.requests === undefined
      ? "too short for the probe to measure the load machine's own delay"
      : `only ${a.requests} measured requests: enough to see that it works, too few to judge a tail`,
  repeated_payloads: (a) =>
    `${integer(a.answers)} scored answers are of ${a.payloads} distinct payloads; accuracy counts payloads, since repeats of one are not independent`,
  few_payloads: (a) => `${a.has} distinct payloads; this margin needs at least ${a.needs}`,
  deployment_noise_unknown: () =>
    'how much two deployments of one build differ is not known here (taken as 0); measure it once with npm run calibrate -- --live 59',
  failures_left_out: (a) =>
    `${a.failed} of ${a.requests} requests failed; latency percentiles are of valid answers, those with failures as infinitely slow stand beside`,
  interval_straddles_limit: (a) =>
    `the interval of ${a.check} reaches over its limit: judged on the point figure, as k6 does, another run may answer differently`,
  fallback: (a) => `the load machine was the limit at ${a.from} clients; this run used ${a.to}`,
  output_length_differs: (a) =>
    `its answers are ${change(a.ratio)} long in tokens beside the baseline's: times per answer compare different work`,
  prefix_cache: (a) =>
    `each prompt was asked ${a.times.toFixed(1)} times${a.cached_share !== undefined ? `, and the server had ${percent(a.cached_share, 0)} of the prompt tokens in its cache` : ''}: a prefix cache flatters TTFT; --unique-prefix shuts it out`,
  tokens_estimated: (a) =>
    `the server gave no token count for ${integer(a.estimated)} of ${integer(a.answers)} answers: their token events were counted, and one event may carry several tokens`,
  finish_differs: (a) =>
    `answers that ended by ${ENDINGS[a.finish] ?? a.finish}: ${percent(a.baseline, 1)} of the baseline's, ${percent(a.candidate, 1)} of its own; they are not the same work`,
  content_filtered: (a) =>
    `${integer(a.count)} of ${integer(a.answers)} answers were ended by a content filter`,
  several_models: (a) =>
    `its answers name more than one model: ${a.models}; something in front of it chooses, or falls back`,
  other_model: (a) => `"${a.asked}" was asked for, and all answers name "${a.answered}"`,
  old_answers: (a) =>
    `${integer(a.repeated)} of ${integer(a.answers)} answers have the id of an earlier one to the same prompt: they came from a cache, and nothing was computed for them`,
  cached_answers: (a) =>
    `${integer(a.count)} of ${integer(a.answers)} answers came from a cache, by their headers: nothing was computed for them`,
  gateway_tried_again: (a) =>
    `a gateway's headers say that ${integer(a.count)} of ${integer(a.answers)} answers came by a ${a.sign}: their times are those of more than one try`,
  comes_whole: (a) =>
    `${integer(a.whole)} of ${integer(a.answers)} answers came whole, in one read${a.one_event > 0 ? ` (${integer(a.one_event)} in one event)` : ''}, and have no TPOT: it does not stream, or something before it buffers (${UNBUFFER})`,
  buffered: (a) =>
    `its tokens come in reads of ${a.events.toFixed(1)} events: something buffers (${UNBUFFER}); gaps between tokens are those between reads`,
  held_back: (a) =>
    `the first ${a.events.toFixed(1)} token events come together, the others one by one: they are held back, which TTFT pays for; TPOT is of the tokens after them`,
  prompt_tokens_differ: (a) =>
    `of ${integer(a.payloads)} payloads ${integer(a.differ)} have another number of prompt tokens than in the baseline (mean ${a.baseline.toFixed(1)} against ${a.candidate.toFixed(1)}): ${CAUSES_OF_OTHER_PROMPTS[a.cause] ?? a.cause}`,
  prompts_cut: (a) =>
    `prompts of very different length all have ${integer(a.tokens)} prompt tokens (${a.payloads}): the server cut them`,
  token_sources_differ: (a) =>
    `tokens are the server's count in ${percent(a.baseline, 0)} of the baseline's answers and in ${percent(a.candidate, 0)} of its own, counted events in the others: figures by token don't compare`,
  resent: (a) =>
    `${integer(a.count)} of ${integer(a.requests)} requests went out twice: the server closes connections that it says it keeps; --no-connection-reuse opens one for each`,
  hidden_tokens: (a) =>
    `it counts ${a.mean.toFixed(1)} tokens an answer that it did not send, as reasoning; they are in no figure by token`,
  tokens_per_event: (a) =>
    `its events carry ${a.tokens.toFixed(1)} tokens each: ITL is the time between events, TPOT that of a token`,
  odd_answers: (a) =>
    `${integer(a.count)} of ${integer(a.answers)} answers ${ODDITIES[a.oddity] ?? a.oddity}; they were read all the same`,
  capacity_unknown: (a) =>
    `none of ${a.steps} steps was sustained: begin lower (--from), or hold longer (--hold) where they were unsure`,
  capacity_unsure: (a) =>
    `${a.load} ${a.unit} are by the point figures alone: too few answers for the limits to hold with their intervals; hold longer (--hold)`,
  capacity_beyond: (a) =>
    `nothing gave out up to ${a.load} ${a.unit}: the limit lies beyond; go on with --to`,
  machine_gave_out: (a) =>
    `at ${a.load} ${a.unit} the load machine was the limit: what the server bears beyond that can't be told from here`,
  blocking_call: (a) =>
    `blocking call: ${a.users} users asked, and on average only ${a.at_work.toFixed(1)} were being answered at once${a.peak !== undefined ? ` (the LM never saw more than ${a.peak})` : ''}: calls of the LM go one after another`,
  too_few_workers: (a) =>
    `too few sync workers: of ${a.users.toFixed(0)} users of sync programs only ${a.at_work.toFixed(1)} were being answered at once; raise --sync-workers (server.sync_worker_threads)`,
  context_leak: (a) =>
    `context leak between requests: ${of(a.wrong, a.answers)} answers name another program's model`,
  crossed_answers: (a) =>
    `crossed answers: ${of(a.crossed, a.answers)} answers belong to another request's input`,
  lm_asked_for_other_models: () =>
    "the LM was asked for other models than the programs that answered have: requests took another program's model on their way",
  torn_log: (a) =>
    `torn log lines: ${a.lines} lines are no JSON by themselves (cut, or written into one another)`,
  lost_log: (a) => `lost log lines: ${of(a.lost, a.requests)} requests that were answered have no line`,
  doubled_log: (a) => `doubled log lines: ${a.doubled} requests have more than one line`,
  log_bad_fields: (a) => `wrong fields in the log: ${a.lines} lines`,
  log_without_request: (a) =>
    `log lines without a request: ${a.lines} lines carry an id of this run that k6 did not send to that program`,
  log_disagrees: (a) =>
    `the log contradicts the answers: ${a.lines} lines say success where the client saw an error, or the reverse`,
  bad_input_accepted: (a) =>
    `bad input accepted: ${of(a.accepted, a.sent)} requests without inputs were answered as if they were right`,
  html_error: (a) =>
    `no clean error (an HTML page or other text in place of JSON): ${of(a.requests, a.all)} answers in the storm`,
  hang_on_error: (a) =>
    `hang on error: ${of(a.requests, a.all)} requests of the storm had no answer within the deadline of ${ms(a.timeout_ms)}`,
  crash_on_error: (a) =>
    a.how === 'dropped'
      ? `connections dropped in the storm: ${a.dropped} requests were cut off without an answer`
      : `crash on error: the gateway's process ${a.how === 'died' ? 'ended' : 'was restarted'} in the storm; ${a.dropped} requests were cut off`,
  wrong_answer_in_storm: (a) =>
    `wrong answers in the storm: ${of(a.requests, a.all)} look like success and are none`,
  memory_leak: (a) =>
    `memory leak: ${mebibytes(a.value)} more after the storm than before it (limit ${mebibytes(a.limit)})`,
  not_normal_again: () => 'no normal service after the storm',
  instant_429: (a) =>
    `instant 429: ${of(a.early, a.requests)} requests of the burst were refused after ${ms(a.after_ms)}, before the queue timeout of ${ms(a.queue_timeout_ms)}`,
  no_limit_in_force: (a) =>
    `no limit in force: ${a.peak !== undefined ? `${a.peak} calls were at the LM at once` : `${a.burst} requests took ${ms(a.slowest_ms)} at most`}, with a limit of ${a.limit} and a burst of ${a.burst}`,
  limit_exceeded: (a) => `limit exceeded: ${a.peak} calls were at the LM at once, the limit is ${a.limit}`,
  limit_never_released: (a) =>
    `limit never released: ${a.tried} single requests over ${ms(a.for_ms)} after the burst, and none was answered normally`,
  queue_timeout_ignored: (a) =>
    `queue timeout ignored: a request waited ${ms(a.longest_ms)} and was served; the queue timeout is ${ms(a.queue_timeout_ms)}`,
  probe_behind_queue: (a) =>
    `probe behind the work queue: ${a.figure === 'live_p95' ? 'live' : 'ready'} took ${a.value !== undefined ? ms(a.value) : 'longer than any timeout'} (p95) under full load, limit ${ms(a.limit)}`,
  probe_failed: (a) => `probes failed under load: ${of(a.failed, a.asked)}`,
  probes_alike: () =>
    'live and ready are the same: nothing tells a process that lives from one that can serve',
  ready_always_true: (a) =>
    `ready is always true: the LM was unreachable for ${ms(a.waited_ms)}, and ready did not say so`,
  live_turns_false: (a) =>
    `live turns false with the LM (${a.status}): an orchestrator would restart a healthy gateway`,
  ready_stays_false: () => 'ready stays false: the LM was back, and ready did not see it',
  timeouts: (a) => `${a.requests} requests had no answer within ${ms(a.timeout_ms)}`,
  gateway_restarted: (a) =>
    `the gateway's process ${a.how === 'died' ? 'ended' : 'was restarted'} under the load`,
  answer_cache: (a) =>
    `an answer cache is on: ${a.how === 'repeats' ? 'a repeated input was answered' : 'answers came'} in ${ms(a.median_ms)} (median), with an LM that takes ${ms(a.lm_delay_ms)}; switch it off for the run, or correct --lm-delay`,
  lm_served_fewer: (a) =>
    `an answer cache is on: ${a.answers} right answers, and the LM served only ${a.served} calls; switch it off for the run (or LM_CONTROL_URL is not the LM of this gateway)`,
  storm_not_seen: (a) =>
    `there was no storm: the LM answered ${a.calls} calls and failed none of them; is it the one behind this gateway?`,
  model_not_named: (a) =>
    `${of(a.unnamed, a.answers)} answers name no model, so a mixed-up one can't be told; put the mock LM behind the gateway, or name the field (model_field) in --gateway-programs`,
  lm_served_more: (a) =>
    `the LM served ${a.served} calls for ${a.answers} answers: other traffic, or calls made twice`,
  metric_disagrees: (a) =>
    `the gateway's own metric counts ${a.counted} requests; k6 had an answer to ${a.answers}`,
  errors_hidden_by_retries: (a) =>
    `the gateway's retries turned ${a.errors} errors in ${a.calls} LM calls into ${of(a.right, a.answers)} right answers`,
  burst_below_queue_timeout: (a) =>
    `no request waited until the queue timeout (${ms(a.queue_timeout_ms)}): the refusal itself was not tried; it needs a burst above ${a.capacity}`,
  foreign_log_lines: (a) => `${a.lines} log lines of other traffic were left out`,
  prometheus_failed: (a) => `Prometheus could not be asked: ${a.cause}`,
  no_scrape_after: (a) =>
    given(a.metric) === ''
      ? `no scrape of ${given(a.instance) === '' ? 'the target' : given(a.instance)} after the last answer was seen in time: the figures would miss the test's end; give a longer --scrape-wait, or look at the target in Prometheus`
      : `${given(a.metric)} ends before the test does${a.series === undefined ? '' : ` (${a.series} series)`}: the server stopped showing it`,
  target_missing: (a) =>
    `Prometheus scrapes no target of this job${given(a.job) === '' ? '' : ` ("${given(a.job)}")`}: correct --job or the scrape configuration`,
  target_down: (a) =>
    `${a.instance} was down in ${a.scrapes} scrapes during the test${given(a.cause) === '' ? '' : ` (${given(a.cause)})`}`,
  no_series: (a) =>
    a.when === 'before'
      ? `${given(a.instance) === '' ? 'the target' : given(a.instance)} was not scraped before the test: what it counted then is not known`
      : `Prometheus has no samples of ${a.metric} for this test: does the server show it, under this job?`,
  not_a_number: (a) => `${a.figure} is no number: nothing was observed in the window`,
  several_series: (a) =>
    `the contract's question for ${a.figure} has ${a.series} answers (several engines or models): --window exact sums over them`,
  counter_reset: (a) =>
    `${a.metric} fell ${a.resets} times during the test: the server began anew, and what it counted before is lost`,
  other_traffic: (a) =>
    `the server ended ${a.seen} requests while ${a.sent} were sent by this test: ${a.others} came from others, and are in the figures`,
  unseen_requests: (a) =>
    `the server counted ${a.seen} requests of ${a.answered} that were answered: the figures do not cover the test`,
  bad_buckets: (a) => `${a.metric} has buckets that can't be read (no le)`,
  prompts_unsent: () => 'the load was interrupted: not every prompt was sent',
  load_failed: (a) => `k6 did not come to its end (${a.cause})`,
  prompts_unrecorded: (a) => `${a.recorded} of ${a.expected} requests are on record`,
  baseline_incomplete: (a) => `the baseline (${a.baseline}) has no ${a.missing}`,
  baseline_differs: (a) =>
    `the baseline ran with another ${a.what} (${a.baseline}, this one ${a.candidate}): the ratios compare that as well`,
  clock_offset: (a) =>
    `Prometheus's clock is ${digits(a.offset_ms, 0)} ms from this machine's; the test's times were moved by it`,
  other_gate_failed: (a) =>
    `another gate failed version ${a.version} at the same time: its perf-failed stands`,
  beyond_buckets: (a) =>
    `${a.figure} lies above the histogram's highest bound: it is at least ${digits(a.bucket_low)} s`,
  base_model_label: (a) =>
    `vLLM's metrics carry the base model's name (${a.models}), not the adapter's (${a.adapter}): every request to that server counts, whatever it asked for`,
  absent_gauge: (a) => `${a.figure} is absent: the server, or its exporter, does not show it`,
  coarse_bucket: (a) =>
    `${a.figure} lies in a bucket from ${digits(a.bucket_low)} to ${digits(a.bucket_high)} s: the truth may be anywhere in it, and a change within it can't be seen`,
  client_gap: (a) =>
    `${a.figure}: the client measured ${digits(a.client)} s, the server ${digits(a.server)} s: ${
      a.within === 'yes'
        ? "no more apart than the server's bucket is wide"
        : `${digits(a.gap)} s apart, beyond the server's bucket: ${a.slower === 'client' ? 'network, proxies and connecting lie between them' : "failed answers are in the server's figures alone"}`
    }`,
  window_dilutes: (a) =>
    `over the contract's window (${a.window}) throughput reads ${digits(a.contract)} req/s, over the test itself ${digits(a.exact)}: the window holds idle time`,
  no_margin_for_success: () =>
    'the success rate against the baseline is judged by its point figure: no sample shows "not worse by anything"; --max-success-rate-drop gives a margin',
  resumed: (a) => `goes on with run ${a.run_id}, which an earlier attempt began`,
};

/** The finding's sentence, and whom it is about. Text in it may be untrusted: escape it where it is shown. */
export function wordFinding(finding: Finding): string {
  const text = sentence(finding);
  return finding.variant === null ? text : `${finding.variant}: ${text}`;
}

/** Generic, so that the compiler ties the arguments to the code. */
const sentence = <C extends FindingCode>({
  code,
  args,
}: {
  readonly code: C;
  readonly args: FindingArgs[C];
}): string => WORDS[code](args);

export const topicOf = ({ code }: Finding): (typeof FINDINGS)[FindingCode]['topic'] => FINDINGS[code].topic;
