/** `npm run k6:inference` and `npm run k6:<name>`: scenarios in turn on one server; a run each, one report, one exit code. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { suiteOf, type Skipped, type SuiteScenario } from '../../domain/result/suite.ts';
import { SCENARIO_NAMES, type ScenarioName } from '../../domain/jobs/inference/names.ts';
import { SCENARIOS } from '../../domain/jobs/inference/scenarios.ts';
import type { ParsedSettings, Settings } from '../../domain/settings/settings.ts';
import { BadValue } from '../../domain/text/units.ts';
import { INFERENCE_GROUPS, inferenceJob } from '../jobs/inference.ts';
import { Interrupted, say, UsageError, type Io } from '../io.ts';
import type { Job } from '../jobs/loads.ts';
import { textBlocks } from '../report/inference.ts';
import { suiteReport } from '../report/suite.ts';
import { RUN_NAMES, SUITE_NAMES, showReport, writeReport } from '../report/write.ts';
import { FILES, createRunDirectory, shownPath, type RunDirectory } from '../run/directory.ts';
import { Closers } from '../run/closers.ts';
import { prepare } from '../run/prepare.ts';
import { DEFAULT_PORT, startUserServer, type UserServer } from '../services/user-server.ts';
import { loadAndCompare } from './load.ts';
import { command, type Command } from '../command.ts';
import { choices, setting } from '../../domain/settings/kinds.ts';
import { settingsOfGroups } from '../../domain/settings/table.ts';

/** Parses the command line with a scenario's own defaults. */
export type SettingsFor = (defaults: (typeof SCENARIOS)[ScenarioName]['settings']) => ParsedSettings;

interface Planned {
  readonly name: ScenarioName;
  readonly job: Job;
  readonly parsed: ParsedSettings;
}

/** The whole suite, or one scenario, whose run directory is then the run's own. */
export async function inferenceCommand(
  io: Io,
  names: readonly ScenarioName[],
  settingsFor: SettingsFor,
): Promise<number> {
  // All of it is refused before anything is started.
  const planned = names.map((name): Planned => {
    const parsed = settingsFor(SCENARIOS[name].settings);
    const job = inferenceJob(name, parsed.settings);
    prepare(io, job, parsed.settings);
    return { name, job, parsed };
  });
  const [first] = planned;
  if (first === undefined) throw new UsageError('no scenario is named; give at least one');
  const closers = new Closers();
  try {
    return await run(io, planned, first.parsed.settings, closers);
  } finally {
    await closers.run();
  }
}

async function run(
  io: Io,
  planned: readonly Planned[],
  settings: Settings,
  closers: Closers,
): Promise<number> {
  const alone = planned.length === 1;
  const started_ms = Date.now();
  const title = alone ? (planned[0]?.name ?? '') : 'inference';
  const top = createRunDirectory(io, title, settings.out);
  const server =
    settings.start === null
      ? null
      : await startUserServer(io, settings, settings.start, join(top.path, FILES.server_log));
  if (server !== null) closers.add(server.stop);
  const scenarios: SuiteScenario[] = [];
  const skipped: Skipped[] = [];

  for (const one of planned) {
    const dead = io.interrupted.aborted ? 'interrupted' : (whyDead(server) ?? null);
    if (dead !== null) {
      skipped.push({ name: one.name, reason: dead });
      continue;
    }
    const directory = alone ? '.' : one.name;
    const into: RunDirectory = alone ? top : below(top, one.name);
    try {
      const { comparison, report, k6_exit_code } = await loadAndCompare(
        io,
        {
          job: one.job,
          parsed: onServer(one.parsed, server),
          directory: into,
          pids: { baseline: server?.pid ?? settings.pid ?? undefined },
        },
        !alone,
      );
      scenarios.push({ name: one.name, directory, comparison });
      if (!settings.json) io.stdout.write(`\n${textBlocks(comparison)}\n`);
      if (alone) {
        saveLastWords(io, server, top);
        const { json, open } = settings;
        const shown = showReport(io, report, top.path, RUN_NAMES, { json, open });
        return k6_exit_code ?? shown;
      }
    } catch (error) {
      if (error instanceof Interrupted) skipped.push({ name: one.name, reason: 'interrupted' });
      // What one scenario meets the later ones may not: a server that is down for good is met by each.
      else if ((error instanceof UsageError || error instanceof BadValue) && scenarios.length > 0)
        skipped.push({ name: one.name, reason: error.message });
      else throw error;
    }
  }
  saveLastWords(io, server, top);
  const suite = suiteOf({
    suite_id: top.id,
    title,
    started_ms,
    ended_ms: Date.now(),
    interrupted: io.interrupted.aborted,
    scenarios,
    skipped,
  });
  const report = suiteReport(suite, scenarios);
  writeReport(io, report, top.path, SUITE_NAMES, { step_summary: true });
  return showReport(io, report, top.path, SUITE_NAMES, { json: settings.json, open: settings.open });
}

const below = (top: RunDirectory, name: string): RunDirectory => {
  const path = join(top.path, name);
  mkdirSync(path);
  return { id: `${top.id}/${name}`, path };
};

function onServer(parsed: ParsedSettings, server: UserServer | null): ParsedSettings {
  // The directory is made already.
  const settings = { ...parsed.settings, out: null };
  if (server === null && !settings.noServer) return { ...parsed, settings };
  const baselineUrl = server?.url ?? `http://127.0.0.1:${settings.port ?? DEFAULT_PORT}`;
  // From here on it is a server with a URL.
  const named = { start: null, noServer: false, port: null, pid: null };
  return { ...parsed, settings: { ...settings, ...named, baselineUrl } };
}

function whyDead(server: UserServer | null): string | null {
  const end = server?.ended() ?? null;
  return end === null ? null : `the server ${end}`;
}

function saveLastWords(io: Io, server: UserServer | null, top: RunDirectory): void {
  const end = whyDead(server);
  if (server === null || end === null) return;
  say(io, `\n${end} during the load; the end of ${shownPath(io, join(top.path, FILES.server_log))}:`);
  say(io, server.lastLines());
}

const settings = settingsOfGroups(INFERENCE_GROUPS);

export const inference = command({
  name: 'inference',
  title: `all loads of an inference server in turn: ${SCENARIO_NAMES.join(', ')}`,
  group: 'An inference server',
  options: { only: setting(choices(SCENARIO_NAMES), SCENARIO_NAMES, 'some of them, comma between') },
  settings,
  run: async (io, given) => await inferenceCommand(io, given.options.only, given.settings),
});

export const inferenceLoads: readonly Command[] = SCENARIO_NAMES.map((name) =>
  command({
    name,
    title: SCENARIOS[name].title,
    group: 'An inference server',
    settings,
    defaults: SCENARIOS[name].settings,
    run: async (io, given) => await inferenceCommand(io, [name], given.settings),
  }),
);
