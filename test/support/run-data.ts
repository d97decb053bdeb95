/** Runs made of seeded numbers, in the shapes that a read-back run has: the domain's tests and golden files start here. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import type { BlockSummary } from '../../domain/run/block.ts';
import type { ErrorKind } from '../../domain/record/errors.ts';
import { payloadAt } from '../../domain/load/payload-order.ts';
import { readRecord, type RequestRecord } from '../../domain/record/request-record.ts';
import { RequestTable } from '../../domain/record/request-table.ts';
import { NOT_GARBLED, type RunData } from '../../domain/run/data.ts';
import { settingsOf, type Manifest } from '../../domain/run/manifest.ts';
import { parseThresholds } from '../../domain/verdict/thresholds.ts';
import { mapVariants, placeOf, type Variant } from '../../domain/variants.ts';
import shadowThresholds from '../../thresholds/shadow.json' with { type: 'json' };

export interface Side {
  /** Median latency. */
  readonly median_ms: number;
  readonly log_sd: number;
  readonly error_share: number;
  readonly error: ErrorKind;
  /** Right answers as a share of the payloads. */
  readonly accuracy: number;
  readonly cost_eur: number | null;
  /** Times by stage; undefined: a prefill, and a decode of nine tenths of the median. */
  readonly stages_ms?: Readonly<Record<string, number>>;
}

export interface Made {
  /** Requests a variant and block. */
  readonly n: number;
  readonly blocks: number;
  readonly payloads: number;
  readonly seed: number;
  readonly baseline: Partial<Side>;
  /** Null: one variant alone. */
  readonly shadow: Partial<Side> | null;
  /** Further candidates, by name. */
  readonly more: Readonly<Record<Variant, Partial<Side>>>;
  readonly manifest: Partial<Manifest>;
}

const SIDE: Side = {
  median_ms: 300,
  log_sd: 0.3,
  error_share: 0,
  error: 'status',
  accuracy: 0.76,
  cost_eur: 0.00042,
};
const CLIENTS = 10;

/** What every record has; the fields that it lacks are absent. */
const BARE = readRecord({
  variant: 'baseline',
  scenario: 'shadow',
  block: 0,
  index: 0,
  payload_id: 'p0',
  phase: 'measured',
  start_ms: 1_000_000,
  duration_ms: 300,
});

export const record = (over: Partial<RequestRecord> = {}): RequestRecord => ({
  ...BARE,
  waiting_ms: 299,
  status: 200,
  cost_eur: 0.00042,
  correct: true,
  correct_translation: true,
  ...over,
});

export function manifest(over: Partial<Manifest> = {}): Manifest {
  return {
    schema_version: 1,
    run_id: '20260101-000000-shadow',
    job: 'shadow',
    status: 'complete',
    started_ms: 1_000_000,
    ended_ms: 1_070_000,
    stopped: null,
    variants: {
      baseline: { label: 'baseline', url: 'http://127.0.0.1:8080', stand_in: false, identity: null },
      shadow: { label: 'shadow', url: 'http://127.0.0.1:8081', stand_in: false, identity: null },
    },
    settings: {},
    sources: {},
    thresholds: parseThresholds(shadowThresholds, 'thresholds/shadow.json'),
    payloads: { source: 'made', count: 300, labelled: 300, sha256: '0'.repeat(64) },
    blocks: [],
    looks: [],
    deployment_noise: null,
    fallback: null,
    versions: { suite: '0.1.0', k6: 'k6 v2.2.0', node: 'v20.20.2' },
    machine: { os: 'Linux', arch: 'x64', cpu_model: 'made', cpus: 2, memory_bytes: 8e9 },
    ...over,
  };
}

const server = (variant: Variant): NonNullable<Manifest['variants'][Variant]> => ({
  label: variant,
  url: `http://127.0.0.1/${variant}`,
  stand_in: false,
  identity: null,
});

