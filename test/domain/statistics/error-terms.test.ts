/** The error terms of the verdict against test/oracles/error-terms.json: cases of a reference in numpy and scipy. */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { batchLength, blockDegrees, longRunCovariance } from '../../../domain/statistics/batch-means.ts';
import { clientsDiffer, clusterVariance } from '../../../domain/statistics/clients.ts';
import { decidedAfter, needsMore } from '../../../domain/statistics/decision.ts';
import { errorRateDifference } from '../../../domain/statistics/error-rate.ts';
import { failureRuns } from '../../../domain/statistics/failure-runs.ts';
import { obrienFlemingLevels } from '../../../domain/statistics/group-sequential.ts';
import { logAtRank, prepareLatency } from '../../../domain/statistics/latency-sample.ts';
import { growthScale, memoryOf, memoryOfGrowth } from '../../../domain/statistics/memory.ts';
import { meanRatio, typicalRatio } from '../../../domain/statistics/payload-ratio.ts';
import { pairLatency, type LatencyPair, quantileRatio } from '../../../domain/statistics/quantile-ratio.ts';
import { quantile, sortSamples } from '../../../domain/statistics/quantiles.ts';
import { throughputRatio } from '../../../domain/statistics/throughput-ratio.ts';
import { indicator } from '../../../domain/statistics/woodruff.ts';
import { expectClose, value } from './oracles.ts';

const n = v.number();
const seriesSchema = v.object({
  n,
  seed: n,
  phi: v.optional(n, 0),
  sd: v.optional(n, 0.42),
  shift: v.optional(n, 0),
  spells: v.optional(v.array(v.tuple([n, n])), []),
  payloads: v.optional(n, 0),
  payload_seed: v.optional(n, 0),
  payload_sd: v.optional(n, 0),
  stride: v.optional(n, 1),
  clients: v.optional(n, 0),
  client_shift: v.optional(n, 0),
  slow_clients: v.optional(v.array(n), []),
});
type Series = v.InferOutput<typeof seriesSchema>;
const failuresSchema = v.object({ n, runs: v.array(v.tuple([n, n])) });

const file = v.parse(
  v.pipe(
    v.string(),
    v.parseJson(),
    v.object({
      cases: v.array(
        v.object({
          function: v.string(),
          input: v.record(v.string(), v.unknown()),
          output: v.record(v.string(), v.unknown()),
        }),
      ),
    }),
  ),
  readFileSync(new URL('../../oracles/error-terms.json', import.meta.url), 'utf8'),
);
const casesOf = <I extends v.ObjectEntries>(name: string, input: I) => {
  const schema = v.object(input);
  const found = file.cases
    .filter((one) => one.function === name)
    .map((one) => ({ input: v.parse(schema, one.input), output: one.output }));
  if (found.length === 0) throw new Error(`the oracle has no case of ${name}`);
  return found;
};

/** A number, an infinite value written as text, or nothing known. */
function number(of: unknown): number {
  if (of === 'Infinity') return Infinity;
  if (of === '-Infinity') return -Infinity;
  if (typeof of !== 'number') throw new Error(`${String(of)} is no number`);
  return of;
}

function close(actual: number, expected: unknown, tolerance = 1e-9): void {
  const wanted = number(expected);
  if (Number.isFinite(wanted)) expectClose(actual, wanted, tolerance);
  else expect(actual).toBe(wanted);
}

/** The oracle's own generator: a linear congruence, and sums of twelve for the normal. */
function generator(seed: number): () => number {
  let x = seed;
  return () => {
    let sum = 0;
    for (let k = 0; k < 12; k++) {
      x = (Math.imul(1103515245, x) + 12345) & 0x7fffffff;
      sum += x / 2 ** 31;
    }
    return sum - 6;
  };
}

function make(of: Series): Float64Array {
  const z = generator(of.seed);
  const own = generator(of.payload_seed);
  const effects = Array.from({ length: of.payloads }, () => of.payload_sd * own());
  const innovation = of.sd * Math.sqrt(1 - of.phi ** 2);
  let state = 0;
  return Float64Array.from({ length: of.n }, (_, i) => {
    state = i === 0 ? of.sd * z() : of.phi * state + innovation * z();
    const spell = of.spells.some(([a, b]) => i >= a && i < b) ? Math.log(3) : 0;
    const slow = of.clients > 0 && of.slow_clients.includes(i % of.clients) ? of.client_shift : 0;
    const effect = effects[(i * of.stride) % Math.max(1, of.payloads)] ?? 0;
    return state + spell + of.shift + effect + slow;
  });
}

function failed(of: v.InferOutput<typeof failuresSchema>): Float64Array {
  return Float64Array.from({ length: of.n }, (_, i) => (of.runs.some(([a, b]) => i >= a && i < b) ? 1 : 0));
}

