/** What the gates judge, and which of them count: on whole simulated runs. */
import { describe, expect, it } from 'vitest';
import { firstBlocks } from '../../domain/record/request-table.ts';
import { seededRandom } from '../../domain/statistics/random.ts';
import type { Check } from '../../domain/verdict/check.ts';
import type { Pair, Side } from '../../domain/verdict/gates/evaluation.ts';
import { judgeGates, type GateContext } from '../../domain/verdict/gates/judge.ts';
import { repeatsOf } from '../../domain/verdict/gates/latency-pair.ts';
import { judgeLooks } from '../../domain/verdict/gates/looks.ts';
import { LEAST_POWER, planGates, type PlanSettings } from '../../domain/verdict/plan.ts';
import { parseThresholds } from '../../domain/verdict/thresholds.ts';
import { type RunPlan, sideOf, simulateRun } from '../../proof/statistics/runs.ts';
import shadowThresholds from '../../thresholds/shadow.json' with { type: 'json' };

const { gates } = parseThresholds(shadowThresholds, 'thresholds/shadow.json');
const context: GateContext = {
  alpha: 0.025,
  rule: 'interval',
  required: [],
  plan: null,
  deployment_log_sd: {},
  block_ms: 60_000,
  load: 'closed',
  in_flight: { baseline: 10, shadow: 10 },
};
const plan: RunPlan = { noise: 'ar1', noise_log_sd: 0.26, n: 1900 };
const run = (over: Partial<RunPlan> = {}, seed = 5): Pair =>
  simulateRun(seededRandom(seed), { ...plan, ...over });
const judge = (pair: Pair, over: Partial<GateContext> = {}): readonly Check[] =>
  judgeGates(gates, pair, { ...context, ...over }).checks;
const find = (checks: readonly Check[], id: string): Check => {
  const found = checks.find((check) => check.id === id);
  if (found === undefined) throw new Error(`no gate ${id}`);
  return found;
};

describe('what the gates see', () => {
  it('a cache that only the shadow has: first sendings are judged, and a shadow twice as slow fails', () => {
    const pair = run({ shadow: { ratio: 2, cached_ms: 5 } });
    expect(repeatsOf(pair)).toMatchObject({ differs: true, payloads: 302 });
    const typical = find(judge(pair), 'request_duration_typical');
    expect(typical).toMatchObject({ answer: 'fail', basis: 'first_sendings', n: 302 });
    expect(typical.value).toBeGreaterThan(1.7);
  });
  it('a cache that both have is no difference between them', () => {
    const cached = { cached_ms: 5 };
    expect(repeatsOf(run({ baseline: cached, shadow: cached }))?.differs).toBe(false);
    expect(repeatsOf(run())?.differs).toBe(false);
  });
  it('a few payloads that became 25 times slower: the mean, which no percentile sees', () => {
    const checks = judge(run({ shadow: { slow_payloads: { count: 4, factor: 25 } } }));
    expect(find(checks, 'request_duration_mean').answer).toBe('fail');
    expect(find(checks, 'request_duration_p50').answer).toBe('pass');
  });
  it('failures are the slowest answers of all: the worse of both counts', () => {
    const check = find(judge(run({ shadow: { failures: { share: 0.04, run: 1 } } })), 'request_duration_p99');
    expect(check).toMatchObject({ basis: 'with_failures', value: null, answer: 'fail' });
    expect(find(judge(run()), 'request_duration_p99').basis).toBe('answers');
  });
  it('without a failure, says which bursts it can have missed', () => {
    expect(find(judge(run()), 'error_rate').unseen).toBeCloseTo(19 / 3.7, 9);
    const failing = run({ shadow: { failures: { share: 0.01, run: 5 } } });
    expect(find(judge(failing), 'error_rate').unseen).toBeUndefined();
  });
  it('slow spells that outlast the run leave it open, with their length', () => {
    const spells = Array.from({ length: 12 }, (_, seed) =>
      judge(run({ noise: 'ar99', noise_log_sd: 0.42 }, seed + 1)),
    );
    const memories = spells.flatMap((checks) => {
      const { undecided } = find(checks, 'request_duration_p95');
      return undecided?.reason === 'memory' ? [undecided.requests] : [];
    });
    expect(memories.length).toBeGreaterThan(1);
    for (const requests of memories) expect(requests).toBeGreaterThan(95);
  });
  it('clients that sit on a slower server widen what they should', () => {
    const width = (pair: Pair): number => {
      const { low, high } = find(judge(pair), 'request_duration_typical').interval ?? {
        low: null,
        high: null,
      };
      return Math.log((high ?? Infinity) / (low ?? 0));
    };
    const pods = (pinned: readonly number[]) => ({
      pods: { factor: 1.3, pinned: Array.from({ length: 10 }, (_, i) => pinned.includes(i)) },
    });
    expect(width(run({ baseline: pods([1, 2]), shadow: pods([0, 3, 4, 5, 6, 7]) }))).toBeGreaterThan(
      3 * width(run()),
    );
  });
  it('shows a fail at the level of several gates', () => {
    const check = find(judge(run({ shadow: { ratio: 1.4 } })), 'request_duration_p50');
    expect(check.answer).toBe('fail');
    expect(check.alpha).toBeLessThan(0.025);
    expect(check.interval?.low).toBeGreaterThan(1.15);
  });
  it('a mid-p of McNemar stands beside steady answers', () => {
    expect(find(judge(run({ shadow: { accuracy: 0.6 } })), 'accuracy_correction').mid_p).toBeLessThan(1e-6);
  });
});