export function made(over: Partial<Made> = {}): RunData {
  const of: Made = {
    n: 2000,
    blocks: 1,
    payloads: 300,
    seed: 1,
    baseline: {},
    shadow: {},
    more: {},
    manifest: {},
    ...over,
  };
  const sides: Partial<Record<Variant, Side>> = { baseline: { ...SIDE, ...of.baseline } };
  if (of.shadow !== null) sides['shadow'] = { ...SIDE, ...of.shadow };
  for (const [name, side] of Object.entries(of.more)) sides[name] = { ...SIDE, ...side };
  const tables = mapVariants(sides, (side, variant) => table(of, side, variant));
  const named = manifest(of.manifest).variants;
  const variants = mapVariants(sides, (_, variant) => named[variant] ?? server(variant));
  const blocks = Array.from({ length: of.blocks }, (_, block) => ({
    block,
    variants: Object.keys(sides),
    duration_ms: 60_000,
    started_ms: 1_000_000,
    ended_ms: 1_070_000,
    k6_exit_code: 0,
  }));
  const measured = mapVariants(tables, (one) => one.measured());
  const about = manifest({
    blocks,
    ...of.manifest,
    variants,
  });
  return {
    manifest: about,
    settings: settingsOf(about),
    measured,
    warm_up: {},
    recorded: mapVariants(tables, (one) => one.rows),
    bad_lines: { count: 0, first: [] },
    probes: [
      ...Array.from({ length: 20 * of.blocks }, (_, i) => ({
        block: i % of.blocks,
        idle: true,
        at_ms: i,
        duration_ms: 0.4,
        failed: null,
      })),
      ...Array.from({ length: 650 * of.blocks }, (_, i) => ({
        block: i % of.blocks,
        idle: false,
        at_ms: i,
        duration_ms: 0.6,
        failed: null,
      })),
    ],
    resources: Array.from({ length: 60 * of.blocks }, (_, i) => ({ at_ms: i * 1000, cpu_share: 0.3 })),
    garbled: { probes: NOT_GARBLED, resources: NOT_GARBLED },
    summaries: blocks.map(({ block }): BlockSummary => ({
      schema_version: 1,
      block,
      duration_ms: 66_000,
      thresholds: [],
      counts: Object.fromEntries(
        Object.keys(tables).map((variant) => [
          variant,
          { started: of.n, finished: of.n, http_reqs: of.n, iterations: of.n, p95_ms: null },
        ]),
      ),
      probe: { count: 670 },
      stopped: null,
    })),
  };
}

function table(of: Made, side: Side, variant: Variant): RequestTable {
  const out = new RequestTable(variant);
  const random = xoroshiro128plus(of.seed + 7919 * placeOf(variant, { baseline: 0, shadow: 0, ...of.more }));
  const uniform = (): number => uniformFloat64(random);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  for (let block = 0; block < of.blocks; block += 1) {
    for (let index = 0; index < of.n; index += 1) {
      const failed = uniform() < side.error_share;
      const place = payloadAt(1, index, of.payloads);
      const right = (place + 0.5) / of.payloads < side.accuracy;
      out.add(
        record({
          variant,
          block,
          index,
          payload_id: `p${place}`,
          // A closed loop of CLIENTS over 60 s: starts evenly spread, so that Little's law holds roughly.
          start_ms: 1_000_000 + (index * 60_000) / of.n,
          duration_ms: side.median_ms * Math.exp(side.log_sd * normal()),
          error: failed ? side.error : null,
          status: failed ? (side.error === 'status' ? 503 : null) : 200,
          cost_eur: failed ? null : side.cost_eur,
          correct: failed ? null : right,
          correct_translation: failed ? null : right,
          stages_ms: failed ? null : (side.stages_ms ?? { prefill: 20, decode: side.median_ms * 0.9 }),
        }),
      );
    }
  }
  return out;
}

/** Clients that the made load corresponds to. */
export const MADE_CLIENTS = CLIENTS;
