/** The command line, made of the rows in commands/: a file each, named once here. */
import { Command as Parser, CommanderError, Option } from 'commander';
import { EXIT } from '../domain/verdict/exit-codes.ts';
import type { Setting } from '../domain/settings/kinds.ts';
import { envName, flagName } from '../domain/settings/parse.ts';
import { SETTINGS } from '../domain/settings/settings.ts';
import type { Command, CommandGroup } from './command.ts';
import { calibration } from './commands/calibrate.ts';
import { compare } from './commands/compare.ts';
import { exporting } from './commands/export.ts';
import { gate } from './commands/gate.ts';
import { gateDecide } from './commands/gate-decide.ts';
import { gateLoadTest } from './commands/gate-load-test.ts';
import { gateways } from './commands/gateway.ts';
import { inference, inferenceLoads } from './commands/inference.ts';
import { effects, loads } from './commands/load.ts';
import { picture } from './commands/picture.ts';
import { records } from './commands/records.ts';
import { reference } from './commands/reference.ts';
import { regress } from './commands/regress.ts';
import { score } from './commands/score.ts';
import { selfcheck } from './commands/selfcheck.ts';
import { settingsPageCommand } from './commands/settings.ts';
import { verify } from './commands/verify.ts';
import { UsageError, type Io } from './io.ts';

/** In the order of the help. */
export const COMMANDS: readonly (Command | CommandGroup)[] = [
  ...loads,
  effects,
  inference,
  ...inferenceLoads,
  ...gateways,
  compare,
  score,
  regress,
  verify,
  reference,
  exporting,
  picture,
  gate,
  gateLoadTest,
  gateDecide,
  calibration,
  selfcheck,
  settingsPageCommand,
  records,
];

/** Runs one command line. @throws UsageError, and whatever is our own bug */
export async function runCommand(io: Io): Promise<number> {
  let code: number = EXIT.pass;
  const program = new Parser('k6-shadow')
    .description(
      'Decides, from load, whether a new version of an LLM server (the shadow) may replace the one in service (the baseline).',
    )
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // The help of a word that needs another one after it; errors are worded by us.
      writeErr: (text) => io.stderr.write(text),
      outputError: () => {},
    });
  for (const one of COMMANDS) addTo(program, one, io, (ended) => (code = ended));
  try {
    await program.parseAsync([...io.argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.pass;
    if (error.code === 'commander.help') return EXIT.bad_input;
    throw new UsageError(error.message.replace(/^error: /, ''));
  }
  return code;
}

function addTo(parent: Parser, one: Command | CommandGroup, io: Io, end: (code: number) => void): void {
  const parser = parent
    .command(one.name, { hidden: one.hidden === true })
    .description(one.title)
    .helpGroup(one.group === undefined ? 'Commands:' : `${one.group}:`);
  if ('commands' in one) {
    for (const below of one.commands) addTo(parser, below, io, end);
    return;
  }
  const { argument } = one;
  if (argument !== undefined)
    parser.argument(
      argument.of.fallback === undefined ? `<${argument.name}>` : `[${argument.name}]`,
      argument.of.doc,
    );
  parser.allowExcessArguments(false);
  const options: Record<string, string> = {};
  for (const [key, of] of Object.entries(one.options)) addFlag(parser, key, of, options);
  const settings: Record<string, string> = {};
  for (const key of one.settings)
    addFlag(parser, key, SETTINGS[key], settings, { variable: envName(key), fallback: one.defaults[key] });
  parser.action(async (...[word]: unknown[]) => {
    end(
      await one.run(io, {
        argument: argument !== undefined && typeof word === 'string' ? word : undefined,
        options,
        settings,
      }),
    );
  });
}

interface ShownWith {
  /** The variable that means the same. */
  readonly variable: string;
  /** In place of the setting's own default. */
  readonly fallback: string | undefined;
}

/** One flag, whose text is kept in `texts` when it is given. */
function addFlag(
  parser: Parser,
  key: string,
  of: Setting<unknown>,
  texts: Record<string, string>,
  shown?: ShownWith,
): void {
  if (of.secret === true) return;
  const flag = flagName(key);
  const keep = (text: string): void => {
    const before = texts[key];
    texts[key] = of.repeatable === true && before !== undefined ? `${before}\n${text}` : text;
  };
  const variable = (value: string): string => (shown === undefined ? '' : ` [${shown.variable}${value}]`);
  if (of.placeholder !== '') {
    const fallback = shown?.fallback ?? (of.fallback === undefined ? '' : of.format(of.fallback));
    const note = of.fallback === undefined ? ' (required)' : fallback === '' ? '' : ` (default ${fallback})`;
    parser.addOption(
      new Option(`--${flag} <${of.placeholder}>`, `${of.doc}${note}${variable('')}`).argParser(keep),
    );
  } else if (of.fallback === true) {
    parser.addOption(new Option(`--no-${flag}`, `no ${of.doc}${variable('=false')}`));
    parser.on(`option:no-${flag}`, () => keep('false'));
  } else {
    parser.addOption(new Option(`--${flag}`, `${of.doc}${variable('')}`));
    parser.on(`option:${flag}`, () => keep('true'));
  }
}
