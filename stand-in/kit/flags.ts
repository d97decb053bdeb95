import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { suggestion } from './nearest.ts';

/** Bad input by the user: said in one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Field =
  | v.OptionalSchema<v.GenericSchema<string, unknown>, string>
  | v.OptionalSchema<v.GenericSchema<string[], unknown>, readonly []>;

/** The flags of one server as data: `latency_scale` in the table is `--latency-scale` on the command line. */
export type FlagTable = Readonly<Record<string, Field>>;

/** What a command line gives, by the table: numbers are parsed, absent flags have their defaults. */
export type Flags<T extends FlagTable> = v.InferOutput<v.ObjectSchema<T, undefined>>;

interface NumberRule {
  readonly initial: number | null;
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
  readonly doc: string;
}

function numeric({ min, max, integer = false, doc }: NumberRule) {
  const allowed = `${integer ? 'a whole number' : 'a number'} from ${min} to ${max}`;
  const holds = (given: string) => {
    const value = Number(given);
    return given.trim() !== '' && value >= min && value <= max && (!integer || Number.isInteger(value));
  };
  return v.pipe(v.string(), v.check(holds, allowed), v.transform(Number), v.description(doc));
}

/** A number between two bounds. */
export function number(rule: NumberRule & { readonly initial: number }) {
  return v.optional(numeric(rule), String(rule.initial));
}

/** A number that overrides what the profile says; null where the flag isn't given. */
export function override(rule: Omit<NumberRule, 'initial'>) {
  const some = numeric({ ...rule, initial: null });
  const parse = (given: string): number | null => (given === '' ? null : v.parse(some, given));
  const holds = (given: string) => given === '' || v.is(some, given);
  const allowed = `a number from ${rule.min} to ${rule.max}`;
  return v.optional(
    v.pipe(v.string(), v.check(holds, allowed), v.transform(parse), v.description(rule.doc)),
    '',
  );
}

/** One of a closed list of names. */
export function choice<const T extends string>(names: readonly T[], initial: NoInfer<T>, doc: string) {
  return v.optional(v.pipe(v.picklist(names, `one of ${names.join(', ')}`), v.description(doc)), initial);
}

/** Free text that isn't empty. */
export function text(initial: string, doc: string) {
  return v.optional(v.pipe(v.string(), v.minLength(1, 'some text'), v.description(doc)), initial);
}

/** A flag that may be given several times. */
export function list(doc: string) {
  return v.optional(v.pipe(v.array(v.string()), v.description(doc)), []);
}

const flagOf = (key: string): string => `--${key.replaceAll('_', '-')}`;

/**
 * Reads a command line against a table. Every flag takes a value, either `--flag value` or `--flag=value`.
 * @throws {UsageError} at an unknown flag, a stray word, a missing, repeated or bad value
 */
export function readFlags<const T extends FlagTable>(table: T, argv: readonly string[]): Flags<T> {
  const keys = Object.keys(table);
  const flags = keys.map(flagOf);
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(flags.map((flag) => [flag.slice(2), { type: 'string' as const }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string | string[]>();
  for (const token of tokens) {
    if (token.kind !== 'option') {
      throw new UsageError(
        `unexpected '${token.kind === 'positional' ? token.value : '--'}': flags only, see --help`,
      );
    }
    const flag = token.rawName;
    const key = keys[flags.indexOf(flag)];
    if (key === undefined) throw new UsageError(`unknown flag ${flag}.${suggestion(flag, flags)} See --help`);
    if (token.value === undefined) throw new UsageError(`${flag} needs a value, see --help`);
    const earlier = given.get(key);
    if (Array.isArray(table[key]?.default))
      given.set(key, [...(Array.isArray(earlier) ? earlier : []), token.value]);
    else if (earlier !== undefined) throw new UsageError(`${flag} is given twice`);
    else given.set(key, token.value);
  }
  const parsed = v.safeParse(v.object(table), Object.fromEntries(given));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const key = v.getDotPath(issue) ?? '';
  throw new UsageError(`${flagOf(key)} is '${String(given.get(key))}'; allowed: ${issue.message}`);
}

/** The text of `--help`. */
export function helpOf(server: string, table: FlagTable): string {
  const rows = Object.entries(table).map(([key, field]) => {
    const initial = field.default;
    const shown = initial === '' ? '' : ` (default ${String(initial)})`;
    const note = typeof initial === 'string' ? shown : ' (repeatable)';
    return `  ${flagOf(key).padEnd(23)} ${v.getDescription(field.wrapped) ?? ''}${note}`;
  });
  return [`${server}: an embedded server of the suite`, '', ...rows, ''].join('\n');
}

/** What the table gives where no flag is set. */
export function defaultsOf<const T extends FlagTable>(table: T): Flags<T> {
  return v.parse(v.object(table), {});
}