it('a handful of answers, however alike, are no mean', () => {
  const few = run({ n: 12 });
  expect(find(judge(few, { required: ['request_duration_mean'] }), 'request_duration_mean')).toMatchObject({
    answer: 'inconclusive',
    undecided: { reason: 'no_data' },
  });
  expect(find(judge(few), 'request_duration_mean').advisory).toEqual({
    reason: 'too_few',
    needs: 20,
    has: 12,
  });
});

describe('throughput', () => {
  const throughput = (pair: Pair, load: GateContext['load']): Check =>
    find(judge(pair, { load }), 'throughput');
  it('of a closed loop restates the mean, and advises', () => {
    expect(throughput(run(), 'closed').advisory).toEqual({ reason: 'restates_latency' });
  });
  it('of a counted load is the ratio of the times that as many requests took', () => {
    const pair = run({ n: 300 });
    const slower = pair.shadow.measured.start_ms.map((at) => at * 1.5);
    const shadow = sideOf({ ...pair.shadow.measured, start_ms: slower });
    const check = throughput({ ...pair, shadow }, 'counted');
    expect(check.value).toBeGreaterThan(0.6);
    expect(check.value).toBeLessThan(0.72);
    expect(check).toMatchObject({ answer: 'fail', advisory: null });
    // Too few requests for windows that tell anything.
    expect(throughput(run({ n: 25 }), 'counted').undecided).toMatchObject({ reason: 'no_data' });
  });
  it('of an open loop counts what was lost', () => {
    const lossy = run({ shadow: { failures: { share: 0.4, run: 1 } } });
    // Nothing in flight beside a request: each loss is an event of its own.
    const alone = judge(lossy, { load: 'open', in_flight: { baseline: 0, shadow: 0 } });
    expect(find(alone, 'throughput')).toMatchObject({ answer: 'fail', advisory: null });
    // Ten in flight: losses so dense are one long outage, of which a minute says little.
    expect(throughput(lossy, 'open').answer).toBe('inconclusive');
  });
});

