/** Runs one scenario on its site: marks, phases of load, counters and logs read back, and what was seen as evidence. */
import { existsSync, readFileSync } from 'node:fs';
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
import { watchResources } from '../../run/resources.ts';
import { watchLogs } from './logs.ts';
import { burstProgram, type Site } from './site.ts';
import { stepsOf, type Step } from './steps.ts';

export interface ScenarioRun {
  readonly io: Io;
  readonly k6: K6;
  readonly run: RunDirectory;
  readonly run_key: string;
  readonly settings: Settings;
  readonly limits: GatewayLimits;
  readonly scenario: GatewayScenario;
  readonly site: Site;
}

const CPU_FULL = 0.95;

export async function runScenario(of: ScenarioRun): Promise<Evidence> {
  const { io, site, scenario, settings, run, run_key } = of;
  const started_ms = Date.now();
  const steps = stepsOf(scenario, settings);
  const programs = programsOf(of);
  const logs = site.logs === null ? null : watchLogs(site.logs, programs, run_key);
  let before = await site.process();
  const phases: PhaseEvidence[] = [];
  for (const step of steps) {
    if (io.interrupted.aborted) break;
    if (site.died() !== null) break;
    await site.lm?.set({ ...step.lm, delay_ms: settings.lmDelayMs });
    await site.lm?.reset();
    phases.push(await runStep(of, step, programs));
    if (step.phase === 'before') before = await site.process();
  }
  const after: ProcessState | null = await site.process();
  const readiness = scenario === 'probes' && !io.interrupted.aborted ? await probeReadiness(of) : null;
  const { records, bad } = readRecords(run, scenario);
  const evidence: Omit<Evidence, 'logs'> = {
    scenario,
    run_key,
    programs,
    records,
    bad_records: bad,
    phases,
    process: { before, after },
    died: site.died(),
    readiness,
    cpu_full_share: cpuFullShare(run, started_ms),
    interrupted: io.interrupted.aborted,
  };
  const expected = records.filter(mustBeLogged).map(({ request_id }) => request_id);
  return { ...evidence, logs: logs === null ? null : await logs.read(expected, settings.drainMs) };
}

/** The burst is about one program, all else about all of them. */
function programsOf({ scenario, site }: ScenarioRun): readonly GatewayProgram[] {
  const one = scenario === 'backpressure' ? burstProgram(site.programs) : undefined;
  return one === undefined ? site.programs : [one];
}

async function runStep(
  of: ScenarioRun,
  { phase, load, timeout_ms }: Step,
  programs: readonly GatewayProgram[],
): Promise<PhaseEvidence> {
  const { io, k6, run, scenario, settings, site } = of;
  const file = (name: string): string => join(run.path, name);
  const summary_file = file(`summary-${scenario}-${phase}.json`);
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
    summary_file,
  };
  const { exit_code, last_lines } = await runK6({
    io,
    k6,
    scenario: 'gateway',
    settings,
    env: { [PHASE_PLAN_VARIABLE]: JSON.stringify(plan), K6_WEB_DASHBOARD: undefined },
    console_file: file(`console-${scenario}.jsonl`),
    request_log: plan.request_log,
    log_file: file(FILES.k6_log),
    meanwhile(child) {
      const watch = watchResources(file(FILES.resources), 0, { k6: child.pid, ...site.processes });
      return () => watch.stop();
    },
  });
  const summary = existsSync(summary_file)
    ? parsePhaseSummary(readFileSync(summary_file, 'utf8'), summary_file)
    : null;
  if (summary === null && !io.interrupted.aborted)
    say(
      io,
      `k6 ended without a summary (exit ${String(exit_code)}); the end of ${shownPath(io, file(FILES.k6_log))}:\n${last_lines}`,
    );
  return { phase, summary, lm: (await site.lm?.state()) ?? null };
}

function readRecords(
  run: RunDirectory,
  scenario: GatewayScenario,
): { records: GatewayRecord[]; bad: number } {
  const records: GatewayRecord[] = [];
  let bad = 0;
  const path = join(run.path, FILES.requests);
  if (!existsSync(path)) return { records, bad };
  eachLine(path, ({ bytes }, from, to) => {
    try {
      const record = parseGatewayRecord(bytes.toString('utf8', from, to));
      if (record.scenario === scenario) records.push(record);
    } catch (error) {
      if (!(error instanceof BadField || error instanceof SyntaxError)) throw error;
      bad += 1;
    }
  });
  return { records, bad };
}

function cpuFullShare(run: RunDirectory, since_ms: number): number {
  const samples = readResources(run).filter(({ at_ms }) => at_ms >= since_ms);
  return samples.length === 0
    ? 0
    : samples.filter(({ cpu_share }) => cpu_share >= CPU_FULL).length / samples.length;
}

const UNREADY_WITHIN_MS = 8000;
const READY_AGAIN_WITHIN_MS = 15_000;
const POLL_MS = 100;

/** Asks both probes at rest, then takes the LM away and brings it back. */
async function probeReadiness({ site, settings, io }: ScenarioRun): Promise<Readiness> {
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
