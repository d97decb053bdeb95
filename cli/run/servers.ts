/** The servers of a load as they are at the moment: deployed, redeployed between blocks, and known by what they say of themselves. */
import type { ManifestVariant } from '../../domain/run/manifest.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import type { ByVariant, Variant } from '../../domain/variants.ts';
import type { Io } from '../io.ts';
import type { Job } from '../jobs/loads.ts';
import { startStandIn } from '../services/servers.ts';
import type { Closers } from './closers.ts';
import { deploy, redeploy, type Deployment } from './deployment.ts';
import { identifyAgain, identifyAll } from './manifest.ts';

export class LoadedServers {
  readonly #io: Io;
  readonly #job: Job;
  readonly #settings: Settings;
  #deployment: Deployment;
  #variants: ByVariant<ManifestVariant> = {};
  /** The null server that the probe asks; null: no probe. */
  readonly probe_url: string | null;

  private constructor(io: Io, job: Job, settings: Settings, first: Deployment, probe_url: string | null) {
    this.#io = io;
    this.#job = job;
    this.#settings = settings;
    this.#deployment = first;
    this.probe_url = probe_url;
  }

  /** @throws UsageError where one does not start, or can't be reached */
  static async start(io: Io, job: Job, settings: Settings, closers: Closers): Promise<LoadedServers> {
    // Each is closed by itself: one may fail while the other is already up.
    const starting = job.probed ? startStandIn(io, 'null', []) : Promise.resolve(null);
    const deploying = deploy(io, job, settings);
    const [probe, first] = await Promise.allSettled([starting, deploying]);
    if (probe.status === 'fulfilled' && probe.value !== null) closers.add(probe.value.stop);
    if (first.status === 'rejected') throw first.reason;
    const url = probe.status === 'fulfilled' ? (probe.value?.url ?? null) : null;
    const servers = new LoadedServers(io, job, settings, first.value, url);
    closers.add(async () => await servers.#deployment.stop());
    if (probe.status === 'rejected') throw probe.reason;
    await servers.#identify();
    return servers;
  }

  get deployment(): Deployment {
    return this.#deployment;
  }

  get variants(): ByVariant<ManifestVariant> {
    return this.#variants;
  }

  /** Before a further block. */
  async renew(block: number, of: readonly Variant[]): Promise<void> {
    this.#deployment = await redeploy(this.#io, this.#job, this.#settings, this.#deployment, block, of);
    await this.#identify();
  }

  /** After a block: whether each is still the same process. */
  async identifyAgain(): Promise<void> {
    this.#variants = await identifyAgain(this.#io, this.#settings, this.#deployment, this.#variants);
  }

  async #identify(): Promise<void> {
    const found = await identifyAll(this.#io, this.#settings, this.#deployment);
    this.#variants = { ...this.#variants, ...found };
  }
}
