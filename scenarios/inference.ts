/** The seven loads of an inference server, one bundle: which one, in INFERENCE_SCENARIO. */
import { BASELINE } from '../domain/variants.ts';
import { SCENARIO_NAMES } from '../domain/jobs/inference/names.ts';
import { SCENARIOS } from '../domain/jobs/inference/scenarios.ts';
import { planLoad } from '../domain/load/counted-plan.ts';
import { wireLoad } from '../lib/load/load.ts';
import { countedShape } from '../lib/load/counted-shape.ts';
import { inferenceEndpoint, textSource } from '../lib/endpoints/inference.ts';
import { readRuntime } from '../lib/runtime.ts';
import { exchange } from '../lib/steps/exchange.ts';
import batchGenerate from '../thresholds/batch-generate.json';
import batchTokenize from '../thresholds/batch-tokenize.json';
import generate from '../thresholds/generate.json';
import health from '../thresholds/health.json';
import spike from '../thresholds/spike.json';
import sustained from '../thresholds/sustained.json';
import tokenize from '../thresholds/tokenize.json';

const limits = {
  health,
  tokenize,
  generate,
  'batch-tokenize': batchTokenize,
  'batch-generate': batchGenerate,
  sustained,
  spike,
};

const runtime = readRuntime({
  variants: [BASELINE],
  settingsFor: ({ inferenceScenario }) =>
    inferenceScenario === null ? {} : SCENARIOS[inferenceScenario].settings,
});
const { settings } = runtime;
const plan = planLoad(settings);
if (plan === null)
  throw new Error(
    `INFERENCE_SCENARIO is missing, provide it: -e INFERENCE_SCENARIO=NAME, one of ${SCENARIO_NAMES.join(', ')}`,
  );
const { name, operation } = plan.scenario;
const source = textSource(runtime, operation);

const load = wireLoad({
  name,
  runtime,
  thresholds: limits[name],
  iteration: (context, target) =>
    exchange({
      ...context,
      endpoint: inferenceEndpoint(target, settings, operation),
      source,
      trace_header: settings.traceHeader,
    }),
  shape: countedShape(plan, settings, runtime.variants),
});

export const options = load.options;
export const setup = load.setup;
export const handleSummary = load.handleSummary;
export const probe = load.probe;
export const run = load.run;
