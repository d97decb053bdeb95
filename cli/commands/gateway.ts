/** `npm run k6:gateway` and `k6:gateway-<scenario>`: the servers that each scenario needs, its load, one report. */
import { randomBytes } from 'node:crypto';
import os from 'node:os';
import type { Terms } from '../../domain/jobs/gateway/evidence.ts';
import {
  judgeScenario,
  skippedScenario,
  type ScenarioResult,
  type Unseen,
} from '../../domain/jobs/gateway/judge.ts';
import { parseGatewayLimits, type GatewayLimits } from '../../domain/jobs/gateway/limits.ts';
import type { LmState } from '../../domain/jobs/gateway/lm.ts';
import type { GatewayProgram } from '../../domain/jobs/gateway/programs.ts';
import { gatewayReport, type GatewayRun } from '../../domain/jobs/gateway/report.ts';
import {
  GATEWAY_SCENARIOS,
  SCENARIO_TITLES,
  type GatewayScenario,
} from '../../domain/jobs/gateway/scenarios.ts';
import {
  formatSettings,
  type ParsedSettings,
  type SettingName,
  type Settings,
} from '../../domain/settings/settings.ts';
import { settingsOfGroups } from '../../domain/settings/table.ts';
import { headersWith } from '../../domain/settings/request-headers.ts';
import { jsonValue } from '../../domain/text/json.ts';
import { formatDuration } from '../../domain/text/units.ts';
import gatewayThresholds from '../../thresholds/gateway.json';
import { assertReadable } from '../jobs/gateway/logs.ts';
import { lmControl } from '../jobs/gateway/lm.ts';
import { runScenario } from '../jobs/gateway/run-scenario.ts';
import { modelCount, type Site } from '../jobs/gateway/site.ts';
import { stepsTimeMs } from '../jobs/gateway/steps.ts';
import { command, type Command } from '../command.ts';
import { Interrupted, say, UsageError, userPath, type Io } from '../io.ts';
import { findK6 } from '../run/k6.ts';
import { absolutePaths, readNamed } from '../read/named-file.ts';
import { suiteVersion } from '../run/manifest.ts';
import { gatewayReportOf } from '../report/gateway.ts';
import { GATEWAY_NAMES, showReport, writeReport } from '../report/write.ts';
import { assertOutIsFree, createRunDirectory } from '../run/directory.ts';
import { withoutCredentials } from '../../domain/text/url.ts';

/** The settings of these commands. */
const GATEWAY_SETTINGS: readonly SettingName[] = [
  ...settingsOfGroups(['gateway']),
  'header',
  'caFile',
  'clientCert',
  'clientKey',
  'thresholds',
  'out',
  'drainMs',
  'json',
];

/** k6's own start, the servers' and the logs' flush, for each scenario. */
const AROUND_MS = 4000;

interface Checked {
  readonly settings: Settings;
  readonly limits: GatewayLimits;
  readonly given_programs: unknown;
}

