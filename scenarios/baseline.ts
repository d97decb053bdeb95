/** One variant alone, judged by its limits. */
import { closedLoad } from '../lib/closed-load.ts';
import { grammarEndpoint } from '../lib/endpoints/grammar.ts';
import { readRuntime } from '../lib/runtime.ts';
import limits from '../thresholds/baseline.json';

const runtime = readRuntime({ variants: ['baseline'] });
const load = closedLoad({
  name: 'baseline',
  runtime,
  thresholds: limits,
  endpoint: (target) => grammarEndpoint(target, runtime.settings),
});

export const options = load.options;
export const setup = load.setup;
export const handleSummary = load.handleSummary;
export const probe = load.probe;
export const baseline = (): void => load.run('baseline');
