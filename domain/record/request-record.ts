/** One request as one JSON line of `requests.jsonl`, read strictly by the table of fields. Absent is null, never 0. */
import { asFields, refuse, type Fields } from '../text/fields.ts';
import { REQUEST_FIELDS, type Field, type FieldTable, type RecordOf } from './fields.ts';

export type RequestRecord = RecordOf<typeof REQUEST_FIELDS>;

/**
 * The strict reader of a table's records: members that it does not name are dropped, absent ones are null. No schema
 * library's, which costs 33 us a line. The reader throws BadField.
 */
export function recordReader<T extends FieldTable>(table: T): (value: unknown) => RecordOf<T> {
  const rows = Object.entries<Field>(table);
  function fill(
    record: Record<string, unknown>,
    of: Fields,
  ): asserts record is Record<string, unknown> & RecordOf<T> {
    for (const [field, { kind, required }] of rows) {
      const value = of[field] ?? null;
      if (value === null ? required === true : !kind.is(value)) refuse(field, of[field], kind.allowed);
      record[field] = value;
    }
  }
  return (value) => {
    const record: Record<string, unknown> = {};
    fill(record, asFields(value, 'the line'));
    return record;
  };
}

export const readRecord = recordReader(REQUEST_FIELDS);

/** @throws BadField; SyntaxError where the line is not JSON */
export const parseRecord = (line: string): RequestRecord => readRecord(JSON.parse(line));
