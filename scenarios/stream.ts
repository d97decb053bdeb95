/** Streamed answers of a language model and of its shadow, side by side: TTFT, TPOT, ITL, E2E, tokens/s, goodput. */
import { BASELINE, SHADOW } from '../domain/variants.ts';
import { modelLoad } from '../lib/jobs/model-load.ts';
import { PROMPTS } from '../lib/payloads.ts';
import { readRuntime } from '../lib/runtime.ts';
import limits from '../thresholds/stream.json';

const load = modelLoad({
  name: 'stream',
  runtime: readRuntime({ variants: [BASELINE, SHADOW] }),
  thresholds: limits,
  payloads: PROMPTS,
});

export const options = load.options;
export const setup = load.setup;
export const handleSummary = load.handleSummary;
export const probe = load.probe;
export const run = load.run;
