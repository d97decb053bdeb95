/** One client and nobody else: prompts of several lengths, each so many times. */
import { promptsOfLengths, singleLoad } from '../domain/single.ts';
import { modelLoad } from '../lib/model-load.ts';
import { PROMPTS } from '../lib/payloads.ts';
import { readRuntime } from '../lib/runtime.ts';
import limits from '../thresholds/single.json';

const given = readRuntime({
  variants: ['baseline'],
  settings: { vus: '1', warmUpMs: '0s', durationMs: '10m', maxTokens: '100' },
});
const { warm_up, requests } = singleLoad(given.settings, given.settings.promptLengths.length);
const load = modelLoad({
  name: 'single',
  runtime: { ...given, settings: { ...given.settings, maxRequests: requests } },
  thresholds: limits,
  payloads: { ...PROMPTS, own: () => promptsOfLengths(given.settings) },
  warm_up,
});

export const options = load.options;
export const setup = load.setup;
export const handleSummary = load.handleSummary;
export const probe = load.probe;
export const baseline = (): unknown => load.run('baseline');
