/** `npm run k6:<job>`: servers, k6, blocks of load, comparison. Whatever happens, nothing of ours is left running. */
import { isClosed } from '../../domain/load/arrivals.ts';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ENGINE_METRICS } from '../../domain/jobs/capacity/server-load.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { planLoad } from '../../domain/load/counted-plan.ts';
import type { Manifest } from '../../domain/run/manifest.ts';
import { formatArrival } from '../../domain/load/arrivals.ts';
import type { ParsedSettings, Settings } from '../../domain/settings/settings.ts';
import { formatDuration } from '../../domain/text/units.ts';
import { settingsFor, withUrls } from '../../domain/settings/variants.ts';
import { BASELINE, presentVariants, type ByVariant } from '../../domain/variants.ts';
import { deploymentNoise } from '../read/deployment-noise.ts';
import { Interrupted, say, UsageError, type Io } from '../io.ts';
import { EFFECTS, JOBS, type Job } from '../jobs/loads.ts';
import { findK6, type K6 } from '../run/k6.ts';
import { preflight } from '../services/preflight.ts';
import { watchServers } from '../observe/server-watch.ts';
import { readRun } from '../read/run.ts';
import { hasAnswers, removeAnswers, scored } from '../score/score-run.ts';
import type { RunData } from '../../domain/run/data.ts';
import { planInWords } from '../report/inference.ts';
import { outputs, show } from '../report/write.ts';
import { FILES, createRunDirectory, shownPath, writeWhole, type RunDirectory } from '../run/directory.ts';
import { compressLog } from '../run/compress.ts';
import { plannedBlocks, rampSteps } from '../run/planner.ts';
import { definedLoads, freePort, loadTimeMs, runBlock } from '../run/block.ts';
import { Closers } from '../run/closers.ts';
import { deploy, redeploy, type Deployment } from '../run/deployment.ts';
import { firstManifest, identifyAgain, identifyAll, keepManifest, stoppedBy } from '../run/manifest.ts';
import { prepare, type Prepared } from '../run/prepare.ts';
import { startStandIn, type Server } from '../services/servers.ts';
import { command, type Command, type CommandGroup } from '../command.ts';
import { settingsOfGroups } from '../../domain/settings/table.ts';

const DASHBOARD_PORT = 5665;

export async function loadCommand(io: Io, given_job: Job, given: ParsedSettings): Promise<number> {
  const { job, parsed } = oneServer(given_job, given);
  const closers = new Closers();
  try {
    const load = async (one: ParsedSettings, fallback: Manifest['fallback']): Promise<Loaded> => {
      const { run, comparison, k6_exit_code } = await runLoad(io, job, one, { ...ALONE, fallback }, closers);
      const shown = show(io, comparison, run.path, {
        json: one.settings.json,
        open: one.settings.open,
      });
      const limiting = comparison.findings.some(({ code }) => MACHINE_LIMITS.includes(code));
      return {
        run_id: run.id,
        exit_code: k6_exit_code ?? shown,
        machine_limited: limiting && comparison.verdict.word === 'invalid',
      };
    };
    const first = await load(parsed, null);
    const { fallbackVus, vus, out } = parsed.settings;
    if (fallbackVus === null || !first.machine_limited || fallbackVus >= vus) return first.exit_code;
    say(io, `\nthe load machine was the limit at ${vus} clients: once more with ${fallbackVus}`);
    const settings = { ...parsed.settings, vus: fallbackVus, out: out === null ? null : `${out}-fallback` };
    return (await load({ ...parsed, settings }, { from_run: first.run_id, from_vus: vus })).exit_code;
  } finally {
    await closers.run();
  }
}

/** A job that takes one server, given one: measured alone, or as both variants in turn. */
function oneServer(job: Job, parsed: ParsedSettings): { job: Job; parsed: ParsedSettings } {
  const { settings } = parsed;
  if (settings.baselineUrl === null || settings.shadowUrl !== null || job.one_server === 'refused')
    return { job, parsed };
  return job.one_server === 'alone'
    ? { job: { ...job, variants: [BASELINE] }, parsed }
    : { job, parsed: { ...parsed, settings: { ...settings, shadowUrl: settings.baselineUrl, aa: true } } };
}

