/** A Prometheus and an MLflow of our own, on loopback and free ports: found, started, stopped with us. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Interrupted, UsageError, type Io } from '../../io.ts';
import { capture, startChild, withParentDeath } from '../../services/process.ts';
import { call } from '../../services/http.ts';
import { freePort } from '../../run/block.ts';

export interface Running {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

interface Program {
  readonly name: string;
  /** Variable that names the binary. */
  readonly variable: string;
  /** Where the suite itself would have put it, below its folder. */
  readonly own: readonly string[];
  readonly install: string;
}

export const PROMETHEUS: Program = {
  name: 'prometheus',
  variable: 'PROMETHEUS_BINARY',
  own: [],
  install: 'apt-get install prometheus, or a release from https://prometheus.io/download',
};

export const MLFLOW: Program = {
  name: 'mlflow',
  variable: 'MLFLOW_BINARY',
  own: ['.cache', 'mlflow-venv', 'bin', 'mlflow'],
  install:
    'python3 -m venv .cache/mlflow-venv && .cache/mlflow-venv/bin/pip install mlflow==3.17.2 (npm run test:services does it)',
};

/** Its path, or null where it isn't installed. @throws UsageError for a variable that names no program */
export async function findProgram(io: Io, { name, variable, own }: Program): Promise<string | null> {
  const given = io.env[variable];
  if (given !== undefined && given !== '') {
    if (existsSync(given)) return given;
    throw new UsageError(`${variable} is "${given}", which is not there; correct it, or unset it`);
  }
  const cached = join(io.root, ...own);
  if (own.length > 0 && existsSync(cached)) return cached;
  const { code } = await capture(name, ['--version'], io.root);
  return code === 0 ? name : null;
}

interface Start {
  readonly program: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly url: string;
  readonly ready_path: string;
  readonly within_ms: number;
  readonly log_file: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function start(io: Io, of: Start): Promise<Running> {
  const child = startChild({
    ...(await withParentDeath(of.path, of.args)),
    env: { ...io.env, ...of.env },
    cwd: io.root,
    log_file: of.log_file,
  });
  let ended = false;
  void child.ended.then(() => (ended = true));
  const until = performance.now() + of.within_ms;
  for (;;) {
    const answer = await call({ url: of.url + of.ready_path, timeout_ms: 2000 }, io.interrupted).catch(
      () => null,
    );
    if (answer !== null && answer.status >= 200 && answer.status < 300)
      return { url: of.url, pid: child.pid, stop: async () => await child.stop() };
    const late = performance.now() > until;
    if (ended || late || io.interrupted.aborted) {
      await child.stop();
      if (io.interrupted.aborted) throw new Interrupted();
      throw new UsageError(
        `${of.program} ${late ? `is not ready after ${of.within_ms / 1000} s` : 'ended at its start'}; its last words (all in ${of.log_file}):\n${child.lastLines()}`,
      );
    }
    await wait(200);
  }
}

export interface PrometheusOptions {
  readonly path: string;
  /** Kept here: configuration, samples, log. */
  readonly directory: string;
  /** `http://127.0.0.1:PORT` of what is scraped. */
  readonly target_url: string;
  readonly job: string;
  readonly interval_ms: number;
}

export async function startPrometheus(io: Io, of: PrometheusOptions): Promise<Running> {
  mkdirSync(of.directory, { recursive: true });
  const config = join(of.directory, 'prometheus.yml');
  const every = `${of.interval_ms}ms`;
  writeFileSync(
    config,
    `global:
  scrape_interval: ${every}
  scrape_timeout: ${every}
scrape_configs:
  - job_name: ${JSON.stringify(of.job)}
    static_configs:
      - targets: [${JSON.stringify(new URL(of.target_url).host)}]
`,
  );
  const port = await freePort(0);
  const url = `http://127.0.0.1:${port}`;
  return await start(io, {
    program: PROMETHEUS.name,
    path: of.path,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(of.directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    url,
    ready_path: '/-/ready',
    within_ms: 60_000,
    log_file: join(of.directory, 'prometheus.log'),
  });
}

/** MLflow on SQLite; what is logged stays in `directory` for the next start. */
export async function startMlflow(io: Io, path: string, directory: string): Promise<Running> {
  mkdirSync(directory, { recursive: true });
  const port = await freePort(0);
  return await start(io, {
    program: MLFLOW.name,
    path,
    args: [
      'server',
      '--backend-store-uri',
      `sqlite:///${join(directory, 'mlflow.db')}`,
      '--artifacts-destination',
      join(directory, 'artifacts'),
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--workers',
      '1',
    ],
    url: `http://127.0.0.1:${port}`,
    ready_path: '/health',
    within_ms: 180_000,
    log_file: join(directory, 'mlflow.log'),
    env: {
      // Halves the start-up.
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
      // Of the user's own server, not of this one.
      MLFLOW_TRACKING_URI: '',
      DO_NOT_TRACK: 'true',
      MLFLOW_DISABLE_TELEMETRY: 'true',
    },
  });
}
