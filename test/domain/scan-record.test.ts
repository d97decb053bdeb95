import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRecord, type RequestRecord } from '../../domain/record/request-record.ts';
import type { Row } from '../../domain/record/row.ts';
import { pieceOf, RecordScanner } from '../../domain/record/scan-record.ts';
import { fromRow, keptOf, rawRecords } from '../support/record-fields.ts';
import { record } from '../support/run-data.ts';

/** Some bytes before and after the line, as in a piece of a file. */
function scan(scanner: RecordScanner, line: string | Buffer): Row | null {
  const bytes = Buffer.from(line);
  const piece = pieceOf(Buffer.concat([Buffer.from('"}\n'), bytes, Buffer.from('\n{"variant"')]));
  return scanner.scan(piece, 3, 3 + bytes.length);
}

const strictly = (line: string): unknown => {
  try {
    return keptOf({ ...parseRecord(line) });
  } catch {
    return null;
  }
};

const written = (over: Partial<RequestRecord> = {}): string =>
  JSON.stringify({
    ...record({
      trace_id: '6ed0cb7c00f4f5b932056b64b15e9cf7',
      stages_ms: { tokenize: 2.31, decode: 481.699 },
      answer_sha256: 'de89b449a83da601',
      ...over,
    }),
    ours: null,
  });

describe('the record scanner', () => {
  test('knows no layout before it has parsed a line of it', () => {
    const scanner = new RecordScanner();
    expect(scan(scanner, written())).toBeNull();
    scanner.parse(written());
    expect(scan(scanner, written())).not.toBeNull();
  });

  test('reads every field as it was written, or hands the line on', () => {
    const scanner = new RecordScanner();
    scanner.parse(JSON.stringify(record()));
    let read = 0;
    fc.assert(
      fc.property(rawRecords(), (one) => {
        const line = JSON.stringify({ ...record(), ...one });
        const scanned = scan(scanner, line);
        if (scanned === null) return;
        read += 1;
        expect(fromRow(scanned)).toEqual(keptOf(one));
      }),
      { numRuns: 2000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  test('any change of a byte is read as the strict parser reads it, or handed on', () => {
    const scanner = new RecordScanner();
    const lines = [written(), written({ error: 'status', error_detail: 'a "b" \\ é\n', stages_ms: null })];
    for (const line of lines) scanner.parse(line);
    fc.assert(
      fc.property(
        fc.constantFrom(...lines),
        fc.nat(),
        fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\{},:.0159eE+- ntf\n'))),
        fc.constantFrom('replace', 'insert', 'remove'),
        (line, place, byte, how) => {
          const bytes = Buffer.from(line);
          const at = place % bytes.length;
          const changed = Buffer.concat([
            bytes.subarray(0, at),
            how === 'remove' ? Buffer.alloc(0) : Buffer.of(byte),
            bytes.subarray(how === 'insert' ? at : at + 1),
          ]);
          const scanned = scan(scanner, changed);
          if (scanned !== null) expect(fromRow(scanned)).toEqual(strictly(changed.toString('utf8')));
        },
      ),
      { numRuns: 6000 },
    );
  });

  test('every cut of a line is handed on', () => {
    const scanner = new RecordScanner();
    const line = written();
    scanner.parse(line);
    for (let to = 0; to < line.length; to += 1) expect(scan(scanner, line.slice(0, to))).toBeNull();
  });

  test('stages in any order, and none left over from the line before', () => {
    const scanner = new RecordScanner();
    scanner.parse(written());
    const stagesOf = (line: string): unknown => {
      const found = scan(scanner, line);
      return found === null ? null : fromRow(found);
    };
    for (const stages_ms of [{ decode: 1, tokenize: 2 }, { tokenize: 3 }, null, { queue: 4, decode: 5 }]) {
      const line = written({ stages_ms });
      expect(stagesOf(line)).toEqual(strictly(line));
    }
  });
});
