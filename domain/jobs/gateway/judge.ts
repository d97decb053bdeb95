/** From what was seen of one scenario to its outcome: figures, findings named by their bug, and what could not be seen. */
import type { Evidence, Terms } from './evidence.ts';
import { groupFigures, percentile, right, windowSeconds, type GroupFigures } from './figures.ts';
import { finding, type Finding, type FindingCode } from '../../verdict/findings.ts';
import type { Sight } from './sight.ts';
import { judgeLimits, type FigureName, type GatewayCheck, type GatewayLimit } from './limits.ts';
import { mainCalls, type Judged } from './judged.ts';
import { reconcileLm, reconcileLogs, reconcileMetric } from './reconcile.ts';
import type { GatewayRecord } from './record.ts';
import type { GatewayScenario } from './scenarios.ts';
import { judgeBackpressure } from './judge-backpressure.ts';
import { judgeLoad, judgeLogIntegrity } from './judge-load.ts';
import { judgeProbes } from './judge-probes.ts';
import { judgeRouting } from './judge-routing.ts';
import { judgeStorm } from './judge-storm.ts';

/** What could not be seen or done, and the setting that would let it. */
export interface Unseen {
  readonly what: 'scenario' | 'lm' | 'logs' | 'readiness' | 'memory';
  /** Why, and what to set: words of the suite's own. */
  readonly set: string;
}

export interface ScenarioResult {
  readonly scenario: GatewayScenario;
  readonly outcome: 'pass' | 'fail' | 'invalid' | 'skipped';
  readonly from_k6: readonly Sight[];
  readonly from_other_side: readonly Sight[];
  readonly groups: readonly GroupFigures[];
  readonly checks: readonly GatewayCheck[];
  readonly findings: readonly Finding[];
  readonly unseen: readonly Unseen[];
}

const JUDGES: Readonly<Record<GatewayScenario, (evidence: Evidence, terms: Terms) => Judged>> = {
  load: judgeLoad,
  routing: judgeRouting,
  'log-integrity': judgeLogIntegrity,
  'error-storm': judgeStorm,
  backpressure: judgeBackpressure,
  probes: judgeProbes,
};

/** The bug that a missed limit stands for, where it stands for one. */
const BUG_OF: Readonly<Partial<Record<FigureName, FindingCode>>> = {
  after_error_rate: 'not_normal_again',
  after_duration_p95: 'not_normal_again',
  memory_growth: 'memory_leak',
  live_p95: 'probe_behind_queue',
  ready_p95: 'probe_behind_queue',
};

function named(checks: readonly GatewayCheck[]): Finding[] {
  return checks.flatMap(({ figure, answer, value, limit }) => {
    const code = BUG_OF[figure];
    if (answer === 'pass' || code === undefined) return [];
    return [finding(code, { figure, limit, ...(value === null ? {} : { value }) })];
  });
}

/** Where right answers a second say something; the others have a count of their own. */
const COUNTED: readonly GatewayScenario[] = ['load', 'routing', 'log-integrity', 'probes'];

/** Share of the LM's delay below which an answer can't have come from it. */
const FAR_BELOW = 0.5;
const CPU_FULL_SECONDS = 0.2;

/** started == finished == recorded, each iteration made its request, and k6 lived to say so. */
function trust(evidence: Evidence): Finding[] {
  const { phases, records, interrupted } = evidence;
  const summaries = phases.flatMap(({ summary }) => summary ?? []);
  if (interrupted) return [finding('interrupted')];
  if (summaries.length < phases.length)
    return [finding('no_summary', { phases: phases.length, summaries: summaries.length })];
  const sum = (of: (one: (typeof summaries)[number]) => number): number =>
    summaries.reduce((total, one) => total + of(one), 0);
  const started = sum((one) => one.started);
  const finished = sum((one) => one.finished);
  const iterations = sum((one) => one.iterations);
  const findings: Finding[] = [];
  if (started !== finished) findings.push(finding('lost_requests', { started, finished }));
  if (finished !== records.length || evidence.bad_records > 0)
    findings.push(
      finding('unrecorded_requests', {
        finished,
        recorded: records.length,
        bad: evidence.bad_records,
      }),
    );
  if (iterations > started) findings.push(finding('iterations_failed', { iterations, started }));
  return findings;
}

/** Repeats answered without the LM, or a whole load too fast for it. */
function answerCache({ records }: Evidence, { lm_delay_ms }: Terms): Finding[] {
  const fastest = (of: readonly GatewayRecord[]): number | null => percentile(of, 0.5).value;
  const calls = fastest(records.filter(({ kind, phase }) => kind === 'call' && phase !== 'warmup'));
  const repeats = records.filter(({ kind }) => kind === 'repeat');
  // Of each pair the first fills the cache; its place in the log is by time.
  const seconds = fastest(
    repeats.filter((one) =>
      repeats.some((other) => other.request_id === one.request_id && other.start_ms < one.start_ms),
    ),
  );
  const limit = FAR_BELOW * lm_delay_ms;
  if (calls !== null && calls < limit)
    return [finding('answer_cache', { median_ms: calls, lm_delay_ms, how: 'all' })];
  if (seconds !== null && seconds < limit)
    return [finding('answer_cache', { median_ms: seconds, lm_delay_ms, how: 'repeats' })];
  return [];
}

