/** Every sentence that a gateway run's result is told in: findings by the name of their bug, and what each side saw. */
import type { Finding, FindingCode } from '../../domain/verdict/findings.ts';
import type { Sight } from '../../domain/jobs/gateway/sight.ts';
import { FIGURES, type GatewayCheck } from '../../domain/jobs/gateway/limits.ts';
import type { GatewayReport } from '../../domain/jobs/gateway/report.ts';
import { integer, ms, percent } from './format.ts';

type Args = Finding['args'];
const n = (args: Args, name: string): number => Number(args[name] ?? Number.NaN);
const t = (args: Args, name: string): string => String(args[name] ?? '');
const of = (args: Args, part: string, whole: string): string => `${n(args, part)} of ${n(args, whole)}`;

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

const FINDINGS: Readonly<Record<FindingCode, (a: Args) => string>> = {
  blocking_call: (a) =>
    `blocking call: ${n(a, 'users')} users asked, and on average only ${n(a, 'at_work').toFixed(1)} were being answered at once${'peak' in a ? ` (the LM never saw more than ${n(a, 'peak')})` : ''}: calls of the LM go one after another`,
  too_few_workers: (a) =>
    `too few sync workers: of ${n(a, 'users').toFixed(0)} users of sync programs only ${n(a, 'at_work').toFixed(1)} were being answered at once; raise --sync-workers (server.sync_worker_threads)`,
  context_leak: (a) =>
    `context leak between requests: ${of(a, 'wrong', 'answers')} answers name another program's model`,
  crossed_answers: (a) =>
    `crossed answers: ${of(a, 'crossed', 'answers')} answers belong to another request's input`,
  lm_asked_for_other_models: () =>
    "the LM was asked for other models than the programs that answered have: requests took another program's model on their way",
  torn_log: (a) =>
    `torn log lines: ${n(a, 'lines')} lines are no JSON by themselves (cut, or written into one another)`,
  lost_log: (a) => `lost log lines: ${of(a, 'lost', 'requests')} requests that were answered have no line`,
  doubled_log: (a) => `doubled log lines: ${n(a, 'doubled')} requests have more than one line`,
  log_bad_fields: (a) => `wrong fields in the log: ${n(a, 'lines')} lines`,
  log_without_request: (a) =>
    `log lines without a request: ${n(a, 'lines')} lines carry an id of this run that k6 did not send to that program`,
  log_disagrees: (a) =>
    `the log contradicts the answers: ${n(a, 'lines')} lines say success where the client saw an error, or the reverse`,
  bad_input_accepted: (a) =>
    `bad input accepted: ${of(a, 'accepted', 'sent')} requests without inputs were answered as if they were right`,
  html_error: (a) =>
    `no clean error (an HTML page or other text in place of JSON): ${of(a, 'requests', 'all')} answers in the storm`,
  hang_on_error: (a) =>
    `hang on error: ${of(a, 'requests', 'all')} requests of the storm had no answer within the deadline of ${ms(n(a, 'timeout_ms'))}`,
  crash_on_error: (a) =>
    t(a, 'how') === 'dropped'
      ? `connections dropped in the storm: ${n(a, 'dropped')} requests were cut off without an answer`
      : `crash on error: the gateway's process ${t(a, 'how') === 'died' ? 'ended' : 'was restarted'} in the storm; ${n(a, 'dropped')} requests were cut off`,
  wrong_answer_in_storm: (a) =>
    `wrong answers in the storm: ${of(a, 'requests', 'all')} look like success and are none`,
  memory_leak: (a) =>
    `memory leak: ${mebibytes(n(a, 'value'))} more after the storm than before it (limit ${mebibytes(n(a, 'limit'))})`,
  not_normal_again: () => 'no normal service after the storm',
  instant_429: (a) =>
    `instant 429: ${of(a, 'early', 'requests')} requests of the burst were refused after ${ms(n(a, 'after_ms'))}, before the queue timeout of ${ms(n(a, 'queue_timeout_ms'))}`,
  no_limit_in_force: (a) =>
    `no limit in force: ${'peak' in a ? `${n(a, 'peak')} calls were at the LM at once` : `${n(a, 'burst')} requests took ${ms(n(a, 'slowest_ms'))} at most`}, with a limit of ${n(a, 'limit')} and a burst of ${n(a, 'burst')}`,
  limit_exceeded: (a) =>
    `limit exceeded: ${n(a, 'peak')} calls were at the LM at once, the limit is ${n(a, 'limit')}`,
  limit_never_released: (a) =>
    `limit never released: ${n(a, 'tried')} single requests over ${ms(n(a, 'for_ms'))} after the burst, and none was answered normally`,
  queue_timeout_ignored: (a) =>
    `queue timeout ignored: a request waited ${ms(n(a, 'longest_ms'))} and was served; the queue timeout is ${ms(n(a, 'queue_timeout_ms'))}`,
  probe_behind_queue: (a) =>
    `probe behind the work queue: ${t(a, 'figure') === 'live_p95' ? 'live' : 'ready'} took ${'value' in a ? ms(n(a, 'value')) : 'longer than any timeout'} (p95) under full load, limit ${ms(n(a, 'limit'))}`,
  probe_failed: (a) => `probes failed under load: ${of(a, 'failed', 'asked')}`,
  probes_alike: () =>
    'live and ready are the same: nothing tells a process that lives from one that can serve',
  ready_always_true: (a) =>
    `ready is always true: the LM was unreachable for ${ms(n(a, 'waited_ms'))}, and ready did not say so`,
  live_turns_false: (a) =>
    `live turns false with the LM (${t(a, 'status')}): an orchestrator would restart a healthy gateway`,
  ready_stays_false: () => 'ready stays false: the LM was back, and ready did not see it',
  timeouts: (a) => `${n(a, 'requests')} requests had no answer within ${ms(n(a, 'timeout_ms'))}`,
  gateway_restarted: (a) =>
    `the gateway's process ${t(a, 'how') === 'died' ? 'ended' : 'was restarted'} under the load`,
  answer_cache: (a) =>
    t(a, 'how') === 'lm'
      ? `an answer cache is on: ${n(a, 'answers')} right answers, and the LM served only ${n(a, 'served')} calls; switch it off for the run (or LM_CONTROL_URL is not the LM of this gateway)`
      : `an answer cache is on: ${t(a, 'how') === 'repeats' ? 'a repeated input was answered' : 'answers came'} in ${ms(n(a, 'median_ms'))} (median), with an LM that takes ${ms(n(a, 'lm_delay_ms'))}; switch it off for the run, or correct --lm-delay`,
  storm_not_seen: (a) =>
    `there was no storm: the LM answered ${n(a, 'calls')} calls and failed none of them; is it the one behind this gateway?`,
  lost_requests: (a) =>
    `${n(a, 'started')} requests were started and ${n(a, 'finished')} finished: the slowest are in no figure`,
  unrecorded_requests: (a) =>
    `k6 finished ${n(a, 'finished')} requests and the request log holds ${n(a, 'recorded')} (and ${n(a, 'bad')} lines that can't be read)`,
  iterations_failed: (a) =>
    `${n(a, 'iterations')} iterations sent only ${n(a, 'started')} requests (an exception in the script; see k6.log)`,
  no_summary: (a) => `k6 left ${n(a, 'summaries')} summaries for ${n(a, 'phases')} phases; see k6.log`,
  machine_full: (a) =>
    `a limit was missed while the load machine's CPUs were full in ${percent(n(a, 'full_share'), 0)} of the seconds: it may be the machine's doing; use fewer users or another machine`,
  k6_disagrees: (a) =>
    `k6 says that ${t(a, 'metric')} misses ${t(a, 'expression')}, and its own request log does not`,
  no_answers: () => 'no request of the measured phase was finished: nothing was judged',
  model_not_named: (a) =>
    `${of(a, 'unnamed', 'answers')} answers name no model, so a mixed-up one can't be told; put the mock LM behind the gateway, or name the field (model_field) in --gateway-programs`,
  lm_served_more: (a) =>
    `the LM served ${n(a, 'served')} calls for ${n(a, 'answers')} answers: other traffic, or calls made twice`,
  metric_disagrees: (a) =>
    `the gateway's own metric counts ${n(a, 'counted')} requests; k6 had an answer to ${n(a, 'answers')}`,
  interrupted: () => 'interrupted: judged by what was seen until then',
  errors_hidden_by_retries: (a) =>
    `the gateway's retries turned ${n(a, 'errors')} errors in ${n(a, 'calls')} LM calls into ${of(a, 'right', 'answers')} right answers`,
  burst_below_queue_timeout: (a) =>
    `no request waited until the queue timeout (${ms(n(a, 'queue_timeout_ms'))}): the refusal itself was not tried; it needs a burst above ${n(a, 'capacity')}`,
  other_traffic: (a) => `${n(a, 'lines')} log lines of other traffic were left out`,
};

