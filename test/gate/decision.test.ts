/** The four checks, the decision, and what MLflow keeps of it. */
import { describe, expect, test } from 'vitest';
import { baselineOf } from '../../domain/jobs/adapter-gate/baseline.ts';
import { LIMITS, type Limits } from '../../domain/jobs/adapter-gate/checks.ts';
import { decideGate, type Decision } from '../../domain/jobs/adapter-gate/decision.ts';
import { parseEvalData } from '../../domain/jobs/adapter-gate/eval-data.ts';
import { finding } from '../../domain/verdict/findings.ts';
import { parseLoadTest, type LoadTest } from '../../domain/jobs/adapter-gate/load-test.ts';
import { baselineFromRun, metricsOf, paramsOf } from '../../domain/jobs/adapter-gate/mlflow.ts';
import { decisionReport, loadTestReport } from '../../cli/report/adapter-gate.ts';
import { renderHtml } from '../../cli/report/html.ts';
import { renderJunit } from '../../cli/report/junit.ts';
import { renderMarkdown } from '../../cli/report/markdown.ts';
import { contractCheck } from '../../domain/jobs/adapter-gate/checks.ts';
import { FAKE_ASSETS } from '../render/golden.ts';
import { loadTest, withMetrics } from './made.ts';

const decide = (
  made: LoadTest,
  baseline: LoadTest | null = null,
  over: { limits?: Partial<Limits>; strict?: boolean } = {},
): Decision =>
  decideGate({
    test: made,
    baseline: baseline === null ? null : baselineOf(baseline, 'before.json'),
    limits: { ...LIMITS, ...over.limits },
    strict: over.strict ?? false,
    candidate: { model_name: 'bot', version: '3', adapter_name: 'lora-a' },
    dataset: { name: 'eval-v1', digest: 'd', source: 's' },
  });

const failed = ({ checks }: Decision): string[] =>
  checks
    .map(contractCheck)
    .filter(({ passed }) => !passed)
    .map(({ figure, kind }) => `${figure} ${kind}`);

describe('absolute', () => {
  test('four checks; all hold', () => {
    const decision = decide(loadTest());
    expect(decision).toMatchObject({ decision: 'passed', mode: 'absolute' });
    expect(decision.checks).toHaveLength(4);
  });
  test.each<[string, LoadTest]>([
    ['p95_latency_s absolute', withMetrics({ p95_latency_s: 8 })],
    ['p95_ttft_s absolute', withMetrics({ p95_ttft_s: 2 })],
    ['throughput_rps absolute', withMetrics({ throughput_rps: 2 })],
    ['client_success_rate absolute', loadTest({ client_success_rate: 0.9899 })],
    ['p95_latency_s absolute', withMetrics({ p95_latency_s: null })],
  ])('%s fails on its limit, and on no data', (id, made) => {
    expect(decide(made).decision).toBe('failed');
    expect(failed(decide(made))).toEqual([id]);
  });
  test('99 % is enough', () => {
    expect(decide(loadTest({ client_success_rate: 0.99 })).decision).toBe('passed');
  });
});

describe('against a baseline', () => {
  test('the margins themselves still hold', () => {
    const at = withMetrics({
      p95_latency_s: 4.5 * 1.15,
      p95_ttft_s: 0.6 * 1.15,
      throughput_rps: 3.2 * 0.85,
    });
    const decision = decide(at, loadTest());
    expect(decision.checks).toHaveLength(8);
    expect(failed(decision)).toEqual([]);
  });
  test.each<[string, LoadTest]>([
    ['p95_latency_s relative', withMetrics({ p95_latency_s: 4.5 * 1.16 })],
    ['p95_ttft_s relative', withMetrics({ p95_ttft_s: 0.6 * 1.16 })],
    ['throughput_rps relative', withMetrics({ throughput_rps: 3.2 * 0.84 })],
    ['client_success_rate relative', loadTest({ client_success_rate: 0.997 })],
  ])('%s fails beyond it', (id, made) => {
    expect(failed(decide(made, loadTest()))).toEqual([id]);
  });
  test('another concurrency is a finding; a missing figure makes it invalid', () => {
    const other = decide(loadTest(), loadTest({ concurrency: 20 }));
    expect(other.findings.map(({ code }) => code)).toContain('baseline_differs');
    expect(other.decision).toBe('passed');
    expect(decide(loadTest(), withMetrics({ p95_ttft_s: null })).decision).toBe('invalid');
  });
});

