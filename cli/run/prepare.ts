/** Everything that can be refused is refused here, in the order of what it costs, before any load. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { planBlocks, type BlocksPlan } from '../../domain/blocks.ts';
import type { Settings } from '../../domain/settings.ts';
import { promptsOfLengths, singleRequests } from '../../domain/single.ts';
import { assertGateIds, fitting, parseThresholds, type Thresholds } from '../../domain/thresholds.ts';
import { UsageError, userPath, type Io } from '../io.ts';
import type { Job } from '../jobs.ts';
import { LABELLED, PROMPTS, payloadSet, readPayloads, type PayloadSet } from '../read/payloads.ts';
import { assertOutIsFree } from '../run-directory.ts';

export interface Prepared {
  /** Paths are absolute. */
  readonly settings: Settings;
  readonly thresholds: Thresholds;
  readonly payloads: PayloadSet;
  readonly plan: BlocksPlan;
}

/** @throws UsageError, BadValue */
export function prepare(io: Io, job: Job, given: Settings): Prepared {
  const settings = absolutePaths(io, given);
  assertOutIsFree(io, settings.out);
  if (job.variants.length > 1 && settings.baselineUrl !== null && settings.shadowUrl === null)
    throw new UsageError(
      '--baseline-url is given without --shadow-url: a server of yours is compared with a shadow of yours, not with the stand-in; give --shadow-url, or run k6:baseline for one server',
    );
  for (const [flag, path] of [
    ['--ca-file', settings.caFile],
    ['--client-cert', settings.clientCert],
    ['--client-key', settings.clientKey],
  ] as const) {
    if (path !== null) readRequired(path, flag);
  }
  for (const header of settings.header) {
    if ('env' in header && (io.env[header.env] ?? '') === '')
      throw new UsageError(
        `--header '${header.name}: env:${header.env}': the variable ${header.env} is empty or missing; set it`,
      );
  }
  const thresholds =
    settings.thresholds === null
      ? fitting(parseThresholds(job.thresholds, `thresholds/${job.scenario}.json`), settings)
      : readThresholds(settings.thresholds);
  assertGateIds(settings.require, thresholds);
  const payloads = payloadsOf(io, job, settings);
  return {
    settings:
      job.payloads === 'lengths'
        ? { ...settings, maxRequests: singleRequests(settings, payloads.payloads.length) }
        : settings,
    thresholds,
    payloads,
    plan: planBlocks(settings, job.variants),
  };
}

function payloadsOf(io: Io, job: Job, settings: Settings): PayloadSet {
  const read = (path: string, shown: string): PayloadSet =>
    job.payloads === 'labelled' ? readPayloads(path, shown, LABELLED) : readPayloads(path, shown, PROMPTS);
  if (settings.payloads !== null) return read(userPath(io, settings.payloads), settings.payloads);
  switch (job.payloads) {
    case 'labelled':
      return { ...read(join(io.root, 'dist', 'payloads.json'), 'payloads/'), source: "the suite's own" };
    case 'prompts':
      return { ...read(join(io.root, 'dist', 'prompts.json'), 'payloads/'), source: "the suite's own" };
    case 'lengths':
      return payloadSet(
        `prompts of ${settings.promptLengths.join(', ')} words`,
        promptsOfLengths(settings),
        PROMPTS,
      );
  }
}

/** Paths of the user's as seen from anywhere: k6 has another working directory. */
function absolutePaths(io: Io, settings: Settings): Settings {
  const absolute = (path: string | null): string | null => (path === null ? null : userPath(io, path));
  return {
    ...settings,
    caFile: absolute(settings.caFile),
    clientCert: absolute(settings.clientCert),
    clientKey: absolute(settings.clientKey),
    thresholds: absolute(settings.thresholds),
  };
}

function readRequired(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${flag}: ${cause}; give a file that can be read`, { cause: error });
  }
}

/** @throws UsageError, BadValue */
export function readThresholds(file: string): Thresholds {
  const text = readRequired(file, '--thresholds');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--thresholds ${file} is not JSON: ${cause}`, { cause: error });
  }
  return parseThresholds(value, file);
}
