/** The main job: the same payloads to the baseline and to its shadow, side by side. The baseline alone: VARIANTS of the plan. */
import { closedLoad } from '../lib/closed-load.ts';
import { grammarEndpoint } from '../lib/endpoints/grammar.ts';
import { readRuntime } from '../lib/runtime.ts';
import limits from '../thresholds/shadow.json';

const runtime = readRuntime({ variants: ['baseline', 'shadow'] });
const load = closedLoad({
  name: 'shadow',
  runtime,
  thresholds: limits,
  endpoint: (target) => grammarEndpoint(target, runtime.settings),
});

export const options = load.options;
export const setup = load.setup;
export const handleSummary = load.handleSummary;
export const probe = load.probe;
export const baseline = (): void => load.run('baseline');
export const shadow = (): void => load.run('shadow');
