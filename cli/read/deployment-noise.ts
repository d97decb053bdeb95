/** How much two deployments of one build differ: what calibrate measured, kept by target, read by every verdict. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Manifest } from '../../domain/run/manifest.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { parseJson } from '../../domain/text/parse-json.ts';
import type { Io } from '../io.ts';
import { writeWhole } from '../run/directory.ts';
import { withoutCredentials } from '../../domain/text/url.ts';

const noiseSchema = v.record(
  v.string(),
  v.strictObject({
    /** Log-SD of one deployment's percentile, by statistic. */
    log_sd: v.record(v.string(), v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
    /** Where it could not be told from 0: its upper bound. */
    at_most: v.optional(v.record(v.string(), v.pipe(v.number(), v.minValue(0)))),
    deployments: v.number(),
    measured_on: v.string(),
  }),
);
export type NoiseFile = v.InferOutput<typeof noiseSchema>;

const path = (io: Io): string => join(io.root, 'thresholds', 'deployment-noise.json');

/** The stand-ins, or the user's baseline by its address. */
export function noiseTarget(settings: Settings): string {
  return settings.baselineUrl === null ? 'stand-in' : withoutCredentials(settings.baselineUrl);
}

export function readNoise(io: Io): NoiseFile {
  if (!existsSync(path(io))) return {};
  return parseJson(
    noiseSchema,
    readFileSync(path(io), 'utf8'),
    'thresholds/deployment-noise.json',
    'measure it again with npm run calibrate',
  );
}

export function keepNoise(io: Io, target: string, noise: NoiseFile[string]): void {
  writeWhole(path(io), `${JSON.stringify({ ...readNoise(io), [target]: noise }, null, 2)}\n`);
}

/** What a verdict on this target takes: the setting, else what was measured there, else null. */
export function deploymentNoise(io: Io, settings: Settings): Manifest['deployment_noise'] {
  if (settings.deploymentNoise !== null) {
    const s = settings.deploymentNoise;
    return { log_sd: { p50: s, p90: s, p95: s, p99: s }, source: '--deployment-noise' };
  }
  const measured = readNoise(io)[noiseTarget(settings)];
  return measured === undefined
    ? null
    : { log_sd: measured.log_sd, source: `${measured.deployments} deployments, ${measured.measured_on}` };
}
