/** From what was seen of one scenario to its outcome: figures, findings named by their bug, and what could not be seen. */
import { NOT_GARBLED } from '../../run/data.ts';
import type { ExitCode } from '../../verdict/exit-codes.ts';
import type { Evidence, Terms } from './evidence.ts';
import { groupFigures, percentile, right, windowSeconds, type GroupFigures } from './figures.ts';
import { finding, type Finding } from '../../verdict/findings.ts';
import type { Sight } from './sight.ts';
import { FIGURES, judgeLimits, type FigureName, type GatewayLimit } from './limits.ts';
import type { Check, Verdict } from '../../verdict/check.ts';
import { FAIL_ON_ANY, decide } from '../../verdict/decide.ts';
import { judgeEvidence, type EvidenceFigure } from '../../verdict/evidence.ts';
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
  readonly verdict: Verdict;
  readonly exit_code: ExitCode;
  readonly from_k6: readonly Sight[];
  readonly from_other_side: readonly Sight[];
  readonly groups: readonly GroupFigures[];
  readonly checks: readonly Check[];
  readonly trust: readonly EvidenceFigure[];
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
function bugOf(figure: FigureName, value: number | null, limit: number): Finding | null {
  const measured = value === null ? {} : { value };
  switch (figure) {
    case 'after_error_rate':
    case 'after_duration_p95':
      return finding('not_normal_again');
    case 'memory_growth':
      return finding('memory_leak', { value: value ?? 0, limit });
    case 'live_p95':
    case 'ready_p95':
      return finding('probe_behind_queue', { figure, limit, ...measured });
    case 'error_rate':
    case 'duration_p95':
    case 'recovery':
      return null;
  }
}

const isFigure = (name: string): name is FigureName => Object.hasOwn(FIGURES, name);

const named = (checks: readonly Check[]): Finding[] =>
  checks.flatMap(({ id, answer, value, limit }) =>
    answer === 'pass' || !isFigure(id) ? [] : (bugOf(id, value, limit) ?? []),
  );

/** Where right answers a second say something; the others have a count of their own. */
const COUNTED: readonly GatewayScenario[] = ['load', 'routing', 'log-integrity', 'probes'];

/** Share of the LM's delay below which an answer can't have come from it. */
const FAR_BELOW = 0.5;

/** By the rule of evidence that every job has. @param missed a limit was missed, and no fault of the gateway's explains it */
function evidenceOf(evidence: Evidence, missed: boolean): ReturnType<typeof judgeEvidence> {
  const { phases, records, interrupted, bad_records, resources } = evidence;
  const summaries = phases.flatMap(({ summary }) => summary ?? []);
  const sum = (of: (one: (typeof summaries)[number]) => number): number =>
    summaries.reduce((total, one) => total + of(one), 0);
  const [started, iterations] = [sum((one) => one.started), sum((one) => one.iterations)];
  return judgeEvidence({
    kind: 'gateway',
    stopped: interrupted,
    summaries: { planned: phases.length, seen: summaries.length },
    counted: [
      {
        variant: null,
        started,
        finished: sum((one) => one.finished),
        http_reqs: null,
        recorded: records.length,
        iterations,
        without_request: Math.max(0, iterations - started),
      },
    ],
    torn: bad_records,
    cpus: evidence.cpus,
    clients: 0,
    planned_s: evidence.load_s,
    resources,
    probes: { samples: [], garbled: NOT_GARBLED },
    delay_limit_ms: null,
    missed,
  });
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
  if (died !== null) return [finding('gateway_restarted', { how: 'died' }, { cases: [died.slice(-300)] })];
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
    : [finding('k6_threshold_disagrees', { metric: first.metric, expression: first.expression })];
}

/** Judges one scenario that ran. */
export function judgeScenario(
  evidence: Evidence,
  terms: Terms,
  limits: readonly GatewayLimit[],
  unseen: readonly Unseen[],
): ScenarioResult {
  const { scenario, interrupted } = evidence;
  const own = JUDGES[scenario](evidence, terms);
  const sides = [reconcileLm(evidence), reconcileLogs(evidence), reconcileMetric(evidence)];
  const checks = judgeLimits(scenario, limits, own.figures, terms.lm_delay_ms);
  const missed = checks.some(({ answer }) => answer !== 'pass');
  const main = mainCalls(evidence.records);
  // An interrupt drops what is in flight without a trace: the other side has seen it, and nothing follows from that.
  const seen = interrupted
    ? [finding('interrupted')]
    : [
        ...own.findings,
        ...named(checks),
        ...answerCache(evidence, terms),
        ...process(evidence),
        ...timeouts(evidence, terms),
        ...sides.flatMap((side) => side.findings),
        ...(missed ? [] : k6Disagrees(evidence)),
        ...(main.length === 0 ? [finding('no_answers', { requests: 0 })] : []),
      ];
  const trust = evidenceOf(evidence, missed && !seen.some(({ severity }) => severity === 'fail'));
  // An interrupted scenario has no answer that missing evidence could spoil: what was in flight left no trace.
  const findings = distinct(interrupted ? seen : [...trust.findings, ...seen]);
  const window_s = windowSeconds(main, terms.duration_ms);
  return {
    scenario,
    ...decide(checks, findings, {
      rule: 'point',
      interrupted,
      fail_on: FAIL_ON_ANY,
      unseen: unseen.map(({ what }) => what),
      always_judged: true,
    }),
    from_k6: [
      ...(COUNTED.includes(scenario)
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
    trust: trust.figures,
    findings,
    unseen,
  };
}

/** The same bug seen from two sides is said once, by the first that saw it. */
function distinct(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ code }, i) => findings.findIndex((one) => one.code === code) === i);
}

/** A scenario that could not run at all. */
export function skippedScenario(scenario: GatewayScenario, unseen: readonly Unseen[]): ScenarioResult {
  return {
    scenario,
    ...decide([], [], {
      rule: 'point',
      interrupted: false,
      fail_on: FAIL_ON_ANY,
      unseen: unseen.map(({ what }) => what),
    }),
    from_k6: [],
    from_other_side: [],
    groups: [],
    checks: [],
    trust: [],
    findings: [],
    unseen,
  };
}