export const wordGatewayFinding = ({ code, args }: Finding): string => FINDINGS[code](args);

export const figureLabel = ({ figure }: GatewayCheck): string => FIGURES[figure].label;

export function figureText(value: number, unit: GatewayCheck['unit']): string {
  switch (unit) {
    case 'ms':
      return ms(value);
    case 'share':
      return percent(value);
    case 'bytes':
      return mebibytes(value);
  }
}

export function wordSight(sight: Sight): string {
  switch (sight.saw) {
    case 'requests':
      return `${integer(sight.right)} of ${integer(sight.requests)} right, ${sight.per_s.toFixed(1)}/s`;
    case 'models':
      return sight.wrong === 0
        ? 'each names its own model'
        : `${sight.wrong} of ${sight.answers} name another model`;
    case 'storm':
      return `${sight.right} right, ${sight.clean} clean errors, ${sight.other} neither; slowest ${ms(sight.slowest_ms)}`;
    case 'burst':
      return `burst: ${sight.served} served, ${sight.refused} refused; slowest ${ms(sight.slowest_ms)}`;
    case 'recovery': {
      if (sight.ms === null) return 'not normal again';
      const tried = sight.first_try_after_ms === null ? '' : ` ${ms(sight.first_try_after_ms)} after it`;
      return sight.ms === 0
        ? `normal at the first try${tried}`
        : `normal again ${ms(sight.ms)} after the first try${tried}`;
    }
    case 'probes':
      return `${sight.live + sight.ready} probes`;
    case 'lm_calls':
      return `LM ${integer(sight.served)} served, ${integer(sight.errors)} failed, peak ${sight.peak}`;
    case 'lm_models':
      return Object.entries(sight.by_model)
        .map(([model, count]) => `${model} ${count}`)
        .join(', ');
    case 'log_lines':
      return `log ${integer(sight.lines)} of ${integer(sight.expected)} lines`;
    case 'counted':
      return `counted ${integer(sight.requests)}`;
    case 'alive':
      return sight.before_bytes === null || sight.after_bytes === null
        ? 'memory not seen'
        : `memory ${mebibytes(sight.before_bytes)}, then ${mebibytes(sight.after_bytes)}`;
    case 'readiness':
      return `LM away: ${sight.unready_after_ms === null ? 'ready stayed true' : `not ready after ${ms(sight.unready_after_ms)}`}${sight.again_after_ms === null ? '' : `, ready again after ${ms(sight.again_after_ms)}`}`;
  }
}

/** The result in plain words; the first thing that anyone reads. */
export function gatewaySentence({ verdict, scenarios }: GatewayReport): string {
  const list = verdict.because.join(', ');
  switch (verdict.word) {
    case 'pass':
      return `The gateway passes ${scenarios.length === 1 ? list : `all ${scenarios.length} scenarios`}.`;
    case 'fail': {
      const worst = scenarios.flatMap(({ findings }) => findings).find(({ severity }) => severity === 'fail');
      return `The gateway fails ${list}${worst === undefined ? ': a limit is missed' : `: ${wordGatewayFinding(worst)}`}.`;
    }
    case 'invalid': {
      const cause = scenarios
        .flatMap(({ findings }) => findings)
        .find(({ severity }) => severity === 'invalid');
      return `The measurement can't be trusted (${list})${cause === undefined ? '' : `: ${wordGatewayFinding(cause)}`}. No verdict.`;
    }
    case 'inconclusive':
      return list === ''
        ? 'Nothing was judged: no verdict.'
        : `Not all was seen (${list}): no verdict. What ran has passed.`;
  }
}
