/** The command line of a stand-in: its table of flags, in the kinds that settings have. */
import { parseArgs } from 'node:util';
import type { Setting } from '../../domain/settings/kinds.ts';
import { flagName, readTable, type Table, type Values } from '../../domain/settings/parse.ts';
import { nearest } from '../../domain/text/nearest.ts';
import { BadValue } from '../../domain/text/units.ts';

/** ` Did you mean X?`, or nothing. */
export function suggestion(name: string, valid: readonly string[]): string {
  const meant = nearest(name, valid);
  return meant === null ? '' : ` Did you mean ${meant}?`;
}

/** Every flag takes a value, either `--flag value` or `--flag=value`. */
function textsOf(table: Table, argv: readonly string[]): Record<string, string> {
  const keys = Object.keys(table);
  const flags = keys.map((key) => `--${flagName(key)}`);
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(flags.map((flag) => [flag.slice(2), { type: 'string' as const }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const texts: Record<string, string> = {};
  for (const token of tokens) {
    if (token.kind !== 'option')
      throw new BadValue(
        `unexpected '${token.kind === 'positional' ? token.value : '--'}': flags only, see --help`,
      );
    const flag = token.rawName;
    const key = keys[flags.indexOf(flag)];
    if (key === undefined) throw new BadValue(`unknown flag ${flag}.${suggestion(flag, flags)} See --help`);
    if (token.value === undefined) throw new BadValue(`${flag} needs a value, see --help`);
    const earlier = texts[key];
    if (earlier !== undefined && table[key]?.repeatable !== true)
      throw new BadValue(`${flag} is given twice`);
    texts[key] = earlier === undefined ? token.value : `${earlier}\n${token.value}`;
  }
  return texts;
}

/** @throws BadValue at an unknown flag, a stray word, a missing, repeated or bad value */
export function readFlags<const T extends Table>(table: T, argv: readonly string[]): Values<T> {
  const { values, problems } = readTable(table, { flags: textsOf(table, argv) });
  const [problem] = problems;
  if (problem !== undefined) throw new BadValue(problem);
  return values;
}

/** What the table gives where no flag is set. */
export const defaultsOf = <const T extends Table>(table: T): Values<T> => readFlags(table, []);

/** The text of `--help`. */
export function helpOf(server: string, table: Table): string {
  const rows = Object.entries(table).map(([key, of]: [string, Setting<unknown>]) => {
    const shown = of.format(of.fallback);
    const note = of.repeatable === true ? ' (repeatable)' : shown === '' ? '' : ` (default ${shown})`;
    return `  ${`--${flagName(key)}`.padEnd(23)} ${of.doc}${note}`;
  });
  return [`${server}: an embedded server of the suite`, '', ...rows, ''].join('\n');
}
