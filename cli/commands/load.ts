/** `npm run k6:<job>`: servers, k6, load, comparison. Whatever happens, nothing of ours is left running. */
import { copyFileSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SCHEMA_VERSION } from '../../domain/request-record.ts';
import type { Manifest, ManifestVariant } from '../../domain/run.ts';
import { formatSettings, type ParsedSettings, type Settings } from '../../domain/settings.ts';
import { parseThresholds, type Thresholds } from '../../domain/thresholds.ts';
import { formatDuration } from '../../domain/units.ts';
import { mapVariants, presentVariants, type ByVariant, type Variant } from '../../domain/variants.ts';
import { Interrupted, say, UsageError, userPath, type Io } from '../io.ts';
import type { Job } from '../jobs.ts';
import { findK6, type K6 } from '../k6.ts';
import { readPayloads, type PayloadSet } from '../read/payloads.ts';
import { report } from '../report.ts';
import {
  FILES,
  assertOutIsFree,
  createRunDirectory,
  shownPath,
  writeWhole,
  type RunDirectory,
} from '../run-directory.ts';
import { freePort, loadTimeMs, runBlock, type BlockResult } from '../run/block.ts';
import { identify, splitArguments, startStandIn, withoutCredentials, type Server } from '../servers.ts';

const DASHBOARD_PORT = 5665;

/** Closers run in reverse order, all of them, whatever fails. */
class Closers {
  readonly #closers: (() => Promise<void>)[] = [];
  add(close: () => Promise<void>): void {
    this.#closers.push(close);
  }
  async run(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close().catch(() => {});
  }
}

export async function loadCommand(io: Io, job: Job, parsed: ParsedSettings): Promise<number> {
  const closers = new Closers();
  try {
    return await load(io, job, parsed, closers);
  } finally {
    await closers.run();
  }
}

interface Prepared {
  readonly settings: Settings;
  readonly thresholds: Thresholds;
  readonly payloads: PayloadSet;
  readonly k6: K6;
  readonly servers: ByVariant<ManifestVariant>;
  readonly processes: Readonly<Record<string, number>>;
  /** Resolves when a server of ours dies before its time. */
  readonly stand_ins: readonly Server[];
}

