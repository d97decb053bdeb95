/** The jobs that put load on servers: which bundle, which stand-in, which defaults. One row a job; everything else is shared. */
import baselineThresholds from '../../thresholds/baseline.json';
import shadowThresholds from '../../thresholds/shadow.json';
import singleThresholds from '../../thresholds/single.json';
import streamThresholds from '../../thresholds/stream.json';
import effectThresholds from '../../thresholds/effect.json';
import mixedThresholds from '../../thresholds/mixed.json';
import rampThresholds from '../../thresholds/ramp.json';
import { SINGLE_SETTINGS } from '../../domain/load/single.ts';
import { APIS, type Api } from '../../domain/protocols/index.ts';
import type { SettingGroup, SettingName, Settings } from '../../domain/settings/settings.ts';
import { BASELINE, SHADOW, type ByVariant, type Variant } from '../../domain/variants.ts';

export interface Job {
  /** Of the command: `npm run k6:<name>`. */
  readonly name: string;
  /** Bundle `dist/<scenario>.js` and file `thresholds/<scenario>.json`. */
  readonly scenario: string;
  readonly title: string;
  readonly variants: readonly Variant[];
  readonly stand_in: 'grammar' | 'openai' | 'inference';
  /** In place of the stand-in's own defaults, flag by flag; the user's win. */
  readonly stand_in_flags: Readonly<Record<string, string>>;
  /** Labelled sentences, prompts, or prompts of the lengths that the settings give. */
  readonly payloads: 'labelled' | 'prompts' | 'lengths' | 'one';
  /** The same of one variant's stand-in alone. */
  readonly variant_flags: ByVariant<Readonly<Record<string, string>>>;
  /** Its blocks are steps of rising load. */
  readonly ramp: boolean;
  /** Of two servers, one is enough: that is then measured alone (`alone`), or is both variants in turn (`both`). */
  readonly one_server: 'refused' | 'alone' | 'both';
  /** Servers live through all blocks, rather than being deployed anew for each. */
  readonly keeps_servers: boolean;
  /** The servers are language models: looked at before the load, timed by the suite's own k6 alone. */
  readonly language_model: boolean;
  /** Beside the load a null server is asked, to see this machine's own delay; not where the load is a few requests. */
  readonly probed: boolean;
  /** The servers are watched during the load (processes, metrics, GPU); the path that is loaded, as their labels have it. Null: not watched. */
  readonly watched: string | null;
  readonly thresholds: unknown;
  readonly groups: readonly SettingGroup[];
  /** In place of the table's defaults. */
  readonly settings: Readonly<Partial<Record<SettingName, string>>>;
}

/** The endpoints of language models that a load asks. */
export const apisOf = (job: Job, { api, mix }: Pick<Settings, 'api' | 'mix'>): readonly Api[] =>
  job.groups.includes('mix') ? APIS.filter((one) => mix[one] !== undefined) : [api];

/** What every load is set by, with the group that says how it asks. */
const groupsOf = (asking: SettingGroup): readonly SettingGroup[] => [
  'target',
  asking,
  'load',
  'arrival',
  'quality',
  'verdict',
  'output',
  'stand-in',
];
const load_groups = groupsOf('answer');
const stream_groups = groupsOf('stream');

export const shadow: Job = {
  name: 'shadow',
  scenario: 'shadow',
  title: 'baseline and shadow side by side, compared',
  variants: [BASELINE, SHADOW],
  stand_in: 'grammar',
  stand_in_flags: {},
  payloads: 'labelled',
  variant_flags: {},
  ramp: false,
  one_server: 'refused',
  keeps_servers: false,
  language_model: false,
  probed: true,
  watched: null,
  thresholds: shadowThresholds,
  groups: load_groups,
  settings: {},
};

const stream: Job = {
  ...shadow,
  name: 'stream',
  scenario: 'stream',
  title: 'streamed answers of baseline and shadow side by side: TTFT, TPOT, tokens/s',
  stand_in: 'openai',
  // A TTFT well above this machine's own delay, and answers of about a second.
  stand_in_flags: { '--ttft-ms': '120', '--itl-ms': '8' },
  payloads: 'prompts',
  // The shadow is the better model, so that the report has something to show.
  variant_flags: { [BASELINE]: { '--rightness': '0.8' }, [SHADOW]: { '--rightness': '0.86' } },
  language_model: true,
  thresholds: streamThresholds,
  groups: stream_groups,
};

const capacity: Readonly<Partial<Job>> = {
  ramp: true,
  one_server: 'alone',
  keeps_servers: true,
  thresholds: rampThresholds,
};
// Coarse steps leave the variants' ratio open: that is no failure of a step in CI.
const RAMP_SETTINGS: Job['settings'] = { warmUpMs: '2s', drainMs: '1s', failOn: 'fail' };

