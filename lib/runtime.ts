/** The only reader of k6's environment: settings, the block's plan, and which binary this is. */
import { BLOCK_PLAN_VARIABLE, parseBlockPlan, type BlockPlan } from '../domain/block.ts';
import { requestHeaders } from '../domain/request-headers.ts';
import {
  envName,
  parseSettings,
  type ParsedSettings,
  type SettingName,
  type Settings,
} from '../domain/settings.ts';
import { fitting, parseThresholds, type Thresholds } from '../domain/thresholds.ts';
import type { Variant } from '../domain/variants.ts';

/** This binary carries k6/x/requestlog, k6/x/shared and k6/x/stream (k6/main.go says so). */
export const HAS_EXTENSIONS = __ENV['SUITE_K6'] === '1';

export interface Runtime {
  readonly settings: Settings;
  readonly plan: BlockPlan;
  /** Started by the suite's cli, which has checked everything and reads the results; else by hand. */
  readonly managed: boolean;
  readonly variants: readonly Variant[];
}

export interface JobDefaults {
  readonly variants: readonly Variant[];
  readonly settings?: Readonly<Partial<Record<SettingName, string>>>;
  /** The same, where the defaults depend on what was given. */
  readonly settingsFor?: (given: Settings) => Readonly<Partial<Record<SettingName, string>>>;
}

/** Reads and checks everything once, in the init context. @throws with every refused value, one a line. */
export function readRuntime(job: JobDefaults): Runtime {
  const planText = __ENV[BLOCK_PLAN_VARIABLE];
  const parse = (defaults: JobDefaults['settings'] = {}): ParsedSettings =>
    parseSettings({
      flags: {},
      env: __ENV,
      job: defaults,
      // By the cli, or by the context that k6 makes before any VU's.
      check_names: planText === undefined && __VU === 0,
    });
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
  for (const variant of plan.variants) {
    const name = urlSetting(variant);
    if (parsed.settings[name] === null)
      problems.push(`${envName(name)} is missing, provide it: -e ${envName(name)}=http://HOST:PORT`);
  }
  if (problems.length > 0) throw new Error(`settings refused:\n  ${problems.join('\n  ')}`);
  return { settings: parsed.settings, plan, managed: planText !== undefined, variants: plan.variants };
}

const urlSetting = (variant: Variant): 'baselineUrl' | 'shadowUrl' =>
  variant === 'baseline' ? 'baselineUrl' : 'shadowUrl';

/** Where requests of a variant go, with the headers that they carry. */
export interface Target {
  readonly base_url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function target(settings: Settings, variant: Variant): Target {
  return {
    base_url: (settings[urlSetting(variant)] ?? '').replace(/\/+$/, ''),
    headers: requestHeaders(settings, variant, __ENV),
  };
}

/** The thresholds of the scenario, or the user's file in place of them. */
export function thresholdsOf(runtime: Runtime, own: unknown, name: string): Thresholds {
  const file = runtime.plan.thresholds_file;
  return file === null
    ? fitting(parseThresholds(own, `thresholds/${name}.json`), runtime.settings)
    : parseThresholds(JSON.parse(open(file)), file);
}

/** TLS options of k6 from the settings; the CA file reaches k6's Go as SSL_CERT_FILE. */
export function tlsOptions(settings: Settings): { tlsAuth?: { cert: string; key: string }[] } {
  const { clientCert, clientKey } = settings;
  return clientCert === null || clientKey === null
    ? {}
    : { tlsAuth: [{ cert: open(clientCert), key: open(clientKey) }] };
}