async function load(io: Io, job: Job, parsed: ParsedSettings, closers: Closers): Promise<number> {
  const prepared = await prepare(io, job, absolutePaths(io, parsed.settings), closers);
  const { settings } = prepared;
  if (io.interrupted.aborted) throw new Interrupted();
  const probe = await startStandIn(io, 'null', []);
  closers.add(probe.stop);
  const dashboard_port = settings.dashboard ? await freePort(DASHBOARD_PORT) : null;
  announce(io, job, prepared, dashboard_port);

  const run = createRunDirectory(io, job.name, parsed.settings.out);
  writeWhole(join(run.path, FILES.payloads), prepared.payloads.jsonl);
  if (settings.thresholds !== null) copyFileSync(settings.thresholds, join(run.path, FILES.thresholds));
  let manifest = firstManifest(io, job, parsed, prepared, run);
  const keepManifest = (): void =>
    writeWhole(join(run.path, FILES.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
  keepManifest();

  const result = await runBlock({
    io,
    k6: prepared.k6,
    scenario: job.scenario,
    run,
    block: 0,
    variants: presentVariants(prepared.servers),
    settings,
    probe_url: probe.url,
    dashboard_port,
    own_thresholds: settings.thresholds !== null,
    processes: prepared.processes,
    heading: '',
  });
  manifest = { ...manifest, ...(await outcome(io, prepared, [result])) };
  keepManifest();
  if (result.summary === null)
    say(
      io,
      `k6 ended without a summary (exit ${String(result.k6_exit_code)}); the end of ${shownPath(io, join(run.path, FILES.k6_log))}:\n${result.last_lines}`,
    );
  if (prepared.stand_ins.length > 0 && settings.drainMs > 0 && !io.interrupted.aborted) {
    say(
      io,
      `waiting ${formatDuration(settings.drainMs)} before the servers stop, so that their traces flush`,
    );
    await wait(settings.drainMs, undefined, { signal: io.interrupted }).catch(() => {});
  }
  await closers.run();
  return report(io, run, { json: settings.json, open: settings.open });
}

/** Paths of the user's as seen from anywhere: k6 and we have other working directories. */
function absolutePaths(io: Io, settings: Settings): Settings {
  const absolute = (path: string | null): string | null => (path === null ? null : userPath(io, path));
  return {
    ...settings,
    caFile: absolute(settings.caFile),
    clientCert: absolute(settings.clientCert),
    clientKey: absolute(settings.clientKey),
    thresholds: absolute(settings.thresholds),
  };
}

async function prepare(io: Io, job: Job, settings: Settings, closers: Closers): Promise<Prepared> {
  // In the order of what it costs: what can be refused at once is refused before anything is built or started.
  assertOutIsFree(io, settings.out);
  for (const [flag, path] of [
    ['--ca-file', settings.caFile],
    ['--client-cert', settings.clientCert],
    ['--client-key', settings.clientKey],
  ] as const) {
    if (path !== null) readRequired(path, flag);
  }
  for (const header of settings.header) {
    if ('env' in header && (io.env[header.env] ?? '') === '')
      throw new UsageError(
        `--header '${header.name}: env:${header.env}': the variable ${header.env} is empty or missing; set it`,
      );
  }
  const thresholds = readThresholds(job, settings.thresholds);
  const payloads =
    settings.payloads === null
      ? { ...readPayloads(join(io.root, 'dist', 'payloads.json'), 'payloads/'), source: "the suite's own" }
      : readPayloads(userPath(io, settings.payloads), settings.payloads);
  const k6 = await findK6(io);
  const { urls, stand_ins, processes } = await startServers(io, job, settings, closers);
  const servers = mapVariants(urls, (url, variant) => ({
    label: variant === 'baseline' ? settings.baselineLabel : settings.shadowLabel,
    url: withoutCredentials(url),
    stand_in: urlOf(settings, variant) === null,
    identity: null,
  }));
  const identified: Partial<Record<Variant, ManifestVariant>> = {};
  for (const variant of presentVariants(servers)) {
    const server = servers[variant];
    if (server !== undefined)
      identified[variant] = {
        ...server,
        identity: await identify(io, settings, variant, urls[variant] ?? ''),
      };
  }
  return {
    settings: {
      ...settings,
      payloads: null,
      out: null,
      baselineUrl: urls.baseline ?? null,
      shadowUrl: urls.shadow ?? null,
    },
    thresholds,
    payloads,
    k6,
    servers: identified,
    processes,
    stand_ins,
  };
}

const urlOf = (settings: Settings, variant: Variant): string | null =>
  variant === 'baseline' ? settings.baselineUrl : settings.shadowUrl;

function readRequired(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${flag}: ${error instanceof Error ? error.message : String(error)}; give a file that can be read`,
      { cause: error },
    );
  }
}

function readThresholds(job: Job, file: string | null): Thresholds {
  if (file === null) return parseThresholds(job.thresholds, `thresholds/${job.scenario}.json`);
  const text = readRequired(file, '--thresholds');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `--thresholds ${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  return parseThresholds(value, file);
}

async function startServers(
  io: Io,
  job: Job,
  settings: Settings,
  closers: Closers,
): Promise<{ urls: ByVariant<string>; stand_ins: Server[]; processes: Record<string, number> }> {
  const urls: Partial<Record<Variant, string>> = {};
  const stand_ins: Server[] = [];
  const processes: Record<string, number> = {};
  for (const variant of job.variants) {
    const url = urlOf(settings, variant);
    if (url !== null) {
      urls[variant] = url;
      continue;
    }
    if (variant === 'shadow' && settings.baselineUrl !== null)
      throw new UsageError(
        '--baseline-url is given without --shadow-url: a server of yours is compared with a shadow of yours, not with the stand-in; give --shadow-url, or run k6:baseline for one server',
      );
    const extra = variant === 'baseline' ? settings.baselineStandIn : settings.shadowStandIn;
    const payloads = settings.payloads === null ? join(io.root, 'payloads') : userPath(io, settings.payloads);
    const server = await startStandIn(io, job.stand_in, [
      '--variant',
      variant,
      '--payloads',
      payloads,
      ...splitArguments(extra),
    ]);
    closers.add(server.stop);
    stand_ins.push(server);
    urls[variant] = server.url;
    processes[variant] = server.pid;
  }
  return { urls, stand_ins, processes };
}

function announce(io: Io, job: Job, prepared: Prepared, dashboard_port: number | null): void {
  const { settings, payloads, k6 } = prepared;
  const total_ms = loadTimeMs(settings, true) + (prepared.stand_ins.length > 0 ? settings.drainMs : 0);
  say(io, `k6:${job.name}: ${job.title}`);
  for (const variant of presentVariants(prepared.servers)) {
    const server = prepared.servers[variant];
    if (server !== undefined)
      say(
        io,
        `  ${variant.padEnd(8)}  ${server.url}${server.stand_in ? " (the suite's stand-in)" : ''}${server.label === variant ? '' : `, ${server.label}`}`,
      );
  }
  say(
    io,
    `  load      ${settings.vus} clients each in a closed loop, ${formatDuration(settings.warmUpMs)} warm-up, ${formatDuration(settings.durationMs)} measured, timeout ${formatDuration(settings.timeoutMs)}`,
  );
  say(
    io,
    `  payloads  ${payloads.payloads.length} (${payloads.labelled} with labels) from ${payloads.source}, seed ${settings.seed}, the same sequence for each variant`,
  );
  if (settings.maxRequests !== null) say(io, `  at most   ${settings.maxRequests} requests of each variant`);
  if (settings.maxCost !== null) say(io, `  at most   EUR ${settings.maxCost} in all`);
  say(
    io,
    `  k6        ${k6.version}${k6.extended ? '' : ' (a stock k6: the request log costs more of its speed)'}`,
  );
  if (dashboard_port !== null) say(io, `  live      http://127.0.0.1:${dashboard_port}`);
  say(io, `  takes     about ${formatDuration(Math.round(total_ms / 1000) * 1000)}`);
}

function firstManifest(
  io: Io,
  job: Job,
  parsed: ParsedSettings,
  prepared: Prepared,
  run: RunDirectory,
): Manifest {
  const { payloads } = prepared;
  const [cpu] = os.cpus();
  return {
    schema_version: SCHEMA_VERSION,
    run_id: run.id,
    job: job.name,
    status: 'running',
    started_ms: Date.now(),
    ended_ms: null,
    stopped: null,
    variants: prepared.servers,
    settings: manifestSettings(prepared.settings),
    sources: parsed.sources,
    thresholds: prepared.thresholds,
    payloads: {
      source: payloads.source,
      count: payloads.payloads.length,
      labelled: payloads.labelled,
      sha256: payloads.sha256,
    },
    blocks: [],
    versions: { suite: suiteVersion(io), k6: prepared.k6.version, node: process.version },
    machine: {
      os: `${os.type()} ${os.release()}`,
      arch: os.arch(),
      cpu_model: cpu?.model ?? '',
      cpus: os.cpus().length,
      memory_bytes: os.totalmem(),
    },
  };
}

/** No secrets: a literal header's value may be one, whatever its name. */
function manifestSettings(settings: Settings): Record<string, string> {
  const header = settings.header
    .map((one) => `${one.name}: ${'env' in one ? `env:${one.env}` : '(value not kept)'}`)
    .join('\n');
  return {
    ...formatSettings(settings),
    HEADER: header,
    BASELINE_URL: withoutCredentials(settings.baselineUrl ?? ''),
    SHADOW_URL: withoutCredentials(settings.shadowUrl ?? ''),
  };
}

function suiteVersion(io: Io): string {
  const value: unknown = JSON.parse(readFileSync(join(io.root, 'package.json'), 'utf8'));
  return typeof value === 'object' && value !== null && 'version' in value ? String(value.version) : '';
}

/** What of the manifest is known only at the end. */
async function outcome(
  io: Io,
  prepared: Prepared,
  results: readonly BlockResult[],
): Promise<Pick<Manifest, 'status' | 'ended_ms' | 'stopped' | 'blocks' | 'variants'>> {
  const early = results.find(({ summary }) => summary?.stopped != null)?.summary?.stopped ?? null;
  const last = results.at(-1);
  const unsummed = results.some(({ summary }) => summary === null);
  const stopped: Manifest['stopped'] = io.interrupted.aborted
    ? { reason: 'interrupted', at_ms: last?.ended_ms ?? Date.now() }
    : (early ?? (unsummed ? { reason: 'k6_failed', at_ms: last?.ended_ms ?? Date.now() } : null));
  // Looked at again: a server that was restarted under the load answers with another start time.
  const variants: Partial<Record<Variant, ManifestVariant>> = {};
  for (const variant of presentVariants(prepared.servers)) {
    const server = prepared.servers[variant];
    if (server === undefined) continue;
    const identity_after = await identify(
      io,
      prepared.settings,
      variant,
      urlOf(prepared.settings, variant) ?? '',
    ).catch(() => null);
    variants[variant] = { ...server, identity_after };
  }
  return {
    status: stopped === null ? 'complete' : 'incomplete',
    ended_ms: Date.now(),
    stopped,
    variants,
    blocks: results.map(({ block, variants: of, started_ms, ended_ms, k6_exit_code }) => ({
      block,
      variants: [...of],
      started_ms,
      ended_ms,
      k6_exit_code,
    })),
  };
}
