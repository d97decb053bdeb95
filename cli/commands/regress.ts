/** `npm run regress -- [RUN] --against NAME`: may this run replace the stored one? Gates on intervals, or by points with --rule point. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import regressThresholds from '../../thresholds/regress.json';
import { suiteOf, type Skipped, type SuiteScenario } from '../../domain/result/suite.ts';
import { pairRuns } from '../../domain/result/pair-runs.ts';
import { storedData } from '../../domain/result/reference.ts';
import type { RunData } from '../../domain/run/data.ts';
import type { ParsedSettings } from '../../domain/settings/settings.ts';
import {
  assertGateIds,
  gateId,
  parseThresholds,
  type Gate,
  type Thresholds,
} from '../../domain/verdict/thresholds.ts';
import { UsageError, type Io } from '../io.ts';
import { readRun } from '../read/run.ts';
import { readReference, referenceNames } from '../read/references.ts';
import { renderText } from '../report/text.ts';
import { runReport } from '../report/run.ts';
import { suiteReport } from '../report/suite.ts';
import { RUN_NAMES, SUITE_NAMES, showReport, writeReport } from '../report/write.ts';
import { createRunDirectory, findRuns } from '../run/directory.ts';
import { readThresholds } from '../run/prepare.ts';
import { COMPARE_SETTINGS, judgedBy } from './compare.ts';
import { LEAST_TYPICAL_PAYLOADS } from '../../domain/verdict/gates/latency.ts';
import { BASELINE } from '../../domain/variants.ts';
import { command } from '../command.ts';
import { absent, named } from '../../domain/settings/kinds.ts';
import { RUN } from './run-argument.ts';

export function regressCommand(
  io: Io,
  given: { readonly run: string | undefined; readonly against: string | null },
  parsed: ParsedSettings,
): number {
  const { settings } = parsed;
  const { against } = given;
  if (against === null)
    throw new UsageError(
      `--against is missing: the name of a reference${referenceNames(io).length === 0 ? '; there is none yet: npm run reference -- save RUN' : `, one of ${referenceNames(io).join(', ')}`}`,
    );
  const reference = readReference(io, against);
  const thresholds =
    settings.thresholds === null
      ? parseThresholds(regressThresholds, 'thresholds/regress.json')
      : readThresholds(settings.thresholds);
  assertGateIds(settings.require, thresholds);
  const now = findRuns(io, given.run).map(readRun);
  const before = reference.runs.map((run) => storedData(run, against));

  const top = createRunDirectory(io, 'regress', settings.out);
  const scenarios: SuiteScenario[] = [];
  const skipped: Skipped[] = [];
  for (const old of before) {
    const name = old.manifest.job;
    const current = now.find(({ manifest }) => manifest.job === name);
    if (current === undefined) {
      skipped.push({ name, reason: `the run has no ${name}, the reference has` });
      continue;
    }
    const path = join(top.path, name);
    mkdirSync(path);
    const judged = (data: RunData): RunData => withGates(judgedBy(io, data, parsed), thresholds);
    const data = pairRuns(judged(old), judged(current));
    const { comparison, report } = runReport(data);
    writeReport(io, report, path, RUN_NAMES, { step_summary: false });
    scenarios.push({ name, directory: name, comparison });
    if (!settings.json) io.stdout.write(`\n${name}${renderText(report, false)}`);
  }
  for (const { manifest } of now)
    if (!before.some((old) => old.manifest.job === manifest.job))
      skipped.push({ name: manifest.job, reason: `the reference ${reference.name} has no ${manifest.job}` });
  const suite = suiteOf({
    suite_id: top.id,
    title: `regression against ${reference.name}`,
    started_ms: now[0]?.manifest.started_ms ?? 0,
    ended_ms: now.at(-1)?.manifest.ended_ms ?? 0,
    interrupted: false,
    scenarios,
    skipped,
  });
  const report = suiteReport(suite, scenarios);
  writeReport(io, report, top.path, SUITE_NAMES, { step_summary: true });
  return showReport(io, report, top.path, SUITE_NAMES, { json: settings.json, open: settings.open });
}

/**
 * Each of them counts, however few the requests: what can't be decided says how many it needs. A typical ratio is over
 * payloads, which no number of requests gives more of: where a load sends a handful it is left out on the record.
 */
function withGates(data: RunData, thresholds: Thresholds): RunData {
  const sent = new Set(data.measured[BASELINE]?.payload ?? []).size;
  const lacking = (gate: Gate): boolean =>
    gate.gate === 'typical' && sent < LEAST_TYPICAL_PAYLOADS && !data.settings.require.includes(gateId(gate));
  const gates = thresholds.gates.filter((gate) => !lacking(gate));
  const cure = `it compares payload by payload, and needs ${LEAST_TYPICAL_PAYLOADS} of them; this load sent ${sent}`;
  const left_out = thresholds.gates.filter(lacking).map((gate) => ({ gate: gateId(gate), cure }));
  const settings = { ...data.settings, require: gates.map(gateId) };
  return {
    ...data,
    settings,
    manifest: { ...data.manifest, thresholds: { ...thresholds, gates }, left_out },
  };
}

export const regress = command({
  name: 'regress',
  title: 'holds a run or a suite against a reference: p95 at most 1.2 times',
  group: 'Results',
  argument: RUN,
  options: { against: absent(named('NAME'), 'name or path of the reference') },
  settings: COMPARE_SETTINGS,
  run: (io, { argument, options, settings }) =>
    regressCommand(io, { run: argument, against: options.against }, settings()),
});
