import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERROR_KINDS } from '../../domain/record/errors.ts';
import { parseRecord, type RequestRecord } from '../../domain/record/request-record.ts';
import { pieceOf, RecordScanner, type ScannedRecord } from '../../domain/record/scan-record.ts';
import { PHASES } from '../../domain/variants.ts';
import { record } from '../support/run-data.ts';

/** Some bytes before and after the line, as in a piece of a file. */
function scan(scanner: RecordScanner, line: string | Buffer): ScannedRecord | null {
  const bytes = Buffer.from(line);
  const piece = pieceOf(Buffer.concat([Buffer.from('"}\n'), bytes, Buffer.from('\n{"variant"')]));
  return scanner.scan(piece, 3, 3 + bytes.length);
}

/** What figures are made of, from either reader. */
function figures(of: RequestRecord | ScannedRecord): unknown {
  const stages =
    'stages' in of
      ? of.stages.names.flatMap((name, i): [string, number][] => [[name, of.stages.ms[i] ?? Number.NaN]])
      : Object.entries(of.stages_ms ?? {});
  const { variant, block, index, payload_id, phase, start_ms, duration_ms, waiting_ms, connecting_ms } = of;
  const { status, error, cost_eur, correct, correct_translation } = of;
  const { late_ms, ttft_ms, tpot_ms, itl_ms, e2e_ms, tokens, prompt_tokens } = of;
  return {
    variant,
    block,
    index,
    payload_id,
    phase,
    start_ms,
    duration_ms,
    waiting_ms,
    connecting_ms,
    status,
    error,
    cost_eur,
    correct,
    correct_translation,
    late_ms,
    ttft_ms,
    tpot_ms,
    itl_ms,
    e2e_ms,
    tokens,
    prompt_tokens,
    stages: new Map(stages.filter(([, ms]) => !Number.isNaN(ms)).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

// Mostly as logs have them, else hardly any line would be one that the scanner reads.
const amount = fc.oneof(
  { arbitrary: fc.nat().map((n) => n / 1e6), weight: 60 },
  { arbitrary: fc.nat(), weight: 20 },
  { arbitrary: fc.double({ min: 0, max: 1e21, noNaN: true }).map((x) => Math.abs(x)), weight: 1 },
  { arbitrary: fc.constantFrom(0, 1e-7, 0.1, 2 ** 53, 2 ** 53 + 2, 1795356475606.1252), weight: 5 },
);
const nullable = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { freq: 4 });
const word = fc.oneof(
  { arbitrary: fc.stringMatching(/^[ !#-[\]-~]{0,40}$/), weight: 60 },
  { arbitrary: fc.string({ maxLength: 40 }), weight: 1 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 8 }), weight: 1 },
);

const records: fc.Arbitrary<RequestRecord> = fc.record({
  variant: fc.constantFrom('baseline', 'shadow', 'canary-2'),
  scenario: word,
  block: fc.nat(9),
  index: fc.nat(),
  payload_id: word,
  phase: fc.constantFrom(...PHASES),
  start_ms: amount,
  duration_ms: amount,
  waiting_ms: nullable(amount),
  connecting_ms: nullable(amount),
  status: nullable(fc.nat(599)),
  error: nullable(fc.constantFrom(...ERROR_KINDS)),
  error_detail: nullable(word),
  cost_eur: nullable(amount),
  trace_id: nullable(word),
  traceparent: nullable(word),
  stages_ms: nullable(fc.dictionary(fc.constantFrom('decode', 'prefill', 'queue', 'é', '__proto__'), amount)),
  correct: nullable(fc.boolean()),
  correct_translation: nullable(fc.boolean()),
  answer_sha256: nullable(word),
  answer: nullable(word),
  late_ms: nullable(amount),
  ttft_ms: nullable(amount),
  tpot_ms: nullable(amount),
  itl_ms: nullable(amount),
  e2e_ms: nullable(amount),
  tokens: nullable(fc.nat()),
  prompt_tokens: nullable(fc.nat()),
  tokens_estimated: nullable(fc.boolean()),
  cached_tokens: nullable(fc.nat()),
  gaps_ms: nullable(fc.array(amount, { maxLength: 3 })),
});

const strictly = (line: string): unknown => {
  try {
    return figures(parseRecord(line));
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
    tls_ms: null,
  });

describe('the record scanner', () => {
  test('knows no layout before it has parsed a line of it', () => {
    const scanner = new RecordScanner();
    expect(scan(scanner, written())).toBeNull();
    scanner.parse(written());
    expect(scan(scanner, written())).not.toBeNull();
  });

  test('reads what the strict parser reads, or hands the line on', () => {
    const scanner = new RecordScanner();
    scanner.parse(JSON.stringify(record()));
    let read = 0;
    fc.assert(
      fc.property(records, (one) => {
        const line = JSON.stringify({ ...record(), ...one });
        const scanned = scan(scanner, line);
        if (scanned === null) return;
        read += 1;
        expect(figures(scanned)).toEqual(strictly(line));
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
          if (scanned !== null) expect(figures(scanned)).toEqual(strictly(changed.toString('utf8')));
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
      return found === null ? null : figures(found);
    };
    for (const stages_ms of [{ decode: 1, tokenize: 2 }, { tokenize: 3 }, null, { queue: 4, decode: 5 }]) {
      const line = written({ stages_ms });
      expect(stagesOf(line)).toEqual(strictly(line));
    }
  });
});
