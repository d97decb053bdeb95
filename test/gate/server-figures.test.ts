/** What the server measured, from raw samples; and each reason not to believe it, caught. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketQuantile, bucketsOf } from '../../domain/jobs/adapter-gate/histogram.ts';
import { contractQueries, contractWindow, mapFigures } from '../../domain/jobs/adapter-gate/promql.ts';
import { increaseOf, parseAnswer, type Series } from '../../domain/jobs/adapter-gate/samples.ts';
import {
  contractFigures,
  exactFigures,
  type RawTest,
} from '../../domain/jobs/adapter-gate/server-figures.ts';

const FROM = 100_000;
const TO = 160_000;
const range = { from_ms: FROM, to_ms: TO };

/** Samples every 10 s from 80 s to 190 s: `at(0)` before the test, `at(1)` from its last second on, linear between. */
const series = (labels: Series['labels'], before: number, after: number): Series => ({
  labels,
  samples: Array.from({ length: 12 }, (_, i) => {
    const at_ms = 80_000 + i * 10_000;
    const share = Math.min(1, Math.max(0, (at_ms - FROM) / (TO - FROM)));
    return { at_ms, value: before + share * (after - before) };
  }),
});

const buckets = (counts: Readonly<Record<string, number>>, labels: Series['labels'] = {}): Series[] =>
  Object.entries(counts).map(([le, count]) =>
    series({ ...labels, le, model_name: 'base' }, 1000, 1000 + count),
  );

function raw(over: Partial<RawTest> = {}, also: Partial<RawTest['series']> = {}): RawTest {
  return {
    up: [series({ instance: 'a:8000' }, 1, 1)],
    series: {
      latency: buckets({ '1': 50, '2': 90, '5': 100, '+Inf': 100 }),
      ttft: buckets({ '0.1': 50, '0.25': 100, '+Inf': 100 }),
      success: [
        series({ finished_reason: 'stop', model_name: 'base' }, 500, 560),
        series({ finished_reason: 'length', model_name: 'base' }, 20, 60),
      ],
      ...also,
    },
    gauges: { kv_cache_usage: [series({}, 0.4, 0.4)], gpu_utilization: [] },
    range,
    duration_s: 60,
    sent: 100,
    answered: 99,
    ...over,
  };
}

const codes = (of: RawTest): string[] => exactFigures(of).findings.map(({ code }) => code);

describe('exact figures', () => {
  test('are the increase over the test, summed over series by le', () => {
    const { exact, findings } = exactFigures(raw());
    expect(findings).toEqual([]);
    expect(exact.figures.p50_latency_s).toBeCloseTo(1, 9);
    expect(exact.figures.p95_latency_s).toBeCloseTo(3.5, 9);
    expect(exact.buckets.latency.p95).toMatchObject({ bucket_low: 2, bucket_high: 5 });
    expect(exact.figures.throughput_rps).toBeCloseTo(100 / 60, 9);
    expect(exact.figures.kv_cache_usage).toBe(0.4);
    expect(exact.figures.gpu_utilization).toBeNull();
    expect(exact.model_names).toEqual(['base']);
  });

  test('two engines are one server', () => {
    const two = raw(
      { up: [series({ instance: 'a:8000' }, 1, 1), series({ instance: 'b:8000' }, 1, 1)] },
      {
        latency: [
          ...buckets({ '1': 10, '5': 50, '+Inf': 50 }, { engine: '0' }),
          ...buckets({ '1': 40, '5': 50, '+Inf': 50 }, { engine: '1' }),
        ],
      },
    );
    expect(exactFigures(two).exact.figures.p50_latency_s).toBeCloseTo(1, 9);
  });

  test.each<[string, RawTest]>([
    ['target_missing', raw({ up: [] })],
    ['target_down', raw({ up: [{ labels: {}, samples: [...series({}, 1, 0).samples] }] })],
    [
      'no_series',
      raw({ up: [{ labels: {}, samples: series({}, 1, 1).samples.filter(({ at_ms }) => at_ms > FROM) }] }),
    ],
    [
      'no_scrape_after',
      raw({ up: [{ labels: {}, samples: series({}, 1, 1).samples.filter(({ at_ms }) => at_ms < TO) }] }),
    ],
    ['no_series', raw({}, { ttft: [] })],
    ['not_a_number', raw({}, { ttft: buckets({ '0.1': 0, '+Inf': 0 }) })],
    ['not_a_number', raw({}, { success: [series({}, Number.NaN, Number.NaN)] })],
    [
      'counter_reset',
      raw(
        {},
        {
          success: [
            {
              labels: {},
              samples: [
                { at_ms: 90_000, value: 500 },
                { at_ms: 130_000, value: 30 },
                { at_ms: 160_000, value: 100 },
              ],
            },
          ],
        },
      ),
    ],
    ['other_traffic', raw({ sent: 90, answered: 90 })],
    ['unseen_requests', raw({ sent: 120, answered: 120 })],
    ['bad_buckets', raw({}, { latency: [series({}, 0, 100)] })],
    [
      'no_scrape_after',
      raw(
        {},
        { success: [{ labels: {}, samples: series({}, 0, 100).samples.filter(({ at_ms }) => at_ms < TO) }] },
      ),
    ],
  ])('%s is named', (code, of) => {
    expect(codes(of)).toContain(code);
    expect(exactFigures(of).findings.every(({ severity }) => severity === 'invalid')).toBe(true);
  });
});

