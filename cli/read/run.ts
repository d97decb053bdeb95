/** Reads a run's files back into the domain's shapes. */
import { join } from 'node:path';
import { parseBlockSummary, type BlockSummary } from '../../domain/run/block.ts';
import { parseServerSample, type ServerSample } from '../../domain/run/server-sample.ts';
import { PROBE_HEAD, parseProbe, type ProbeSample } from '../../domain/run/probe.ts';
import { RequestTable, type Measured } from '../../domain/record/request-table.ts';
import { place } from '../../domain/record/row.ts';
import { RecordScanner } from '../../domain/record/scan-record.ts';
import { parseManifest, settingsOf, type Manifest } from '../../domain/run/manifest.ts';
import type { RunData, BadLine } from '../../domain/run/data.ts';
import { parseResources } from '../../domain/run/resources.ts';
import { BadField } from '../../domain/text/fields.ts';
import { mapVariants, presentVariants, type ByVariant, type Variant } from '../../domain/variants.ts';
import { UsageError } from '../io.ts';
import { FILES, readText, requestLogs, summaryFile, type RunDirectory } from '../run/directory.ts';
import { readJudged, readScores, withRunScores } from '../score/score-run.ts';
import { eachLine, type BufferPiece } from './lines.ts';

const KEPT_BAD_LINES = 5;

const VARIANT = place('variant');

interface Log {
  readonly tables: ReadonlyMap<unknown, RequestTable>;
  readonly probes: ProbeSample[];
  readonly garbled_probes: { count: number; first: string };
  readonly bad: { count: number; first: BadLine[] };
}

/** @param declared a record of another variant is no record of this run */
function readLog(paths: readonly string[], declared: readonly Variant[]): Log {
  const tables = new Map<unknown, RequestTable>(
    declared.map((variant) => [variant, new RequestTable(variant)]),
  );
  const log: Log = {
    tables,
    probes: [],
    garbled_probes: { count: 0, first: '' },
    bad: { count: 0, first: [] },
  };
  let number = 0;
  const scanner = new RecordScanner();
  const add = (piece: BufferPiece, from: number, to: number): void => {
    number += 1;
    try {
      let row = scanner.scan(piece, from, to);
      if (row === null) {
        const line = piece.bytes.toString('utf8', from, to);
        if (line.startsWith(PROBE_HEAD)) {
          const probe = parseProbe(line);
          if (probe !== null) log.probes.push(probe);
          else if ((log.garbled_probes.count += 1) === 1)
            log.garbled_probes.first = `line ${number}: no time or no block`;
          return;
        }
        row = scanner.parse(line);
      }
      const named = row.names[VARIANT];
      const table = tables.get(named);
      if (table === undefined)
        throw new BadField(`variant is ${JSON.stringify(named)}; the manifest has ${declared.join(', ')}`);
      table.addRow(row);
    } catch (error) {
      if (!(error instanceof BadField || error instanceof SyntaxError)) throw error;
      log.bad.count += 1;
      if (log.bad.first.length < KEPT_BAD_LINES) log.bad.first.push({ line: number, problem: error.message });
    }
  };
  for (const path of paths) eachLine(path, add);
  return log;
}

export const readResources = (run: RunDirectory): ReturnType<typeof parseResources> =>
  parseResources(readText(run, FILES.resources) ?? '');

function readServer(run: RunDirectory): ServerSample[] {
  return (readText(run, FILES.server) ?? '')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : (parseServerSample(line) ?? [])));
}

const warmUps = (tables: ByVariant<RequestTable>): ByVariant<Measured> =>
  Object.fromEntries(
    presentVariants(tables).flatMap((variant) => {
      const rows = tables[variant]?.warmUp() ?? null;
      return rows === null ? [] : [[variant, rows]];
    }),
  );

/** The requests before the measurement, from a log that is still being written. */
export function readWarmUp(logs: readonly string[], { variants }: Manifest): ByVariant<Measured> {
  const { tables } = readLog(logs, presentVariants(variants));
  return warmUps(Object.fromEntries([...tables.values()].map((table) => [table.variant, table])));
}

/** @throws UsageError where there is no manifest; BadValue where it is damaged */
export function readRun(run: RunDirectory): RunData {
  const text = readText(run, FILES.manifest);
  if (text === null) throw new UsageError(`${run.path} has no ${FILES.manifest}: it is no run directory`);
  const manifest = parseManifest(text, join(run.path, FILES.manifest));
  const { tables, probes, garbled_probes, bad } = readLog(
    requestLogs(run),
    presentVariants(manifest.variants),
  );
  const judged = readJudged(run);
  const resources = readResources(run);
  const written = Object.fromEntries(
    [...tables.values()].filter(({ rows }) => rows > 0).map((table) => [table.variant, table]),
  );
  const recorded = mapVariants(written, (table) => table.rows);
  const warm_up = warmUps(written);
  const measured = mapVariants(written, (table) => table.measured());
  const summaries = manifest.blocks.flatMap(({ block }): BlockSummary[] => {
    const file = summaryFile(block);
    const summary = readText(run, file);
    return summary === null ? [] : [parseBlockSummary(summary, join(run.path, file))];
  });
  const data: RunData = {
    manifest,
    settings: settingsOf(manifest),
    measured,
    warm_up,
    recorded,
    bad_lines: bad,
    probes,
    resources: resources.samples,
    garbled: { probes: garbled_probes, resources: resources.garbled },
    server: readServer(run),
    summaries,
    ...(judged === null ? {} : { judged }),
  };
  return withRunScores(data, readScores(run) ?? []);
}
