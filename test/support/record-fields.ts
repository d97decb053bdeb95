/** Values of a record's fields, made from the table of fields, and a reader's row taken apart by the same table. */
import fc from 'fast-check';
import { REQUEST_FIELDS, type Field, type FieldTable } from '../../domain/record/fields.ts';
import type { KindName } from '../../domain/record/kinds.ts';
import { PLACED, UNKNOWN_FLAG, type Row } from '../../domain/record/row.ts';

export type Raw = Readonly<Record<string, unknown>>;

// Mostly as logs have them, else hardly any line would be one that the scanner reads.
const amount = fc.oneof(
  { arbitrary: fc.nat().map((n) => n / 1e6), weight: 60 },
  { arbitrary: fc.nat(), weight: 20 },
  { arbitrary: fc.double({ min: 0, max: 1e21, noNaN: true }).map((x) => Math.abs(x)), weight: 1 },
  { arbitrary: fc.constantFrom(0, 1e-7, 0.1, 2 ** 53, 2 ** 53 + 2, 1795356475606.1252), weight: 5 },
);
const word = fc.oneof(
  { arbitrary: fc.stringMatching(/^[ !#-[\]-~]{0,40}$/), weight: 60 },
  { arbitrary: fc.string({ maxLength: 40 }), weight: 1 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 8 }), weight: 1 },
);
const NAMES = ['baseline', 'shadow', 'p7', 'Canary_2', 'chat', 'two words', '\u00e9', '', '__proto__'];

const BY_KIND: Readonly<Record<KindName, (field: Field) => fc.Arbitrary<unknown>>> = {
  text: () => word,
  name: ({ kind }) => fc.constantFrom(...NAMES.filter((one) => kind.is(one))),
  'one of': ({ kind }) => fc.constantFrom(...kind.values),
  amount: () => amount,
  'whole number': () => fc.nat(),
  flag: () => fc.boolean(),
  amounts: () => fc.array(amount, { maxLength: 3 }),
  'amounts by name': () =>
    fc.dictionary(fc.constantFrom('decode', 'prefill', 'queue', '\u00e9', '__proto__'), amount),
};

/** A value that the field may have, null only where it may be absent and `nullable` is not false. */
export function valueOf(field: Field, nullable = true): fc.Arbitrary<unknown> {
  const present = BY_KIND[field.kind.name](field);
  return field.required === true || !nullable ? present : fc.option(present, { freq: 4 });
}

/** Every field of the table, as it stands in a line. */
export const rawRecords = (table: FieldTable = REQUEST_FIELDS): fc.Arbitrary<Raw> =>
  fc.record(Object.fromEntries(Object.entries(table).map(([name, field]) => [name, valueOf(field)])));

/** What a row says of each field but texts, which no reader keeps. */
export const fromRow = (row: Row): Raw =>
  Object.fromEntries(
    PLACED.flatMap(({ field, kind }, place): [string, unknown][] => {
      const value = row.values[place] ?? Number.NaN;
      const orNull = (present: unknown): unknown => (Number.isNaN(value) ? null : present);
      switch (kind.name) {
        case 'text':
          return [];
        case 'name':
          return [[field, row.names[place]]];
        case 'one of':
          return [[field, kind.values[value - 1] ?? null]];
        case 'flag':
          return [[field, value === UNKNOWN_FLAG ? null : value === 1]];
        case 'amounts':
          return [[field, orNull(row.lists[place]?.slice(0, value))]];
        case 'amounts by name': {
          const { names = [], amounts = [] } = row.by_name[place] ?? {};
          const there = names.flatMap((name, i) =>
            Number.isNaN(amounts[i]) ? [] : [[name, amounts[i]] as const],
          );
          return [[field, orNull(Object.fromEntries(there))]];
        }
        case 'amount':
        case 'whole number':
          return [[field, orNull(value)]];
      }
    }),
  );

/** The same of the record as it was made. */
export const keptOf = (raw: Raw): Raw =>
  Object.fromEntries(
    PLACED.flatMap(({ field, kind }) => (kind.name === 'text' ? [] : [[field, raw[field] ?? null]])),
  );