const restarts = (job: Job, settings: Settings): boolean =>
  job.variants.some((variant) => settingsFor(settings, variant).restart !== null);

interface Loaded {
  readonly run_id: string;
  readonly exit_code: number;
  /** The measurement is invalid because this machine could not send the load. */
  readonly machine_limited: boolean;
}

/** What a load is part of. */
export interface LoadContext {
  readonly fallback: Manifest['fallback'];
  /** Already made; null: a run of its own. */
  readonly run: RunDirectory | null;
  /** Of a suite, which sums its runs up itself. */
  readonly part: boolean;
  /** Processes of the user's servers, to be watched. */
  readonly pids: ByVariant<number>;
}

export interface LoadResult {
  readonly run: RunDirectory;
  readonly comparison: Comparison;
  /** Where k6 failed by itself, to be passed on; else null. */
  readonly k6_exit_code: number | null;
}

const ALONE: LoadContext = { fallback: null, run: null, part: false, pids: {} };

/** Runs one job's load and writes its outputs; shows nothing of the result. */
export async function runLoad(
  io: Io,
  job: Job,
  parsed: ParsedSettings,
  context: LoadContext,
  closers: Closers,
): Promise<LoadResult> {
  let prepared = prepare(io, job, parsed.settings);
  const { plan } = prepared;
  const planner = job.ramp ? rampSteps(prepared.settings, job.variants) : plannedBlocks(io, plan);
  const k6 = await findK6(io);
  if (job.language_model && !k6.extended)
    throw new UsageError(
      `${k6.path} can't time streamed answers: k6:${job.name} needs the suite's own k6; unset K6_BINARY and have Go 1.25 or newer (https://go.dev/dl), and it is built`,
    );
  if (io.interrupted.aborted) throw new Interrupted();
  // Each is closed by itself: one may fail while the other is already up.
  let latest: Deployment | null = null;
  const starting = startStandIn(io, 'null', []).then((server) => {
    closers.add(server.stop);
    return server;
  });
  const deploying = deploy(io, job, prepared.settings).then((first) => {
    latest = first;
    closers.add(async () => await latest?.stop());
    return first;
  });
  const [started, first] = await Promise.allSettled([starting, deploying]);
  if (started.status === 'rejected') throw started.reason;
  if (first.status === 'rejected') throw first.reason;
  const probe = started.value;
  let deployment: Deployment = first.value;
  let variants = await identifyAll(io, prepared.settings, deployment);
  if (job.language_model)
    prepared = { ...prepared, settings: await preflight(io, prepared.settings, deployment) };
  const { settings } = prepared;
  const dashboard_port = settings.dashboard ? await freePort(DASHBOARD_PORT) : null;
  announce(io, job, prepared, { k6, deployment, dashboard_port });

  const run = context.run ?? createRunDirectory(io, job.name, settings.out);
  writeWhole(join(run.path, FILES.payloads), prepared.payloads.jsonl);
  if (prepared.starts !== null) writeWhole(join(run.path, FILES.trace), JSON.stringify(prepared.starts));
  // k6 carries its scenario's own; a ramp's limits are judged step by step, not over them all.
  const own_thresholds = settings.thresholds !== null || job.name !== job.scenario;
  if (own_thresholds)
    writeWhole(
      join(run.path, FILES.thresholds),
      JSON.stringify(job.ramp ? { limits: [], targets: [], gates: [] } : prepared.thresholds, null, 2),
    );
  const keeps_answers = settings.keepAnswers || prepared.payloads.labelled > 0;
  let manifest = firstManifest({
    io,
    job,
    run,
    prepared,
    sources: parsed.sources,
    k6,
    variants,
    fallback: context.fallback,
    deployment_noise: deploymentNoise(io, settings),
  });
  keepManifest(run, manifest);

  for (let block = 0; ; block += 1) {
    const planned = planner.next(run, block);
    if (planned === null) break;
    if (block > 0 && plan.gap_ms > 0) await pause(io, plan.gap_ms);
    if (block > 0 && (!job.keeps_servers || restarts(job, settings))) {
      deployment = latest = await redeploy(io, job, settings, deployment, block, planned.variants);
      variants = { ...variants, ...(await identifyAll(io, settings, deployment)) };
    }
    const watch =
      job.watched === null
        ? null
        : await watchServers({
            io,
            settings,
            file: join(run.path, FILES.server),
            block,
            urls: deployment.urls,
            pids: { ...context.pids, ...deployment.processes },
            path: job.watched,
            metrics: job.ramp ? ENGINE_METRICS : settings.serverMetrics.split(','),
          });
    const result = await runBlock({
      io,
      k6,
      scenario: job.scenario,
      run,
      block,
      variants: planned.variants,
      settings: withUrls(
        { ...settings, durationMs: planned.duration_ms, payloads: null, out: null },
        deployment.urls,
      ),
      keeps_answers,
      probe_url: job.probed ? probe.url : null,
      dashboard_port,
      own_thresholds,
      processes: deployment.processes,
      ...(planned.loads === undefined ? {} : { loads: planned.loads }),
      traced: prepared.starts !== null,
      heading: planner.heading(block, planned),
    });
    await watch?.stop();
    const { started_ms, ended_ms, k6_exit_code } = result;
    variants = await identifyAgain(io, settings, deployment, variants);
    const stopped = stoppedBy(io, result, job);
    if (settings.blockMs !== null) compressLog(run, block);
    manifest = {
      ...manifest,
      variants,
      stopped,
      blocks: [
        ...manifest.blocks,
        {
          block,
          variants: [...planned.variants],
          duration_ms: planned.duration_ms,
          ...(planned.loads === undefined ? {} : { loads: definedLoads(planned.loads) }),
          started_ms,
          ended_ms,
          k6_exit_code,
        },
      ],
    };
    keepManifest(run, manifest);
    if (stopped?.reason === 'k6_failed')
      say(
        io,
        `k6 ended by itself (exit ${String(k6_exit_code)}); the end of ${shownPath(io, join(run.path, FILES.k6_log))}:\n${result.last_lines}`,
      );
    if (stopped !== null) break;
  }
  manifest = {
    ...manifest,
    status: manifest.stopped === null ? 'complete' : 'incomplete',
    ended_ms: Date.now(),
  };
  keepManifest(run, manifest);
  await drain(io, settings.drainMs, deployment.stand_ins);
  await closers.run();

  return {
    run,
    comparison: outputs(io, await scoredLoad(io, run, prepared), run.path, context.part),
    k6_exit_code: passedOn(manifest),
  };
}