/** Capacity, traffic and endurance. */
const CAPACITY_JOBS: readonly Job[] = [
  {
    ...stream,
    ...capacity,
    name: 'ramp',
    title: 'language model: rising clients or rates, up to the most that is sustained',
    // Sixteen at a time, so that it saturates before this machine does.
    stand_in_flags: { '--ttft-ms': '120', '--itl-ms': '20', '--max-running': '16' },
    watched: '/v1/chat/completions',
    groups: [...stream_groups, 'capacity'],
    settings: { ...RAMP_SETTINGS, maxTokens: '32' },
  },
  {
    ...shadow,
    ...capacity,
    name: 'ramp-grammar',
    title: 'grammar service: rising clients or rates, up to the most that is sustained',
    groups: [...load_groups, 'capacity'],
    settings: RAMP_SETTINGS,
  },
  {
    ...stream,
    name: 'mixed',
    scenario: 'mixed',
    title: 'users who ask several endpoints, with pauses to think',
    one_server: 'alone',
    thresholds: mixedThresholds,
    groups: [...stream_groups, 'answer', 'mix'],
    settings: { maxTokens: '20', thinkTime: '1s-3s', spreadMs: '2s' },
  },
  {
    ...stream,
    name: 'burst',
    title: 'many requests at once, and nothing after them',
    one_server: 'alone',
    thresholds: mixedThresholds,
    settings: { vus: '100', maxRequests: '100', warmUpMs: '0s', maxTokens: '10', timeoutMs: '60s' },
  },
  {
    ...shadow,
    name: 'soak',
    title: 'hours of load in blocks: each a checkpoint, its log compressed, drift tested',
    one_server: 'alone',
    keeps_servers: true,
    groups: [...load_groups, 'soak'],
    settings: { durationMs: '4h', blockMs: '10m' },
  },
];

/** `npm run effect -- <feature>`: one server with a feature off (baseline) and on (shadow), in turn. */
function effect(feature: string, about: string, flag: string, over: Partial<Job>): Job {
  return {
    ...stream,
    name: feature,
    title: about,
    variant_flags: { [BASELINE]: { [flag]: 'off' }, [SHADOW]: { [flag]: 'on' } },
    one_server: 'both',
    keeps_servers: true,
    thresholds: effectThresholds,
    groups: [...stream_groups, 'effect'],
    ...over,
    settings: {
      order: 'abba',
      baselineLabel: `${feature} off`,
      shadowLabel: `${feature} on`,
      require: 'throughput',
      maxTokens: '24',
      ...over.settings,
    },
  };
}

export const EFFECTS: readonly Job[] = [
  effect(
    'batching',
    'what serving requests together gains: the same load with batching off and on',
    '--batching',
    {
      stand_in_flags: {
        '--ttft-ms': '60',
        '--itl-ms': '8',
        '--batch-size': '8',
        '--batch-wait-ms': '100',
      },
      settings: { vus: '8' },
    },
  ),
  effect(
    'caching',
    'what a prefix cache gains: one prompt, temperature 0, with the cache off and on',
    '--prefix-cache',
    {
      payloads: 'one',
      stand_in_flags: { '--ttft-ms': '60', '--itl-ms': '8', '--prefill-token-ms': '0.5' },
    },
  ),
];

export const JOBS: readonly Job[] = [
  shadow,
  {
    ...shadow,
    name: 'baseline',
    scenario: 'baseline',
    title: 'one variant alone, judged by its limits',
    variants: [BASELINE],
    thresholds: baselineThresholds,
  },
  {
    ...shadow,
    name: 'smoke',
    title: 'everything wired, in 5 seconds; too short for a verdict',
    settings: { durationMs: '5s', warmUpMs: '1s', drainMs: '1s' },
  },
  stream,
  {
    ...stream,
    name: 'single',
    scenario: 'single',
    title: 'one client, prompts of several lengths, each several times',
    variants: [BASELINE],
    payloads: 'lengths',
    probed: false,
    thresholds: singleThresholds,
    settings: { ...SINGLE_SETTINGS, drainMs: '1s' },
  },
  ...CAPACITY_JOBS,
];

/** Not a command of its own: the A/A runs of `npm run calibrate`. */
export const CALIBRATION: Job = {
  ...shadow,
  name: 'calibrate',
  title: 'two equal servers, deployed anew for each run',
  settings: { durationMs: '8s', warmUpMs: '1s', drainMs: '0s' },
};
