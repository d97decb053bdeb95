/** What a record's field may hold: how a value is checked, and what a refusal and docs/records.md call it. */
import { isFields } from '../text/fields.ts';

export type KindName =
  | 'text'
  | 'name'
  | 'one of'
  | 'amount'
  | 'whole number'
  | 'flag'
  | 'amounts'
  | 'amounts by name';

export interface Kind<T> {
  readonly name: KindName;
  /** What is allowed, as a refusal words it. */
  readonly allowed: string;
  readonly unit: string | null;
  /** The closed set of the kind `one of`. */
  readonly values: readonly string[];
  is(value: unknown): value is T;
}

type Check<T> = (value: unknown) => value is T;

const kind = <T>(
  is: Check<T>,
  name: KindName,
  allowed: string,
  more: { readonly unit?: string; readonly values?: readonly string[] } = {},
): Kind<T> => ({ is, name, allowed, unit: null, values: [], ...more });

const isText: Check<string> = (value) => typeof value === 'string';
const isFlag: Check<boolean> = (value) => typeof value === 'boolean';
/** A finite number from 0: every quantity of a record is one. */
const isAmount: Check<number> = (value): value is number =>
  typeof value === 'number' && value >= 0 && value < Infinity;
const isWhole: Check<number> = (value): value is number => isAmount(value) && Number.isInteger(value);
const isList: Check<readonly number[]> = (value): value is readonly number[] =>
  Array.isArray(value) && value.every(isAmount);
const isByName: Check<Readonly<Record<string, number>>> = (
  value,
): value is Readonly<Record<string, number>> => isFields(value) && Object.values(value).every(isAmount);

const amountIn = (unit: string): Kind<number> => kind(isAmount, 'amount', 'a number >= 0', { unit });
export const ms = amountIn('ms');
export const epoch_ms = amountIn('ms since 1970');
export const eur = amountIn('EUR');
export const tokens = amountIn('tokens');
export const whole = kind(isWhole, 'whole number', 'a whole number >= 0');
export const flag = kind(isFlag, 'flag', 'true or false');
export const text = kind(isText, 'text', 'text');
export const amounts = kind(isList, 'amounts', 'a list of numbers >= 0', { unit: 'ms' });
export const amounts_by_name = kind(isByName, 'amounts by name', 'an object of numbers >= 0', { unit: 'ms' });

/** A text of few different values, which readers keep: an id, or a name that is checked. */
export const name = (is: (value: unknown) => value is string = isText, allowed = 'text'): Kind<string> =>
  kind(is, 'name', allowed);

export const oneOf = <const T extends string>(values: readonly T[]): Kind<T> =>
  kind((value): value is T => values.some((one) => one === value), 'one of', values.join(', '), { values });
