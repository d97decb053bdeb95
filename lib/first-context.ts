/** What only the first of k6's contexts does: settings read and checked, options made. Loaded by `require` in runtime.ts. */
import type { Options, Scenario } from 'k6/options';
import { BLOCK_PLAN_VARIABLE, parseBlockPlan, type BlockPlan } from '../domain/run/block.ts';
import { PROBE_LEAD_MS } from '../domain/load/timing.ts';
import { rateProblem } from '../domain/settings/contradictions.ts';
import { envName } from '../domain/settings/parse.ts';
import { parseSettings, type ParsedSettings, type Settings } from '../domain/settings/settings.ts';
import { variantSettings } from '../domain/settings/variants.ts';
import { fitting, k6Thresholds, parseThresholds, type Thresholds } from '../domain/verdict/thresholds.ts';
import type { JobDefaults, LoadWiring, Runtime, TlsOptions } from './load/runtime-shape.ts';
import { probes, VARIANT_VARIABLE } from './load/shapes.ts';
import { countedSubmetrics } from './load/counted.ts';

/** @throws with every refused value, one a line */
export function checkedRuntime(job: JobDefaults): Runtime {
  const planText = __ENV[BLOCK_PLAN_VARIABLE];
  const parse = (defaults: JobDefaults['settings'] = {}): ParsedSettings =>
    parseSettings({ flags: {}, env: __ENV, job: defaults });
  const given = parse(job.settings);
  const parsed = job.settingsFor === undefined ? given : parse(job.settingsFor(given.settings));
  const plan: BlockPlan =
    planText === undefined
      ? {
          block: 0,
          nonce: '',
          variants: [...job.variants],
          request_log: __ENV['REQUEST_LOG'] ?? null,
          summary_file: '',
          payloads_file: parsed.settings.payloads,
          thresholds_file: parsed.settings.thresholds,
          probe_url: null,
        }
      : parseBlockPlan(planText);
  const problems = [...parsed.problems];
  const rate = plan.loads === undefined ? rateProblem(parsed.settings) : null;
  if (rate !== null) problems.push(rate);
  for (const variant of plan.variants) {
    const target = variantSettings(parsed.settings)[variant];
    if (target === undefined) problems.push(`no setting says where the variant "${variant}" is`);
    else if (target.url === null) {
      const name = envName(target.named.url);
      problems.push(`${name} is missing, provide it: -e ${name}=http://HOST:PORT`);
    }
  }
  if (problems.length > 0) throw new Error(`settings refused:\n  ${problems.join('\n  ')}`);
  return { settings: parsed.settings, plan, managed: planText !== undefined, variants: plan.variants };
}

export function loadOptions(runtime: Runtime, { name, thresholds, shape }: LoadWiring): Options {
  const { settings, plan, variants } = runtime;
  const lead_ms = plan.probe_url === null ? 0 : PROBE_LEAD_MS;
  const scenarios: Record<string, Scenario> = {};
  for (const variant of variants) {
    // k6's own counts are then told apart by variant, however many scenarios one has.
    for (const [scenario, options] of Object.entries(shape.scenarios(variant, lead_ms)))
      scenarios[scenario] = { ...options, env: { [VARIANT_VARIABLE]: variant }, tags: { variant } };
  }
  if (plan.probe_url !== null) Object.assign(scenarios, probes(settings, shape));
  return {
    scenarios,
    thresholds: {
      ...countedSubmetrics(variants),
      ...k6Thresholds(thresholdsOf(runtime, thresholds, name), variants),
    },
    summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(50)', 'p(90)', 'p(95)', 'p(99)', 'count'],
    // Few tags: each distinct set is a series in k6's memory.
    systemTags: ['scenario', 'status', 'name', 'error_code', 'expected_response'],
    userAgent: 'k6-shadow',
    noConnectionReuse: !settings.connectionReuse,
    ...tlsOptions(settings),
  };
}

/** The thresholds of the scenario, or the user's file in place of them. */
function thresholdsOf(runtime: Runtime, own: unknown, name: string): Thresholds {
  const file = runtime.plan.thresholds_file;
  return file === null
    ? fitting(parseThresholds(own, `thresholds/${name}.json`), runtime.settings)
    : parseThresholds(JSON.parse(open(file)), file);
}

/** TLS options of k6 from the settings; the CA file reaches k6's Go as SSL_CERT_FILE. */
export function tlsOptions(settings: Settings): TlsOptions {
  const { clientCert, clientKey } = settings;
  return clientCert === null || clientKey === null
    ? {}
    : { tlsAuth: [{ cert: open(clientCert), key: open(clientKey) }] };
}
