/** Remakes a run's outputs from its raw log; or pairs two runs that were made apart. */
import type { ParsedSettings } from '../../domain/settings.ts';
import { pairRuns } from '../../domain/pair-runs.ts';
import { UsageError, type Io } from '../io.ts';
import { readRun } from '../read/run.ts';
import { outputs, show } from '../report.ts';
import { createRunDirectory, findRun } from '../run-directory.ts';

export interface CompareArguments {
  readonly run: string | undefined;
  readonly baseline: string | undefined;
  readonly shadow: string | undefined;
}

export function compareCommand(io: Io, given: CompareArguments, { settings }: ParsedSettings): number {
  const options = { json: settings.json, open: settings.open };
  if (given.baseline === undefined && given.shadow === undefined) {
    const run = findRun(io, given.run);
    return show(io, outputs(io, readRun(run), run.path), run.path, options);
  }
  if (given.baseline === undefined || given.shadow === undefined || given.run !== undefined)
    throw new UsageError('two runs are paired by --baseline RUN_A --shadow RUN_B, both and nothing else');
  const data = pairRuns(readRun(findRun(io, given.baseline)), readRun(findRun(io, given.shadow)));
  const made = createRunDirectory(io, 'pair', settings.out);
  return show(io, outputs(io, data, made.path), made.path, options);
}
