/** Runs one block: one k6 process on one bundle, its log, its summary, its dashboard. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  BLOCK_PLAN_VARIABLE,
  parseBlockSummary,
  type BlockPlan,
  type BlockSummary,
  type Load,
} from '../../domain/run/block.ts';
import { expectedMs, planLoad } from '../../domain/load/counted-plan.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { PROBE_LEAD_MS } from '../../domain/load/timing.ts';
import type { PlannedBlock } from '../../domain/load/blocks.ts';
import { presentVariants, type Variant } from '../../domain/variants.ts';
import type { Io } from '../io.ts';
import type { K6 } from './k6.ts';
import { FILES, requestsFile, summaryFile, type RunDirectory } from './directory.ts';
import { runK6, type K6End } from './k6-process.ts';
import { showProgress } from './progress.ts';

export interface BlockRequest {
  readonly io: Io;
  readonly k6: K6;
  readonly scenario: string;
  readonly run: RunDirectory;
  readonly block: number;
  readonly variants: readonly Variant[];
  /** With the URLs of this run, stand-ins' included. */
  readonly settings: Settings;
  readonly probe_url: string | null;
  /** Port of the live dashboard on 127.0.0.1, or null. */
  readonly dashboard_port: number | null;
  /** In place of the settings' load. */
  readonly loads?: PlannedBlock['loads'];
  /** trace.json in the run directory says when and what. */
  readonly traced?: boolean;
  /** Each distinct answer's text is kept, to be scored. */
  readonly keeps_answers: boolean;
  readonly own_thresholds: boolean;
  /** Processes of ours to watch, by name. */
  readonly processes: Readonly<Record<string, number>>;
  /** Follows the growing log, as what can be decided is told once the warm-up is over. */
  readonly whenLogged?: ((log: string) => { stop(): void }) | undefined;
  /** Leads the progress line: `block 2 of 4, `. */
  readonly heading: string;
}

export interface BlockResult extends K6End<BlockSummary> {
  readonly block: number;
  readonly variants: readonly Variant[];
}

/** Null: a load counted in requests, which lasts as long as the server takes. */
export function loadTimeMs(settings: Settings, probed: boolean): number | null {
  const plan = planLoad(settings);
  if (plan !== null) {
    const expected_ms = expectedMs(plan);
    return expected_ms === null ? null : expected_ms + (probed ? PROBE_LEAD_MS : 0);
  }
  return (probed ? PROBE_LEAD_MS : 0) + settings.warmUpMs + settings.durationMs;
}

export async function runBlock(of: BlockRequest): Promise<BlockResult> {
  const { io, k6, settings, run, block, variants } = of;
  const summary_file = join(run.path, summaryFile(block));
  const ended = await runK6({
    io,
    k6,
    scenario: of.scenario,
    settings,
    run,
    block,
    plan: planOf(of, summary_file),
    plan_variable: BLOCK_PLAN_VARIABLE,
    parseSummary: parseBlockSummary,
    processes: of.processes,
    env: dashboardEnvironment(of),
    meanwhile(child, log) {
      const total_ms = loadTimeMs(settings, of.probe_url !== null);
      const progress = showProgress(io, log, variants, total_ms, of.heading);
      const told = of.whenLogged?.(log) ?? null;
      const lingering = endWithOpenBrowsers(summary_file, () => void child.stop({ grace_ms: 3000 }));
      return () => {
        clearInterval(lingering);
        told?.stop();
        progress.stop();
      };
    },
  });
  return { ...ended, block, variants };
}

function planOf(of: BlockRequest, summary_file: string): BlockPlan {
  const { run, block } = of;
  const file = (name: string): string => join(run.path, name);
  return {
    block,
    nonce: run.id,
    variants: [...of.variants],
    request_log: file(requestsFile(of.settings.blockMs === null ? null : block)),
    summary_file,
    answers_file: of.keeps_answers ? file(FILES.answers) : null,
    payloads_file: file(FILES.payloads),
    ...(of.loads === undefined ? {} : { loads: definedLoads(of.loads) }),
    trace_file: of.traced === true ? file(FILES.trace) : null,
    thresholds_file: of.own_thresholds ? file(FILES.thresholds) : null,
    probe_url: of.probe_url,
  };
}

/** Without the variants that take no part. */
export function definedLoads(loads: NonNullable<PlannedBlock['loads']>): Record<string, Load> {
  return Object.fromEntries(
    presentVariants(loads).flatMap((variant) => {
      const load = loads[variant];
      return load === undefined ? [] : [[variant, load]];
    }),
  );
}

function dashboardEnvironment(of: BlockRequest): Record<string, string | undefined> {
  const { io, settings, dashboard_port } = of;
  if (dashboard_port === null) return { K6_WEB_DASHBOARD: undefined };
  const total_s = (loadTimeMs(settings, of.probe_url !== null) ?? 0) / 1000;
  return {
    K6_WEB_DASHBOARD: 'true',
    // k6's own default is every interface.
    K6_WEB_DASHBOARD_HOST: '127.0.0.1',
    K6_WEB_DASHBOARD_PORT: String(dashboard_port),
    // Well below the run's length, else the charts stay empty.
    K6_WEB_DASHBOARD_PERIOD: total_s <= 120 ? '1s' : total_s <= 1200 ? '5s' : '10s',
    K6_WEB_DASHBOARD_TAGS: 'scenario',
    K6_WEB_DASHBOARD_EXPORT: join(of.run.path, FILES.dashboard),
    K6_WEB_DASHBOARD_OPEN: settings.open ? 'true' : 'false',
    XK6_DASHBOARD_CONFIG: join(io.root, 'lib', 'dashboard.json'),
  };
}

const LINGER_MS = 3000;

/** k6 stays up for as long as a browser looks at its dashboard; a CI step or a terminal must not. */
function endWithOpenBrowsers(summary_file: string, end: () => void): NodeJS.Timeout {
  let summed_at: number | null = null;
  return setInterval(() => {
    if (summed_at === null && existsSync(summary_file)) summed_at = Date.now();
    if (summed_at !== null && Date.now() - summed_at > LINGER_MS) {
      summed_at = Number.POSITIVE_INFINITY;
      end();
    }
  }, 250);
}

/** The wanted port where it is free, else any free one. */
export async function freePort(wanted: number): Promise<number> {
  const attempt = async (port: number): Promise<number | null> =>
    await new Promise((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(null));
      server.listen(port, '127.0.0.1', () => {
        const address = server.address();
        const found = typeof address === 'object' && address !== null ? address.port : null;
        server.close(() => resolve(found));
      });
    });
  return (await attempt(wanted)) ?? (await attempt(0)) ?? wanted;
}