const differences = (a: Float64Array, b: Float64Array) =>
  Float64Array.from({ length: Math.min(a.length, b.length) }, (_, i) => (b[i] ?? 0) - (a[i] ?? 0));
const modulo = (count: number, by: number, stride = 1) =>
  Int32Array.from({ length: count }, (_, i) => (i * stride) % by);

interface Tags {
  readonly clients?: (count: number) => Int32Array;
  readonly payloads?: readonly [Int32Array, Int32Array];
}

function pairOf(baseline: readonly Series[], shadow: readonly Series[], tags: Tags = {}): LatencyPair {
  const sample = (blocks: readonly Series[], side: 0 | 1) =>
    value(
      prepareLatency(
        blocks.map((block) => ({
          durations_ms: make(block).map(Math.exp),
          ...(tags.clients === undefined ? {} : { clients: tags.clients(block.n) }),
          ...(tags.payloads === undefined ? {} : { payloads: tags.payloads[side] }),
        })),
      ),
    ).sample;
  return value(pairLatency(sample(baseline, 0), sample(shadow, 1))).pair;
}

describe('memory', () => {
  it.each(casesOf('obm', { series: seriesSchema, series_b: v.optional(seriesSchema), m: n }))(
    'batch means of m = $input.m',
    ({ input, output }) => {
      const a = make(input.series);
      const b = input.series_b === undefined ? a : make(input.series_b);
      close(longRunCovariance(a, b, input.m), output['value']);
    },
  );
  it.each(casesOf('scales', { n }))('scales of n = $input.n', ({ input, output }) => {
    expect(growthScale(input.n)).toBe(output['growth_scale']);
    expect(batchLength(input.n)).toBe(output['least_batch']);
    expect(batchLength(input.n, 20)).toBe(output['batch_at_memory_20']);
    close(blockDegrees([input.n]), output['degrees_at_least_batch']);
  });
  it.each(casesOf('memory_of_growth', { growth: n, a: n }))(
    'of growth $input.growth',
    ({ input, output }) => {
      close(memoryOfGrowth(input.growth, input.a), output['memory'], 1e-6);
    },
  );
  it.each(casesOf('memory', { baseline: v.array(seriesSchema), shadow: v.array(seriesSchema) }))(
    'of differences %#',
    ({ input, output }) => {
      const blocks = input.baseline.map((b, i) => differences(make(b), make(input.shadow[i] ?? b)));
      close(memoryOf(blocks), output['memory'], 1e-6);
    },
  );
});

it.each(casesOf('at_rank', { sorted: seriesSchema, rank: n }))('rank $input.rank', ({ input, output }) => {
  // The oracle's values are logarithms.
  const durations_ms = make(input.sorted).map(Math.exp);
  close(logAtRank(value(prepareLatency([{ durations_ms }])).sample, input.rank), output['value']);
});

describe('percentile ratio', () => {
  const input = {
    baseline: seriesSchema,
    shadow: seriesSchema,
    p: n,
    alpha: n,
    client: v.optional(v.string()),
  };
  it.each(casesOf('quantile_ratio', input))(
    'p = $input.p of $input.baseline.n %#',
    ({ input: of, output }) => {
      const clients = of.client === undefined ? {} : { clients: (count: number) => modulo(count, 10) };
      const result = value(quantileRatio(pairOf([of.baseline], [of.shadow], clients), of));
      close(result.log.lower, output['lower'], 1e-6);
      close(result.log.estimate, output['estimate']);
      close(result.log.upper, output['upper'], 1e-6);
      close(result.memory, output['memory'], 1e-6);
      close(result.rho, output['rho']);
      expect(result.short).toBe(output['short']);
      expect(result.clustered).toBe(output['clustered']);
      const [variance, critical] = v.parse(v.tuple([v.tuple([n, n]), v.tuple([n, n])]), [
        output['variance'],
        output['critical'],
      ]);
      [result.baseline, result.shadow].forEach((side, i) => {
        close(side.precision.variance, variance[i]);
        close(side.precision.critical, critical[i]);
      });
    },
  );
  it.each(
    casesOf('quantile_ratio_blocks', {
      ...input,
      baseline: v.array(seriesSchema),
      shadow: v.array(seriesSchema),
    }),
  )('over blocks %#', ({ input: of, output }) => {
    const { log, memory } = value(quantileRatio(pairOf(of.baseline, of.shadow), of));
    close(log.lower, output['lower'], 1e-6);
    close(log.estimate, output['estimate']);
    close(log.upper, output['upper'], 1e-6);
    close(memory, output['memory'], 1e-6);
  });
});

