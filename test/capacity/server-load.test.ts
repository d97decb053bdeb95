import { describe, expect, test } from 'vitest';
import { bottlenecks } from '../../domain/jobs/capacity/bottlenecks.ts';
import { judgeCapacity } from '../../domain/jobs/capacity/capacity.ts';
import { markFlat } from '../../domain/jobs/capacity/rising.ts';
import { ENGINE_METRICS, serverCauses, serverLoad } from '../../domain/jobs/capacity/server-load.ts';
import { simulateStep, trueCapacity } from '../../proof/capacity/simulated-server.ts';
import { judgeStep, type Step } from '../../domain/jobs/capacity/step.ts';
import { IID_SERVER, TRIAL_PLAN } from '../../proof/capacity/trials.ts';
import { parseExposition, readMetrics } from '../../domain/text/exposition.ts';
import type { ServerSample } from '../../domain/run/server-sample.ts';

const scraped = (at_ms: number, text: string, rss_bytes = 0): ServerSample => ({
  at_ms,
  block: 0,
  variant: 'baseline',
  process: rss_bytes === 0 ? null : { cpu_s: 1, rss_bytes, processes: 1 },
  metrics: readMetrics(parseExposition(text), ENGINE_METRICS, '/v1/chat/completions'),
});
const vllm = (waiting: number, cache: readonly number[], queue_s: number, n: number): string =>
  `vllm:num_requests_waiting{engine="0"} ${waiting}
${cache.map((share, engine) => `vllm:kv_cache_usage_perc{engine="${engine}"} ${share}`).join('\n')}
vllm:request_queue_time_seconds_sum ${queue_s}
vllm:request_queue_time_seconds_count ${n}
`;
const of = { block: 0, variant: 'baseline', memory_bytes: 100 } as const;

describe('what the server says of itself', () => {
  test('who waited late in the step, how full the fullest cache was, the time in its queue', () => {
    const load = serverLoad(
      [
        scraped(0, vllm(0, [0.1, 0.1], 10, 100), 40),
        scraped(1000, vllm(2, [0.7, 0.3], 11, 110), 50),
        scraped(2000, vllm(6, [0.6, 0.6], 12, 120), 95),
        scraped(3000, vllm(0, [0, 0], 20, 140), 60),
      ],
      of,
    );
    expect(load).toEqual({
      waiting: 4,
      cache_share: 0.7,
      memory_share: 0.95,
      stages: [{ stage: 'queue', ms: 250 }],
    });
    expect(serverCauses(load)).toEqual(['server_queue', 'server_memory']);
  });

  test('other engines go by their own names', () => {
    const text = 'llamacpp:requests_deferred 3\nllamacpp:kv_cache_usage_ratio 0.99\n';
    const load = serverLoad([scraped(0, text), scraped(1, text)], of);
    expect(load).toMatchObject({ waiting: 3, cache_share: 0.99, memory_share: null, stages: [] });
    expect(serverCauses(load)).toEqual(['server_queue', 'server_memory']);
  });

  test('nothing said is nothing known', () => {
    expect(serverLoad([], of)).toBeNull();
    expect(serverLoad([{ ...scraped(0, ''), metrics: null }], of)).toBeNull();
    expect(serverCauses(null)).toEqual([]);
    expect(serverCauses(serverLoad([scraped(0, 'up 1\n'), scraped(1, 'up 1\n')], of))).toEqual([]);
  });
});

/** One step of the simulated server, as the ramp judges it. */
function step(per_s: number, over: Partial<Parameters<typeof judgeStep>[1]> = {}): Step {
  const load = { unit: 'requests/s', value: per_s } as const;
  const { measured } = simulateStep(IID_SERVER, { ...load, warm_up_ms: 2000, hold_ms: 60_000, seed: 5 });
  return judgeStep(measured, {
    block: 0,
    load,
    hold_ms: 60_000,
    thresholds: {
      limits: [{ metric: 'request_duration', statistic: 'p95', op: '<', limit: 5000 }],
      targets: [],
      gates: [],
    },
    alpha: 0.025,
    slo: null,
    machine: { full_share: 0, delay_ms: 0, ok: true },
    server: null,
    rate_not_sent: false,
    ...over,
  });
}

