// One baseline and two candidates through the whole core: plan, k6's thresholds, log, reading, figures. The command line
// offers one candidate so far.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRun } from '../../cli/read/run.ts';
import { histogram, slowestStage } from '../../domain/figures/pictures.ts';
import { samples } from '../../domain/figures/samples.ts';
import { series } from '../../domain/figures/series.ts';
import { driftsOf } from '../../domain/jobs/capacity/drift.ts';
import { capacitiesOf } from '../../domain/jobs/capacity/of-run.ts';
import { compare } from '../../domain/result/compare.ts';
import { parseBlockPlan, type BlockPlan } from '../../domain/run/block.ts';
import type { RunData } from '../../domain/run/data.ts';
import type { Manifest } from '../../domain/run/manifest.ts';
import { runFindings } from '../../domain/verdict/run-findings.ts';
import { k6Thresholds } from '../../domain/verdict/thresholds.ts';
import { mapVariants, pairsOf, placeOf, presentVariants } from '../../domain/variants.ts';
import { manifest, record } from '../support/run-data.ts';

const MEDIAN_MS = { baseline: 300, shadow: 330, canary: 200 };
const NAMES = ['baseline', 'shadow', 'canary'];
const N = 400;
const BLOCKS = [0, 1];

const server = (port: number): NonNullable<Manifest['variants']['baseline']> => ({
  label: `on ${port}`,
  url: `http://127.0.0.1:${port}`,
  stand_in: false,
  identity: null,
});

/** Durations swing round the median, so that each variant's own figures are known. */
const duration_ms = (variant: keyof typeof MEDIAN_MS, index: number): number =>
  MEDIAN_MS[variant] * (1 + 0.1 * Math.sin(index));

const lines = (of: readonly (keyof typeof MEDIAN_MS)[]): string =>
  of
    .flatMap((variant) =>
      BLOCKS.flatMap((block) =>
        Array.from({ length: N }, (_, index) =>
          JSON.stringify(
            record({
              variant,
              block,
              index,
              start_ms: 1_000_000 + block * 60_000 + index * 150,
              duration_ms: duration_ms(variant, index),
              stages_ms: { decode: 0.9 * duration_ms(variant, index) },
            }),
          ),
        ),
      ),
    )
    .join('\n');