it.each(casesOf('clients', { series: seriesSchema, level: n }))('clients %#', ({ input, output }) => {
  const values = make(input.series);
  const clients = modulo(values.length, 10);
  expect(clientsDiffer([{ values, clients }], input.level)).toBe(output['differ']);
  const median = quantile(value(sortSamples(values)).sorted, 0.5);
  const below = indicator({ durations_ms: values }, median);
  const cluster = clusterVariance([{ values: below, clients }], Float64Array.of(1));
  close(cluster?.variance ?? Number.NaN, output['cluster_variance_of_median_indicator']);
});

describe('failures', () => {
  it.each(casesOf('failure_runs', { failed: failuresSchema, gap: n }))('runs %#', ({ input, output }) => {
    expect(failureRuns(failed(input.failed), input.gap)).toEqual(output['sizes']);
  });
  it.each(
    casesOf('error_rate_difference', { baseline: failuresSchema, shadow: failuresSchema, gap: n, alpha: n }),
  )('difference %#', ({ input, output }) => {
    const block = { baseline: failed(input.baseline), shadow: failed(input.shadow) };
    const in_flight = { baseline: input.gap, shadow: input.gap };
    const result = value(errorRateDifference([block], { alpha: input.alpha, in_flight }));
    close(result.lower, output['lower']);
    close(result.estimate, output['estimate']);
    close(result.upper, output['upper']);
    close(result.inflation, output['inflation']);
  });
  it.each(
    casesOf('throughput_ratio', {
      lost_baseline: failuresSchema,
      lost_shadow: failuresSchema,
      alpha: n,
      gap: n,
    }),
  )('throughput %#', ({ input, output }) => {
    const lost = { baseline: failed(input.lost_baseline), shadow: failed(input.lost_shadow) };
    // Windows of ten requests each, in order: what was answered.
    const windows = (of: Float64Array) =>
      Float64Array.from({ length: of.length / 10 }, (_, w) =>
        of.subarray(10 * w, 10 * w + 10).reduce((sum, gone) => sum + 1 - gone, 0),
      );
    const block = { baseline: windows(lost.baseline), shadow: windows(lost.shadow), lost };
    const result = value(throughputRatio([block], { alpha: input.alpha, windows: 'answers' }));
    close(result.log.lower, output['lower']);
    close(result.log.estimate, output['estimate']);
    close(result.log.upper, output['upper']);
    close(result.inflation, output['inflation']);
  });
});

const sixty = /^(?<stride>\d+)? ?i mod 60$/;
const payloads = (text: string, count: number) =>
  modulo(count, 60, Number(sixty.exec(text)?.groups?.['stride'] ?? 1));

it.each(
  casesOf('typical_ratio', {
    baseline: seriesSchema,
    shadow: seriesSchema,
    payload_baseline: v.string(),
    payload_shadow: v.string(),
    paired: v.boolean(),
    alpha: n,
  }),
)('typical ratio %#', ({ input, output }) => {
  const pair = pairOf([input.baseline], [input.shadow], {
    payloads: [
      payloads(input.payload_baseline, input.baseline.n),
      payloads(input.payload_shadow, input.shadow.n),
    ],
  });
  const result = value(typicalRatio(pair, input.alpha));
  expect(result.paired).toBe(input.paired);
  close(result.log.lower, output['lower'], 1e-6);
  close(result.log.estimate, output['estimate']);
  close(result.log.upper, output['upper'], 1e-6);
  close(result.se, output['se'], 1e-6);
  close(result.degrees, output['degrees'], 1e-6);
  expect(result.payloads).toBe(output['payloads']);
});

it.each(
  casesOf('mean_ratio', { baseline: seriesSchema, shadow: seriesSchema, payload: v.string(), alpha: n }),
)('mean ratio %#', ({ input, output }) => {
  const pair = pairOf([input.baseline], [input.shadow], {
    payloads: [payloads(input.payload, input.baseline.n), payloads(input.payload, input.shadow.n)],
  });
  const result = value(meanRatio(pair, input.alpha));
  close(result.log.lower, output['lower'], 1e-6);
  close(result.log.estimate, output['estimate']);
  close(result.log.upper, output['upper'], 1e-6);
});

it.each(casesOf('obrien_fleming_levels', { looks: n, alpha: n }))(
  '$input.looks looks',
  ({ input, output }) => {
    const levels = v.parse(v.array(n), output['levels']);
    obrienFlemingLevels(input.looks, input.alpha).forEach((level, k) => close(level, levels[k], 1e-6));
  },
);

it.each(casesOf('needs_more', { n, estimate: n, se: n, critical: n, margin: n }))(
  'how many more %#',
  ({ input, output }) => {
    const z = (input.margin - input.estimate) / input.se;
    expect(needsMore(z, input.critical, input.n)).toBe(output['more']);
    close(decidedAfter(z, input.critical, 4), output['chance_at_4n']);
  },
);

it('every case of the file is asked', () => {
  // A new function in the oracle file must not go unnoticed.
  expect(new Set(file.cases.map((one) => one.function)).size).toBe(15);
});
