/** The main job: the same payloads to the baseline and to its shadow, side by side. The baseline alone: VARIANTS of the plan. */
import { BASELINE, SHADOW } from '../domain/variants.ts';
import { grammarLoad } from '../lib/jobs/grammar-load.ts';
import { readRuntime } from '../lib/runtime.ts';
import limits from '../thresholds/shadow.json';

const load = grammarLoad('shadow', readRuntime({ variants: [BASELINE, SHADOW] }), limits);

export const options = load.options;
export const setup = load.setup;
export const handleSummary = load.handleSummary;
export const probe = load.probe;
export const run = load.run;
