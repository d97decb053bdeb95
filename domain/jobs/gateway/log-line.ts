/**
 * The gateway's own log, `<logs>/<Program>.log`: one JSON object a line with timestamp, program, model, duration_ms, inputs,
 * outputs, success, and error on failure. Parsed strictly: a line is whole and right, or it says what is wrong.
 */
import { BadField, amount, asFields, flag, text, type Fields } from '../../text/fields.ts';
import { bareModel, type GatewayProgram } from './programs.ts';
import { idsIn } from './request-id.ts';

export interface LogLine {
  readonly request_id: string;
  readonly program: string;
  readonly duration_ms: number;
  readonly success: boolean;
}

export type LineReading =
  | { readonly kind: 'entry'; readonly entry: LogLine }
  /** Whole, and not of this run: an old line, or other traffic. */
  | { readonly kind: 'foreign' }
  /** No JSON object by itself: torn, interleaved, cut. `ids` of this run that stand in it. */
  | { readonly kind: 'torn'; readonly ids: readonly string[]; readonly problem: string }
  /** JSON of this run whose fields are not as they should be. */
  | { readonly kind: 'bad_fields'; readonly ids: readonly string[]; readonly problem: string };

const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/;

function entry(of: Fields, program: GatewayProgram, request_id: string): LogLine {
  const timestamp = text(of, 'timestamp');
  if (!ISO.test(timestamp))
    throw new BadField(`timestamp is ${JSON.stringify(timestamp)}; it should be ISO 8601`);
  const name = text(of, 'program');
  if (name !== program.name)
    throw new BadField(`program is ${JSON.stringify(name)} in the log of ${program.name}`);
  const model = text(of, 'model');
  if (bareModel(model) !== bareModel(program.model))
    throw new BadField(`model is ${JSON.stringify(model)}; ${program.name} has ${program.model}`);
  const success = flag(of, 'success');
  asFields(of['inputs'], 'inputs');
  if (success) asFields(of['outputs'], 'outputs');
  else text(of, 'error');
  return { request_id, program: name, duration_ms: amount(of, 'duration_ms'), success };
}

/** Reads one line of a program's log. `key` is the run's. */
export function readLogLine(line: string, program: GatewayProgram, key: string): LineReading {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return {
      kind: 'torn',
      ids: idsIn(line, key),
      problem: error instanceof Error ? error.message : String(error),
    };
  }
  try {
    const of = asFields(value, 'the line');
    const ids = [...new Set(idsIn(JSON.stringify(of['inputs'] ?? null), key))];
    const [id] = ids;
    if (id === undefined) return { kind: 'foreign' };
    if (ids.length > 1) throw new BadField(`inputs carry ${ids.length} request ids`);
    return { kind: 'entry', entry: entry(of, program, id) };
  } catch (error) {
    if (!(error instanceof BadField)) throw error;
    return { kind: 'bad_fields', ids: idsIn(line, key), problem: error.message };
  }
}

export interface BadLogLine {
  readonly program: string;
  /** Counted from where the scenario's part of the file begins. */
  readonly line: number;
  readonly problem: string;
}

/** What the log of all programs gained during a scenario. */
export interface LogEvidence {
  readonly entries: readonly LogLine[];
  readonly foreign: number;
  readonly torn: readonly BadLogLine[];
  readonly bad_fields: readonly BadLogLine[];
  /** Ids that stand only in lines which can't be read. */
  readonly damaged_ids: ReadonlySet<string>;
}

/** `parts`: by program, the complete lines that its file gained. */
export function readLogs(
  programs: readonly GatewayProgram[],
  parts: ReadonlyMap<string, readonly string[]>,
  key: string,
): LogEvidence {
  const entries: LogLine[] = [];
  const torn: BadLogLine[] = [];
  const bad_fields: BadLogLine[] = [];
  const damaged = new Set<string>();
  let foreign = 0;
  for (const program of programs) {
    for (const [i, line] of (parts.get(program.name) ?? []).entries()) {
      const reading = readLogLine(line, program, key);
      switch (reading.kind) {
        case 'entry':
          entries.push(reading.entry);
          break;
        case 'foreign':
          foreign += 1;
          break;
        case 'torn':
        case 'bad_fields':
          for (const id of reading.ids) damaged.add(id);
          (reading.kind === 'torn' ? torn : bad_fields).push({
            program: program.name,
            line: i + 1,
            problem: reading.problem,
          });
      }
    }
  }
  for (const { request_id } of entries) damaged.delete(request_id);
  return { entries, foreign, torn, bad_fields, damaged_ids: damaged };
}
