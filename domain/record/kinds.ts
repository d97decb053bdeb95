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
  /** Of a kind that is one of a closed set: that set. */
  readonly values: readonly string[];
  is(value: unknown): value is T;
}

const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Infinity;

/** A finite number from 0: every quantity of a record is one. */
const amountOf = (unit: string | null): Kind<number> => ({
  name: 'amount',
  allowed: 'a number >= 0',
  unit,
  values: [],
  is: isAmount,
});

export const ms = amountOf('ms');
export const epoch_ms = amountOf('ms since 1970');
export const eur = amountOf('EUR');
export const tokens = amountOf('tokens');

export const whole: Kind<number> = {
  name: 'whole number',
  allowed: 'a whole number >= 0',
  unit: null,
  values: [],
  is: (value): value is number => isAmount(value) && Number.isInteger(value),
};

export const flag: Kind<boolean> = {
  name: 'flag',
  allowed: 'true or false',
  unit: null,
  values: [],
  is: (value) => typeof value === 'boolean',
};

export const text: Kind<string> = {
  name: 'text',
  allowed: 'text',
  unit: null,
  values: [],
  is: (value) => typeof value === 'string',
};

/** A text of few different values, which readers keep: an id, or a name that fits a pattern. */
export const name = (fits?: RegExp): Kind<string> => ({
  name: 'name',
  allowed: fits === undefined ? 'text' : `a name that fits ${String(fits)}`,
  unit: null,
  values: [],
  is: (value): value is string => typeof value === 'string' && (fits === undefined || fits.test(value)),
});

export const oneOf = <const T extends string>(values: readonly T[]): Kind<T> => ({
  name: 'one of',
  allowed: values.join(', '),
  unit: null,
  values,
  is: (value): value is T => values.some((one) => one === value),
});

export const amounts: Kind<readonly number[]> = {
  name: 'amounts',
  allowed: 'a list of numbers >= 0',
  unit: 'ms',
  values: [],
  is: (value): value is readonly number[] => Array.isArray(value) && value.every(isAmount),
};

export const amounts_by_name: Kind<Readonly<Record<string, number>>> = {
  name: 'amounts by name',
  allowed: 'an object of numbers >= 0',
  unit: 'ms',
  values: [],
  is: (value): value is Readonly<Record<string, number>> =>
    isFields(value) && Object.values(value).every(isAmount),
};
