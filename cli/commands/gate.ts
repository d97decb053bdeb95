/** `npm run gate`: both steps on servers of our own, to see the whole gate work before it meets a cluster. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import { limitsOf } from '../../domain/jobs/adapter-gate/checks.ts';
import { DEMO } from '../../domain/settings/adapter-gate.ts';
import type { Values } from '../../domain/settings/parse.ts';
import type { ParsedSettings } from '../../domain/settings/settings.ts';
import { formatDuration } from '../../domain/text/units.ts';
import { decide } from '../jobs/adapter-gate/decide.ts';
import { GATE_JOB, loadTest } from '../jobs/adapter-gate/load-test.ts';
import { Mlflow } from '../jobs/adapter-gate/mlflow.ts';
import {
  MLFLOW,
  PROMETHEUS,
  findProgram,
  startMlflow,
  startPrometheus,
} from '../jobs/adapter-gate/services.ts';
import { command } from '../command.ts';
import { UsageError, say, userPath, type Io } from '../io.ts';
import { shownPath } from '../run/directory.ts';
import { Closers } from '../run/closers.ts';
import { splitArguments, startStandIn } from '../services/servers.ts';
import { decisionExit } from '../../domain/jobs/adapter-gate/decision.ts';
import { LOAD_TEST_NAMES } from '../report/write.ts';

const ADAPTER = 'demo-lora';
const ALIAS = 'eval-passed';

export async function gateCommand(
  io: Io,
  flags: Values<typeof DEMO>,
  parsed: ParsedSettings,
): Promise<number> {
  const closers = new Closers();
  try {
    return await gateOf(io, flags, parsed, closers);
  } finally {
    await closers.run();
  }
}

async function gateOf(
  io: Io,
  flags: Values<typeof DEMO>,
  parsed: ParsedSettings,
  closers: Closers,
): Promise<number> {
  const prometheus = await findProgram(io, PROMETHEUS);
  if (prometheus === null)
    throw new UsageError(
      `there is no Prometheus (on PATH, or named by ${PROMETHEUS.variable}), and the gate decides on its figures. Install it: ${PROMETHEUS.install}. Without it, npm run k6:stream measures the same server from the client's side`,
    );
  const mlflow = flags.noMlflow ? null : await findProgram(io, MLFLOW);
  const skipped = mlflow === null && !flags.noMlflow;
  if (skipped)
    say(
      io,
      `there is no MLflow (in .cache/mlflow-venv, on PATH, or named by ${MLFLOW.variable}): the gate decides without it, against the last run that passed here, and records nothing. Install it: ${MLFLOW.install}`,
    );
  const state =
    flags.stateDir === 'results/gate' ? join(io.root, flags.stateDir) : userPath(io, flags.stateDir);
  mkdirSync(state, { recursive: true });
  const target = await startStandIn(io, 'openai', ['--adapter', ADAPTER, ...splitArguments(flags.standIn)]);
  closers.add(target.stop);
  const [scraper, memory] = await Promise.allSettled([
    startPrometheus(io, {
      path: prometheus,
      directory: join(state, `prometheus-${Date.now()}`),
      target_url: target.url,
      job: 'vllm-service',
      interval_ms: flags.scrapeIntervalMs,
    }),
    mlflow === null ? null : startMlflow(io, mlflow, join(state, 'mlflow')),
  ]);
  if (scraper.status === 'fulfilled') closers.add(scraper.value.stop);
  if (memory.status === 'fulfilled' && memory.value !== null) closers.add(memory.value.stop);
  if (scraper.status === 'rejected') throw scraper.reason;
  if (memory.status === 'rejected') throw memory.reason;
  const tracking = memory.value?.url ?? null;
  say(io, `gate of ${ADAPTER} on the suite's stand-in`);
  say(io, `  server      ${target.url}`);
  say(io, `  Prometheus  ${scraper.value.url}, scrapes every ${formatDuration(flags.scrapeIntervalMs)}`);
  say(io, `  MLflow      ${tracking ?? 'none'}`);
  const version = tracking === null ? null : await demoVersion(new Mlflow(io, tracking));
  const last_passed = join(state, 'last-passed.json');
  let code: number = EXIT.pass;
  for (let run = 0; run < flags.runs; run += 1) {
    const outputDir = join(state, `run-${new Date().toISOString().replace(/[-:]|\.\d+Z/g, '')}-${run + 1}`);
    const test = await loadTest(
      io,
      {
        vllmUrl: target.url,
        adapterName: ADAPTER,
        evalDataPath: flags.evalDataPath ?? join(io.root, 'payloads', 'gate', 'eval-v1.jsonl'),
        concurrency: flags.concurrency,
        prometheusUrl: scraper.value.url,
        outputDir,
        scrapeWaitMs: flags.scrapeWaitMs,
        job: 'vllm-service',
        window: flags.window,
      },
      parsed,
    );
    if (io.interrupted.aborted) return EXIT.interrupted;
    const results = join(outputDir, LOAD_TEST_NAMES.json);
    const decision = await decide(io, {
      loadTestResults: results,
      modelName: ADAPTER,
      candidateVersion: version,
      candidateAlias: ALIAS,
      datasetName: null,
      datasetSource: null,
      outputDir,
      strict: flags.strict,
      noMlflow: tracking === null,
      baseline: tracking === null && existsSync(last_passed) ? last_passed : null,
      trackingUri: tracking,
      limits: limitsOf(flags),
    });
    if (decision.decision === 'passed') copyFileSync(results, last_passed);
    say(io, `run       ${shownPath(io, outputDir)} (${test.load_test_id})`);
    code = decisionExit(decision);
  }
  return code === EXIT.pass && skipped ? EXIT.inconclusive : code;
}

/** The demo's registered model with one version that its evaluation has passed. */
async function demoVersion(mlflow: Mlflow): Promise<string> {
  await mlflow.registerModel(ADAPTER);
  const known = await mlflow.aliased(ADAPTER, ALIAS).catch(() => null);
  if (known !== null) return known.version;
  const version = await mlflow.registerVersion(ADAPTER, 's3://stand-in/demo-lora');
  await mlflow.setAlias(ADAPTER, ALIAS, version);
  return version;
}

export const gate = command({
  name: 'gate',
  title: "an adapter's performance gate on servers of our own: stand-in, Prometheus, MLflow",
  group: "An adapter's gate",
  options: DEMO,
  settings: ['maxTokens', 'timeoutMs'],
  defaults: GATE_JOB.settings,
  run: async (io, { options, settings }) => await gateCommand(io, options, settings()),
});
