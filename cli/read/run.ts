/** Reads a run's files back into the domain's shapes. */
import { join } from 'node:path';
import { fieldOf, isFields } from '../../domain/text/fields.ts';
import { parseJsonText } from '../../domain/text/json.ts';
import { parseBlockSummary, type BlockSummary } from '../../domain/run/block.ts';
import { parseServerSample, type ServerSample } from '../../domain/run/server-sample.ts';
import { PROBE_HEAD, parseProbe, type ProbeSample } from '../../domain/run/probe.ts';
import { BadRecord, type RequestRecord } from '../../domain/record/request-record.ts';
import { RequestTable } from '../../domain/record/request-table.ts';
import { RecordScanner, type ScannedRecord } from '../../domain/record/scan-record.ts';
import { parseManifest, settingsOf } from '../../domain/run/manifest.ts';
import type { RunData, BadLine, ResourceSample } from '../../domain/run/data.ts';
import { mapVariants, type Variant } from '../../domain/variants.ts';
import { UsageError } from '../io.ts';
import { FILES, readText, requestLogs, summaryFile, type RunDirectory } from '../run/directory.ts';
import { eachLine, type BufferPiece } from './lines.ts';

const KEPT_BAD_LINES = 5;

interface Log {
  readonly tables: Partial<Record<Variant, RequestTable>>;
  readonly probes: ProbeSample[];
  readonly bad: { count: number; first: BadLine[] };
}

function readLog(paths: readonly string[]): Log {
  const log: Log = { tables: {}, probes: [], bad: { count: 0, first: [] } };
  let number = 0;
  const scanner = new RecordScanner();
  const add = (piece: BufferPiece, from: number, to: number): void => {
    number += 1;
    try {
      let record: ScannedRecord | RequestRecord | null = scanner.scan(piece, from, to);
      if (record === null) {
        const line = piece.bytes.toString('utf8', from, to);
        if (line.startsWith(PROBE_HEAD)) {
          const probe = parseProbe(line);
          if (probe !== null) log.probes.push(probe);
          return;
        }
        record = scanner.parse(line);
      }
      (log.tables[record.variant] ??= new RequestTable(record.variant)).add(record);
    } catch (error) {
      if (!(error instanceof BadRecord || error instanceof SyntaxError)) throw error;
      log.bad.count += 1;
      if (log.bad.first.length < KEPT_BAD_LINES) log.bad.first.push({ line: number, problem: error.message });
    }
  };
  for (const path of paths) eachLine(path, add);
  return log;
}

function memoryOf(processes: unknown): Record<string, number> {
  return Object.fromEntries(
    Object.entries(isFields(processes) ? processes : {}).flatMap(([name, usage]) => {
      const bytes = fieldOf(usage, 'rss_bytes');
      return typeof bytes === 'number' ? [[name, bytes]] : [];
    }),
  );
}

export function readResources(run: RunDirectory): ResourceSample[] {
  return (readText(run, FILES.resources) ?? '').split('\n').flatMap((line): ResourceSample[] => {
    // The empty last line, or one cut by a kill, is no JSON.
    const value = parseJsonText(line);
    const [at_ms, cpu_share] = [fieldOf(value, 'at_ms'), fieldOf(value, 'cpu_share')];
    return typeof at_ms === 'number' && typeof cpu_share === 'number'
      ? [{ at_ms, cpu_share, rss_bytes: memoryOf(fieldOf(value, 'processes')) }]
      : [];
  });
}

function readServer(run: RunDirectory): ServerSample[] {
  return (readText(run, FILES.server) ?? '')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : (parseServerSample(line) ?? [])));
}

/** @throws UsageError where there is no manifest; BadValue where it is damaged */
export function readRun(run: RunDirectory): RunData {
  const text = readText(run, FILES.manifest);
  if (text === null) throw new UsageError(`${run.path} has no ${FILES.manifest}: it is no run directory`);
  const manifest = parseManifest(text, join(run.path, FILES.manifest));
  const { tables, probes, bad } = readLog(requestLogs(run));
  const recorded = mapVariants(tables, (table) => table.rows);
  const measured = mapVariants(tables, (table) => table.measured());
  const summaries = manifest.blocks.flatMap(({ block }): BlockSummary[] => {
    const file = summaryFile(block);
    const summary = readText(run, file);
    return summary === null ? [] : [parseBlockSummary(summary, join(run.path, file))];
  });
  return {
    manifest,
    settings: settingsOf(manifest),
    measured,
    recorded,
    bad_lines: bad,
    probes,
    resources: readResources(run),
    server: readServer(run),
    summaries,
  };
}
