/** Texts to values by a table: of settings, of a command's options, or of a stand-in's flags. */
import { BadValue } from '../text/units.ts';
import type { Setting } from './kinds.ts';

export type Table = Readonly<Record<string, Setting<unknown>>>;
export type Values<T extends Table> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : never;
};

/** Where a value came from; the manifest keeps it. */
export type SettingSource = 'default' | 'environment' | 'flag' | 'job';

export interface ReadTable<T extends Table> {
  readonly values: Values<T>;
  readonly sources: Readonly<Record<keyof T, SettingSource>>;
  /** One line a refused value. Where there is any, `values` must not be used. */
  readonly problems: readonly string[];
}

/** Texts by key; what is undefined was not given. */
export type Texts = Readonly<Partial<Record<string, string>>>;

export interface TableTexts {
  readonly flags: Texts;
  /** By variable: the whole environment. */
  readonly env?: Texts;
  /** In place of the table's defaults. */
  readonly job?: Texts;
}

/** `warmUpMs` and `warm_up` -> `warm-up`: a unit suffix is not part of what a person types, since the text carries the unit. */
export const flagName = (key: string): string =>
  key
    .replace(/Ms$/, '')
    .replaceAll('_', '-')
    .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `warmUpMs` -> `WARM_UP`. */
export const envName = (key: string): string => flagName(key).replaceAll('-', '_').toUpperCase();

interface Given {
  readonly source: SettingSource;
  readonly text: string;
  /** As the person wrote it, for messages. */
  readonly where: string;
}

function givenText(
  key: string,
  of: Setting<unknown>,
  { flags, env = {}, job = {} }: TableTexts,
): Given | null {
  const flag = of.secret === true ? undefined : flags[key];
  if (flag !== undefined) return { source: 'flag', text: flag, where: `--${flagName(key)}` };
  const variable = env[envName(key)];
  // What a shell or a CI system leaves empty was not given, unless that would put another thing in place of a named one.
  if (variable !== undefined && (variable !== '' || of.names === true))
    return { source: 'environment', text: variable, where: envName(key) };
  const own = job[key];
  return own === undefined ? null : { source: 'job', text: own, where: key };
}

function emptyProblem({ where, source }: Given, { fallback, placeholder, doc }: Setting<unknown>): string {
  const away = source === 'environment' ? 'unset it' : 'leave it out';
  return `${where}: "" is empty; give ${placeholder}${fallback === undefined ? '' : `, or ${away}`} (${doc})`;
}

/** Reads every key: flag, else variable, else the job's own default, else the table's. */
export function readTable<const T extends Table>(table: T, given: TableTexts): ReadTable<T> {
  const values: Record<string, unknown> = {};
  const sources: Record<string, SettingSource> = {};
  const problems: string[] = [];
  for (const [key, of] of Object.entries(table)) {
    const found = givenText(key, of, given);
    values[key] = of.fallback;
    sources[key] = found?.source ?? 'default';
    if (found === null) {
      if (of.fallback === undefined)
        problems.push(
          `--${flagName(key)} is missing, provide it: --${flagName(key)} ${of.placeholder} (${of.doc})`,
        );
    } else if (found.text === '' && of.names === true) problems.push(emptyProblem(found, of));
    else
      try {
        values[key] = of.parse(found.text);
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        problems.push(`${found.where}: ${error.message}`);
      }
  }
  // The loop above filled every key of the table from that key's own parser: the one place where the compiler can't follow.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { values, sources, problems } as unknown as ReadTable<T>;
}
