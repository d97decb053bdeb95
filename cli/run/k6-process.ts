/** One k6 process, from its start to its end: the environment that can't surprise it, its log, Ctrl-C, and an end with ours. */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../domain/settings/settings.ts';
import { envName } from '../../domain/settings/parse.ts';
import { SETTINGS, SETTING_NAMES, formatSettings } from '../../domain/settings/settings.ts';
import type { PlanFiles } from '../../domain/run/k6-files.ts';
import type { Io } from '../io.ts';
import { FILES, type RunDirectory } from './directory.ts';
import { watchResources } from './resources.ts';
import type { K6 } from './k6.ts';
import { startChild, withParentDeath, type Child } from '../services/process.ts';

export interface K6Run<S> {
  readonly io: Io;
  readonly k6: K6;
  /** `dist/<scenario>.js` */
  readonly scenario: string;
  readonly settings: Settings;
  readonly run: RunDirectory;
  readonly block: number;
  /** What this process is told beside the settings, and the variable that it looks for it in. */
  readonly plan: PlanFiles;
  readonly plan_variable: string;
  /** Reads what it tells back. @throws BadValue */
  parseSummary(text: string, file: string): S;
  /** Processes of ours to watch, by name. */
  readonly processes: Readonly<Record<string, number>>;
  /** Further variables; undefined takes one away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called once it runs; what it returns is called at its end. `log` is where its records grow. */
  meanwhile?(child: Child, log: string): () => void;
}

export interface K6End<S> {
  readonly started_ms: number;
  readonly ended_ms: number;
  readonly k6_exit_code: number | null;
  /** Null: k6 died before it could sum up. */
  readonly summary: S | null;
  readonly last_lines: string;
}

/** These would silently replace the scenario's own options. */
const OVERRIDING = [
  'K6_VUS',
  'K6_DURATION',
  'K6_ITERATIONS',
  'K6_STAGES',
  'K6_NO_THRESHOLDS',
  'K6_NO_SUMMARY',
  'K6_PAUSED',
  'K6_LINGER',
];

/** Runs one k6 process, and watches the machine that it runs on. */
export async function runK6<S>(of: K6Run<S>): Promise<K6End<S>> {
  const { io, k6, run, plan } = of;
  const { request_log, summary_file } = plan;
  // A stock k6 writes its records to the console, which is kept here while it runs.
  const console_file = `${summary_file}.console`;
  const args = ['run', '--quiet', '--no-color', join(io.root, 'dist', `${of.scenario}.js`)];
  if (!k6.extended) args.splice(1, 0, '--log-format=raw', `--console-output=${console_file}`);
  const started_ms = Date.now();
  const child = startChild({
    // Our own k6 watches its standard input.
    ...(k6.extended ? { command: k6.path, args } : await withParentDeath(k6.path, args)),
    env: environment(of),
    cwd: io.root,
    log_file: join(run.path, FILES.k6_log),
  });
  const watch = watchResources(join(run.path, FILES.resources), of.block, { k6: child.pid, ...of.processes });
  const end = of.meanwhile?.(child, k6.extended ? (request_log ?? '') : console_file);
  // SIGINT once: k6 then stops its VUs and still sums up what it has.
  const interrupt = (): void => void child.stop({ signal: 'SIGINT', grace_ms: 15_000 });
  io.interrupted.addEventListener('abort', interrupt);
  if (io.interrupted.aborted) interrupt();
  const k6_exit_code = await child.ended;
  io.interrupted.removeEventListener('abort', interrupt);
  end?.();
  watch.stop();
  if (!k6.extended && request_log !== null && existsSync(console_file)) {
    appendFileSync(request_log, readFileSync(console_file));
    rmSync(console_file);
  }
  const summary = existsSync(summary_file)
    ? of.parseSummary(readFileSync(summary_file, 'utf8'), summary_file)
    : null;
  return { started_ms, ended_ms: Date.now(), k6_exit_code, summary, last_lines: child.lastLines() };
}

function environment<S>({ io, settings, env: more, ...of }: K6Run<S>): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = { ...io.env };
  // What the run does not set must not come from the environment; secrets come from nowhere else.
  for (const name of SETTING_NAMES) if (!('secret' in SETTINGS[name])) delete env[envName(name)];
  Object.assign(env, formatSettings(settings));
  for (const name of OVERRIDING) delete env[name];
  env['K6_NO_USAGE_REPORT'] = 'true';
  env['K6_AUTO_EXTENSION_RESOLUTION'] = 'false';
  if (settings.caFile !== null) env['SSL_CERT_FILE'] = settings.caFile;
  return { ...env, ...more, [of.plan_variable]: JSON.stringify(of.plan) };
}
