/** Runs a job's load and keeps its run: what every job that is judged by its requests does. */
import { join } from 'node:path';
import { ENGINE_METRICS } from '../../domain/jobs/capacity/server-load.ts';
import type { PlannedBlock } from '../../domain/load/blocks.ts';
import type { Manifest } from '../../domain/run/manifest.ts';
import type { ParsedSettings, Settings } from '../../domain/settings/settings.ts';
import { formatDuration } from '../../domain/text/units.ts';
import { settingsFor, withUrls } from '../../domain/settings/variants.ts';
import { presentVariants, type ByVariant } from '../../domain/variants.ts';
import { Interrupted, pause, say, UsageError, type Io } from '../io.ts';
import { apisOf, type Job } from '../jobs/loads.ts';
import { watchServers } from '../observe/server-watch.ts';
import { deploymentNoise } from '../read/deployment-noise.ts';
import type { PayloadSet } from '../read/payloads.ts';
import { preflight } from '../services/preflight.ts';
import { freePort, runBlock, type BlockRequest, type BlockResult } from './block.ts';
import { compressLog } from './compress.ts';
import type { Deployment } from './deployment.ts';
import { FILES, createRunDirectory, shownPath, writeWhole, type RunDirectory } from './directory.ts';
import { findK6, type K6 } from './k6.ts';
import { KeptManifest, firstManifest, stoppedBy } from './manifest.ts';
import { plannedBlocks, rampSteps, type Planner } from './planner.ts';
import { prepare, type Prepared } from './prepare.ts';
import { runBlocks, type Blocks } from './runner.ts';
import { LoadedServers } from './servers.ts';
import { tellPlan } from './tell-plan.ts';

/** What is known just before the load. */
export interface Ready {
  readonly prepared: Prepared;
  readonly k6: K6;
  readonly deployment: Deployment;
  readonly dashboard_port: number | null;
}

export interface LoadRun {
  readonly job: Job;
  readonly parsed: ParsedSettings;
  readonly fallback?: Manifest['fallback'];
  /** Already made; absent: a run of its own. */
  readonly directory?: RunDirectory;
  /** Processes of the user's servers, to be watched. */
  readonly pids?: ByVariant<number>;
  /** In place of those that job and settings name. */
  readonly payloads?: PayloadSet;
  /** Looks at language models' servers before the load; the settings with what it found. */
  readonly look?: typeof preflight;
  /** Says what will be done. */
  readonly announce?: (ready: Ready) => void;
}

export interface LoadEnd {
  readonly run: RunDirectory;
  readonly manifest: Manifest;
  /** Null: no block was run. */
  readonly last: BlockResult | null;
}

const DASHBOARD_PORT = 5665;

/** @throws UsageError, BadValue, Interrupted */
export async function runLoad(io: Io, of: LoadRun): Promise<LoadEnd> {
  const { job } = of;
  const prepared = prepare(io, job, of.parsed.settings, of.payloads);
  const planner = job.ramp ? rampSteps(prepared.settings, job.variants) : plannedBlocks(io, prepared);
  const k6 = await findK6(io);
  if (job.language_model && !k6.extended)
    throw new UsageError(
      `${k6.path} can't time streamed answers: k6:${job.name} needs the suite's own k6; unset K6_BINARY and have Go 1.25 or newer (https://go.dev/dl), and it is built`,
    );
  return await runBlocks(io, {
    async servers(closers) {
      const servers = await LoadedServers.start(io, job, prepared.settings, closers);
      return await opened(io, of, prepared, k6, servers);
    },
    blocks: (load) => blocksOf(io, of, planner, load),
    async finish({ kept, settings, servers }, ended) {
      kept.end();
      await drain(io, settings.drainMs, servers.deployment.stand_ins);
      return { run: kept.run, manifest: kept.manifest, last: ended.at(-1) ?? null };
    },
  });
}

/** A load whose servers answer and whose directory is there. */
interface OpenLoad {
  readonly servers: LoadedServers;
  readonly settings: Settings;
  readonly kept: KeptManifest;
  readonly gap_ms: number;
  /** What each block is asked, but for what its plan says. */
  readonly block: Omit<BlockRequest, 'block' | 'variants' | 'processes' | 'heading'>;
}

