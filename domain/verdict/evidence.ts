/**
 * May the measurement be believed? One table says what each kind of job needs to have seen before anything may pass, and
 * what happens where it was not: missing, torn or too short evidence is never silence. Each piece gives a figure and its
 * limit; one that fails makes the run invalid, with that figure as the reason.
 */
import { PROBE_PER_SECOND } from '../load/timing.ts';
import type { ProbeSample } from '../run/probe.ts';
import type { Garbled, ResourceSample } from '../run/data.ts';
import { valuesSummary } from '../figures/summary.ts';
import type { Variant } from '../variants.ts';
import { holds, type Op } from './check.ts';
import { finding, type Finding } from './findings.ts';

/** Jobs that need the same evidence. */
export const JOB_KINDS = ['load', 'counted', 'at_once', 'ramp', 'gateway', 'adapter_gate'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/**
 * counts: started, finished, recorded and k6's own agree. log: every line can be read. machine: the load machine's CPUs.
 * probe: what the load machine itself adds to a time. starts: an open load began when it was to. server: somebody looked
 * at the server, where its resources are judged. scrapes: Prometheus saw the test from before its start to after its end.
 */
export type EvidenceName = 'counts' | 'log' | 'machine' | 'probe' | 'starts' | 'server' | 'scrapes';

/**
 * What happens without it. invalid: the run is. undecided: the checks that rest on it are. by_step: each step of a ramp is
 * judged by its own, and a ramp without one usable step is invalid. spoils_misses: a full machine can't fake a limit that is
 * met, only one that is missed, so that only then the run is invalid. told: a warning says so, since the load is too short to
 * be watched. unneeded: nothing of this job rests on it.
 */
export type Without = 'invalid' | 'spoils_misses' | 'undecided' | 'by_step' | 'told' | 'unneeded';

export const NEEDS: Readonly<Record<JobKind, Readonly<Record<EvidenceName, Without>>>> = {
  load: {
    counts: 'invalid',
    log: 'invalid',
    machine: 'invalid',
    probe: 'invalid',
    starts: 'invalid',
    server: 'undecided',
    scrapes: 'unneeded',
  },
  // So many requests, however long they take: fast ones are over before anybody could look.
  counted: {
    counts: 'invalid',
    log: 'invalid',
    machine: 'invalid',
    probe: 'invalid',
    starts: 'unneeded',
    server: 'undecided',
    scrapes: 'unneeded',
  },
  // All at once, or one after another until a count is reached: the probe has no end to run to.
  at_once: {
    counts: 'invalid',
    log: 'invalid',
    machine: 'told',
    probe: 'told',
    starts: 'invalid',
    server: 'undecided',
    scrapes: 'unneeded',
  },
  ramp: {
    counts: 'invalid',
    log: 'invalid',
    machine: 'by_step',
    probe: 'by_step',
    starts: 'by_step',
    server: 'unneeded',
    scrapes: 'unneeded',
  },
  gateway: {
    counts: 'invalid',
    log: 'invalid',
    machine: 'spoils_misses',
    probe: 'unneeded',
    starts: 'unneeded',
    server: 'undecided',
    scrapes: 'unneeded',
  },
  adapter_gate: {
    counts: 'invalid',
    log: 'invalid',
    machine: 'invalid',
    probe: 'told',
    starts: 'unneeded',
    server: 'unneeded',
    scrapes: 'invalid',
  },
};

export type EvidenceFigureName =
  | 'lost_requests'
  | 'unrecorded_requests'
  | 'failed_iterations'
  | 'torn_lines'
  | 'k6_p95_gap'
  | 'cpu'
  | 'cpu_samples'
  | 'probe_delay'
  | 'probe_samples'
  | 'late_starts'
  | 'burst_spread';

export interface EvidenceFigure {
  readonly name: EvidenceFigureName;
  readonly variant: Variant | null;
  readonly figure: number;
  readonly op: Op;
  readonly limit: number;
  readonly unit: 'requests' | 'lines' | 'share' | 'ms' | 'samples';
  readonly ok: boolean;
}

export interface Evidence {
  readonly figures: readonly EvidenceFigure[];
  readonly findings: readonly Finding[];
}

/** What one variant's requests came to, by each of those who counted them. */
export interface Counted {
  readonly variant: Variant | null;
  readonly started: number;
  readonly finished: number;
  /** By k6's own count; null where it was not asked. */
  readonly http_reqs: number | null;
  /** Lines of the log. */
  readonly recorded: number;
  readonly iterations: number;
  /** Iterations that ended before they sent anything, and were to. */
  readonly without_request: number;
}

/** A file of evidence, as it was read. */
export interface Lines<T> {
  readonly samples: readonly T[];
  readonly garbled: Garbled;
}

export interface Seen {
  readonly kind: JobKind;
  /** The run was ended before its time: what was in flight then is lost, and the counts that it breaks are not held against it. */
  readonly stopped: boolean;
  readonly summaries: { readonly planned: number; readonly seen: number };
  readonly counted: readonly Counted[];
  readonly torn: { readonly count: number; readonly line: number; readonly problem: string };
  readonly cpus: number;
  readonly clients: number;
  /** How long the load was to last, or lasted where only its requests are counted: seconds, all blocks together. */
  readonly planned_s: number;
  readonly resources: Lines<ResourceSample>;
  readonly probes: Lines<ProbeSample>;
  /** Of our own delay; null where no latency is judged. */
  readonly delay_limit_ms: number | null;
  /** A limit was missed, and no fault of the server's explains it. */
  readonly missed: boolean;
}

/** A machine whose CPUs are all but full delays what it measures. */
export const CPU_FULL = 0.95;
/** Share of the seconds that may be full. */
export const CPU_FULL_SECONDS = 0.2;
const CPU_BUSY = 0.8;
/** Busy share at which a machine still measures others rather than itself. */
const CPU_ROOM = 0.7;
/** Our own delay may be this part of the difference that is to be judged. */
const DELAY_PART = 0.5;
/** Share of the planned samples that must have come, of the probe and of the CPU. */
const SAMPLE_SHARE = 0.8;
const CPU_SAMPLE_SHARE = 0.5;
/** Failed probes beyond this share mean that the server that does nothing was not there. */
const FAILED_PROBES = 0.2;
/** Below this many samples a percentile of the probe says nothing. */
const MIN_PROBES = 10;
/** A load of fewer seconds can't be told from k6's own start and end by its CPU. */
const LEAST_CPU_SECONDS = 5;

type Judge = (figure: Omit<EvidenceFigure, 'ok'>, otherwise: () => Finding) => void;

/** All but the lateness of starts, which {@link judgeStarts} has from the requests. */
export function judgeEvidence(seen: Seen): Evidence {
  const figures: EvidenceFigure[] = [];
  const findings: Finding[] = [];
  const judge: Judge = (figure, otherwise) => {
    const ok = holds(figure.op, figure.figure, figure.limit);
    figures.push({ ...figure, ok });
    if (!ok) findings.push(otherwise());
  };
  judgeLog(seen, judge);
  judgeCounts(seen, judge, findings);
  judgeGarbled("the load machine's CPU (resources.jsonl)", seen.resources, findings);
  judgeGarbled('the probe', seen.probes, findings);
  judgeMachine(seen, judge, findings);
  judgeProbe(seen, judge, findings);
  return { figures, findings };
}

const none = { op: '<=', limit: 0 } as const;

function judgeLog({ torn }: Seen, judge: Judge): void {
  judge({ name: 'torn_lines', variant: null, figure: torn.count, ...none, unit: 'lines' }, () =>
    finding('torn_lines', torn),
  );
}

function judgeGarbled(what: string, { garbled }: Lines<unknown>, findings: Finding[]): void {
  if (garbled.count > 0)
    findings.push(finding('evidence_garbled', { what, lines: garbled.count, problem: garbled.first }));
}

/** started == finished == recorded == k6's own count, and each iteration made a request. */
function judgeCounts(seen: Seen, judge: Judge, findings: Finding[]): void {
  const { summaries } = seen;
  if (summaries.seen < summaries.planned || summaries.seen === 0) {
    findings.push(finding('no_summary', { blocks: summaries.planned, summaries: summaries.seen }));
    return;
  }
  for (const one of seen.counted) {
    const { variant, started, finished, http_reqs, recorded, iterations, without_request } = one;
    const lost = Math.max(started - finished, http_reqs === null ? 0 : started - http_reqs);
    // An interrupted run has dropped what was in flight, and says so already.
    if (!seen.stopped)
      judge({ name: 'lost_requests', variant, figure: lost, ...none, unit: 'requests' }, () =>
        finding('lost_requests', { lost, started, finished }, { variant }),
      );
    const gap = Math.abs(finished - recorded);
    judge({ name: 'unrecorded_requests', variant, figure: gap, ...none, unit: 'requests' }, () =>
      finding('unrecorded_requests', { finished, recorded }, { variant }),
    );
    if (!seen.stopped)
      judge({ name: 'failed_iterations', variant, figure: without_request, ...none, unit: 'requests' }, () =>
        finding('iterations_failed', { broken: without_request, iterations }, { variant }),
      );
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Share of the samples with all CPUs full; null of none. */
export const fullShare = (samples: readonly ResourceSample[]): number | null =>
  samples.length === 0
    ? null
    : samples.filter(({ cpu_share }) => cpu_share >= CPU_FULL).length / samples.length;

function judgeMachine(seen: Seen, judge: Judge, findings: Finding[]): void {
  const need = NEEDS[seen.kind].machine;
  if (need === 'unneeded' || need === 'by_step') return;
  const { samples } = seen.resources;
  const planned = Math.floor(seen.planned_s);
  const what = "the load machine's CPU";
  const short = planned < LEAST_CPU_SECONDS;
  if (!seen.stopped && samples.length < CPU_SAMPLE_SHARE * planned) {
    if (need !== 'told' && !short)
      judge(
        {
          name: 'cpu_samples',
          variant: null,
          figure: samples.length,
          op: '>=',
          limit: Math.ceil(CPU_SAMPLE_SHARE * planned),
          unit: 'samples',
        },
        () => finding('evidence_missing', { what, seen: samples.length, planned }),
      );
    else findings.push(finding('not_watched', { what, seen: samples.length, planned }));
  }
  const full = fullShare(samples);
  if (full === null) {
    if (short) findings.push(finding('not_watched', { what, seen: 0, planned: Math.max(planned, 1) }));
    return;
  }
  const busy = mean(samples.map(({ cpu_share }) => cpu_share));
  if (need === 'spoils_misses' && !seen.missed) return;
  judge({ name: 'cpu', variant: null, figure: full, op: '<=', limit: CPU_FULL_SECONDS, unit: 'share' }, () =>
    saturated(seen, full, busy),
  );
  if (full <= CPU_FULL_SECONDS && busy >= CPU_BUSY) findings.push(finding('cpu_busy', { mean_share: busy }));
}

/** Names who used the CPUs, and advises fewer clients only where k6 and what answers it are most of it. */
function saturated(seen: Seen, full_share: number, mean_share: number): Finding {
  const cores = (of: (name: string) => boolean): number | null => {
    const values = seen.resources.samples.flatMap(({ cores: by = {} }) => {
      const mine = Object.entries(by).filter(([name]) => of(name));
      return mine.length === 0 ? [] : [mine.reduce((sum, [, value]) => sum + value, 0)];
    });
    return values.length === 0 ? null : mean(values);
  };
  const k6 = cores((name) => name === 'k6');
  const servers = cores((name) => name !== 'k6');
  const used = mean_share * seen.cpus;
  const others = k6 === null ? null : Math.max(0, used - k6 - (servers ?? 0));
  const clients_cause = others === null || others < used / 2;
  return finding('cpu_saturated', {
    full_share,
    mean_share,
    cpus: seen.cpus,
    ...(k6 === null ? {} : { k6_cores: k6 }),
    ...(servers === null ? {} : { servers_cores: servers }),
    ...(others === null ? {} : { others_cores: others }),
    ...(clients_cause ? { fits: fewer(seen.clients, CPU_ROOM / mean_share) } : {}),
  });
}

/** Clients that this machine may hold, if what was too much falls with their number; a guess to try, not a promise. */
const fewer = (clients: number, share: number): number =>
  Math.max(1, Math.floor(clients * Math.min(share, CPU_ROOM)));

/** What a request to a server that does nothing takes under load, above its idle floor, is our own delay. */
function judgeProbe(seen: Seen, judge: Judge, findings: Finding[]): void {
  const need = NEEDS[seen.kind].probe;
  if (need === 'unneeded' || need === 'by_step') return;
  const { samples } = seen.probes;
  const failed = samples.filter((sample) => sample.failed !== null);
  if (failed.length > FAILED_PROBES * samples.length && failed.length > 0)
    findings.push(
      finding('probe_failed_often', {
        failed: failed.length,
        probes: samples.length,
        problem: failed[0]?.failed ?? '',
      }),
    );
  // A probe that failed is no sample: what it took says nothing of our delay.
  const loaded = samples.filter((sample) => !sample.idle && sample.failed === null).length;
  const planned = seen.planned_s * PROBE_PER_SECOND;
  if (!seen.stopped && planned >= MIN_PROBES) {
    const share = loaded / planned;
    if (need === 'told') {
      if (share < SAMPLE_SHARE)
        findings.push(
          finding('not_watched', {
            what: "the load machine's own delay (the probe)",
            seen: loaded,
            planned: Math.round(planned),
          }),
        );
    } else
      judge(
        {
          name: 'probe_samples',
          variant: null,
          figure: share,
          op: '>=',
          limit: SAMPLE_SHARE,
          unit: 'share',
        },
        () =>
          loaded === 0
            ? finding('evidence_missing', { what: 'the probe', seen: 0, planned: Math.round(planned) })
            : finding('probe_starved', { share }),
      );
  }
  const delay = probeDelay(samples);
  const limit_ms = seen.delay_limit_ms;
  if (delay === null) {
    findings.push(finding('short_run', { probes: loaded }));
    return;
  }
  if (limit_ms === null) return;
  const { delay_ms, floor_ms } = delay;
  judge({ name: 'probe_delay', variant: null, figure: delay_ms, op: '<=', limit: limit_ms, unit: 'ms' }, () =>
    finding('probe_delay', {
      delay_ms,
      limit_ms,
      floor_ms,
      fits: fewer(seen.clients, limit_ms / delay_ms),
    }),
  );
}

/** What the load machine itself may add to a latency before it rivals a difference of this share. */
export const delayLimit = (tolerance: number, latency_ms: number): number =>
  DELAY_PART * tolerance * latency_ms;

/** What it may add where a latency lies so far from its limit, and nothing is compared. */
export const delayLimitBeside = (distance_ms: number): number => DELAY_PART * distance_ms;

/** The probe's p95 under load above its idle floor (p50); null of too few samples. */
export function probeDelay(
  probes: readonly ProbeSample[],
): { readonly delay_ms: number; readonly floor_ms: number } | null {
  const times = (idle: boolean): number[] =>
    probes
      .filter((sample) => sample.idle === idle && sample.failed === null)
      .map(({ duration_ms }) => duration_ms);
  const [idle, loaded] = [times(true), times(false)];
  if (idle.length < MIN_PROBES || loaded.length < MIN_PROBES) return null;
  const floor = valuesSummary(Float64Array.from(idle));
  const under_load = valuesSummary(Float64Array.from(loaded));
  return floor === null || under_load === null
    ? null
    : { delay_ms: Math.max(0, under_load.p95 - floor.p50), floor_ms: floor.p50 };
}

/** A start this late, or a small part of what is to be told apart, is what timers and schedulers do. */
const LATE_LEAST_MS = 10;

export interface Starts {
  readonly variant: Variant;
  /** Requests were to begin by a schedule. */
  readonly open: boolean;
  /** p99 of how late requests of an open load began; null where no record says so. */
  readonly late_ms: number | null;
  readonly requests: number;
  /** Of requests that were to begin together: last start less first; null where none were. */
  readonly spread_ms: number | null;
  readonly latency_ms: number;
}

/** Open load: latency counts from the schedule, so lateness of ours is in it. A burst: what is spread out is none. */
export function judgeStarts(starts: readonly Starts[], tolerance: number): Evidence {
  const figures: EvidenceFigure[] = [];
  const findings: Finding[] = [];
  for (const { variant, open, late_ms, requests, spread_ms, latency_ms } of starts) {
    if (open && late_ms === null)
      findings.push(
        finding(
          'evidence_missing',
          { what: 'the lateness of starts', seen: 0, planned: requests },
          { variant },
        ),
      );
    const limit_ms = Math.max(LATE_LEAST_MS, delayLimit(tolerance, latency_ms));
    const judge = (
      name: 'late_starts' | 'burst_spread',
      figure: number | null,
      limit: number,
      otherwise: (figure: number) => Finding,
    ): void => {
      if (figure === null) return;
      const ok = figure <= limit;
      figures.push({ name, variant, figure, op: '<=', limit, unit: 'ms', ok });
      if (!ok) findings.push(otherwise(figure));
    };
    judge('late_starts', late_ms, limit_ms, (late) =>
      finding('late_starts', { late_ms: late, limit_ms }, { variant }),
    );
    const burst_ms = Math.max(BURST_LEAST_MS, latency_ms / 2);
    judge('burst_spread', spread_ms, burst_ms, (spread) =>
      finding('burst_spread', { spread_ms: spread, limit_ms: burst_ms }, { variant }),
    );
  }
  return { figures, findings };
}

/** Starting a hundred VUs takes this long on any machine. */
const BURST_LEAST_MS = 250;
