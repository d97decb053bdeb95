/** The gateway that a scenario is about, and the LM behind it: stand-ins started for it, or the user's by URL. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bareModel, readPrograms, type GatewayProgram } from '../../../domain/jobs/gateway/programs.ts';
import type { ProcessState, ProbeAnswer } from '../../../domain/jobs/gateway/evidence.ts';
import type { GatewayScenario } from '../../../domain/jobs/gateway/scenarios.ts';
import { headersWith } from '../../../domain/settings/request-headers.ts';
import type { Settings } from '../../../domain/settings/settings.ts';
import { UsageError, type Io } from '../../io.ts';
import { capture } from '../../services/process.ts';
import { processUsage } from '../../run/resources.ts';
import { parseJsonText } from '../../../domain/text/json.ts';
import { withoutCredentials } from '../../../domain/text/url.ts';
import { ask, asUsageError } from '../../services/http.ts';
import { splitArguments, startStandIn, type Server } from '../../services/servers.ts';
import { lmControl, type LmControl } from './lm.ts';

export interface Site {
  readonly gateway_url: string;
  readonly stand_in: boolean;
  /** Null: the user's LM, not controlled. */
  readonly lm: LmControl | null;
  /** Null: not given. */
  readonly logs: string | null;
  readonly programs: readonly GatewayProgram[];
  /** Processes of ours to watch. */
  readonly processes: Readonly<Record<string, number>>;
  /** Makes the LM unreachable, and brings it back; null: nothing can. */
  readonly lm_switch: { stop(): Promise<void>; start(): Promise<void> } | null;
  process(): Promise<ProcessState | null>;
  probe(path: string): Promise<ProbeAnswer>;
  /** Last words, once a gateway of ours has ended by itself. */
  died(): string | null;
  close(): Promise<void>;
}

export interface SiteRequest {
  readonly io: Io;
  readonly settings: Settings;
  readonly scenario: GatewayScenario;
  /** For stand-ins' logs and last words. */
  readonly folder: string;
  /** The user's list of programs, parsed; null: none. */
  readonly given_programs: unknown;
}

const PROBE_TIMEOUT_MS = 5000;

/** Ours where the user's words don't set the same flag. */
function withDefaults(own: Readonly<Record<string, string | number>>, extra: string): string[] {
  const words = splitArguments(extra);
  const given = new Set(words.map((word) => word.split('=', 1)[0]));
  return [
    ...Object.entries(own).flatMap(([flag, value]) => (given.has(flag) ? [] : [flag, String(value)])),
    ...words,
  ];
}

function gatewayFlags({ settings, scenario }: SiteRequest): Record<string, string | number> {
  switch (scenario) {
    case 'load':
    case 'routing':
    case 'log-integrity':
    case 'error-storm':
      return { '--sync-workers': settings.gatewayUsers };
    case 'backpressure':
      return {
        '--sync-workers': settings.gatewayUsers,
        '--max-concurrent-per-program': settings.gatewayLimit,
        '--queue-timeout-s': settings.gatewayQueueTimeoutMs / 1000,
      };
    // Few workers, so that work queues: a probe must not.
    case 'probes':
      return { '--ready-poll-ms': 200 };
  }
}

/** @throws UsageError where a server can't be reached, refuses us, or has no usable programs */
export async function openSite(of: SiteRequest): Promise<Site> {
  return of.settings.gatewayUrl === null ? await standIns(of) : await users(of, of.settings.gatewayUrl);
}