describe('strict', () => {
  test('an interval over the limit is not enough, a point figure alone neither', () => {
    const near = withMetrics(
      { p95_latency_s: 7.9 },
      {
        client: {
          ...loadTest().client,
          latency_s: {
            p50: { value: 3, low: 2.9, high: 3.1 },
            p95: { value: 7.9, low: 7.5, high: 8.3 },
            p99: { value: 9, low: 8, high: null },
          },
        },
      },
    );
    expect(decide(near).decision).toBe('passed');
    expect(decide(near).checks.map(contractCheck)[0]).toMatchObject({ interval_answer: 'inconclusive' });
    expect(failed(decide(near, null, { strict: true }))).toEqual(['p95_latency_s absolute']);
  });
  test('relative intervals come from both clients: equal builds with tight intervals pass', () => {
    const decision = decide(loadTest(), loadTest(), { strict: true });
    expect(decision.decision).toBe('passed');
    const ratio = decision.checks
      .map(contractCheck)
      .find(({ figure, kind }) => figure === 'p95_latency_s' && kind === 'relative');
    // exp(-+ sqrt(ln(1.03)^2 + ln(0.97)^2)): two intervals of 3 % each side.
    expect(ratio?.interval?.low).toBeCloseTo(0.95844, 4);
    expect(ratio?.interval?.high).toBeCloseTo(1.04336, 4);
    expect(decision.findings.map(({ code }) => code)).toContain('no_margin_for_success');
  });
  test('a margin for the success rate makes its interval count', () => {
    const tight = decide(loadTest(), loadTest(), { strict: true, limits: { max_success_rate_drop: 0.001 } });
    expect(failed(tight)).toEqual(['client_success_rate relative']);
    const wide = decide(loadTest(), loadTest(), { strict: true, limits: { max_success_rate_drop: 0.02 } });
    expect(failed(wide)).toEqual([]);
  });
});

test('an invalid load test decides nothing, whatever its figures', () => {
  expect(decide(loadTest({ status: 'failed' })).decision).toBe('invalid');
  const found = finding('counter_reset', { metric: 'x', resets: 1 });
  expect(decide(loadTest({ findings: [found] })).decision).toBe('invalid');
});

describe('MLflow', () => {
  const decision = decide(loadTest(), loadTest());
  test('has every name of the contract; numbers of params as text; absent metrics left out', () => {
    const params = paramsOf(decision, loadTest()).map(({ key }) => key);
    expect(params).toEqual(
      expect.arrayContaining([
        'model_name',
        'candidate_adapter',
        'candidate_version',
        'concurrency',
        'total_requests',
        'mode',
        'baseline_run_id',
        ...Object.keys(LIMITS),
      ]),
    );
    for (const { value } of paramsOf(decision, loadTest())) expect(value).toMatch(/./);
    const metrics = metricsOf(decision, loadTest());
    expect(metrics.map(({ key }) => key)).toEqual(
      expect.arrayContaining([
        ...['p50', 'p95', 'p99'].flatMap((p) => [`${p}_latency_s`, `${p}_ttft_s`]),
        'throughput_rps',
        'client_success_rate',
        'kv_cache_usage',
        'wall_clock_duration_s',
        ...['p95_latency_s', 'p95_ttft_s', 'throughput_rps', 'client_success_rate'].map(
          (k) => `baseline_${k}`,
        ),
      ]),
    );
    expect(metrics.map(({ key }) => key)).not.toContain('gpu_utilization');
    expect(new Set(metrics.map(({ key }) => key)).size).toBe(metrics.length);
    for (const { key, value, timestamp } of metrics) {
      expect(key).toMatch(/^[\w./ -]+$/);
      expect(Number.isFinite(value) && timestamp > 0).toBe(true);
    }
  });
  test('what was kept is the next baseline, intervals included', () => {
    const kept = baselineFromRun({
      run_id: 'r1',
      params: new Map(paramsOf(decision, loadTest()).map(({ key, value }) => [key, value])),
      metrics: new Map(metricsOf(decision, loadTest()).map(({ key, value }) => [key, value])),
    });
    const direct = baselineOf(loadTest(), 'before.json');
    expect(kept).toMatchObject({ ...direct, run_id: 'r1', model_name: 'bot', source: expect.any(String) });
  });
});

