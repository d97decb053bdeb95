/** Every setting read from its texts, and written as texts again. */
import { editDistance } from '../text/nearest.ts';
import { contradictions } from './contradictions.ts';
import type { Setting } from './kinds.ts';
import { envName, readTable, type ReadTable, type Texts } from './parse.ts';
import { SETTINGS, SETTING_NAMES, type SettingName, type Settings } from './table.ts';

export { SETTINGS, SETTING_NAMES, type SettingGroup, type SettingName, type Settings } from './table.ts';

export interface ParsedSettings {
  readonly settings: Settings;
  readonly sources: ReadTable<typeof SETTINGS>['sources'];
  /** One line a refused value. Where there is any, `settings` must not be used. */
  readonly problems: readonly string[];
}

/** Values that a job sets in place of the table's defaults. */
export type JobTexts = Readonly<Partial<Record<SettingName, string>>>;

export interface SettingTexts {
  /** Flag texts by setting. */
  readonly flags: JobTexts;
  /** The whole environment. */
  readonly env: Texts;
  readonly job: JobTexts;
}

/** Reads every setting, as {@link readTable} does, and what they are together. */
export function parseSettings(given: SettingTexts): ParsedSettings {
  const { values: settings, sources, problems } = readTable(SETTINGS, given);
  const all = [...misspeltVariables(given.env), ...problems];
  return { settings, sources, problems: all.length === 0 ? contradictions(settings) : all };
}

/** The texts that {@link parseSettings} reads back as the same settings, by variable; secrets and what is absent left out. */
export function formatSettings(settings: Settings): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of SETTING_NAMES) {
    const of: Setting<unknown> = SETTINGS[name];
    const value = settings[name];
    if (of.secret !== true && value !== null) texts[envName(name)] = of.format(value);
  }
  return texts;
}

/** A variable one edit away from a setting's name is a typo that would silently become a default. */
function misspeltVariables(env: Texts): string[] {
  const known = SETTING_NAMES.map((name) => envName(name)).filter((name) => name.length >= 7);
  const all = new Set(SETTING_NAMES.map((name) => envName(name)));
  return Object.keys(env).flatMap((given) => {
    if (all.has(given) || given.length < 7) return [];
    const meant = known.find(
      (name) => Math.abs(name.length - given.length) <= 1 && editDistance(name, given) === 1,
    );
    return meant === undefined
      ? []
      : [`the environment has ${given}, which is no setting; did you mean ${meant}? (unset it otherwise)`];
  });
}