/** The run with its answers scored, whose texts then go unless they are to stay. */
async function scoredLoad(io: Io, run: RunDirectory, { settings, payloads }: Prepared): Promise<RunData> {
  const data = readRun(run);
  if (!hasAnswers(run)) return data;
  try {
    return payloads.labelled === 0 ? data : await scored(io, run, data, settings, null);
  } finally {
    if (!settings.keepAnswers) removeAnswers(run);
  }
}

/** k6's own exit code where k6 failed by itself; a full disk is the user's to mend. */
function passedOn(manifest: Manifest): number | null {
  if (manifest.stopped?.reason !== 'k6_failed') return null;
  const code = manifest.blocks.at(-1)?.k6_exit_code ?? null;
  return code === null || code === 0 ? null : code;
}

const MACHINE_LIMITS: readonly string[] = ['cpu_saturated', 'probe_delay', 'probe_starved', 'late_starts'];

async function pause(io: Io, ms: number): Promise<void> {
  await wait(ms, undefined, { signal: io.interrupted }).catch(() => {});
}

async function drain(io: Io, ms: number, stand_ins: Deployment['stand_ins']): Promise<void> {
  if (presentVariants(stand_ins).length === 0 || ms === 0 || io.interrupted.aborted) return;
  say(io, `waiting ${formatDuration(ms)} before the servers stop, so that their traces flush`);
  await pause(io, ms);
}

interface Started {
  readonly k6: K6;
  readonly deployment: Deployment;
  readonly dashboard_port: number | null;
}

function loadText(settings: Settings, ramp: boolean): string {
  const { arrival, rate, from, to, step } = settings;
  if (ramp) {
    const unit = isClosed(arrival) ? 'clients' : `requests/s (${arrival.kind})`;
    return settings.search
      ? `search from ${from} to ${to} ${unit}`
      : `${from} to ${to} ${unit} by ${step}, until two steps in a row fail`;
  }
  if (isClosed(arrival)) return `${settings.vus} clients each in a closed loop`;
  return `an open load each, ${formatArrival(arrival)}${rate === null ? '' : ` at ${rate} requests/s`}`;
}

