/** Flags that belong to the gate alone: what the issue of a workflow names them, not settings of a load. */
import { Command, Option } from 'commander';
import { offer } from '../../../domain/text/nearest.ts';
import { BadValue, formatDuration, parseDuration, parseNumber } from '../../../domain/text/units.ts';
import { UsageError, type Io } from '../../io.ts';
import { withoutCredentials } from '../../services/servers.ts';

export interface Flag<T> {
  readonly flag: string;
  readonly placeholder: string;
  readonly doc: string;
  /** Undefined: it must be given. */
  readonly fallback: T | undefined;
  /** Read where the flag isn't given. */
  readonly env?: string;
  parse(text: string): T;
  show(value: T): string;
}

interface Common<T> {
  readonly flag: string;
  readonly doc: string;
  readonly fallback?: T;
  readonly env?: string;
  readonly placeholder?: string;
}

const base = <T>(of: Common<T>, placeholder: string) => ({
  flag: of.flag,
  doc: of.doc,
  fallback: of.fallback,
  placeholder: of.placeholder ?? placeholder,
  ...(of.env === undefined ? {} : { env: of.env }),
});

export const text = (of: Common<string> & { allowed?: RegExp; hint?: string }): Flag<string> => ({
  ...base(of, 'TEXT'),
  parse(given) {
    if (given === '' || (of.allowed !== undefined && !of.allowed.test(given)))
      throw new BadValue(`"${withoutCredentials(given)}" is out; allowed: ${of.hint ?? 'text'}`);
    return given;
  },
  show: (value) => value,
});

export const optionalText = (of: Common<never>): Flag<string | null> => ({
  ...base<string | null>({ ...of, fallback: null }, 'TEXT'),
  parse: (given) => (given === '' ? null : given),
  show: (value) => value ?? '',
});

export const number = (of: Common<number> & { min: number; max: number; whole?: boolean }): Flag<number> => ({
  ...base(of, 'N'),
  parse: (given) => parseNumber(given, of),
  show: String,
});

export const duration = (of: Common<number> & { max: number }): Flag<number> => ({
  ...base(of, 'DURATION'),
  parse(given) {
    const ms = parseDuration(given);
    if (ms > of.max) throw new BadValue(`"${given}" is out; allowed: up to ${formatDuration(of.max)}`);
    return ms;
  },
  show: formatDuration,
});

export const choice = <const T extends string>(of: Common<T> & { of: readonly T[] }): Flag<T> => ({
  ...base(of, of.of.join('|')),
  parse(given) {
    const found = of.of.find((one) => one === given);
    if (found === undefined) throw new BadValue(`"${given}" is out${offer(given, of.of)}`);
    return found;
  },
  show: (value) => value,
});

/** A switch, off by default. */
export const toggle = (flag: string, doc: string): Flag<boolean> => ({
  flag,
  doc,
  placeholder: '',
  fallback: false,
  parse: (given) => given === 'true',
  show: () => '',
});

export type Values<F> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

/** Adds flags to a command; returns what reads them once the line is parsed. @throws UsageError naming every bad one */
export function withFlags<F extends Readonly<Record<string, Flag<unknown>>>>(
  command: Command,
  flags: F,
  io: Io,
): () => Values<F> {
  const given = new Map<string, string>();
  for (const [name, one] of Object.entries(flags)) {
    const source = one.env === undefined ? '' : ` [${one.env}]`;
    if (one.placeholder === '') {
      command.addOption(new Option(`--${one.flag}`, `${one.doc}${source}`));
      command.on(`option:${one.flag}`, () => given.set(name, 'true'));
      continue;
    }
    const shown = one.fallback === undefined ? '' : one.show(one.fallback);
    const note = one.fallback === undefined ? ' (required)' : shown === '' ? '' : ` (default ${shown})`;
    command.addOption(
      new Option(`--${one.flag} <${one.placeholder}>`, `${one.doc}${note}${source}`).argParser(
        (value: string) => given.set(name, value),
      ),
    );
  }
  return () => {
    const values: Record<string, unknown> = {};
    const problems: string[] = [];
    for (const [name, one] of Object.entries(flags)) {
      const variable = one.env === undefined ? undefined : io.env[one.env];
      const found = given.get(name) ?? (variable === '' ? undefined : variable);
      const where = given.has(name) || one.env === undefined ? `--${one.flag}` : one.env;
      if (found === undefined) {
        if (one.fallback === undefined)
          problems.push(
            `--${one.flag} is missing, provide it: --${one.flag} ${one.placeholder} (${one.doc})`,
          );
        values[name] = one.fallback;
        continue;
      }
      try {
        values[name] = one.parse(found);
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        problems.push(`${where}: ${error.message}`);
      }
    }
    const [first, ...more] = problems;
    if (first !== undefined)
      throw new UsageError(
        more.length === 0 ? first : `${problems.length} flags are refused:\n  ${problems.join('\n  ')}`,
      );
    // Every key was filled from its own flag's parser above: what the compiler can't follow.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return values as Values<F>;
  };
}
