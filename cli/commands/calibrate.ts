/** `npm run calibrate`: the proof that verdicts hold, simulated and, with --live, on real servers. Writes docs/calibration.md. */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import { LEAST_DEPLOYMENTS, liveCalibration, type LiveCalibration } from '../../proof/live-calibration.ts';
import type { ParsedSettings } from '../../domain/settings/settings.ts';
import { calibrate, calibrationQuestions, pairsOf, SEED } from '../../proof/statistics/calibration.ts';
import type { Question, Row } from '../../proof/statistics/questions.ts';
import { keepNoise, noiseTarget } from '../read/deployment-noise.ts';
import { say, UsageError, type Io } from '../io.ts';
import { CALIBRATION, type Job } from '../jobs/loads.ts';
import { readRun } from '../read/run.ts';
import { anyRed, renderCalibration } from '../report/calibration.ts';
import { findRun, shownPath, writeWhole } from '../run/directory.ts';
import { parseThresholds } from '../../domain/verdict/thresholds.ts';
import shadowThresholds from '../../thresholds/shadow.json' with { type: 'json' };
import { loadCommand } from './load.ts';
import { command } from '../command.ts';
import { absent, number, filePath, setting } from '../../domain/settings/kinds.ts';
import { settingsOfGroups } from '../../domain/settings/table.ts';

const MARGIN = 1.15;

export interface CalibrateOptions {
  /** Live A/A runs; null: simulation only. */
  readonly live: number | null;
  /** Simulated pairs a row. */
  readonly runs: number;
  readonly page: string;
}

export async function calibrateCommand(
  io: Io,
  job: Job,
  parsed: ParsedSettings,
  options: CalibrateOptions,
): Promise<number> {
  if (options.live !== null && options.live < LEAST_DEPLOYMENTS)
    throw new UsageError(
      `--live ${options.live} is too few; at least ${LEAST_DEPLOYMENTS}, and 59 to bound the rate of false fails at 5 %`,
    );
  const path = join(io.root, options.page ?? join('docs', 'calibration.md'));
  openPage(io, path);
  const { gates } = parseThresholds(shadowThresholds, 'thresholds/shadow.json');
  const questions = calibrationQuestions(gates);
  const answered = questions.map((question): { question: Question; rows: Row[] } => ({ question, rows: [] }));
  const started = performance.now();
  let at = -1;
  for (const { place, row } of calibrate(questions, options.runs)) {
    const question = questions[place];
    if (place !== at && question !== undefined)
      say(io, `${question.title} (${pairsOf(question, options.runs)} runs a row)`);
    at = place;
    answered[place]?.rows.push(row);
    // Lets Ctrl-C in: what was measured is kept.
    await setImmediate();
    if (io.interrupted.aborted) break;
  }
  const simulated_s = (performance.now() - started) / 1000;
  const interrupted = io.interrupted.aborted;
  const page = (live: LiveCalibration | null): string =>
    renderCalibration({
      answered: answered.filter(({ rows }) => rows.length > 0),
      pairs: options.runs,
      seed: SEED,
      simulated_s,
      interrupted,
      live,
    });
  // Written before the live runs begin, so that nothing is lost with them.
  writeWhole(path, page(null));
  const live = options.live === null || interrupted ? null : await liveRuns(io, job, parsed, options.live);
  if (live !== null) writeWhole(path, page(live));
  io.stdout.write(page(live));
  say(io, `written to ${shownPath(io, path)}`);
  if (interrupted) return EXIT.interrupted;
  return anyRed(answered) ? EXIT.gate_failed : EXIT.pass;
}

/** @throws UsageError before any work is done, where the page can't be written */
function openPage(io: Io, path: string): void {
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    throw new UsageError(`can't write ${shownPath(io, path)} (${String(error)}); give another with --page`);
  }
}

/** Two equal servers, deployed anew for each block, as a declared A/A run of N blocks. */
async function liveRuns(io: Io, job: Job, parsed: ParsedSettings, runs: number): Promise<LiveCalibration> {
  const own = parsed.settings.baselineUrl === null;
  if (!own && (parsed.settings.baselineRestart === null || parsed.settings.shadowRestart === null))
    throw new UsageError(
      'live calibration on servers of yours redeploys them for each run; give --baseline-restart and --shadow-restart',
    );
  const settings = {
    ...parsed.settings,
    runs,
    aa: true,
    dashboard: false,
    drainMs: 0,
    ...(own
      ? {
          baselineStandIn: `--profile equal ${parsed.settings.baselineStandIn}`,
          shadowStandIn: `--profile equal ${parsed.settings.shadowStandIn}`,
        }
      : {}),
  };
  await loadCommand(io, job, { ...parsed, settings });
  const data = readRun(findRun(io, settings.out ?? undefined));
  if (data.manifest.blocks.length < runs)
    throw new UsageError(`only ${data.manifest.blocks.length} of ${runs} runs were made; nothing is kept`);
  const rows = liveCalibration(data, MARGIN, settings.alpha);
  const target = noiseTarget(parsed.settings);
  keepNoise(io, target, {
    // A percentile that the runs were too short to bound is left unknown.
    log_sd: Object.fromEntries(
      rows
        .filter(({ noise }) => Number.isFinite(noise.log_sd))
        .map(({ statistic, noise }) => [statistic, Number(noise.log_sd.toFixed(5))]),
    ),
    // Kept apart from a known 0: what was not seen may still be there.
    at_most: Object.fromEntries(
      rows
        .filter(({ noise }) => noise.indistinct && Number.isFinite(noise.at_most))
        .map(({ statistic, noise }) => [statistic, Number(noise.at_most.toFixed(5))]),
    ),
    deployments: runs,
    measured_on: new Date().toISOString().slice(0, 10),
  });
  return {
    rows,
    target,
    run_id: data.manifest.run_id,
    clients: settings.vus,
    seconds: settings.durationMs / 1000,
  };
}

const many = number({ min: 1, max: 1e6, whole: true });

export const calibration = command({
  name: 'calibrate',
  title:
    'the proof that verdicts hold: simulated, and live with two equal servers; writes docs/calibration.md',
  group: 'Proof',
  options: {
    live: absent(
      many,
      'runs of two equal servers, fresh processes each (59 bound the rate of false fails at 5 %)',
    ),
    pairs: setting(many, 1000, 'simulated pairs a row'),
    page: setting(filePath(), 'docs/calibration.md', 'page to write'),
  },
  settings: settingsOfGroups(CALIBRATION.groups),
  defaults: CALIBRATION.settings,
  run: async (io, { options: { live, pairs, page }, settings }) =>
    await calibrateCommand(io, CALIBRATION, settings(), { live, runs: pairs, page }),
});
