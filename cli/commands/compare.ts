/** Remakes a run's outputs from its raw log; or pairs two runs that were made apart. */
import { pairRuns } from '../../domain/result/pair-runs.ts';
import type { RunData } from '../../domain/run/data.ts';
import type { ParsedSettings, SettingName, Settings } from '../../domain/settings/settings.ts';
import { assertGateIds } from '../../domain/verdict/thresholds.ts';
import { deploymentNoise } from '../read/deployment-noise.ts';
import { UsageError, userPath, type Io } from '../io.ts';
import { readRun } from '../read/run.ts';
import { runReport } from '../report/run.ts';
import { RUN_NAMES, showReport, writeReport } from '../report/write.ts';
import { assertOutIsFree, createRunDirectory, findRun } from '../run/directory.ts';
import { readThresholds } from '../run/prepare.ts';
import { command } from '../command.ts';
import { absent, named } from '../../domain/settings/kinds.ts';
import { RUN } from './run-argument.ts';

export interface CompareArguments {
  readonly run: string | undefined;
  readonly baseline: string | null;
  readonly shadow: string | null;
}

export function compareCommand(io: Io, given: CompareArguments, parsed: ParsedSettings): number {
  const { settings } = parsed;
  const pairing = given.baseline !== null || given.shadow !== null;
  if (pairing && (given.baseline === null || given.shadow === null || given.run !== undefined))
    throw new UsageError('two runs are paired by --baseline RUN_A --shadow RUN_B, both and nothing else');
  assertOutIsFree(io, settings.out);
  const own = pairing ? null : findRun(io, given.run);
  const read = (run: string | undefined): RunData => judgedBy(io, readRun(findRun(io, run)), parsed);
  const data =
    own === null
      ? pairRuns(read(given.baseline ?? undefined), read(given.shadow ?? undefined))
      : read(given.run);
  const run = own !== null && settings.out === null ? own : createRunDirectory(io, 'pair', settings.out);
  const { report } = runReport(data);
  writeReport(io, report, run.path, RUN_NAMES, { step_summary: true });
  return showReport(io, report, run.path, RUN_NAMES, settings);
}

/** The run's own verdict settings and thresholds, but for what was given now. */
export function judgedBy(io: Io, data: RunData, { settings, sources }: ParsedSettings): RunData {
  const chosen = <K extends SettingName>(name: K): Settings[K] =>
    (sources[name] === 'default' ? data.settings : settings)[name];
  const thresholds =
    settings.thresholds === null
      ? data.manifest.thresholds
      : readThresholds(userPath(io, settings.thresholds));
  assertGateIds(settings.require, thresholds);
  const noise =
    sources.deploymentNoise === 'default' ? data.manifest.deployment_noise : deploymentNoise(io, settings);
  return {
    ...data,
    settings: {
      ...data.settings,
      alpha: chosen('alpha'),
      rule: chosen('rule'),
      require: chosen('require'),
      failOn: chosen('failOn'),
      deploymentNoise: chosen('deploymentNoise'),
    },
    manifest: { ...data.manifest, thresholds, deployment_noise: noise },
  };
}

/** What a run that is over can still be asked. */
export const COMPARE_SETTINGS = [
  'alpha',
  'rule',
  'require',
  'failOn',
  'deploymentNoise',
  'thresholds',
  'json',
  'open',
  'out',
] as const satisfies readonly SettingName[];

export const compare = command({
  name: 'compare',
  title: 'remakes every output of a run from its raw log, or pairs two runs made apart',
  group: 'Results',
  argument: RUN,
  options: {
    baseline: absent(named('RUN'), 'the run whose baseline is taken'),
    shadow: absent(named('RUN'), 'the run that is taken as the shadow'),
  },
  settings: COMPARE_SETTINGS,
  run: (io, { argument, options, settings }) => compareCommand(io, { run: argument, ...options }, settings()),
});