export async function gatewayCommand(
  io: Io,
  wanted: readonly GatewayScenario[],
  parsed: ParsedSettings,
): Promise<number> {
  const { settings, limits, given_programs } = check(io, parsed.settings);
  const k6 = await findK6(io);
  if (io.interrupted.aborted) throw new Interrupted();
  const lm_before = await lookAtLm(io, settings);
  const job = wanted.length === 1 ? `gateway-${wanted[0] ?? ''}` : 'gateway';
  const about_ms = wanted.reduce((sum, one) => sum + stepsTimeMs(one, settings) + AROUND_MS, 0);
  say(
    io,
    `k6:${job}: ${settings.gatewayUrl === null ? "the suite's stand-ins" : withoutCredentials(settings.gatewayUrl)}`,
  );
  say(io, `  k6     ${k6.version}`);
  say(io, `  takes  about ${formatDuration(Math.ceil(about_ms / 1000) * 1000)}`);
  const run = createRunDirectory(io, job, settings.out);
  const started_ms = Date.now();
  const run_key = randomBytes(5).toString('hex');
  const results: ScenarioResult[] = [];
  let programs: readonly GatewayProgram[] = [];
  try {
    for (const scenario of wanted) {
      if (io.interrupted.aborted) break;
      const impossible = prerequisites(scenario, parsed);
      if (impossible !== null) {
        say(io, `${scenario}: skipped`);
        results.push(skippedScenario(scenario, [impossible]));
        continue;
      }
      say(io, `${scenario}: ${SCENARIO_TITLES[scenario]}`);
      const { site, evidence } = await runScenario({
        io,
        k6,
        run,
        run_key,
        settings,
        limits,
        scenario,
        given_programs,
        possible: (one) => lacking(scenario, one) === null,
      });
      programs = site.programs;
      const lacks = lacking(scenario, site);
      results.push(
        evidence === null
          ? skippedScenario(scenario, lacks === null ? [] : [lacks])
          : judgeScenario(evidence, termsOf(scenario, settings), limits[scenario], unseenOn(scenario, site)),
      );
    }
  } finally {
    await restoreLm(io, settings, lm_before);
  }
  const about: GatewayRun = {
    run_id: run.id,
    started_ms,
    ended_ms: Date.now(),
    gateway: {
      url: withoutCredentials(settings.gatewayUrl ?? ''),
      stand_in: settings.gatewayUrl === null,
    },
    lm:
      settings.gatewayUrl === null
        ? { url: '', stand_in: true }
        : settings.lmControlUrl === null
          ? null
          : { url: withoutCredentials(settings.lmControlUrl), stand_in: false },
    settings: shownSettings(settings),
    programs,
    lm_delay_ms: settings.lmDelayMs,
    users: settings.gatewayUsers,
    interrupted: io.interrupted.aborted,
    versions: { suite: suiteVersion(io), k6: k6.version, node: process.version },
    machine: { os: `${os.type()} ${os.release()}`, cpus: os.cpus().length },
  };
  const report = gatewayReportOf(gatewayReport(about, results));
  writeReport(io, report, run.path, GATEWAY_NAMES, { step_summary: true });
  return showReport(io, report, run.path, GATEWAY_NAMES, { json: settings.json, open: false });
}

/** What can be refused at once is refused before anything is built or started. @throws UsageError */
function check(io: Io, given: Settings): Checked {
  assertOutIsFree(io, given.out);
  const settings = absolutePaths(io, given);
  if (settings.gatewayUrl === null) {
    for (const [flag, value] of [
      ['--lm-control-url', given.lmControlUrl],
      ['--gateway-logs', given.gatewayLogs],
      ['--lm-stop-command', given.lmStopCommand],
    ] as const)
      if (value !== null)
        throw new UsageError(
          `${flag} ${value} is about a gateway of yours, and no --gateway-url is given: give that too, or leave both out for the stand-ins`,
        );
  }
  if (settings.gatewayLogs !== null) assertReadable(settings.gatewayLogs, given.gatewayLogs ?? '');
  headersWith(null, settings, io.env); // refused at once where a variable is missing
  const own = given.thresholds;
  return {
    settings,
    limits: parseGatewayLimits(
      own === null ? gatewayThresholds : readJson(io, own, '--thresholds'),
      own ?? 'thresholds/gateway.json',
    ),
    given_programs:
      given.gatewayPrograms === null ? null : readJson(io, given.gatewayPrograms, '--gateway-programs'),
  };
}

function readJson(io: Io, path: string, flag: string): unknown {
  const file = readNamed(userPath(io, path), `${flag} ${path}`);
  return jsonValue(file, `${flag} ${path}: the file`, 'give one that is');
}

/** What a scenario can't do without on a gateway of the user's; null: it can run. */
function prerequisites(scenario: GatewayScenario, { settings, sources }: ParsedSettings): Unseen | null {
  if (settings.gatewayUrl === null) return null;
  if (scenario === 'error-storm' && settings.lmControlUrl === null)
    return {
      what: 'scenario',
      set: 'the LM behind your gateway must fail on command: put the mock LM there (node dist/stand-in/lm.js --port 8090) and set LM_CONTROL_URL to it',
    };
  if (scenario === 'log-integrity' && settings.gatewayLogs === null)
    return {
      what: 'scenario',
      set: "the gateway's logs can't be seen: set GATEWAY_LOGS to the folder of <program>.log",
    };
  if (scenario === 'backpressure' && sources.gatewayLimit === 'default')
    return {
      what: 'scenario',
      set: 'the per-program limit of your gateway is not known: set GATEWAY_LIMIT, GATEWAY_QUEUE_TIMEOUT, and GATEWAY_BURST above the limit',
    };
  return null;
}