describe('three variants', () => {
  const folder = mkdtempSync(join(tmpdir(), 'three-'));
  const of: Manifest = {
    ...manifest(),
    // As a file may have them: the baseline need not stand first.
    variants: { shadow: server(8081), baseline: server(8080), canary: server(8082) },
    stopped: { reason: 'server_gone', variant: 'canary', at_ms: 1_090_000 },
    blocks: BLOCKS.map((block) => ({
      block,
      variants: NAMES,
      duration_ms: 60_000,
      started_ms: 1_000_000 + block * 60_000,
      ended_ms: 1_060_000 + block * 60_000,
      k6_exit_code: 0,
      loads: Object.fromEntries(NAMES.map((name) => [name, { unit: 'clients', value: 10 + block }])),
    })),
  };
  let data: RunData;

  beforeAll(() => {
    const put = (file: string, text: string): void => writeFileSync(join(folder, file), text);
    put('manifest.json', JSON.stringify(of));
    put(
      'requests.jsonl',
      [
        lines(['canary', 'shadow', 'baseline']),
        JSON.stringify({ ...record(), variant: 'ghost' }),
        JSON.stringify({ ...record(), variant: 'constructor' }),
        '',
      ].join('\n'),
    );
    for (const block of BLOCKS)
      put(
        `summary-${block}.json`,
        JSON.stringify({
          schema_version: 1,
          block,
          duration_ms: 66_000,
          thresholds: [],
          counts: Object.fromEntries(
            NAMES.map((name) => [
              name,
              { started: N, finished: N, http_reqs: N, iterations: N, p95_ms: null },
            ]),
          ),
          probe: null,
          stopped: null,
        }),
      );
    put(
      'resources.jsonl',
      Array.from({ length: 60 }, (_, i) =>
        JSON.stringify({
          at_ms: 1_000_000 + i * 1000,
          cpu_share: 0.3,
          processes: Object.fromEntries(NAMES.map((name) => [name, { rss_bytes: 2 ** 27 }])),
        }),
      ).join('\n'),
    );
    put(
      'server.jsonl',
      NAMES.map((variant) =>
        JSON.stringify({
          at_ms: 1_000_500,
          block: 0,
          variant,
          process: { cpu_s: 1, rss_bytes: 1, processes: 1 },
        }),
      ).join('\n'),
    );
    data = readRun({ id: 'three', path: folder });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are planned, and k6 judges each', () => {
    const plan: BlockPlan = {
      block: 0,
      nonce: 'three',
      variants: [...presentVariants(of.variants)],
      request_log: null,
      summary_file: '',
      payloads_file: null,
      thresholds_file: null,
      probe_url: null,
      loads: { canary: { unit: 'clients', value: 3 } },
    };
    const { variants, loads } = parseBlockPlan(JSON.stringify(plan));
    expect(variants).toEqual(NAMES);
    expect(loads?.['canary']).toEqual({ unit: 'clients', value: 3 });
    const thresholds = k6Thresholds(of.thresholds, variants);
    for (const name of NAMES) {
      expect(thresholds[`requests_finished{variant:${name},phase:measured}`]).toEqual(['count>0']);
      expect(thresholds[`request_failed{variant:${name},phase:measured}`]).toEqual(['rate<0.01']);
    }
    expect(Object.keys(thresholds).length % NAMES.length).toBe(0);
  });

  it('are read by name, and a variant that was not declared is none', () => {
    expect(presentVariants(data.measured)).toEqual(NAMES);
    expect(mapVariants(data.recorded, Number)).toEqual({ baseline: 2 * N, shadow: 2 * N, canary: 2 * N });
    expect(data.bad_lines.count).toBe(2);
    expect(data.bad_lines.first.map(({ problem }) => problem)).toEqual([
      expect.stringContaining('variant is "ghost"; the manifest has baseline, shadow, canary'),
      expect.stringContaining('variant is "constructor"'),
    ]);
    expect(data.server?.map(({ variant }) => variant)).toEqual(NAMES);
    expect(data.resources[0]?.rss_bytes).toEqual({ baseline: 2 ** 27, shadow: 2 ** 27, canary: 2 ** 27 });
  });

  it('have figures of their own', () => {
    const { variants, run } = compare(data);
    expect(presentVariants(variants)).toEqual(NAMES);
    for (const [name, median_ms] of Object.entries(MEDIAN_MS)) {
      expect(variants[name]?.requests).toBe(2 * N);
      expect(variants[name]?.trends.request_duration?.p50).toBeCloseTo(median_ms, -1);
      expect(run.variants[name]?.label).toMatch(/^on 808\d$/);
    }
    expect(presentVariants(variants).map((name) => placeOf(name, variants))).toEqual([0, 1, 2]);
    const pairs = pairsOf(mapVariants(variants, ({ trends }) => trends.request_duration?.p50 ?? NaN));
    expect(pairs.map(({ candidate, of: [before, after] }) => [candidate, after > before])).toEqual([
      ['shadow', true],
      ['canary', false],
    ]);
    expect(mapVariants(slowestStage(variants), ({ stage }) => stage)).toEqual({
      shadow: 'decode',
      canary: 'decode',
    });
  });

  it('are drawn, each', () => {
    expect(presentVariants(series(data.measured)?.variants ?? {})).toEqual(NAMES);
    const shares = histogram(mapVariants(data.measured, samples))?.shares ?? {};
    expect(presentVariants(shares)).toEqual(NAMES);
    for (const name of NAMES) expect(shares[name]?.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
  });

  it('have a capacity and a drift each', () => {
    const capacities = capacitiesOf(data);
    expect(presentVariants(capacities)).toEqual(NAMES);
    for (const name of NAMES) expect(capacities[name]?.steps.map(({ load }) => load.value)).toEqual([10, 11]);
    for (const name of NAMES) expect(capacities[name]?.variant).toBe(name);
    const drifts = driftsOf(data, 0.025);
    for (const name of NAMES)
      expect(drifts.flatMap(({ variant, what }) => (variant === name ? what : []))).toEqual([
        'latency_p50',
        'latency_p95',
        'error_share',
        'server_memory',
      ]);
  });

  it('are told apart where a server was gone, or one stands for two', () => {
    expect(runFindings(data).map(({ code, variant }) => [code, variant])).toEqual([
      ['server_gone', 'canary'],
    ]);
    const twice: RunData = {
      ...data,
      manifest: { ...of, stopped: null, variants: { ...of.variants, canary: server(8080) } },
    };
    expect(runFindings(twice).map(({ code, variant }) => [code, variant])).toEqual([
      ['same_server', 'canary'],
    ]);
  });
});
