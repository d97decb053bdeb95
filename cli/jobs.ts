/** The jobs that put load on servers: which bundle, which stand-in, which defaults. One row a job; everything else is shared. */
import baselineThresholds from '../thresholds/baseline.json';
import shadowThresholds from '../thresholds/shadow.json';
import type { SettingGroup, SettingName } from '../domain/settings.ts';
import type { Variant } from '../domain/variants.ts';

export interface Job {
  /** Of the command: `npm run k6:<name>`. */
  readonly name: string;
  /** Bundle `dist/<scenario>.js` and file `thresholds/<scenario>.json`. */
  readonly scenario: string;
  readonly title: string;
  readonly variants: readonly Variant[];
  readonly stand_in: 'grammar';
  readonly thresholds: unknown;
  readonly groups: readonly SettingGroup[];
  /** In place of the table's defaults. */
  readonly settings: Readonly<Partial<Record<SettingName, string>>>;
}

const load_groups: readonly SettingGroup[] = ['target', 'answer', 'load', 'verdict', 'output', 'stand-in'];

const shadow: Job = {
  name: 'shadow',
  scenario: 'shadow',
  title: 'baseline and shadow side by side, compared',
  variants: ['baseline', 'shadow'],
  stand_in: 'grammar',
  thresholds: shadowThresholds,
  groups: load_groups,
  settings: {},
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
];

/** Not a command of its own: the A/A runs of `npm run calibrate`. */
export const CALIBRATION: Job = {
  ...shadow,
  name: 'calibrate',
  title: 'two equal servers, deployed anew for each run',
  settings: { durationMs: '8s', warmUpMs: '1s', drainMs: '0s' },
};
