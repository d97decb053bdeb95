/** `npm run score -- [RUN]`: the kept answers of a run are scored anew, without a new load. */
import { absent, filePath } from '../../domain/settings/kinds.ts';
import type { ParsedSettings, SettingName } from '../../domain/settings/settings.ts';
import { command } from '../command.ts';
import { UsageError, userPath, type Io } from '../io.ts';
import { readRun } from '../read/run.ts';
import { runReport } from '../report/run.ts';
import { RUN_NAMES, showReport, writeReport } from '../report/write.ts';
import { findRun } from '../run/directory.ts';
import { hasAnswers, readAnswers, scored, writeWorst } from '../score/score-run.ts';
import { COMPARE_SETTINGS, judgedBy } from './compare.ts';
import { RUN } from './run-argument.ts';

const SCORE_SETTINGS = [
  ...COMPARE_SETTINGS,
  'scoreTimeoutMs',
  'judgeUrl',
  'judgeModel',
  'embeddingModel',
  'judgeApiKey',
  'judgeVus',
  'judgeRepeats',
  'judgeTimeoutMs',
  'judgePrice',
  'judgeMaxCost',
] as const satisfies readonly SettingName[];

async function scoreCommand(
  io: Io,
  given: string | undefined,
  assert: string | null,
  parsed: ParsedSettings,
): Promise<number> {
  const run = findRun(io, given);
  if (!hasAnswers(run))
    throw new UsageError(
      `${run.id} has no answers.jsonl: its answers were not kept; load again with --keep-answers to score them as often as you like`,
    );
  const data = await scored(
    io,
    run,
    judgedBy(io, readRun(run), parsed),
    parsed.settings,
    assert === null ? null : userPath(io, assert),
  );
  writeWorst(run, data, readAnswers(run));
  const { report } = runReport(data);
  writeReport(io, report, run.path, RUN_NAMES, { step_summary: true });
  return showReport(io, report, run.path, RUN_NAMES, parsed.settings);
}

export const score = command({
  name: 'score',
  title: "scores a run's kept answers anew, by its payloads' assertions or by others",
  group: 'Results',
  argument: RUN,
  options: {
    assert: absent(
      filePath(),
      "JSON, JSONL or YAML: a list of assertions for every payload, or payloads with an id and their own; without it the run's payloads'",
    ),
  },
  settings: SCORE_SETTINGS.filter((name) => name !== 'out'),
  run: async (io, { argument, options, settings }) =>
    await scoreCommand(io, argument, options.assert, settings()),
});
