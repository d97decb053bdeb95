/** The gate's load: every prompt once, shared by N clients, streamed. What it must reach is decided on the server's figures. */
import { BASELINE } from '../domain/variants.ts';
import { modelLoad } from '../lib/jobs/model-load.ts';
import { PROMPTS } from '../lib/payloads.ts';
import { readRuntime } from '../lib/runtime.ts';
import limits from '../thresholds/gate.json';

const load = modelLoad({
  name: 'gate',
  runtime: readRuntime({ variants: [BASELINE] }),
  thresholds: limits,
  payloads: PROMPTS,
});

export const options = load.options;
export const setup = load.setup;
export const handleSummary = load.handleSummary;
export const probe = load.probe;
export const run = load.run;
