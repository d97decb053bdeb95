/** Looks at the servers during a block: processes twice a second, their metrics and the GPU each second; a line a look. */
import { appendFileSync } from 'node:fs';
import { parseExposition, readMetrics } from '../../domain/text/exposition.ts';
import type { ServerSample } from '../../domain/run/server-sample.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { presentVariants, type ByVariant, type Variant } from '../../domain/variants.ts';
import type { Io } from '../io.ts';
import { ask } from '../services/http.ts';
import { findGpu, type GpuReader } from './gpu.ts';
import { treeUsage } from './process-tree.ts';

const LOOK_MS = 500;
/** Every second look asks the server itself. */
const SCRAPE_EVERY = 2;
const SCRAPE_TIMEOUT_MS = 900;

export interface WatchRequest {
  readonly io: Io;
  readonly settings: Settings;
  readonly file: string;
  readonly block: number;
  readonly urls: ByVariant<string>;
  /** What to watch of each server, where it runs here. */
  readonly pids: Readonly<Partial<Record<string, number>>>;
  /** The path that is loaded, as a label of the server's metrics may have it. */
  readonly path: string;
  /** Names of the metrics to keep. */
  readonly metrics: readonly string[];
}

export interface ServerWatch {
  /** A last look, then no more. */
  stop(): Promise<void>;
}

async function scrape(of: WatchRequest, url: string): Promise<ServerSample['metrics']> {
  const { io, settings, path, metrics } = of;
  const answer = await ask(io, settings, `${url.replace(/\/+$/, '')}${settings.metricsPath}`, {
    timeout_ms: SCRAPE_TIMEOUT_MS,
  }).catch(() => null);
  if (answer === null || answer.status !== 200) return null;
  return readMetrics(parseExposition(answer.body), metrics, path);
}

export async function watchServers(of: WatchRequest): Promise<ServerWatch> {
  const gpu: GpuReader | null = await findGpu(of.io, of.settings);
  const look = async (whole: boolean): Promise<void> => {
    const use = whole && gpu !== null ? await gpu() : undefined;
    const lines = await Promise.all(
      presentVariants(of.urls).map(async (variant: Variant) => {
        const pid = of.pids[variant];
        const sample: ServerSample = {
          at_ms: Date.now(),
          block: of.block,
          variant,
          process: pid === undefined ? null : treeUsage(pid),
          ...(whole ? { metrics: await scrape(of, of.urls[variant] ?? '') } : {}),
          ...(use === undefined ? {} : { gpu: use }),
        };
        return `${JSON.stringify(sample)}\n`;
      }),
    );
    try {
      appendFileSync(of.file, lines.join(''));
    } catch {
      // A full disk is reported by the request log; the watch itself must not end the run.
    }
  };
  await look(true);
  let looks = 0;
  let busy = Promise.resolve();
  let waiting = false;
  const timer = setInterval(() => {
    if (waiting) return; // a stalled server must not pile up looks
    waiting = true;
    looks += 1;
    busy = look(looks % SCRAPE_EVERY === 0).finally(() => (waiting = false));
  }, LOOK_MS);
  return {
    async stop() {
      clearInterval(timer);
      await busy;
      await look(true);
    },
  };
}
