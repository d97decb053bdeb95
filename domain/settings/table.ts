/**
 * The one table of settings. It makes the flags, the environment variables, `--help` and docs/settings.md, and it is read
 * on both sides: by the cli, and by k6 (so that `k6 run dist/shadow.js -e VUS=5` means the same).
 *
 * A key in camelCase gives the flag (`warmUpMs` -> `--warm-up`) and the variable (`WARM_UP`).
 */
import { ANSWER } from './answer.ts';
import { CAPACITY, EFFECT, SOAK } from './capacity.ts';
import { GATEWAY } from './gateway.ts';
import { BY_HAND, INFERENCE } from './inference.ts';
import { ARRIVAL, LOAD, MIX } from './load.ts';
import { STREAM } from './model.ts';
import type { Table, Values } from './parse.ts';
import { QUALITY } from './quality.ts';
import { SERVER, STAND_IN, TARGET } from './servers.ts';
import { OUTPUT, VERDICT } from './verdict.ts';

/** What a setting is about; a command takes whole groups. In the order of docs/settings.md. */
export const GROUPS = {
  target: { title: 'Which servers', settings: TARGET },
  answer: { title: "Where things stand in the server's answers", settings: ANSWER },
  stream: { title: 'Streamed answers of language models', settings: STREAM },
  load: { title: 'The load', settings: LOAD },
  arrival: { title: 'Open load: when requests start', settings: ARRIVAL },
  mix: { title: 'Mixed endpoints', settings: MIX },
  capacity: { title: 'Ramps and the search for capacity', settings: CAPACITY },
  soak: { title: 'Soaks', settings: SOAK },
  effect: { title: 'The effect of a feature', settings: EFFECT },
  quality: { title: 'What an answer is worth: scores and prices', settings: QUALITY },
  verdict: { title: 'The verdict', settings: VERDICT },
  output: { title: 'What comes out', settings: OUTPUT },
  'stand-in': { title: 'The embedded servers', settings: STAND_IN },
  gateway: { title: 'The gateway suite', settings: GATEWAY },
  inference: { title: "An inference server's loads", settings: INFERENCE },
  server: { title: 'Starting and watching a server', settings: SERVER },
  'by-hand': { title: 'Only by hand, with `k6 run`', settings: BY_HAND },
} as const satisfies Readonly<Record<string, { title: string; settings: Table }>>;
export type SettingGroup = keyof typeof GROUPS;

export const SETTINGS = {
  ...TARGET,
  ...ANSWER,
  ...STREAM,
  ...LOAD,
  ...ARRIVAL,
  ...MIX,
  ...CAPACITY,
  ...SOAK,
  ...EFFECT,
  ...QUALITY,
  ...VERDICT,
  ...OUTPUT,
  ...STAND_IN,
  ...GATEWAY,
  ...INFERENCE,
  ...SERVER,
  ...BY_HAND,
} as const satisfies Table;

export type SettingName = keyof typeof SETTINGS;
/** Every setting's value; durations in ms, money in EUR. */
export type Settings = Values<typeof SETTINGS>;

const isSettingName = (name: string): name is SettingName => name in SETTINGS;
export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS).filter(isSettingName);

export const settingsOfGroups = (groups: readonly SettingGroup[]): readonly SettingName[] =>
  groups.flatMap((group) => Object.keys(GROUPS[group].settings).filter(isSettingName));