/** What a site must have beside. */
function lacking(scenario: GatewayScenario, { programs }: Site): Unseen | null {
  return scenario === 'routing' && modelCount(programs) < 2
    ? {
        what: 'scenario',
        set: `all programs (${programs.map(({ name }) => name).join(', ')}) have one model, ${programs[0]?.model ?? ''}: a mixed-up one could not be told; serve a program with a second model`,
      }
    : null;
}

/** What a scenario that can run will not see. */
function unseenOn(scenario: GatewayScenario, site: Site): Unseen[] {
  const unseen: Unseen[] = [];
  if (site.lm === null)
    unseen.push({
      what: 'lm',
      set: "the LM's side was not seen: set LM_CONTROL_URL to the mock LM's address",
    });
  if (site.logs === null)
    unseen.push({ what: 'logs', set: "the gateway's logs were not seen: set GATEWAY_LOGS to their folder" });
  if (scenario === 'probes' && site.lm_switch === null)
    unseen.push({
      what: 'readiness',
      set: 'whether ready turns false was not tried: set LM_STOP_COMMAND and LM_START_COMMAND',
    });
  return unseen;
}

function termsOf(scenario: GatewayScenario, settings: Settings): Terms {
  return {
    users: settings.gatewayUsers,
    lm_delay_ms: settings.lmDelayMs,
    timeout_ms: scenario === 'error-storm' ? settings.stormDeadlineMs : settings.gatewayTimeoutMs,
    limit: settings.gatewayLimit,
    burst: settings.gatewayBurst,
    queue_timeout_ms: settings.gatewayQueueTimeoutMs,
    duration_ms: settings.gatewayDurationMs,
  };
}

/** The user's mock LM as it was, so that it can be put back. */
async function lookAtLm(io: Io, settings: Settings): Promise<LmState | null> {
  const { lmControlUrl } = settings;
  return lmControlUrl === null ? null : await lmControl(io, settings, lmControlUrl).state();
}

async function restoreLm(io: Io, settings: Settings, before: LmState | null): Promise<void> {
  if (before === null || settings.lmControlUrl === null) return;
  const { delay_ms, error_rate, error_status, hang_rate } = before;
  await lmControl(io, settings, settings.lmControlUrl)
    .set({ delay_ms, error_rate, error_status, hang_rate })
    .catch(() => say(io, 'the mock LM could not be set back to what it was: it no longer answers'));
}

/** No secrets: a literal header's value may be one, a command may hold one, and a URL's user information is one. */
function shownSettings(settings: Settings): Record<string, string> {
  const texts = formatSettings({
    ...settings,
    header: [],
    gatewayUrl: settings.gatewayUrl === null ? null : withoutCredentials(settings.gatewayUrl),
    lmControlUrl: settings.lmControlUrl === null ? null : withoutCredentials(settings.lmControlUrl),
  });
  return Object.fromEntries(
    Object.entries(texts).filter(([name]) => /^(GATEWAY|LM|STORM)_/.test(name) && !name.endsWith('_COMMAND')),
  );
}

const asCommand = (name: string, title: string, wanted: readonly GatewayScenario[]): Command =>
  command({
    name,
    title,
    group: 'A gateway',
    settings: GATEWAY_SETTINGS,
    run: async (io, { settings }) => await gatewayCommand(io, wanted, settings()),
  });

export const gateways: readonly Command[] = [
  asCommand('gateway', 'a gateway in front of an LM: all its scenarios', GATEWAY_SCENARIOS),
  ...GATEWAY_SCENARIOS.map((scenario) =>
    asCommand(`gateway-${scenario}`, `gateway: ${SCENARIO_TITLES[scenario]}`, [scenario]),
  ),
];
