/** The manifest as it grows: before the load, after each block, at the end. */
import { readFileSync } from 'node:fs';
import { fieldOf } from '../../domain/text/fields.ts';
import { parseJsonText } from '../../domain/text/json.ts';
import os from 'node:os';
import { join } from 'node:path';
import { SCHEMA_VERSION } from '../../domain/record/schema-version.ts';
import type { Manifest, ManifestVariant } from '../../domain/run/manifest.ts';
import { formatSettings, type ParsedSettings, type Settings } from '../../domain/settings/settings.ts';
import type { PlannedBlock } from '../../domain/load/blocks.ts';
import { settingsFor } from '../../domain/settings/variants.ts';
import { presentVariants, type ByVariant, type Variant } from '../../domain/variants.ts';
import type { Io } from '../io.ts';
import type { Job } from '../jobs/loads.ts';
import type { K6 } from './k6.ts';
import { FILES, writeWhole, type RunDirectory } from './directory.ts';
import { withoutCredentials } from '../../domain/text/url.ts';
import { identify } from '../services/servers.ts';
import { definedLoads, type BlockResult } from './block.ts';
import type { Deployment } from './deployment.ts';
import type { Prepared } from './prepare.ts';

export interface FirstManifest {
  readonly io: Io;
  readonly job: Job;
  readonly run: RunDirectory;
  readonly prepared: Prepared;
  readonly sources: ParsedSettings['sources'];
  readonly k6: K6;
  readonly variants: ByVariant<ManifestVariant>;
  readonly fallback: Manifest['fallback'];
  readonly deployment_noise: Manifest['deployment_noise'];
}

export function firstManifest(of: FirstManifest): Manifest {
  const { payloads, settings, thresholds, plan } = of.prepared;
  const [cpu] = os.cpus();
  return {
    schema_version: SCHEMA_VERSION,
    run_id: of.run.id,
    job: of.job.name,
    status: 'running',
    started_ms: Date.now(),
    ended_ms: null,
    stopped: null,
    variants: of.variants,
    settings: keptSettings(settings),
    sources: of.sources,
    thresholds,
    payloads: {
      source: payloads.source,
      count: payloads.payloads.length,
      labelled: payloads.labelled,
      sha256: payloads.sha256,
    },
    left_out: [...of.prepared.left_out],
    blocks: [],
    ...(of.job.ramp ? { ramp: true } : {}),
    looks: [...plan.looks],
    deployment_noise: of.deployment_noise,
    fallback: of.fallback,
    versions: { suite: suiteVersion(of.io), k6: of.k6.version, node: process.version },
    machine: {
      os: `${os.type()} ${os.release()}`,
      arch: os.arch(),
      cpu_model: cpu?.model ?? '',
      cpus: os.cpus().length,
      memory_bytes: os.totalmem(),
    },
  };
}

/** No secrets: a literal header's value may be one, whatever its name. */
function keptSettings(settings: Settings): Record<string, string> {
  const shown = (headers: Settings['header']): string =>
    headers.map((one) => `${one.name}: ${'env' in one ? `env:${one.env}` : '(value not kept)'}`).join('\n');
  const bare = (url: string | null): string | null => (url === null ? null : withoutCredentials(url));
  return {
    ...formatSettings({
      ...settings,
      baselineUrl: bare(settings.baselineUrl),
      shadowUrl: bare(settings.shadowUrl),
    }),
    HEADER: shown(settings.header),
    OFF_HEADER: shown(settings.offHeader),
    ON_HEADER: shown(settings.onHeader),
  };
}

export function suiteVersion(io: Io): string {
  const text = readFileSync(join(io.root, 'package.json'), 'utf8');
  const version = fieldOf(parseJsonText(text), 'version');
  return typeof version === 'string' ? version : '';
}

/** The manifest in its run directory: written whole each time that something is known more. */
export class KeptManifest {
  readonly run: RunDirectory;
  #manifest: Manifest;

  constructor(run: RunDirectory, first: Manifest) {
    this.run = run;
    this.#manifest = first;
    this.#keep({});
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  blockEnded(
    { variants: planned, duration_ms, loads }: PlannedBlock,
    { block, started_ms, ended_ms, k6_exit_code }: BlockResult,
    variants: ByVariant<ManifestVariant>,
    stopped: Manifest['stopped'],
  ): void {
    const ended: Manifest['blocks'][number] = {
      block,
      variants: [...planned],
      duration_ms,
      ...(loads === undefined ? {} : { loads: definedLoads(loads) }),
      started_ms,
      ended_ms,
      k6_exit_code,
    };
    this.#keep({ variants, stopped, blocks: [...this.#manifest.blocks, ended] });
  }

  end(): void {
    const status = this.#manifest.stopped === null ? 'complete' : 'incomplete';
    this.#keep({ status, ended_ms: Date.now() });
  }

  #keep(change: Partial<Manifest>): void {
    this.#manifest = { ...this.#manifest, ...change };
    writeWhole(join(this.run.path, FILES.manifest), `${JSON.stringify(this.#manifest, null, 2)}\n`);
  }
}

/** Looks at every server once. @throws UsageError where one can't be reached */
export async function identifyAll(
  io: Io,
  settings: Settings,
  { urls }: Deployment,
): Promise<ByVariant<ManifestVariant>> {
  const found = await Promise.all(
    presentVariants(urls).map(async (variant) => {
      const url = urls[variant] ?? '';
      const given = settingsFor(settings, variant);
      const server: ManifestVariant = {
        label: given.label,
        url: withoutCredentials(url),
        stand_in: given.url === null,
        identity: await identify(io, settings, variant, url),
      };
      return [variant, server] as const;
    }),
  );
  return Object.fromEntries(found);
}

/** Looks again: a server that was restarted under the load answers with another start time, a dead one not at all. */
export async function identifyAgain(
  io: Io,
  settings: Settings,
  { urls }: Deployment,
  before: ByVariant<ManifestVariant>,
): Promise<ByVariant<ManifestVariant>> {
  const again: [Variant, ManifestVariant][] = [];
  for (const variant of presentVariants(before)) {
    const server = before[variant];
    if (server === undefined) continue;
    const identity_after = await identify(io, settings, variant, urls[variant] ?? '').catch(() => null);
    again.push([variant, { ...server, identity_after }]);
  }
  return Object.fromEntries(again);
}

/** 0; 99: a threshold failed; null: we ended it, a browser still looking at its dashboard. */
const K6_FINISHED: readonly (number | null)[] = [0, 99, null];

/** Why the run ended before its plan, or null. A ramp's step whose rate can't be sent ends by itself, not the ramp. */
export function stoppedBy(io: Io, result: BlockResult, job: Job): Manifest['stopped'] {
  if (io.interrupted.aborted) return { reason: 'interrupted', at_ms: result.ended_ms };
  const own = result.summary?.stopped ?? null;
  if (job.ramp && own?.reason === 'rate_not_sent') return null;
  if (own !== null) return own;
  return result.summary === null || !K6_FINISHED.includes(result.k6_exit_code)
    ? { reason: 'k6_failed', at_ms: result.ended_ms }
    : null;
}
