/** One client and nobody else: prompts of several lengths, each so many times. */
import { BASELINE } from '../domain/variants.ts';
import { SINGLE_SETTINGS, promptsOfLengths } from '../domain/load/single.ts';
import { modelLoad } from '../lib/jobs/model-load.ts';
import { PROMPTS } from '../lib/payloads.ts';
import { readRuntime } from '../lib/runtime.ts';
import limits from '../thresholds/single.json';

const runtime = readRuntime({ variants: [BASELINE], settings: SINGLE_SETTINGS });
const load = modelLoad({
  name: 'single',
  runtime,
  thresholds: limits,
  payloads: { ...PROMPTS, own: () => promptsOfLengths(runtime.settings) },
  by_rounds: true,
});

export const options = load.options;
export const setup = load.setup;
export const handleSummary = load.handleSummary;
export const probe = load.probe;
export const run = load.run;
