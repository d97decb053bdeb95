/**
 * The kinds of values that a person may write: how each is read, shown, and refused. Settings, the options of a command and
 * the flags of a stand-in are tables of these.
 */
import { formatSlo, parseSlo, type Slo } from '../figures/slo.ts';
import {
  formatArrival,
  formatThinkTime,
  parseArrival,
  parseThinkTime,
  type Arrival,
  type ThinkTime,
} from '../load/arrivals.ts';
import { formatPrice, parsePrice, type Price } from '../quality/price.ts';
import { formatMix, parseMix, type Mix } from '../load/mix.ts';
import { offer } from '../text/nearest.ts';
import { parseJsonText } from '../text/json.ts';
import { isFields } from '../text/fields.ts';
import { BadValue, formatDuration, parseDuration, parseNumber } from '../text/units.ts';
import { withoutCredentials } from '../text/url.ts';

export interface Kind<T> {
  /** What a person may write, for help: `DURATION`, `N`, `URL`. Empty for a switch. */
  readonly placeholder: string;
  /** May be given more than once; one line of the variable each. */
  readonly repeatable?: true;
  /** It names a thing (a server, a file, a command): given but empty, it is a mistake, never "not given". */
  readonly names?: true;
  /** @throws BadValue with what is allowed. */
  parse(text: string): T;
  /** The text that `parse` reads back; what goes to k6, the manifest and docs. */
  format(value: T): string;
}

export interface Setting<T> extends Kind<T> {
  /** Undefined: it must be given. */
  readonly fallback: T | undefined;
  readonly doc: string;
  /** Never a flag, never written down: only from the environment. */
  readonly secret?: true;
}

export const setting = <T>(of: Kind<T>, fallback: NoInfer<T>, doc: string): Setting<T> & { fallback: T } => ({
  ...of,
  fallback,
  doc,
});

/** A setting that must be given. */
export const required = <T>(of: Kind<T>, doc: string): Setting<T> => ({ ...of, fallback: undefined, doc });

/** A setting that is null unless it is given. */
export const absent = <T>(of: Kind<T>, doc: string): Setting<T | null> & { fallback: T | null } => ({
  ...of,
  fallback: null,
  doc,
  parse: (given) => (given === '' && of.names !== true ? null : of.parse(given)),
  format: (value) => (value === null ? '' : of.format(value)),
});

/** From the environment alone, and written nowhere. */
export const secret = (doc: string): Setting<string | null> & { fallback: null } => ({
  ...absent(text(), doc),
  fallback: null,
  secret: true,
});

const asItIs = (value: string): string => value;

/** @param of `allowed` in the words of `hint` */
export const text = (of: { placeholder?: string; allowed?: RegExp; hint?: string } = {}): Kind<string> => ({
  placeholder: of.placeholder ?? 'TEXT',
  parse(given) {
    if (of.allowed !== undefined && !of.allowed.test(given))
      throw new BadValue(`"${withoutCredentials(given)}" is out; allowed: ${of.hint ?? 'other text'}`);
    return given;
  },
  format: asItIs,
});

/** Text that names something. */
export const named = (placeholder = 'TEXT'): Kind<string> => ({
  ...text({ placeholder, allowed: /[^]/, hint: `${placeholder}, not empty` }),
  names: true,
});

export const filePath = (placeholder = 'FILE'): Kind<string> => named(placeholder);
/** Of a shell. */
export const command: Kind<string> = named("'CMD'");