describe('files', () => {
  test('a load test is read back as it was written; an older or damaged one is refused by name', () => {
    const made = loadTest();
    expect(parseLoadTest(JSON.stringify(made), 'x.json')).toEqual(made);
    expect(() => parseLoadTest('{', 'x.json')).toThrow(/x\.json is not JSON/);
    expect(() => parseLoadTest(JSON.stringify({ ...made, concurrency: 'ten' }), 'x.json')).toThrow(
      /x\.json: concurrency: /,
    );
  });
  test('prompts: bad lines by number', () => {
    const { prompts, bad } = parseEvalData(
      '\uFEFF{"prompt_inference":"a"}\r\n\n{"prompt":"b"}\n{oops\n{"prompt_inference":7}\n{"prompt_inference":" "}\n',
    );
    expect(prompts.map(({ id }) => id)).toEqual(['line-1']);
    expect(bad.map(({ line }) => line)).toEqual([3, 4, 5, 6]);
  });
  test("the report shows an adapter's name as text, not as markup", () => {
    const text = renderMarkdown(loadTestReport(loadTest({ adapter_name: '<script>|[x](y)' })));
    expect(text).toContain('\\<script\\>\\|');
    expect(text).not.toContain('<script>');
  });
  test('perf_decision.json has the members of the contract', () => {
    const made = loadTest();
    const written: unknown = JSON.parse(decisionReport(decide(made, loadTest()), made).json);
    expect(written).toMatchObject({
      decision: 'passed',
      mode: 'comparative',
      metrics: { client_success_rate: 0.998 },
      checks: expect.arrayContaining([
        expect.objectContaining({ figure: 'p95_latency_s', kind: 'absolute', passed: true }),
        expect.objectContaining({ figure: 'throughput_rps', kind: 'relative', passed: true }),
      ]),
    });
  });
  test('a decision has a page and a case a check; one on an invalid load test has no mark of a pass', () => {
    const slow = withMetrics({ p95_latency_s: 9 });
    const bad = decisionReport(decide(slow, loadTest()), slow);
    expect(bad.sentence).toContain('bot version 3 (lora-a): failed: E2E p95 is 9.000 s, must be < 8.000 s');
    expect(renderJunit(bad)).toMatch(/<testcase name="p95_latency_s"[^>]*>\s*<failure/);
    expect(renderJunit(bad)).toContain('tests="8"');
    const lost = loadTest({ status: 'failed', findings: [finding('load_failed', { cause: 'exit 1' })] });
    const report = decisionReport(decide(lost, loadTest()), lost);
    const page = renderHtml(report, { assets: FAKE_ASSETS });
    expect(page).toContain('Invalid: no verdict');
    expect(page).not.toContain('class="mark pass"');
    expect(renderMarkdown(report)).not.toContain('✅');
    expect(renderJunit(report)).toMatch(
      /<error type="invalid" message="k6 did not come to its end \(exit 1\)"/,
    );
  });
});
