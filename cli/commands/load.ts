/** `npm run k6:<job>`: the load, its comparison, and the exit code; once more with fewer clients where the load machine was the limit. */
import type { Comparison } from '../../domain/result/comparison.ts';
import type { Manifest } from '../../domain/run/manifest.ts';
import type { RunData } from '../../domain/run/data.ts';
import type { Finding, FindingCode } from '../../domain/verdict/findings.ts';
import type { ParsedSettings, Settings } from '../../domain/settings/settings.ts';
import { settingsOfGroups } from '../../domain/settings/table.ts';
import { BASELINE } from '../../domain/variants.ts';
import { command, type Command, type CommandGroup } from '../command.ts';
import { say, type Io } from '../io.ts';
import { EFFECTS, JOBS, type Job } from '../jobs/loads.ts';
import { readRun } from '../read/run.ts';
import { hasAnswers, readAnswers, removeAnswers, scored, writeWorst } from '../score/score-run.ts';
import type { Report } from '../report/report.ts';
import { runReport } from '../report/run.ts';
import { RUN_NAMES, showReport, writeReport } from '../report/write.ts';
import { announce } from '../run/announce.ts';
import type { RunDirectory } from '../run/directory.ts';
import { runLoad, type LoadRun } from '../run/load.ts';

export async function loadCommand(io: Io, given_job: Job, given: ParsedSettings): Promise<number> {
  const { job, parsed } = oneServer(given_job, given);
  const load = async (one: ParsedSettings, fallback: Manifest['fallback']): Promise<Loaded> => {
    const { run, comparison, report, k6_exit_code } = await loadAndCompare(
      io,
      { job, parsed: one, fallback },
      false,
    );
    const { json, open } = one.settings;
    const shown = showReport(io, report, run.path, RUN_NAMES, { json, open });
    return {
      run_id: run.id,
      exit_code: k6_exit_code ?? shown,
      machine_limited: comparison.verdict.word === 'invalid' && fewerMayDo(comparison.findings),
    };
  };
  const first = await load(parsed, null);
  const { fallbackVus, vus, out } = parsed.settings;
  if (fallbackVus === null || !first.machine_limited || fallbackVus >= vus) return first.exit_code;
  say(io, `\nthe load machine was the limit at ${vus} clients: once more with ${fallbackVus}`);
  const settings = { ...parsed.settings, vus: fallbackVus, out: out === null ? null : `${out}-fallback` };
  return (await load({ ...parsed, settings }, { from_run: first.run_id, from_vus: vus })).exit_code;
}

const MACHINE_LIMITS: readonly FindingCode[] = [
  'cpu_saturated',
  'probe_delay',
  'probe_starved',
  'late_starts',
];

/** This machine could not send the load; no number of clients helps where others took its CPUs. */
const fewerMayDo = (findings: readonly Finding[]): boolean =>
  findings.some(({ code }) => MACHINE_LIMITS.includes(code)) &&
  !findings.some((one) => one.code === 'cpu_saturated' && one.args.fits === undefined);

/** One server that is started anew between its settings differs on purpose; without that it is held against itself. */
const switched = ({ baselineRestart, shadowRestart }: ParsedSettings['settings']): boolean =>
  baselineRestart !== null || shadowRestart !== null;

/** A job that takes one server, given one: measured alone, or as both variants in turn. */
function oneServer(job: Job, parsed: ParsedSettings): { job: Job; parsed: ParsedSettings } {
  const { settings } = parsed;
  if (settings.baselineUrl === null || settings.shadowUrl !== null || job.one_server === 'refused')
    return { job, parsed };
  return job.one_server === 'alone'
    ? { job: { ...job, variants: [BASELINE] }, parsed }
    : {
        job,
        parsed: {
          ...parsed,
          settings: { ...settings, shadowUrl: settings.baselineUrl, aa: !switched(settings) },
        },
      };
}

interface Loaded {
  readonly run_id: string;
  readonly exit_code: number;
  /** The measurement is invalid because this machine could not send the load. */
  readonly machine_limited: boolean;
}

export interface ComparedLoad {
  readonly run: RunDirectory;
  readonly comparison: Comparison;
  readonly report: Report;
  /** Where k6 failed by itself, to be passed on; else null. */
  readonly k6_exit_code: number | null;
}

/**
 * Runs one job's load and writes its outputs; shows nothing of the result.
 * @param part of a suite, which sums its runs up itself
 */
export async function loadAndCompare(io: Io, of: LoadRun, part: boolean): Promise<ComparedLoad> {
  const { run, manifest } = await runLoad(io, { ...of, announce: (ready) => announce(io, of.job, ready) });
  const { comparison, report } = runReport(await scoredLoad(io, run, of.parsed.settings));
  writeReport(io, report, run.path, RUN_NAMES, { step_summary: !part });
  return { run, comparison, report, k6_exit_code: passedOn(manifest) };
}

/** The run with its answers scored, whose texts then go unless they are to stay. */
async function scoredLoad(io: Io, run: RunDirectory, settings: Settings): Promise<RunData> {
  const data = readRun(run);
  if (!hasAnswers(run)) return data;
  try {
    const found = data.manifest.payloads.labelled === 0 ? data : await scored(io, run, data, settings, null);
    writeWorst(run, found, settings.keepAnswers ? readAnswers(run) : new Map());
    return found;
  } finally {
    if (!settings.keepAnswers) removeAnswers(run);
  }
}

/** k6's own exit code where k6 failed by itself; a full disk is the user's to mend. */
function passedOn(manifest: Manifest): number | null {
  if (manifest.stopped?.reason !== 'k6_failed') return null;
  const code = manifest.blocks.at(-1)?.k6_exit_code ?? null;
  return code === null || code === 0 ? null : code;
}

const asCommand = (job: Job, name: string): Command =>
  command({
    name,
    title: job.title,
    group: 'Loads',
    settings: settingsOfGroups(job.groups),
    defaults: job.settings,
    run: async (io, { settings }) => await loadCommand(io, job, settings()),
  });

export const loads: readonly Command[] = JOBS.map((job) => asCommand(job, job.name));

export const effects: CommandGroup = {
  name: 'effect',
  title: "what a server's feature does to throughput: off and on in turn (A B B A)",
  group: 'Loads',
  commands: EFFECTS.map((job) => asCommand({ ...job, name: `effect-${job.name}` }, job.name)),
};