const URL_SHAPE = /^https?:\/\/[^/?#\s]+(\/[^?#\s]*)?$/i;

export const url: Kind<string> = {
  ...text({
    placeholder: 'URL',
    allowed: URL_SHAPE,
    hint: 'http://HOST[:PORT][/PATH] or https://..., without query or fragment',
  }),
  names: true,
};

/** A URL that holds no user information, since it will be shown. */
export const plainUrl: Kind<string> = {
  ...url,
  parse(given) {
    if (URL_SHAPE.test(given) && withoutCredentials(given) === given) return given;
    throw new BadValue(
      `"${withoutCredentials(given)}" is out; allowed: http://HOST[:PORT][/PATH] or https://..., without user and password (they come from the environment)`,
    );
  },
};

/** Below the base URL of a server. */
export const urlPath: Kind<string> = text({
  placeholder: 'PATH',
  allowed: /^\/\S*$/,
  hint: 'a path that starts with /',
});

export const number = (of: { min: number; max: number; whole?: boolean }): Kind<number> => ({
  placeholder: 'N',
  parse: (given) => parseNumber(given, of),
  format: String,
});

/** `16,64,256`: whole numbers, each once. */
export const numbers = (of: { min: number; max: number }): Kind<readonly number[]> => ({
  placeholder: 'N,N,...',
  parse(given) {
    const values = given.split(',').map((part) => parseNumber(part.trim(), { ...of, whole: true }));
    const twice = values.find((value, i) => values.indexOf(value) !== i);
    if (twice !== undefined) throw new BadValue(`${twice} stands twice in "${given}"; give each once`);
    return values;
  },
  format: (values) => values.join(','),
});

const WEEK_MS = 7 * 24 * 3_600_000;

/** In ms. */
export const duration = ({ min = 0, max = WEEK_MS }: { min?: number; max?: number } = {}): Kind<number> => ({
  placeholder: 'DURATION',
  parse(given) {
    const ms = parseDuration(given);
    if (ms < min || ms > max)
      throw new BadValue(`"${given}" is out; allowed: ${formatDuration(min)} to ${formatDuration(max)}`);
    return ms;
  },
  format: formatDuration,
});

export const toggle: Kind<boolean> = {
  placeholder: '',
  parse(given) {
    if (['true', '1', 'yes', 'on'].includes(given.toLowerCase())) return true;
    if (['false', '0', 'no', 'off', ''].includes(given.toLowerCase())) return false;
    throw new BadValue(`"${given}" is out; allowed: true or false`);
  },
  format: String,
};

function oneOf<const T extends string>(names: readonly T[], given: string): T {
  const found = names.find((one) => one === given);
  if (found === undefined) throw new BadValue(`"${given}" is out${offer(given, names)}`);
  return found;
}

export const choice = <const T extends string>(names: readonly T[]): Kind<T> => ({
  placeholder: names.join('|'),
  parse: (given) => oneOf(names, given),
  format: asItIs,
});

/** Some of these names, comma between. */
export const choices = <const T extends string>(names: readonly T[]): Kind<readonly T[]> => ({
  placeholder: 'NAME,...',
  parse: (given) => given.split(',').map((one) => oneOf(names, one.trim())),
  format: (values) => values.join(','),
});

/** Several values; one a line in the variable, one a flag on the command line. */
export const list = <T>(of: Kind<T>, placeholder: string): Kind<readonly T[]> => ({
  placeholder,
  repeatable: true,
  parse: (given) =>
    given
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => of.parse(line)),
  format: (values) => values.map((value) => of.format(value)).join('\n'),
});

export const slo: Kind<Slo> = { placeholder: 'TTFT,TPOT,E2E', parse: parseSlo, format: formatSlo };

export const arrival: Kind<Arrival> = { placeholder: 'HOW', parse: parseArrival, format: formatArrival };

export const thinkTime: Kind<ThinkTime> = {
  placeholder: 'FROM-TO',
  parse: parseThinkTime,
  format: formatThinkTime,
};

export const price: Kind<Price> = {
  placeholder: 'PRICE',
  parse: parsePrice,
  format: formatPrice,
};

export const currency: Kind<string> = text({
  placeholder: 'NAME',
  allowed: /^[^\s<>&"'`|]{1,8}$/,
  hint: 'up to 8 signs without spaces, as EUR or $',
});

export const mix: Kind<Mix> = { placeholder: 'NAME=WEIGHT,...', parse: parseMix, format: formatMix };

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const SECRET_HEADER = /^(authorization|proxy-authorization|cookie|x-api-key|api-key)$/i;

export const headerName: Kind<string> = text({
  placeholder: 'NAME',
  allowed: HEADER_NAME,
  hint: "a header's name",
});

/** One header to send: a literal value, or the name of the environment variable that holds it. */
export type Header = { readonly name: string } & ({ readonly literal: string } | { readonly env: string });

export const header: Kind<Header> = {
  placeholder: "'NAME: VALUE'",
  parse(given) {
    const colon = given.indexOf(':');
    const field = given.slice(0, colon).trim();
    const value = given.slice(colon + 1).trim();
    if (colon < 1 || !HEADER_NAME.test(field))
      throw new BadValue(`"${given}" is no header; allowed: 'Name: value' or 'Name: env:VARIABLE'`);
    if (value.startsWith('env:')) {
      const env = value.slice(4);
      if (!/^[A-Za-z_]\w*$/.test(env))
        throw new BadValue(`"${env}" is no variable's name; allowed: 'Name: env:VARIABLE'`);
      return { name: field, env };
    }
    // The value itself must not be repeated in the refusal: it would end in a log.
    if (SECRET_HEADER.test(field))
      throw new BadValue(
        `${field} would show its secret in the process list and in shell history; write '${field}: env:VARIABLE' and put the value into that variable`,
      );
    return { name: field, literal: value };
  },
  format: (value) => `${value.name}: ${'env' in value ? `env:${value.env}` : value.literal}`,
};

/** A JSON object, as its text. */
export const jsonObject: Kind<Readonly<Record<string, unknown>>> = {
  placeholder: 'JSON',
  parse(given) {
    const value = parseJsonText(given);
    const fault = value === undefined ? 'is not JSON' : isFields(value) ? null : 'is no object';
    if (fault !== null || !isFields(value))
      throw new BadValue(`"${given}" ${fault ?? ''}; allowed: an object, as {"cache_prompt":false}`);
    return { ...value };
  },
  format: (value) => JSON.stringify(value),
};