async function standIns(of: SiteRequest): Promise<Site> {
  const { io, settings, scenario, folder } = of;
  const log_file = join(folder, 'servers.log');
  const startLm = async (port: number): Promise<Server> =>
    await startStandIn(
      io,
      'lm',
      withDefaults({ '--port': port, '--delay-ms': settings.lmDelayMs }, settings.lmStandIn),
      log_file,
    );
  let lm = await startLm(0);
  const lm_port = Number(new URL(lm.url).port);
  const logs = join(folder, 'logs', scenario);
  mkdirSync(logs, { recursive: true });
  let gateway: Server;
  try {
    gateway = await startStandIn(
      io,
      'gateway',
      withDefaults({ '--lm-url': lm.url, '--logs': logs, ...gatewayFlags(of) }, settings.gatewayStandIn),
      log_file,
    );
  } catch (error) {
    await lm.stop();
    throw error;
  }
  let closing = false;
  let last_words: string | null = null;
  void gateway.died.then((words) => {
    if (!closing) last_words = words === '' ? 'it said nothing' : words;
  });
  const close = async (): Promise<void> => {
    closing = true;
    await Promise.all([gateway.stop(), lm.stop()]);
  };
  try {
    return {
      ...(await common(of, gateway.url)),
      stand_in: true,
      lm: lmControl(io, settings, lm.url),
      logs,
      processes: { gateway: gateway.pid, lm: lm.pid },
      lm_switch: {
        stop: async () => await lm.stop(),
        async start() {
          lm = await startLm(lm_port);
        },
      },
      async process() {
        const said = await processState(of, gateway.url);
        if (said === null) return null;
        return { ...said, rss_bytes: processUsage(gateway.pid)?.rss_bytes ?? said.rss_bytes };
      },
      died: () => last_words,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function users(of: SiteRequest, url: string): Promise<Site> {
  const { io, settings } = of;
  const base = url.replace(/\/+$/, '');
  const { lmStopCommand, lmStartCommand, lmControlUrl } = settings;
  const shell = async (command: string, flag: string): Promise<void> => {
    const { code, stderr } = await capture('sh', ['-c', command], io.cwd);
    if (code !== 0)
      throw new UsageError(`${flag} '${command}' exits ${String(code)}: ${stderr.trim()}; mend the command`);
  };
  return {
    ...(await common(of, base)),
    stand_in: false,
    lm: lmControlUrl === null ? null : lmControl(io, settings, lmControlUrl),
    logs: settings.gatewayLogs,
    processes: {},
    lm_switch:
      lmStopCommand === null || lmStartCommand === null
        ? null
        : {
            stop: async () => await shell(lmStopCommand, '--lm-stop-command'),
            start: async () => await shell(lmStartCommand, '--lm-start-command'),
          },
    process: async () => await processState(of, base),
    died: () => null,
    close: async () => {},
  };
}

const headers = ({ io, settings }: SiteRequest): Record<string, string> =>
  headersWith(settings.gatewayToken, settings, io.env);

async function common(
  of: SiteRequest,
  base: string,
): Promise<Pick<Site, 'gateway_url' | 'programs' | 'probe'>> {
  const { io, settings } = of;
  return {
    gateway_url: base,
    programs: readPrograms({ listed: await listPrograms(of, base), given: of.given_programs }),
    async probe(path) {
      try {
        return await ask(io, settings, `${base}${path}`, {
          headers: headers(of),
          timeout_ms: PROBE_TIMEOUT_MS,
        });
      } catch {
        return { status: null, body: '' };
      }
    },
  };
}

async function listPrograms(of: SiteRequest, base: string): Promise<unknown> {
  const shown = withoutCredentials(base);
  const answer = await ask(of.io, of.settings, `${base}/programs`, { headers: headers(of) }).catch(
    (error: unknown) => {
      throw asUsageError(
        error,
        (cause) => `the gateway at ${shown} can't be reached: ${cause}; start it, or correct --gateway-url`,
      );
    },
  );
  if ([301, 302, 303, 307, 401, 403].includes(answer.status))
    throw new UsageError(
      `the gateway at ${shown} answers ${answer.status} to GET /programs: it asks for a token; put it into the variable GATEWAY_TOKEN`,
    );
  if (answer.status !== 200) return null;
  return parseJsonText(answer.body) ?? null;
}

/** From /metrics; what it lacks is null. Null where the gateway does not answer at all. */
async function processState(of: SiteRequest, base: string): Promise<ProcessState | null> {
  const { io, settings } = of;
  const answer = await ask(io, settings, `${base}/metrics`, { headers: headers(of) }).catch(() => null);
  if (answer === null) return null;
  const lines = answer.status === 200 ? answer.body.split('\n') : [];
  const value = (line: string | undefined): number | null => {
    const found = Number(line?.slice(line.lastIndexOf(' ') + 1) ?? Number.NaN);
    return Number.isFinite(found) ? found : null;
  };
  const single = (name: string): number | null =>
    value(lines.find((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `)));
  const requests: Record<string, number> = {};
  for (const line of lines) {
    if (!line.startsWith(`${settings.gatewayRequestsMetric}{`)) continue;
    const program = /\bprogram="([^"]+)"/.exec(line)?.[1];
    if (program !== undefined) requests[program] = (requests[program] ?? 0) + (value(line) ?? 0);
  }
  return {
    start_time_s: single('process_start_time_seconds'),
    rss_bytes: single('process_resident_memory_bytes'),
    // A counter has no series before its first count: known by its TYPE line.
    requests: lines.some((line) => line.startsWith(`# TYPE ${settings.gatewayRequestsMetric} `))
      ? requests
      : null,
  };
}

/** Programs in the order in which a burst prefers them: async ones first, which need no worker. */
export function burstProgram(programs: readonly GatewayProgram[]): GatewayProgram | undefined {
  return programs.find(({ mode }) => mode === 'async') ?? programs[0];
}

export const modelCount = (programs: readonly GatewayProgram[]): number =>
  new Set(programs.map(({ model }) => bareModel(model))).size;
