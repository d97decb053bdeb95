/** A record as numbers and names by the place of its field in the table: what columns are filled from, whoever read it. */
import { REQUEST_FIELDS, type Field } from './fields.ts';
import type { Kind } from './kinds.ts';
import type { RequestRecord } from './request-record.ts';

export interface PlacedField extends Field {
  readonly field: string;
}

export const PLACED: readonly PlacedField[] = Object.entries<Field>(REQUEST_FIELDS).map(([field, of]) => ({
  field,
  ...of,
}));
const PLACES: ReadonlyMap<string, number> = new Map(PLACED.map(({ field }, place) => [field, place]));

/** -1 where no record has that member. */
export const placeOf = (field: string): number => PLACES.get(field) ?? -1;
/** The same of a name that the compiler knows to be a field. */
export const place = (field: keyof RequestRecord): number => placeOf(field);

/** Names are only ever added; NaN: the record does not have that one. */
export interface ByName {
  readonly names: string[];
  readonly amounts: number[];
}

/**
 * Each kind has its own way to be a number: an amount is itself, NaN where absent; a flag is 1, 0 or, absent, 255; one of
 * a set is 1 + its place there, 0 where absent; of a list and of amounts by name it is how many there are, NaN where absent.
 */
export interface Row {
  readonly values: Float64Array;
  /** Of the kind `name`; null: absent, or of another kind. */
  readonly names: (string | null)[];
  /** Of lists: the first `values[place]` amounts. */
  readonly lists: readonly number[][];
  readonly by_name: readonly ByName[];
}

export const UNKNOWN_FLAG = 255;

/** What stands for an absent value of a kind. */
const absentOf = ({ name }: Kind<unknown>): number =>
  name === 'flag' ? UNKNOWN_FLAG : name === 'one of' ? 0 : Number.NaN;

/** Of each field; the last is for members that no record has. */
export const ABSENT = Float64Array.from([...PLACED.map(({ kind }) => absentOf(kind)), Number.NaN]);

export const emptyRow = (): Row => ({
  values: Float64Array.from(ABSENT),
  names: PLACED.map(() => null),
  lists: PLACED.map(() => []),
  by_name: PLACED.map(() => ({ names: [], amounts: [] })),
});

export function clear({ values, names, by_name }: Row): void {
  values.set(ABSENT);
  names.fill(null);
  for (const { amounts } of by_name) amounts.fill(Number.NaN);
}

export function putByName({ names, amounts }: ByName, name: string, amount: number): void {
  let at = names.indexOf(name);
  if (at === -1) at = names.push(name) - 1;
  amounts[at] = amount;
}

/** Puts a record into a row, which is cleared first. */
export function fillRow(row: Row, record: RequestRecord): Row {
  clear(row);
  const of: Readonly<Record<string, unknown>> = record;
  PLACED.forEach(({ field, kind }, at) => {
    const value = of[field];
    if (typeof value === 'number' || typeof value === 'boolean') row.values[at] = Number(value);
    else if (kind.name === 'one of' && typeof value === 'string')
      row.values[at] = 1 + kind.values.indexOf(value);
    else if (kind.name === 'name' && typeof value === 'string') row.names[at] = value;
    else if (typeof value === 'object' && value !== null) putAmounts(row, at, value);
  });
  return row;
}

function putAmounts({ values, lists, by_name }: Row, at: number, amounts: object): void {
  const entries = Object.entries(amounts);
  values[at] = entries.length;
  const [list, named] = [lists[at], by_name[at]];
  entries.forEach(([name, amount], i) => {
    if (Array.isArray(amounts)) list?.splice(i, 1, Number(amount));
    else if (named !== undefined) putByName(named, name, Number(amount));
  });
}
