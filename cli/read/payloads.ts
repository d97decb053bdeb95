/** A user's payloads from a folder or a file, checked before anything is started. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { assertDistinctIds, toPayload, type Payload } from '../../domain/payload.ts';
import { BadValue } from '../../domain/units.ts';
import { UsageError } from '../io.ts';

export interface PayloadSet {
  readonly source: string;
  readonly payloads: readonly Payload[];
  readonly labelled: number;
  /** One JSON object a line; what k6 reads, and what the digest is of. */
  readonly jsonl: string;
  readonly sha256: string;
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${where} is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function readFile(file: string): Payload[] {
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  const stem = basename(file).replace(/\.jsonl?$/i, '');
  if (/\.jsonl$/i.test(file)) {
    return text.split('\n').flatMap((line, i) => {
      if (line.trim() === '') return [];
      const where = `${file} line ${i + 1}`;
      return [toPayload(parse(line, where), where, `${stem}-${i + 1}`)];
    });
  }
  const value = parse(text, file);
  if (!Array.isArray(value)) return [toPayload(value, file, stem)];
  return value.map((one, i) => toPayload(one, `${file} element ${i + 1}`, `${stem}-${i + 1}`));
}

/** @throws UsageError naming file, line and field. */
export function readPayloads(path: string, shown: string): PayloadSet {
  let files: string[];
  try {
    files = statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => /\.jsonl?$/i.test(name))
          .sort()
          .map((name) => join(path, name))
      : [path];
  } catch (error) {
    throw new UsageError(
      `--payloads ${shown}: ${error instanceof Error ? error.message : String(error)}; give a folder or a file that exists`,
      { cause: error },
    );
  }
  try {
    const payloads = files.flatMap(readFile);
    if (payloads.length === 0)
      throw new UsageError(
        `--payloads ${shown} holds no payload; allowed: *.json or *.jsonl with objects as {"id":"...","request":{...},"expected":{"corrected":["..."]}}`,
      );
    assertDistinctIds(payloads);
    const jsonl = payloads.map((payload) => `${JSON.stringify(payload)}\n`).join('');
    const labelled = payloads.filter(
      ({ expected }) => expected.corrected.length + expected.translation.length > 0,
    ).length;
    return {
      source: shown,
      payloads,
      labelled,
      jsonl,
      sha256: createHash('sha256').update(jsonl).digest('hex'),
    };
  } catch (error) {
    if (error instanceof BadValue) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
