/** Reads a run's files back into the domain's shapes. */
import { join } from 'node:path';
import { parseBlockSummary, type BlockSummary } from '../../domain/run/block.ts';
import { parseServerSample, type ServerSample } from '../../domain/run/server-sample.ts';
import { PROBE_HEAD, parseProbe, type ProbeSample } from '../../domain/run/probe.ts';
import { RequestTable } from '../../domain/record/request-table.ts';
import { place } from '../../domain/record/row.ts';
import { RecordScanner } from '../../domain/record/scan-record.ts';
import { parseManifest } from '../../domain/run/manifest.ts';
import type { RunData, BadLine, ResourceSample } from '../../domain/run/data.ts';
import { BadField, oneOf } from '../../domain/text/fields.ts';
import { mapVariants, VARIANTS, type Variant } from '../../domain/variants.ts';
import { UsageError } from '../io.ts';
import { FILES, readText, requestLogs, summaryFile, type RunDirectory } from '../run/directory.ts';
import { eachLine, type BufferPiece } from './lines.ts';

const KEPT_BAD_LINES = 5;

const VARIANT = place('variant');

interface Log {
  readonly tables: Partial<Record<Variant, RequestTable>>;
  readonly probes: ProbeSample[];
  readonly bad: { count: number; first: BadLine[] };
}

function readLog(paths: readonly string[]): Log {
  const log: Log = { tables: {}, probes: [], bad: { count: 0, first: [] } };
  let number = 0;
  const scanner = new RecordScanner();
  const tableOf = (named: unknown): RequestTable => {
    const variant = oneOf({ variant: named }, 'variant', VARIANTS);
    return (log.tables[variant] ??= new RequestTable(variant));
  };
  const add = (piece: BufferPiece, from: number, to: number): void => {
    number += 1;
    try {
      let row = scanner.scan(piece, from, to);
      if (row === null) {
        const line = piece.bytes.toString('utf8', from, to);
        if (line.startsWith(PROBE_HEAD)) {
          const probe = parseProbe(line);
          if (probe !== null) log.probes.push(probe);
          return;
        }
        row = scanner.parse(line);
      }
      tableOf(row.names[VARIANT]).addRow(row);
    } catch (error) {
      if (!(error instanceof BadField || error instanceof SyntaxError)) throw error;
      log.bad.count += 1;
      if (log.bad.first.length < KEPT_BAD_LINES) log.bad.first.push({ line: number, problem: error.message });
    }
  };
  for (const path of paths) eachLine(path, add);
  return log;
}

function memoryOf(line: object): Record<string, number> {
  const processes: unknown = 'processes' in line ? line.processes : null;
  if (typeof processes !== 'object' || processes === null) return {};
  return Object.fromEntries(
    Object.entries(processes).flatMap(([name, usage]: [string, unknown]) =>
      typeof usage === 'object' &&
      usage !== null &&
      'rss_bytes' in usage &&
      typeof usage.rss_bytes === 'number'
        ? [[name, usage.rss_bytes]]
        : [],
    ),
  );
}

export function readResources(run: RunDirectory): ResourceSample[] {
  return (readText(run, FILES.resources) ?? '').split('\n').flatMap((line): ResourceSample[] => {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value !== 'object' || value === null || !('at_ms' in value) || !('cpu_share' in value))
        return [];
      return typeof value.at_ms === 'number' && typeof value.cpu_share === 'number'
        ? [{ at_ms: value.at_ms, cpu_share: value.cpu_share, rss_bytes: memoryOf(value) }]
        : [];
    } catch {
      return []; // the empty last line, or one cut by a kill
    }
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
    measured,
    recorded,
    bad_lines: bad,
    probes,
    resources: readResources(run),
    server: readServer(run),
    summaries,
  };
}