function process({ process: { before, after }, died, scenario }: Evidence): Finding[] {
  if (scenario === 'error-storm') return []; // judged there, as a crash
  if (died !== null) return [finding('gateway_restarted', { how: 'died' }, [died.slice(-300)])];
  const [from, to] = [before?.start_time_s ?? null, after?.start_time_s ?? null];
  return from !== null && to !== null && from !== to
    ? [finding('gateway_restarted', { how: 'restarted' })]
    : [];
}

function timeouts({ records, scenario }: Evidence, { timeout_ms }: Terms): Finding[] {
  if (scenario === 'error-storm') return []; // judged there, as a hang
  const late = records.filter(({ error, kind }) => error === 'timeout' && kind === 'call').length;
  return late === 0 ? [] : [finding('timeouts', { requests: late, timeout_ms })];
}

/** k6 judges the same limits on the same values: where it alone sees one missed, one of the two counts wrongly. */
function k6Disagrees({ phases }: Evidence): Finding[] {
  const failed = phases.flatMap(({ summary }) => summary?.thresholds ?? []).filter(({ ok }) => !ok);
  const [first] = failed;
  return first === undefined
    ? []
    : [finding('k6_disagrees', { metric: first.metric, expression: first.expression })];
}

/** Judges one scenario that ran. */
export function judgeScenario(
  evidence: Evidence,
  terms: Terms,
  limits: readonly GatewayLimit[],
  unseen: readonly Unseen[],
): ScenarioResult {
  const own = JUDGES[evidence.scenario](evidence, terms);
  const sides = [reconcileLm(evidence, terms), reconcileLogs(evidence), reconcileMetric(evidence)];
  const checks = judgeLimits(limits, own.figures, terms.lm_delay_ms);
  const missed = checks.some(({ answer }) => answer === 'fail');
  const findings = [
    ...trust(evidence),
    // An interrupt drops what is in flight without a trace: the other side has seen it, and nothing follows from that.
    ...(evidence.interrupted
      ? []
      : [
          ...own.findings,
          ...named(checks),
          ...answerCache(evidence, terms),
          ...process(evidence),
          ...timeouts(evidence, terms),
          ...sides.flatMap((side) => side.findings),
          ...(missed ? [] : k6Disagrees(evidence)),
        ]),
  ];
  const main = mainCalls(evidence.records);
  if (main.length === 0 && !evidence.interrupted) findings.push(finding('no_answers'));
  // A full machine can't fake a pass, only a miss.
  if (
    missed &&
    evidence.cpu_full_share > CPU_FULL_SECONDS &&
    !findings.some(({ severity }) => severity === 'fail')
  )
    findings.push(finding('machine_full', { full_share: evidence.cpu_full_share }));
  const window_s = windowSeconds(main, terms.duration_ms);
  return {
    scenario: evidence.scenario,
    outcome: evidence.interrupted ? 'skipped' : outcome(findings, missed, unseen),
    from_k6: [
      ...(COUNTED.includes(evidence.scenario)
        ? [
            {
              saw: 'requests',
              requests: main.length,
              right: right(main).length,
              per_s: window_s > 0 ? right(main).length / window_s : 0,
            } as const,
          ]
        : []),
      ...own.from_k6,
    ],
    from_other_side: [...sides.flatMap((side) => side.sights), ...own.from_other_side],
    groups: groupFigures(evidence.programs, main, window_s),
    checks,
    findings: distinct(findings),
    unseen,
  };
}

/** In the order of the exit codes: a measurement that can't be trusted is no answer at all. */
function outcome(
  findings: readonly Finding[],
  missed: boolean,
  unseen: readonly Unseen[],
): ScenarioResult['outcome'] {
  const any = (severity: Finding['severity']): boolean =>
    findings.some((one) => one.severity === severity);
  if (any('invalid')) return 'invalid';
  if (any('fail') || missed) return 'fail';
  return unseen.length > 0 ? 'skipped' : 'pass';
}

/** The same bug seen from two sides is said once, by the first that saw it. */
function distinct(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ code }, i) => findings.findIndex((one) => one.code === code) === i);
}

/** A scenario that could not run at all. */
export function skippedScenario(scenario: GatewayScenario, unseen: readonly Unseen[]): ScenarioResult {
  return {
    scenario,
    outcome: 'skipped',
    from_k6: [],
    from_other_side: [],
    groups: [],
    checks: [],
    findings: [],
    unseen,
  };
}