describe('clients', () => {
  /** What a step of so many clients gave, a second. */
  const gave = (clients: number, per_s: number): Step => ({
    ...step(10),
    load: { unit: 'clients', value: clients },
    throughput: { estimate: per_s, lower: per_s * 0.95, upper: per_s * 1.05 },
    backlog: null,
  });
  test('beyond a dip bring no more than before it', () => {
    const steps = markFlat([gave(15, 16.9), gave(20, 19.2), gave(25, 18.7), gave(30, 19.4)]);
    expect(steps.map(({ holds }) => holds)).toEqual([true, true, false, false]);
    const plan = { ...TRIAL_PLAN, unit: 'clients', resolution: null } as const;
    expect(judgeCapacity('baseline', steps, plan).sustained?.load).toBe(20);
  });
});

describe('a step', () => {
  const capacity = trueCapacity(IID_SERVER);
  const waiting = { waiting: 5, cache_share: null, memory_share: null, stages: [] };

  test('below capacity is good, above it a queue grows, as fast as arrivals exceed service', () => {
    expect(step(0.7 * capacity)).toMatchObject({ answer: 'good', causes: [], holds: true });
    const over = step(1.12 * capacity);
    expect(over).toMatchObject({ answer: 'bad', holds: false });
    // Arrivals exceed service by a tenth of themselves: answers come so much later with each second of sending.
    expect(over.backlog?.estimate).toBeGreaterThan(0.07);
    expect(over.backlog?.estimate).toBeLessThan(0.15);
    expect(over.throughput?.estimate).toBeGreaterThan(0.95 * capacity);
    expect(over.throughput?.estimate).toBeLessThan(1.05 * capacity);
    expect((over.in_flight?.last ?? 0) / (over.in_flight?.first ?? 1)).toBeGreaterThan(3);
  });
  test('that failed names what the server says gave out in it; one that holds does not', () => {
    expect(step(1.12 * capacity, { server: waiting }).causes).toEqual(
      expect.arrayContaining(['backlog', 'server_queue']),
    );
    expect(step(0.7 * capacity, { server: waiting }).causes).toEqual([]);
  });
  test('that the load machine spoilt counts neither way', () => {
    const machine = { full_share: 0.5, delay_ms: 0, ok: false };
    expect(step(0.7 * capacity, { machine })).toMatchObject({
      answer: 'unsure',
      causes: ['machine'],
      holds: false,
    });
    expect(step(1.12 * capacity, { machine }).answer).toBe('unsure');
  });
  test('whose rate was not sent is no step of the server', () => {
    expect(step(0.7 * capacity, { rate_not_sent: true })).toMatchObject({ answer: 'bad', holds: false });
  });

  test('bottlenecks: where the added time went, with what can be said of it', () => {
    const low = step(0.3 * capacity, { server: { ...waiting, stages: [{ stage: 'queue', ms: 0 }] } });
    const high = step(1.12 * capacity);
    const grown_ms =
      (high.summary.trends.request_duration?.mean ?? 0) - (low.summary.trends.request_duration?.mean ?? 0);
    const queued = { ...high, server: { ...waiting, stages: [{ stage: 'queue', ms: 0.8 * grown_ms }] } };
    const [first, second, ...more] = bottlenecks([low, queued]);
    expect(first).toMatchObject({ stage: 'queue', low_ms: 0, advice: 'add_capacity' });
    expect(first?.share_of_growth).toBeCloseTo(0.8, 6);
    expect(second?.share_of_growth).toBeCloseTo(0.2, 6);
    // A fifth of the growth supports no recommendation.
    expect(second).toMatchObject({ stage: 'waiting', advice: 'none' });
    expect(more).toEqual([]);
    expect(bottlenecks([low, step(0.3 * capacity)])).toEqual([]);
  });
});
