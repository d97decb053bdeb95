/** What a command is: data, and what it runs. A file under commands/ exports its rows; commands.ts makes the command line of them. */
import type { Setting } from '../domain/settings/kinds.ts';
import { readTable, type Table, type Texts, type Values } from '../domain/settings/parse.ts';
import {
  parseSettings,
  type JobTexts,
  type ParsedSettings,
  type SettingName,
} from '../domain/settings/settings.ts';
import { UsageError, type Io } from './io.ts';

/** The one word that a command may take beside its flags. */
export interface Argument {
  readonly name: string;
  readonly of: Setting<string> | Setting<string | null>;
}

/** What was typed, by key. */
export interface Typed {
  readonly argument: string | undefined;
  readonly options: Texts;
  readonly settings: JobTexts;
}

interface About {
  /** `save` in `npm run reference -- save`. */
  readonly name: string;
  readonly title: string;
  /** Of the help's list. */
  readonly group?: string;
  readonly hidden?: true;
}

interface Flags {
  readonly argument?: Argument;
  /** Flags of this command alone. */
  readonly options: Table;
  /** Settings that it takes as flags; their variables hold as well. */
  readonly settings: readonly SettingName[];
  /** In place of the settings' own defaults. */
  readonly defaults: JobTexts;
}

/** A command as the command line sees it. */
export interface Command extends About, Flags {
  run(io: Io, typed: Typed): Promise<number>;
}

/** A word that only leads to others, as `reference` to `save`, `list` and `show`. */
export interface CommandGroup extends About {
  readonly commands: readonly Command[];
}

/** What a command is run with, read and checked. */
export interface Given<O extends Table> {
  readonly argument: string | undefined;
  readonly options: Values<O>;
  /** The settings, read with the environment. @throws UsageError naming every refused one */
  readonly settings: (defaults?: JobTexts) => ParsedSettings;
}

type Row<O extends Table> = About &
  Partial<Omit<Flags, 'options'>> & {
    readonly options?: O;
    run(io: Io, given: Given<O>): number | Promise<number>;
  };

/** @throws UsageError that names every problem */
export function refuse(problems: readonly string[]): void {
  const [first, ...more] = problems;
  if (first === undefined) return;
  throw new UsageError(
    more.length === 0 ? first : `${problems.length} settings are refused:\n  ${problems.join('\n  ')}`,
  );
}

/** A command of its row: `run` is given what was typed as values of the row's own kinds. */
export function command<const O extends Table>(row: Row<O>): Command;
export function command(row: Row<Table>): Command {
  const { options = {}, settings = [], defaults = {} } = row;
  return {
    ...row,
    options,
    settings,
    defaults,
    async run(io, typed) {
      if (typed.argument !== undefined) row.argument?.of.parse(typed.argument);
      const own = readTable(options, { flags: typed.options });
      refuse(own.problems);
      return await row.run(io, {
        argument: typed.argument,
        options: own.values,
        settings: (job = defaults) => {
          const parsed = parseSettings({ flags: typed.settings, env: io.env, job });
          refuse(parsed.problems);
          return parsed;
        },
      });
    },
  };
}