async function opened(
  io: Io,
  of: LoadRun,
  given: Prepared,
  k6: K6,
  servers: LoadedServers,
): Promise<OpenLoad> {
  const { job, parsed, look = preflight } = of;
  // A mix has several paths, and so takes none from the settings.
  const asked = job.groups.includes('mix') ? { ...given.settings, apiPath: null } : given.settings;
  const settings = job.language_model ? await look(io, asked, apisOf(job, asked), servers.deployment) : asked;
  const prepared = { ...given, settings };
  const dashboard_port = settings.dashboard ? await freePort(DASHBOARD_PORT) : null;
  of.announce?.({ prepared, k6, deployment: servers.deployment, dashboard_port });
  const run = of.directory ?? createRunDirectory(io, job.name, settings.out);
  // k6 carries its scenario's own; a ramp's limits are judged step by step, not over them all.
  const own_thresholds = settings.thresholds !== null || job.name !== job.scenario;
  writeInputs(run, job, prepared, own_thresholds);
  const kept = new KeptManifest(
    run,
    firstManifest({
      io,
      job,
      run,
      prepared,
      sources: parsed.sources,
      k6,
      variants: servers.variants,
      fallback: of.fallback ?? null,
      deployment_noise: deploymentNoise(io, settings),
    }),
  );
  const traced = prepared.starts !== null;
  const keeps_answers = settings.keepAnswers || prepared.payloads.labelled > 0;
  const { probe_url } = servers;
  const { scenario } = job;
  const common = { io, k6, scenario, run, settings, probe_url, dashboard_port };
  const block = { ...common, own_thresholds, traced, keeps_answers };
  return { servers, settings, kept, gap_ms: prepared.plan.gap_ms, block };
}

function writeInputs(run: RunDirectory, job: Job, prepared: Prepared, own_thresholds: boolean): void {
  const write = (file: string, text: string): void => writeWhole(join(run.path, file), text);
  write(FILES.payloads, prepared.payloads.jsonl);
  if (prepared.starts !== null) write(FILES.trace, JSON.stringify(prepared.starts));
  if (!own_thresholds) return;
  const thresholds = job.ramp ? { limits: [], targets: [], gates: [] } : prepared.thresholds;
  write(FILES.thresholds, JSON.stringify(thresholds, null, 2));
}

const restarts = (job: Job, settings: Settings): boolean =>
  job.variants.some((variant) => settingsFor(settings, variant).restart !== null);

/** One address under two settings: nobody knows under which it runs, so that it is started anew for the first block too. */
function switchesOneServer(job: Job, settings: Settings): boolean {
  const of = job.variants.map((variant) => settingsFor(settings, variant));
  const urls = new Set(of.map(({ url }) => url));
  return of.length > 1 && urls.size === 1 && !urls.has(null) && restarts(job, settings);
}

function blocksOf(
  io: Io,
  { job, pids = {} }: LoadRun,
  planner: Planner,
  { servers, settings, kept, gap_ms, block: common }: OpenLoad,
): Blocks<PlannedBlock, BlockResult> {
  const { run } = kept;
  return {
    next: (block) => planner.next(run, block),
    async before(planned, block) {
      if (block === 0 && !switchesOneServer(job, settings)) return;
      if (gap_ms > 0 && block > 0) await pause(io, gap_ms);
      if (!job.keeps_servers || restarts(job, settings))
        await servers.renew(block, planned.variants).catch((error: unknown) => {
          // What was measured before Ctrl-C is kept: the block then ends as soon as it begins.
          if (!(error instanceof Interrupted)) throw error;
        });
    },
    async run(planned, block) {
      const { urls, processes } = servers.deployment;
      const watch =
        job.watched === null
          ? null
          : await watchServers({
              io,
              settings,
              file: join(run.path, FILES.server),
              block,
              urls,
              pids: { ...pids, ...processes },
              path: job.watched,
              metrics: job.ramp ? ENGINE_METRICS : settings.serverMetrics.split(','),
            });
      const result = await runBlock({
        ...common,
        block,
        variants: planned.variants,
        settings: withUrls({ ...settings, durationMs: planned.duration_ms, payloads: null, out: null }, urls),
        processes,
        ...(planned.loads === undefined ? {} : { loads: planned.loads }),
        heading: planner.heading(block, planned),
        // In turn, no block has the warm-up of all variants; a ramp's steps are judged one by one.
        whenLogged:
          block === 0 && !job.ramp && planned.variants.length === job.variants.length
            ? (log) => tellPlan(io, log, kept.manifest, settings)
            : undefined,
      });
      await watch?.stop();
      return result;
    },
    async after(result, planned) {
      await servers.identifyAgain();
      const stopped = stoppedBy(io, result, job);
      if (settings.blockMs !== null) compressLog(run, result.block);
      kept.blockEnded(planned, result, servers.variants, stopped);
      if (stopped?.reason === 'k6_failed')
        say(
          io,
          `k6 ended by itself (exit ${String(result.k6_exit_code)}); the end of ${shownPath(io, join(run.path, FILES.k6_log))}:\n${result.last_lines}`,
        );
      return stopped !== null;
    },
  };
}

async function drain(io: Io, ms: number, stand_ins: Deployment['stand_ins']): Promise<void> {
  if (presentVariants(stand_ins).length === 0 || ms === 0 || io.interrupted.aborted) return;
  say(io, `waiting ${formatDuration(ms)} before the servers stop, so that their traces flush`);
  await pause(io, ms);
}
