import { describe, expect, it } from 'vitest';
import { transportError } from '../../domain/record/errors.ts';
import { parseRecord } from '../../domain/record/request-record.ts';
import { RequestTable } from '../../domain/record/request-table.ts';
import { BadField } from '../../domain/text/fields.ts';
import { record } from '../support/run-data.ts';

describe('a line of the request log', () => {
  const line = (over: object): string => JSON.stringify({ ...record(), ...over });

  it('reads back what was written', () => expect(parseRecord(line({}))).toMatchObject({ ...record() }));
  it('takes a missing member as absent, never as 0', () => {
    const { cost_eur: _, ...rest } = record();
    expect(parseRecord(JSON.stringify(rest)).cost_eur).toBeNull();
  });

  it.each<[string, object]>([
    ['a negative duration', { duration_ms: -1 }],
    ['a duration that is text', { duration_ms: '300' }],
    ['a duration that is absent', { duration_ms: null }],
    ['a variant that is no name', { variant: 'two words' }],
    ['another phase', { phase: 'cooldown' }],
    ['an unknown error', { error: 'gremlins' }],
    ['a stage that is no time', { stages_ms: { decode: '12ms' } }],
    ['a flag that is none', { correct: 1 }],
    ['a client that is no whole number', { vu: 1.5 }],
    ['a gap that is no time', { gaps_ms: [1, -2] }],
  ])('%s is refused, with the field and what is allowed', (_, over) => {
    expect(() => parseRecord(line(over))).toThrow(BadField);
    expect(() => parseRecord(line(over))).toThrow(Object.keys(over)[0]);
  });

  it.each(['[]', 'null', '5', '"x"'])('%s is no record', (text) =>
    expect(() => parseRecord(text)).toThrow(BadField),
  );
});

describe('the table of a variant', () => {
  it('leaves warm-up out, and orders by block and place', () => {
    const table = new RequestTable('baseline');
    const rows: [number, number, 'warmup' | 'measured'][] = [
      [0, 0, 'warmup'],
      [1, 0, 'measured'],
      [0, 2, 'measured'],
      [0, 1, 'measured'],
    ];
    for (const [block, index, phase] of rows)
      table.add(record({ block, index, phase, duration_ms: 10 * block + index }));
    const measured = table.measured();
    expect([...measured.duration_ms]).toEqual([1, 2, 10]);
    expect(measured.warm_up).toBe(1);
  });

  it('keeps a stage that comes late absent before', () => {
    const table = new RequestTable('baseline');
    for (let index = 0; index < 3000; index += 1)
      table.add(record({ index, stages_ms: index < 2000 ? null : { decode: 5 } }));
    const decode = table.measured().stages_ms.get('decode');
    expect([decode?.[0], decode?.[2999]]).toEqual([Number.NaN, 5]);
  });
});

describe("k6's error codes", () => {
  it.each([
    [1050, '', 'timeout'],
    [1101, '', 'dns'],
    [1212, '', 'connect'],
    [1220, '', 'reset'],
    [1310, '', 'tls'],
    [1000, 'unexpected EOF', 'cut_body'],
    [1000, 'EOF', 'reset'],
    [1000, 'strange', 'transport'],
    [1503, '', null],
    [0, '', null],
  ])('%d %j is %s', (code, message, kind) => expect(transportError(code, message)).toBe(kind));
});