/** What will be done, and how long it takes: said before it is done. */
function announce(
  io: Io,
  job: Job,
  { settings, payloads, plan }: Prepared,
  { k6, deployment, dashboard_port }: Started,
): void {
  const ours: readonly Server[] = presentVariants(deployment.stand_ins).flatMap(
    (variant) => deployment.stand_ins[variant] ?? [],
  );
  const row = (name: string, text: string): void => say(io, `  ${name.padEnd(9)} ${text}`);
  say(io, `k6:${job.name}: ${job.title}`);
  for (const variant of presentVariants(deployment.urls)) {
    const { label } = settingsFor(settings, variant);
    const mine = deployment.stand_ins[variant] === undefined ? '' : " (the suite's stand-in)";
    row(variant, `${deployment.urls[variant] ?? ''}${mine}${label === variant ? '' : `, ${label}`}`);
  }
  const counted = planLoad(settings);
  row(
    'load',
    counted === null
      ? `${loadText(settings, job.ramp)}, ${formatDuration(settings.warmUpMs)} warm-up, ${job.ramp ? `at most ${formatDuration(settings.holdMs)} measured a step` : `${formatDuration(settings.durationMs)} measured`}, timeout ${formatDuration(settings.timeoutMs)}`
      : planInWords(counted, settings.timeoutMs),
  );
  if (plan.blocks.length > 1) {
    const order = plan.blocks
      .slice(0, 8)
      .map(({ variants }) => variants.map((variant) => variant.charAt(0).toUpperCase()).join('+'));
    row(
      'blocks',
      `${plan.blocks.length}${plan.looks.length > 0 ? ` at most, with ${plan.looks.length} planned looks` : ''}: ${order.join(' ')}${plan.blocks.length > 8 ? ' ...' : ''}`,
    );
  }
  row(
    'payloads',
    `${payloads.payloads.length} (${payloads.labelled} with labels) from ${payloads.source}, seed ${settings.seed}${job.variants.length > 1 ? ', the same sequence for both variants' : ''}`,
  );
  for (const line of payloads.left_out) row('left out', line);
  if (settings.maxRequests !== null) row('at most', `${settings.maxRequests} requests of each variant`);
  if (settings.maxCost !== null) row('at most', `EUR ${settings.maxCost} in all`);
  row('k6', `${k6.version}${k6.extended ? '' : ' (a stock k6: the request log costs more of its speed)'}`);
  if (dashboard_port !== null) row('live', `http://127.0.0.1:${dashboard_port}`);
  if (job.ramp) {
    const { warmUpMs, holdMs, from, to, step } = settings;
    const all_ms = (Math.floor((to - from) / step) + 1) * (warmUpMs + holdMs);
    row(
      'takes',
      `${settings.search ? 'about a third of' : 'at most about'} ${formatDuration(Math.ceil(all_ms / 1000) * 1000)}`,
    );
    return;
  }
  const block_ms = plan.blocks.map(({ duration_ms }) =>
    loadTimeMs({ ...settings, durationMs: duration_ms }, job.probed),
  );
  if (block_ms.includes(null)) return row('takes', 'as long as the server takes');
  const load_ms = block_ms.reduce((sum: number, one) => sum + (one ?? 0) + plan.gap_ms, 0);
  const total_ms = load_ms + (ours.length > 0 ? settings.drainMs : 0);
  row(
    'takes',
    `${plan.looks.length > 0 || settings.maxRequests !== null ? 'at most ' : 'about '}${formatDuration(Math.ceil(total_ms / 1000) * 1000)}`,
  );
}

const asCommand = (job: Job, name: string): Command =>
  command({
    name,
    title: job.title,
    group: 'Loads',
    settings: settingsOfGroups(job.groups),
    defaults: job.settings,
    run: async (io, { settings }) => await loadCommand(io, job, settings()),
  });

export const loads: readonly Command[] = JOBS.map((job) => asCommand(job, job.name));

export const effects: CommandGroup = {
  name: 'effect',
  title: "what a server's feature does to throughput: off and on in turn (A B B A)",
  group: 'Loads',
  commands: EFFECTS.map((job) => asCommand({ ...job, name: `effect-${job.name}` }, job.name)),
};
