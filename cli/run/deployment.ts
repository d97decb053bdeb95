/** The servers of one deployment: stand-ins of ours where no URL was given, the user's else. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { flagName } from '../../domain/settings/parse.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { settingsFor } from '../../domain/settings/variants.ts';
import { BASELINE, presentVariants, type ByVariant, type Variant } from '../../domain/variants.ts';
import { Interrupted, say, UsageError, userPath, type Io } from '../io.ts';
import type { Job } from '../jobs/loads.ts';
import { holderInWords, portIsFree } from '../observe/port-holder.ts';
import { capture } from '../services/process.ts';
import { ask } from '../services/http.ts';
import { splitArguments, startStandIn, type Server } from '../services/servers.ts';

export interface Deployment {
  readonly urls: ByVariant<string>;
  /** Processes of ours to watch, by variant. */
  readonly processes: Readonly<Record<string, number>>;
  readonly stand_ins: ByVariant<Server>;
  stop(): Promise<void>;
}

/** @throws UsageError where a stand-in does not start */
export async function deploy(io: Io, job: Job, settings: Settings, number = 0): Promise<Deployment> {
  const started = await Promise.allSettled(
    job.variants.map(async (variant) => {
      const { url } = settingsFor(settings, variant);
      const server = url === null ? await standIn(io, job, settings, variant, number) : null;
      return { variant, server, url: server?.url ?? url };
    }),
  );
  const deployed = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const urls: ByVariant<string> = Object.fromEntries(
    deployed.map(({ variant, url }) => [variant, url ?? undefined]),
  );
  const stand_ins: ByVariant<Server> = Object.fromEntries(
    deployed.map(({ variant, server }) => [variant, server ?? undefined]),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(deployed.map(async ({ server }) => await server?.stop()));
  };
  const failed = started.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const processes = Object.fromEntries(
    deployed.flatMap(({ variant, server }) => (server === null ? [] : [[variant, server.pid] as const])),
  );
  return { urls, processes, stand_ins, stop };
}

/** @param number of the deployment: each has noise of its own, as a real one has */
async function standIn(
  io: Io,
  job: Job,
  settings: Settings,
  variant: Variant,
  number: number,
): Promise<Server> {
  const payloads = settings.payloads === null ? join(io.root, 'payloads') : userPath(io, settings.payloads);
  const labelled = job.stand_in === 'grammar' ? ['--payloads', payloads] : [];
  const own = splitArguments(settingsFor(settings, variant).stand_in);
  const ours = {
    ...job.stand_in_flags,
    ...job.variant_flags[variant],
    '--seed': String(settings.seed + number),
  };
  const rest = Object.entries(ours).filter(([flag]) => !own.includes(flag));
  const args = ['--variant', variant, ...labelled, ...rest.flat(), ...own];
  const { port } = settings;
  if (port !== null && variant === BASELINE) {
    if (!(await portIsFree(port)))
      throw new UsageError(
        `port ${port} is taken, so the stand-in can't use it: ${holderInWords(port)}; stop that, give another --port, or load what runs there with --no-server`,
      );
    args.push('--port', String(port));
  }
  return await startStandIn(io, job.stand_in, args);
}

const REACHABLE_WITHIN_MS = 120_000;

/** Before a further block: stand-ins are started anew, the user's servers by their restart command where there is one. */
export async function redeploy(
  io: Io,
  job: Job,
  settings: Settings,
  before: Deployment,
  number: number,
  of: readonly Variant[] = job.variants,
): Promise<Deployment> {
  for (const variant of of) {
    const { restart, url, named } = settingsFor(settings, variant);
    if (restart === null || url === null) continue;
    say(io, `restarting the ${variant}`);
    const { code, stderr } = await capture('sh', ['-c', restart], io.cwd);
    if (code !== 0)
      throw new UsageError(
        `--${flagName(named.restart)} exits ${String(code)}: ${stderr.trim().slice(-500)}`,
      );
    await reachable(io, settings, variant, url);
  }
  if (presentVariants(before.stand_ins).length === 0 || job.keeps_servers) return before;
  await before.stop();
  return await deploy(io, job, settings, number);
}

async function reachable(io: Io, settings: Settings, variant: Variant, url: string): Promise<void> {
  const until = Date.now() + REACHABLE_WITHIN_MS;
  for (;;) {
    const answer = await ask(io, settings, `${url.replace(/\/+$/, '')}/health`).catch(() => null);
    if (answer !== null && answer.status < 500) return;
    if (io.interrupted.aborted) throw new Interrupted();
    if (Date.now() > until)
      throw new UsageError(
        `the ${variant} at ${url} does not answer ${REACHABLE_WITHIN_MS / 1000} s after its restart command`,
      );
    await wait(250);
  }
}
