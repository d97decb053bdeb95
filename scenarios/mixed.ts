/** Users who ask several endpoints, so often each as the mix says, with pauses to think. */
import { BASELINE, SHADOW } from '../domain/variants.ts';
import { mixedLoad } from '../lib/jobs/mixed-load.ts';
import { readRuntime } from '../lib/runtime.ts';
import limits from '../thresholds/mixed.json';

const load = mixedLoad('mixed', readRuntime({ variants: [BASELINE, SHADOW] }), limits);

export const options = load.options;
export const setup = load.setup;
export const handleSummary = load.handleSummary;
export const probe = load.probe;
export const run = load.run;
