/** One k6 process, from its start to its end: the environment that can't surprise it, its log, Ctrl-C, and an end with ours. */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../domain/settings/settings.ts';
import { envName } from '../../domain/settings/parse.ts';
import { SETTINGS, SETTING_NAMES, formatSettings } from '../../domain/settings/settings.ts';
import type { Io } from '../io.ts';
import type { K6 } from './k6.ts';
import { startChild, withParentDeath, type Child } from '../services/process.ts';

export interface K6Run {
  readonly io: Io;
  readonly k6: K6;
  /** `dist/<scenario>.js` */
  readonly scenario: string;
  readonly settings: Settings;
  /** Beside the settings; undefined takes a variable away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A stock k6 writes its records to the console, which is kept here while it runs. */
  readonly console_file: string;
  readonly request_log: string;
  readonly log_file: string;
  /** Called once it runs; what it returns is called at its end. */
  readonly meanwhile: (child: Child) => () => void;
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

/** Where records of this k6 grow. */
export const growingLog = ({
  k6,
  request_log,
  console_file,
}: Pick<K6Run, 'k6' | 'request_log' | 'console_file'>): string => (k6.extended ? request_log : console_file);

export async function runK6(of: K6Run): Promise<{ exit_code: number | null; last_lines: string }> {
  const { io, k6, console_file, request_log } = of;
  const args = ['run', '--quiet', '--no-color', join(io.root, 'dist', `${of.scenario}.js`)];
  if (!k6.extended) args.splice(1, 0, '--log-format=raw', `--console-output=${console_file}`);
  const child = startChild({
    // Our own k6 watches its standard input.
    ...(k6.extended ? { command: k6.path, args } : await withParentDeath(k6.path, args)),
    env: environment(of),
    cwd: io.root,
    log_file: of.log_file,
  });
  const end = of.meanwhile(child);
  // SIGINT once: k6 then stops its VUs and still sums up what it has.
  const interrupt = (): void => void child.stop({ signal: 'SIGINT', grace_ms: 15_000 });
  io.interrupted.addEventListener('abort', interrupt);
  if (io.interrupted.aborted) interrupt();
  const exit_code = await child.ended;
  io.interrupted.removeEventListener('abort', interrupt);
  end();
  if (!k6.extended && existsSync(console_file)) {
    appendFileSync(request_log, readFileSync(console_file));
    rmSync(console_file);
  }
  return { exit_code, last_lines: child.lastLines() };
}

function environment({ io, settings, env: more }: K6Run): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = { ...io.env };
  // What the run does not set must not come from the environment; secrets come from nowhere else.
  for (const name of SETTING_NAMES) if (!('secret' in SETTINGS[name])) delete env[envName(name)];
  Object.assign(env, formatSettings(settings));
  for (const name of OVERRIDING) delete env[name];
  env['K6_NO_USAGE_REPORT'] = 'true';
  env['K6_AUTO_EXTENSION_RESOLUTION'] = 'false';
  if (settings.caFile !== null) env['SSL_CERT_FILE'] = settings.caFile;
  return { ...env, ...more };
}