describe('increase', () => {
  test('a series born in the test counts from 0; one that ended before it is nothing', () => {
    const born = { labels: {}, samples: series({}, 0, 70).samples.filter(({ at_ms }) => at_ms >= 130_000) };
    expect(increaseOf(born, range)?.increase).toBe(70);
    expect(increaseOf({ labels: {}, samples: [{ at_ms: 90_000, value: 5 }] }, range)).toBeNull();
  });

  test('any counter, however often it began anew: the sum of what it grew by', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(100), fc.boolean()), { minLength: 1, maxLength: 30 }),
        fc.nat(1000),
        (steps, before) => {
          let value = before;
          let truth = 0;
          let resets = 0;
          const samples = [{ at_ms: FROM, value: before }];
          steps.forEach(([by, reset], i) => {
            // A restart is only seen where the counter is lower than before.
            const restarts = reset && by < value;
            value = restarts ? by : value + by;
            truth += by;
            resets += restarts ? 1 : 0;
            samples.push({ at_ms: FROM + i + 1, value });
          });
          const end = FROM + steps.length;
          expect(increaseOf({ labels: {}, samples }, { from_ms: FROM, to_ms: end })).toEqual({
            labels: {},
            increase: truth,
            resets,
            ended_early: false,
          });
        },
      ),
    );
  });
});

describe('percentiles of buckets', () => {
  const of = (counts: Readonly<Record<string, number>>) =>
    bucketsOf(
      Object.entries(counts).map(([le, increase]) => ({
        labels: { le },
        increase,
        resets: 0,
        ended_early: false,
      })),
    ) ?? [];

  test('above the highest bound: the least that it can be', () => {
    expect(bucketQuantile(of({ '1': 1, '+Inf': 100 }), 0.95)).toEqual({
      value: 1,
      bucket_low: 1,
      bucket_high: null,
    });
  });

  test('nothing observed, or no infinite bucket: none', () => {
    expect(bucketQuantile(of({ '1': 0, '+Inf': 0 }), 0.5)).toBeNull();
    expect(bucketQuantile(of({ '1': 5 }), 0.5)).toBeNull();
  });

  test('the true percentile lies in the bucket, whatever the data', () => {
    const bounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.001, max: 20, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.95, 0.99),
        (values, q) => {
          const counts: Record<string, number> = { '+Inf': values.length };
          for (const bound of bounds) counts[String(bound)] = values.filter((x) => x <= bound).length;
          const found = bucketQuantile(of(counts), q);
          const sorted = values.toSorted((a, b) => a - b);
          const truth = sorted[Math.max(0, Math.ceil(q * values.length - 1e-9) - 1)] ?? 0;
          expect(truth).toBeGreaterThanOrEqual(found?.bucket_low ?? Infinity);
          expect(truth).toBeLessThanOrEqual(found?.bucket_high ?? Infinity);
        },
      ),
    );
  });
});

describe("the contract's questions", () => {
  test('are to the letter', () => {
    expect(contractWindow(61_000)).toBe('2m');
    expect(contractWindow(5000)).toBe('1m');
    const queries = contractQueries('vllm-service', '2m');
    expect(queries.p95_latency_s).toBe(
      'histogram_quantile(0.95, rate(vllm:e2e_request_latency_seconds_bucket{job="vllm-service"}[2m]))',
    );
    expect(queries.p50_ttft_s).toBe(
      'histogram_quantile(0.5, rate(vllm:time_to_first_token_seconds_bucket{job="vllm-service"}[2m]))',
    );
    expect(queries.throughput_rps).toBe('sum(rate(vllm:request_success_total{job="vllm-service"}[2m]))');
    expect(queries.kv_cache_usage).toBe('vllm:kv_cache_usage_perc{job="vllm-service"}');
    expect(queries.gpu_utilization).toBe('DCGM_FI_DEV_GPU_UTIL{gpu="0"}');
    expect(contractQueries('a"b', '1m').kv_cache_usage).toContain('job="a\\"b"');
  });

  const one = (value: number): Series[] => [{ labels: {}, samples: [{ at_ms: TO, value }] }];

  test('NaN, no answer and several answers are named; gauges may be absent', () => {
    const all = mapFigures(() => one(1));
    expect(contractFigures({ ...all, gpu_utilization: [], kv_cache_usage: [] }).findings).toEqual([]);
    const found = (over: Partial<typeof all>) =>
      contractFigures({ ...all, ...over }).findings.map(({ code }) => code);
    expect(found({ p95_ttft_s: one(Number.NaN) })).toEqual(['not_a_number']);
    expect(found({ throughput_rps: [] })).toEqual(['no_series']);
    expect(found({ p95_latency_s: [...one(1), ...one(2)] })).toEqual(['several_series']);
  });
});

describe("Prometheus's answers", () => {
  const vector = (value: string): unknown => ({
    status: 'success',
    data: { resultType: 'vector', result: [{ metric: {}, value: [1, value] }] },
  });
  test('are read with NaN and infinities', () => {
    expect(parseAnswer(vector('NaN'))[0]?.samples[0]?.value).toBeNaN();
    expect(parseAnswer(vector('+Inf'))[0]?.samples[0]?.value).toBe(Infinity);
    expect(parseAnswer(vector('1.5'))[0]?.samples).toEqual([{ at_ms: 1000, value: 1.5 }]);
  });
  test.each([
    [vector('many'), /"many", which is no number/],
    [{ status: 'error' }, /another shape/],
    [[], /another shape/],
    [
      {
        status: 'success',
        data: { resultType: 'vector', result: [{ metric: { __name__: 'x' }, histogram: [1, {}] }] },
      },
      /x is a native histogram/,
    ],
  ])('%j is refused', (body, message) => {
    expect(() => parseAnswer(body)).toThrow(message);
  });
});
