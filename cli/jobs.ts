/** The jobs that put load on servers: which bundle, which stand-in, which defaults. One row a job; everything else is shared. */
import baselineThresholds from '../thresholds/baseline.json';
import shadowThresholds from '../thresholds/shadow.json';
import singleThresholds from '../thresholds/single.json';
import streamThresholds from '../thresholds/stream.json';
import { SINGLE_SETTINGS } from '../domain/single.ts';
import type { SettingGroup, SettingName } from '../domain/settings.ts';
import type { Variant } from '../domain/variants.ts';

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
  readonly payloads: 'labelled' | 'prompts' | 'lengths';
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

const load_groups: readonly SettingGroup[] = ['target', 'answer', 'load', 'verdict', 'output', 'stand-in'];
const stream_groups: readonly SettingGroup[] = ['target', 'stream', 'load', 'verdict', 'output', 'stand-in'];

export const shadow: Job = {
  name: 'shadow',
  scenario: 'shadow',
  title: 'baseline and shadow side by side, compared',
  variants: ['baseline', 'shadow'],
  stand_in: 'grammar',
  stand_in_flags: {},
  payloads: 'labelled',
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
  language_model: true,
  thresholds: streamThresholds,
  groups: stream_groups,
};

export const JOBS: readonly Job[] = [
  shadow,
  {
    ...shadow,
    name: 'baseline',
    scenario: 'baseline',
    title: 'one variant alone, judged by its limits',
    variants: ['baseline'],
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
    variants: ['baseline'],
    payloads: 'lengths',
    probed: false,
    thresholds: singleThresholds,
    settings: { ...SINGLE_SETTINGS, drainMs: '1s' },
  },
];

/** Not a command of its own: the A/A runs of `npm run calibrate`. */
export const CALIBRATION: Job = {
  ...shadow,
  name: 'calibrate',
  title: 'two equal servers, deployed anew for each run',
  settings: { durationMs: '8s', warmUpMs: '1s', drainMs: '0s' },
};