describe('the plan', () => {
  const settings: PlanSettings = {
    alpha: 0.025,
    duration_ms: 60_000,
    requests: 1900,
    payloads: 302,
    labelled: 302,
    load: 'closed',
  };
  const warmUp = (over: Partial<RunPlan> = {}, seed = 7): Side => run({ n: 160, ...over }, seed).baseline;
  const planned = (over: Partial<PlanSettings> = {}, warm_up: Side | null = warmUp()) =>
    new Map(planGates(gates, { ...settings, ...over }, warm_up).map((one) => [one.id, one]));
  it('lets the default run count all but p99 and throughput', () => {
    const informs = [...planned()].flatMap(([id, { advisory }]) => (advisory === null ? [] : [id]));
    expect(informs).toEqual(['request_duration_p99', 'throughput']);
    expect(planned().get('request_duration_p99')?.advisory).toMatchObject({ reason: 'power' });
    expect(planned().get('request_duration_p99')?.needs).toBeGreaterThan(1900);
  });
  it('of a tenth of the requests lets fewer count, and says how long they would take', () => {
    const p95 = planned({ requests: 190, duration_ms: 6000 }).get('request_duration_p95');
    expect(p95?.power).toBeLessThan(LEAST_POWER);
    expect(p95?.needs).toBeGreaterThan(190);
    expect(p95?.minutes).toBeCloseTo((p95?.needs ?? 0) / (190 / 6) / 60, 9);
  });
  it('of few labels lets accuracy inform, and asks for payloads', () => {
    const { power, needs, n_of } = planned({ labelled: 60 }).get('accuracy_correction') ?? {};
    expect(power).toBe(0);
    expect(n_of).toBe('payloads');
    expect(needs).toBeGreaterThan(60);
  });
  it('of spells as long as the run lets no latency gate count', () => {
    const slow = Array.from({ length: 6 }, (_, seed) =>
      planned({ requests: 600 }, warmUp({ n: 600, noise: 'ar99', noise_log_sd: 0.6 }, seed + 1)),
    );
    const counting = slow.filter((one) => one.get('request_duration_typical')?.advisory === null);
    expect(counting.length).toBeLessThan(3);
  });
  it('takes payloads off what they cancel in: prompts that differ 20-fold leave the typical ratio decidable', () => {
    const spread = (payloads: number): Side => {
      const { measured } = warmUp({ payloads });
      const duration_ms = measured.duration_ms.map(
        (ms, i) => ms * 20 ** ((measured.payload[i] ?? 0) / payloads),
      );
      return sideOf({ ...measured, duration_ms });
    };
    const repeated = planned({ requests: 800 }, spread(40));
    expect(repeated.get('request_duration_typical')?.power).toBeGreaterThan(LEAST_POWER);
    expect(repeated.get('request_duration_p50')?.advisory).toMatchObject({ reason: 'power' });
    // No payload was sent again: nobody can tell, so it counts.
    expect(planned({ requests: 800 }, spread(302)).get('request_duration_typical')).toMatchObject({
      power: null,
      advisory: null,
    });
  });
  it('takes its rate from the warm-up where none is given, and knows nothing without one', () => {
    const rate = planned({ requests: null }).get('request_duration_p99')?.minutes;
    expect(rate).toBeGreaterThan(0);
    for (const { power } of planned({ requests: null }, null).values()) expect(power).toBeNull();
  });
  it('decides what counts, whatever the measurement shows', () => {
    const chosen = planGates(gates, settings, warmUp());
    const tiny = run({ n: 40 });
    // Without a plan forty requests make p95 advisory; with one it stays open, and required ones count anyhow.
    expect(find(judge(tiny), 'request_duration_p95').advisory).toMatchObject({ reason: 'too_few' });
    const check = find(judge(tiny, { plan: chosen }), 'request_duration_p95');
    expect(check).toMatchObject({
      advisory: null,
      answer: 'inconclusive',
      undecided: { reason: 'need_more' },
    });
    const required = judge(tiny, { plan: chosen, required: ['request_duration_p99'] });
    expect(find(required, 'request_duration_p99').advisory).toBeNull();
  });
});

describe('planned looks', () => {
  const looked = (pair: Pair) =>
    judgeLooks(
      gates,
      [1, 2, 3, 4, 5],
      5,
      (blocks) => ({
        baseline: sideOf(firstBlocks(pair.baseline.measured, blocks)),
        shadow: sideOf(firstBlocks(pair.shadow.measured, blocks)),
      }),
      context,
    );
  it('never switch the accuracy gate off: a shadow 10 pp less accurate and cheaper does not pass', () => {
    for (let seed = 1; seed <= 4; seed += 1) {
      const { checks: judged } = looked(
        run({ n: 700, blocks: 5, shadow: { accuracy: 0.6, cost_ratio: 0.7 } }, seed),
      );
      const accuracy = find(judged, 'accuracy_correction');
      expect(accuracy.advisory).toBeNull();
      expect(accuracy.answer).toBe('fail');
    }
  });
  it('end when what counts is decided: early where it is clear', () => {
    const { looks } = looked(run({ n: 1900, blocks: 5, shadow: { ratio: 1.6 } }));
    expect(looks?.decided).not.toBeNull();
    expect(looks?.done).toBeLessThanOrEqual(3);
  });
});

describe('margins that are nonsense are refused', () => {
  const parse = (gate: object) => () => parseThresholds({ limits: [], targets: [], gates: [gate] }, 't.json');
  const latency = { gate: 'latency', metric: 'request_duration', statistic: 'p95' };
  it.each([15, 0.15, 0, -1])('%d where a ratio is wanted', (margin) => {
    expect(parse({ ...latency, margin })).toThrow(`the margin ${margin} is no ratio`);
    expect(parse({ ...latency, margin })).toThrow('1.15 means 15 % more');
  });
  it.each([-1, 60, 101])('%d where percentage points are', (margin_pp) => {
    expect(parse({ gate: 'error_rate', margin_pp })).toThrow(
      `the margin ${margin_pp} is no number of percentage points`,
    );
  });
  it.each([1.15, 1, 0.85, 2])('%d is a ratio', (margin) => {
    expect(parse({ gate: 'cost', margin })).not.toThrow();
  });
});
