/** Every reader and writer held against the table of fields: none may forget one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goFields, recordsPage } from '../../cli/commands/records.ts';
import { byEndpoint } from '../../domain/figures/by-endpoint.ts';
import { parseGatewayRecord } from '../../domain/jobs/gateway/record.ts';
import { GATEWAY_FIELDS, REQUEST_FIELDS, type Field } from '../../domain/record/fields.ts';
import { parseRecord, readRecord, type RequestRecord } from '../../domain/record/request-record.ts';
import { RequestTable } from '../../domain/record/request-table.ts';
import { emptyRow, fillRow } from '../../domain/record/row.ts';
import { pieceOf, RecordScanner } from '../../domain/record/scan-record.ts';
import { members } from '../../domain/record/write-record.ts';
import { fromRow, keptOf, rawRecords, valueOf, type Raw } from '../support/record-fields.ts';
import { record } from '../support/run-data.ts';
import { ROOT } from '../support/suite.ts';

const FIELDS = Object.entries<Field>(REQUEST_FIELDS);

describe('all fields at once', () => {
  test('what is written is read, of a load', () =>
    fc.assert(
      fc.property(rawRecords(), (raw) => {
        const read = parseRecord(JSON.stringify({ ...raw, not_ours: 1 }));
        expect({ ...read }).toEqual(raw);
        expect(parseRecord(`{${members(read)}}`)).toEqual(read);
        expect(fromRow(fillRow(emptyRow(), read))).toEqual(keptOf(raw));
      }),
    ));

  test('what is written is read, of the gateway', () =>
    fc.assert(
      fc.property(rawRecords(GATEWAY_FIELDS), (raw) => {
        expect({ ...parseGatewayRecord(JSON.stringify(raw)) }).toEqual(raw);
      }),
    ));
});

describe.each(FIELDS)('%s', (name, field) => {
  const bare: Raw = record();
  const withOne = (value: unknown): string => JSON.stringify({ ...bare, [name]: value });
  const [value, other] = fc.sample(valueOf(field, false), { numRuns: 2, seed: 7 });

  test('is read strictly, and refused where it is wrong', () => {
    expect(readRecord(JSON.parse(withOne(value)))).toHaveProperty(name, value);
    for (const wrong of [{ a: 'x' }, -1, [false]])
      expect(() => parseRecord(withOne(wrong))).toThrow(new RegExp(`^${name} is `));
    if (field.required === true) expect(() => parseRecord(withOne(null))).toThrow(`${name} is null`);
    else expect(parseRecord(withOne(undefined))).toHaveProperty(name, null);
  });

  test('is taken by the scanner, from a line of a known layout', () => {
    const scanner = new RecordScanner();
    scanner.parse(withOne(other));
    const bytes = Buffer.from(withOne(value));
    const row = scanner.scan(pieceOf(bytes), 0, bytes.length);
    expect(row === null ? null : fromRow(row)).toEqual(keptOf({ ...bare, [name]: value }));
  });
});

test.each(FIELDS.filter(([, field]) => field.column !== undefined))('%s has its column', (name, field) => {
  const bare: Raw = record();
  const [value] = fc.sample(valueOf(field, false), { numRuns: 1, seed: 7 });
  const table = new RequestTable('baseline');
  table.add(parseRecord(JSON.stringify({ ...bare, error: null, [name]: value })));
  const measured = table.measured();
  const columns: Readonly<Record<string, unknown>> = {
    ...measured,
    ...Object.fromEntries(measured.optional),
  };
  const code =
    field.kind.name === 'one of'
      ? 1 + field.kind.values.indexOf(String(value))
      : field.column === 'f32'
        ? Math.fround(Number(value))
        : Number(value);
  expect(Object.values(columns[name] ?? {})).toEqual([code]);
});

test.each([
  ['docs/records.md', recordsPage()],
  ['k6/requestlog/fields.go', goFields()],
])('%s is what the table makes: npm run docs:records', (path, content) =>
  expect(readFileSync(join(ROOT, path), 'utf8')).toBe(content),
);

test('the endpoints of a mix are told apart, though they ask the same prompts, and as in older logs', () => {
  const table = (of: (endpoint: string, payload: string) => Partial<RequestRecord>): RequestTable => {
    const made = new RequestTable('baseline');
    for (let index = 0; index < 9; index += 1)
      made.add(record({ index, ...of(index % 3 === 0 ? 'llama' : 'chat', `p${index % 2}`) }));
    return made;
  };
  const now = table((endpoint, payload_id) => ({ endpoint, payload_id })).measured();
  const before = table((endpoint, payload) => ({ payload_id: `${endpoint}: ${payload}` })).measured();
  expect(now.payload_ids.toSorted()).toEqual(['chat: p0', 'chat: p1', 'llama: p0', 'llama: p1']);
  expect(now.payload_ids).toEqual(before.payload_ids);
  expect(now.payload).toEqual(before.payload);
  const counts = byEndpoint(now).map(({ endpoint, requests }) => [endpoint, requests]);
  expect(Object.fromEntries(counts)).toEqual({ llama: 3, chat: 6 });
  expect(byEndpoint(before)).toEqual(byEndpoint(now));
});

test('a line from before there were clients, connections and endpoints is read', () => {
  const old =
    '{"variant":"baseline","scenario":"mixed","block":0,"index":3,"payload_id":"chat: p7","phase":"measured","start_ms":1,"error":null,"duration_ms":2,"tls_ms":null,"status":200}';
  expect(parseRecord(old)).toMatchObject({
    vu: null,
    connection: null,
    endpoint: null,
    payload_id: 'chat: p7',
  });
});
