/** The loads of an inference server as jobs: a row each of domain/inference/scenarios.ts. */
import batchGenerate from '../../thresholds/batch-generate.json';
import batchTokenize from '../../thresholds/batch-tokenize.json';
import generate from '../../thresholds/generate.json';
import health from '../../thresholds/health.json';
import spike from '../../thresholds/spike.json';
import sustained from '../../thresholds/sustained.json';
import tokenize from '../../thresholds/tokenize.json';
import type { ScenarioName } from '../../domain/jobs/inference/names.ts';
import { SCENARIOS } from '../../domain/jobs/inference/scenarios.ts';
import type { SettingGroup, Settings } from '../../domain/settings/settings.ts';
import { settingsFor } from '../../domain/settings/variants.ts';
import { BASELINE, SHADOW } from '../../domain/variants.ts';
import { shadow, type Job } from './loads.ts';

const THRESHOLDS: Readonly<Record<ScenarioName, unknown>> = {
  health,
  tokenize,
  generate,
  'batch-tokenize': batchTokenize,
  'batch-generate': batchGenerate,
  sustained,
  spike,
};

export const INFERENCE_GROUPS: readonly SettingGroup[] = [
  'target',
  'server',
  'inference',
  'load',
  'verdict',
  'output',
  'stand-in',
];

/** One server, or two where a shadow is named in any way. */
export function inferenceJob(name: ScenarioName, settings: Settings): Job {
  const { title, operation, settings: defaults } = SCENARIOS[name];
  const { url, stand_in } = settingsFor(settings, SHADOW);
  const compared = url !== null || stand_in !== '';
  return {
    ...shadow,
    name,
    scenario: 'inference',
    title,
    variants: compared ? [BASELINE, SHADOW] : [BASELINE],
    stand_in: 'inference',
    payloads: 'prompts',
    watched: operation.path,
    thresholds: THRESHOLDS[name],
    groups: INFERENCE_GROUPS,
    settings: defaults,
  };
}
