/** One variant alone, judged by its limits. */
import { BASELINE } from '../domain/variants.ts';
import { grammarLoad } from '../lib/jobs/grammar-load.ts';
import { readRuntime } from '../lib/runtime.ts';
import limits from '../thresholds/baseline.json';

const load = grammarLoad('baseline', readRuntime({ variants: [BASELINE] }), limits);

export const options = load.options;
export const setup = load.setup;
export const handleSummary = load.handleSummary;
export const probe = load.probe;
export const run = load.run;
