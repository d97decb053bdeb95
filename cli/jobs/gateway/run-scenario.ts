/** Runs one scenario on its site: marks, phases of load, counters and logs read back, and what was seen as evidence. */
import { existsSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type {
  Evidence,
  PhaseEvidence,
  ProcessState,
  Readiness,
} from '../../../domain/jobs/gateway/evidence.ts';
import { BadField } from '../../../domain/text/fields.ts';
import { k6GatewayThresholds, type GatewayLimits } from '../../../domain/jobs/gateway/limits.ts';
import { PHASE_PLAN_VARIABLE, parsePhaseSummary, type PhasePlan } from '../../../domain/jobs/gateway/plan.ts';
import type { GatewayProgram } from '../../../domain/jobs/gateway/programs.ts';
import { mustBeLogged } from '../../../domain/jobs/gateway/reconcile.ts';
import { parseGatewayRecord, type GatewayRecord } from '../../../domain/jobs/gateway/record.ts';
import type { GatewayScenario } from '../../../domain/jobs/gateway/scenarios.ts';
import type { Settings } from '../../../domain/settings/settings.ts';
import { say, type Io } from '../../io.ts';
import type { K6 } from '../../run/k6.ts';
import { eachLine } from '../../read/lines.ts';
import { readResources } from '../../read/run.ts';
import { FILES, shownPath, type RunDirectory } from '../../run/directory.ts';
import { runK6 } from '../../run/k6-process.ts';
import { runBlocks, type Blocks } from '../../run/runner.ts';
import { watchLogs, type LogWatch } from './logs.ts';
import { burstProgram, openSite, type Site } from './site.ts';
import { stepsOf, type Step } from './steps.ts';

export interface ScenarioRun {
  readonly io: Io;
  readonly k6: K6;
  readonly run: RunDirectory;
  readonly run_key: string;
  readonly settings: Settings;
  readonly limits: GatewayLimits;
  readonly scenario: GatewayScenario;
  /** The user's list of programs, parsed; null: none. */
  readonly given_programs: unknown;
  /** Whether the site has what the scenario needs. */
  possible(site: Site): boolean;
}

export interface ScenarioEnd {
  /** Closed by now. */
  readonly site: Site;
  /** Null: the site has not what the scenario needs, and nothing was loaded. */
  readonly evidence: Evidence | null;
}

/** A scenario on its site, from the moment before its load. */
interface Begun {
  readonly site: Site;
  readonly programs: readonly GatewayProgram[];
  readonly started_ms: number;
  readonly logs: LogWatch | null;
  /** The gateway's process before the main phase. */
  before: ProcessState | null;
  /** How long k6 has run, in seconds. */
  load_s: number;
}

export async function runScenario(of: ScenarioRun): Promise<ScenarioEnd> {
  const { io, settings, scenario, run, given_programs } = of;
  return await runBlocks(io, {
    async servers(closers) {
      const site = await openSite({ io, settings, scenario, folder: run.path, given_programs });
      closers.add(async () => await site.close());
      return await begin(of, site);
    },
    blocks: (begun) => phasesOf(of, begun),
    async finish(begun, phases) {
      const { site } = begun;
      return { site, evidence: of.possible(site) ? await evidenceOf(of, begun, phases) : null };
    },
  });
}

async function begin({ scenario, run_key }: ScenarioRun, site: Site): Promise<Begun> {
  const started_ms = Date.now();
  const programs = programsOf(scenario, site);
  const logs = site.logs === null ? null : watchLogs(site.logs, programs, run_key);
  return { site, programs, started_ms, logs, before: await site.process(), load_s: 0 };
}

function phasesOf(of: ScenarioRun, begun: Begun): Blocks<Step, PhaseEvidence> {
  const { io, settings, scenario } = of;
  const { site } = begun;
  const steps = of.possible(site) ? stepsOf(scenario, settings) : [];
  return {
    next: (block) => (io.interrupted.aborted || site.died() !== null ? null : (steps[block] ?? null)),
    async before(step) {
      await site.lm?.set({ ...step.lm, delay_ms: settings.lmDelayMs });
      await site.lm?.reset();
    },
    async run(step, block) {
      const from_ms = Date.now();
      const phase = await runStep(of, begun, step, block);
      begun.load_s += (Date.now() - from_ms) / 1000;
      return phase;
    },
    async after({ phase }) {
      if (phase === 'before') begun.before = await site.process();
      return false;
    },
  };
}

async function evidenceOf(
  of: ScenarioRun,
  begun: Begun,
  phases: readonly PhaseEvidence[],
): Promise<Evidence> {
  const { io, scenario, run, run_key, settings } = of;
  const { site, programs, started_ms, logs, before } = begun;
  const after = await site.process();
  const readiness = scenario === 'probes' && !io.interrupted.aborted ? await probeReadiness(of, site) : null;
  const { records, bad } = readRecords(run, scenario);
  const died = site.died();
  const expected = records.filter(mustBeLogged).map(({ request_id }) => request_id);
  return {
    scenario,
    run_key,
    programs,
    records,
    bad_records: bad,
    phases,
    process: { before, after },
    died,
    readiness,
    resources: resourcesSince(run, started_ms),
    cpus: os.cpus().length,
    load_s: begun.load_s,
    interrupted: io.interrupted.aborted,
    logs: logs === null ? null : await logs.read(expected, settings.drainMs),
  };
}

/** The burst is about one program, all else about all of them. */
function programsOf(scenario: GatewayScenario, site: Site): readonly GatewayProgram[] {
  const one = scenario === 'backpressure' ? burstProgram(site.programs) : undefined;
  return one === undefined ? site.programs : [one];
}

async function runStep(
  of: ScenarioRun,
  { site, programs }: Begun,
  { phase, load, timeout_ms }: Step,
  block: number,
): Promise<PhaseEvidence> {
  const { io, k6, run, scenario, settings } = of;
  const file = (name: string): string => join(run.path, name);
  const plan: PhasePlan = {
    run_key: of.run_key,
    scenario,
    phase,
    base_url: site.gateway_url,
    live_path: settings.gatewayLivePath,
    ready_path: settings.gatewayReadyPath,
    programs: programs.map((program) => ({ ...program, outputs: [...program.outputs] })),
    load,
    timeout_ms,
    thresholds: k6GatewayThresholds(of.limits[scenario], phase, settings.lmDelayMs),
    request_log: file(FILES.requests),
    summary_file: file(`summary-${scenario}-${phase}.json`),
  };
  const { k6_exit_code, summary, last_lines } = await runK6({
    io,
    k6,
    scenario: 'gateway',
    settings,
    run,
    block,
    plan,
    plan_variable: PHASE_PLAN_VARIABLE,
    parseSummary: parsePhaseSummary,
    processes: site.processes,
    env: { K6_WEB_DASHBOARD: undefined },
  });
  if (summary === null && !io.interrupted.aborted)
    say(
      io,
      `k6 ended without a summary (exit ${String(k6_exit_code)}); the end of ${shownPath(io, file(FILES.k6_log))}:\n${last_lines}`,
    );
  return { phase, summary, lm: (await site.lm?.state()) ?? null };
}

function readRecords(
  run: RunDirectory,
  scenario: GatewayScenario,
): { records: GatewayRecord[]; bad: Evidence['bad_records'] } {
  const records: GatewayRecord[] = [];
  const bad = { count: 0, line: 0, problem: '' };
  const path = join(run.path, FILES.requests);
  if (!existsSync(path)) return { records, bad };
  let line = 0;
  eachLine(path, ({ bytes }, from, to) => {
    line += 1;
    try {
      const record = parseGatewayRecord(bytes.toString('utf8', from, to));
      if (record.scenario === scenario) records.push(record);
    } catch (error) {
      if (!(error instanceof BadField || error instanceof SyntaxError)) throw error;
      bad.count += 1;
      if (bad.count === 1) Object.assign(bad, { line, problem: error.message });
    }
  });
  return { records, bad };
}

/** What was seen of the load machine since then: the file holds every scenario before as well. */
function resourcesSince(run: RunDirectory, since_ms: number): Evidence['resources'] {
  const { samples, garbled } = readResources(run);
  return { samples: samples.filter(({ at_ms }) => at_ms >= since_ms), garbled };
}

const UNREADY_WITHIN_MS = 8000;
const READY_AGAIN_WITHIN_MS = 15_000;
const POLL_MS = 100;

/** Asks both probes at rest, then takes the LM away and brings it back. */
async function probeReadiness({ settings, io }: ScenarioRun, site: Site): Promise<Readiness> {
  const { gatewayLivePath: live_path, gatewayReadyPath: ready_path } = settings;
  const until = async (
    holds: (status: number | null) => boolean,
    within_ms: number,
  ): Promise<number | null> => {
    const from = Date.now();
    while (Date.now() - from < within_ms && !io.interrupted.aborted) {
      if (holds((await site.probe(ready_path)).status)) return Date.now() - from;
      await wait(POLL_MS);
    }
    return null;
  };
  const idle = { live: await site.probe(live_path), ready: await site.probe(ready_path) };
  const { lm_switch } = site;
  if (lm_switch === null) return { idle, without_lm: null };
  await lm_switch.stop();
  const unready_after_ms = await until((status) => status !== null && status !== 200, UNREADY_WITHIN_MS);
  const live = await site.probe(live_path);
  await lm_switch.start();
  const ready_again_after_ms = await until((status) => status === 200, READY_AGAIN_WITHIN_MS);
  return {
    idle,
    without_lm: { unready_after_ms, waited_ms: UNREADY_WITHIN_MS, live, ready_again_after_ms },
  };
}
