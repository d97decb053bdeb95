/** The gate on a real Prometheus and a real MLflow: npm run test:services. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { decide, type DecideOptions } from '../../cli/jobs/adapter-gate/decide.ts';
import { Mlflow } from '../../cli/jobs/adapter-gate/mlflow.ts';
import { startMlflow, startPrometheus, type Running } from '../../cli/jobs/adapter-gate/services.ts';
import { Interrupted } from '../../cli/io.ts';
import { LIMITS } from '../../domain/jobs/adapter-gate/checks.ts';
import { parseLoadTest, type LoadTest } from '../../domain/jobs/adapter-gate/load-test.ts';
import { EXPERIMENT } from '../../domain/jobs/adapter-gate/mlflow.ts';
import { loadTest, withMetrics } from '../gate/made.ts';
import { testIo } from '../gate/io.ts';
import { proxyTo } from '../gate/proxy.ts';
import { ROOT, standIn, suite, type Ended, type StandIn } from '../support/suite.ts';

const ADAPTER = 'lora-a';
const MODEL = 'support-bot';
const SCRAPE_MS = 1000;

const pairs = v.optional(v.array(v.object({ key: v.string(), value: v.string() })), []);
const RAW_RUN = v.object({
  info: v.object({ run_id: v.string(), status: v.string() }),
  data: v.object({ params: pairs, tags: pairs }),
  inputs: v.object({ dataset_inputs: v.optional(v.array(v.unknown()), []) }),
});
type RawRun = v.InferOutput<typeof RAW_RUN>;
const RUNS = v.object({ runs: v.optional(v.array(RAW_RUN), []) });
const HISTORY = v.object({ metrics: v.optional(v.array(v.unknown()), []) });
const FILES = v.object({ files: v.array(v.object({ path: v.string() })) });
const ALIASED = v.object({
  registered_model: v.object({
    aliases: v.optional(v.array(v.object({ alias: v.string(), version: v.string() })), []),
  }),
});

describe.runIf(process.env['SERVICES'] === '1')('gate', () => {
  let folder = '';
  let server: StandIn;
  let prometheus: Running;
  let mlflow: Running;
  const io = testIo();

  beforeAll(async () => {
    execFileSync(process.execPath, ['build.mjs'], { cwd: ROOT });
    folder = mkdtempSync(join(tmpdir(), 'gate-'));
    const args = ['--adapter', ADAPTER, '--ttft-ms', '30', '--itl-ms', '2', '--prefill-token-ms', '0.01'];
    server = await standIn('openai', ...args);
    [prometheus, mlflow] = await Promise.all([
      startPrometheus(io, {
        path: process.env['PROMETHEUS_BINARY'] ?? 'prometheus',
        directory: join(folder, 'prometheus'),
        target_url: server.url,
        job: 'vllm-service',
        interval_ms: SCRAPE_MS,
      }),
      startMlflow(io, process.env['MLFLOW_BINARY'] ?? 'mlflow', join(folder, 'mlflow')),
    ]);
    const registry = new Mlflow(io, mlflow.url);
    await registry.registerModel(MODEL);
    for (let version = 1; version <= 2; version += 1)
      await registry.registerVersion(MODEL, `s3://models/${version}`);
    await registry.setAlias(MODEL, 'eval-passed', '1');
    await registry.setAlias(MODEL, 'live', '2');
  });
  afterAll(async () => {
    await Promise.allSettled([server?.stop(), prometheus?.stop(), mlflow?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  let number = 0;
  const fresh = (): string => join(folder, `out-${(number += 1)}`);

  function prompts(n: number): string {
    const path = join(folder, `eval-${n}.jsonl`);
    const lines = Array.from({ length: n }, (_, i) =>
      JSON.stringify({ prompt_inference: `Say ${i} in words.` }),
    );
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  }

  interface Sides {
    readonly prometheus?: string;
    readonly server?: string;
    readonly onOutput?: (text: string) => void;
  }
  const load = async (
    n: number,
    flags: readonly string[],
    sides: Sides = {},
  ): Promise<Ended & { results: LoadTest | null; status: string; codes: string[] }> => {
    const out = fresh();
    const ended = await suite(
      [
        'gate-load-test',
        '--vllm-url',
        sides.server ?? server.url,
        '--adapter-name',
        ADAPTER,
        '--eval-data-path',
        prompts(n),
        '--prometheus-url',
        sides.prometheus ?? prometheus.url,
        '--output-dir',
        out,
        '--scrape-wait',
        '2s',
        ...flags,
      ],
      sides.onOutput === undefined ? {} : { onOutput: sides.onOutput },
    );
    const file = join(out, 'load_test_results.json');
    const results = existsSync(file) ? parseLoadTest(readFileSync(file, 'utf8'), file) : null;
    return {
      ...ended,
      results,
      codes: results?.findings.map(({ code }) => code) ?? [],
      status: readFileSync(join(out, 'load_test_status.txt'), 'utf8').trim(),
    };
  };

  /** Requests that are not the gate's. */
  async function traffic(url: string, more: () => boolean): Promise<void> {
    while (more())
      await fetch(`${url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: ADAPTER, prompt: 'other', max_tokens: 1 }),
      }).then(async (response) => await response.text());
  }

  /** Decides on a load test made by hand, in this process. */
  function decideOn(made: LoadTest, over: Partial<DecideOptions> = {}, url = mlflow.url, as = io) {
    const outputDir = fresh();
    const loadTestResults = join(folder, `results-${(number += 1)}.json`);
    writeFileSync(loadTestResults, JSON.stringify(made));
    return decide(as, {
      loadTestResults,
      modelName: MODEL,
      candidateVersion: null,
      candidateAlias: 'eval-passed',
      datasetName: 'eval-v1',
      datasetSource: 's3://data/eval-v1.jsonl',
      outputDir,
      strict: false,
      noMlflow: false,
      baseline: null,
      trackingUri: url,
      limits: LIMITS,
      ...over,
    });
  }

  /** One call of MLflow's API, its answer checked. */
  async function api<S extends v.GenericSchema>(
    schema: S,
    path: string,
    body?: unknown,
  ): Promise<v.InferOutput<S>> {
    const headers = { 'content-type': 'application/json' };
    const posted = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers };
    const response = await fetch(`${mlflow.url}/api/2.0/mlflow${path}`, posted);
    return v.parse(schema, await response.json());
  }
  const aliases = async (): Promise<Record<string, string>> => {
    const { registered_model } = await api(ALIASED, `/registered-models/get?name=${MODEL}`);
    return Object.fromEntries(registered_model.aliases.map(({ alias, version }) => [alias, version]));
  };
  const runsOf = async (load_test_id: string): Promise<RawRun[]> => {
    const experiment = await new Mlflow(io, mlflow.url).experiment(EXPERIMENT);
    const filter = `tags.gate_load_test_id = '${load_test_id}'`;
    return (await api(RUNS, '/runs/search', { experiment_ids: [experiment], filter })).runs;
  };
  const tagOf = (run: RawRun | undefined): string | undefined =>
    run?.data.tags.find(({ key }) => key === 'perf_decision')?.value;
  const count = async (run: RawRun | undefined, key: string): Promise<number> =>
    (await api(HISTORY, `/metrics/get-history?run_id=${run?.info.run_id ?? ''}&metric_key=${key}`)).metrics
      .length;

  describe('load test', () => {
    test('asks Prometheus for exactly the test, and the client stands beside it', async () => {
      const { code, status, results, stdout, codes } = await load(150, ['--max-tokens', '24']);
      expect(stdout).toContain('Load test of lora-a: completed');
      expect([code, status]).toEqual([0, 'completed']);
      expect(results?.server.exact?.requests_seen).toBe(150);
      expect(results?.success_count).toBe(150);
      const bucket = results?.server.exact?.buckets.latency.p95;
      const seen = results?.client.latency_s?.p95.value ?? 0;
      expect(seen).toBeGreaterThan((bucket?.bucket_low ?? Infinity) * 0.8);
      expect(seen).toBeLessThan((bucket?.bucket_high ?? 0) * 1.5);
      expect(results?.metrics.throughput_rps).toBeCloseTo(150 / (results?.wall_clock_duration_s ?? 0), 6);
      expect(codes).toContain('base_model_label');
    });

    test('10,000 prompts: every one is sent once, and counted by both sides', async () => {
      const { code, results } = await load(10_000, ['--max-tokens', '2', '--concurrency', '40']);
      expect(results?.findings.filter(({ severity }) => severity === 'invalid')).toEqual([]);
      expect(code).toBe(0);
      expect(results?.total_requests).toBe(10_000);
      expect(results?.server.exact?.requests_seen).toBe(10_000);
    });

    test("other traffic makes it invalid, since the server's figures hold it too", async () => {
      const go = { on: true };
      const others = traffic(server.url, () => go.on);
      const { code, status, codes } = await load(60, ['--max-tokens', '24']);
      go.on = false;
      await others;
      expect(codes).toContain('other_traffic');
      expect([code, status]).toEqual([4, 'failed']);
    });

    test('Prometheus dies in mid-query: named, no result passes', async () => {
      const between = await proxyTo(prometheus.url);
      between.answer = ({ path }) => {
        if (path.includes('_bucket')) between.dieAt = 0;
        return null;
      };
      const { code, status, results } = await load(20, ['--max-tokens', '4'], { prometheus: between.url });
      await between.close();
      const found = results?.findings.find((finding) => finding.code === 'prometheus_failed');
      expect(found?.args['cause']).toMatch(/^Prometheus at .*: the (connection|answer) was/);
      expect([code, status]).toEqual([4, 'failed']);
    });

    test('a server that begins anew in the test is seen by its counters', async () => {
      const flags = ['--adapter', ADAPTER, '--ttft-ms', '5', '--itl-ms', '1'];
      const first = await standIn('openai', ...flags);
      const own = await startPrometheus(io, {
        path: process.env['PROMETHEUS_BINARY'] ?? 'prometheus',
        directory: join(folder, 'prometheus-2'),
        target_url: first.url,
        job: 'vllm-service',
        interval_ms: 500,
      });
      let before = 0;
      await traffic(first.url, () => (before += 1) <= 200);
      await wait(1500);
      const restarted: Promise<StandIn>[] = [];
      /** Once the load has reached it. */
      const restart = async (): Promise<StandIn> => {
        for (let ended = 0; ended < 240; await wait(100)) {
          const text = await (await fetch(`${first.url}/metrics`)).text();
          ended = [...text.matchAll(/^vllm:request_success_total\{.* (\d+)$/gm)].reduce(
            (sum, [, n]) => sum + Number(n),
            0,
          );
        }
        await first.stop();
        return await standIn('openai', ...flags, '--port', new URL(first.url).port);
      };
      const { code, codes } = await load(400, ['--max-tokens', '64', '--timeout', '5s'], {
        server: first.url,
        prometheus: own.url,
        onOutput(text) {
          if (restarted.length === 0 && text.includes('sending 400')) restarted.push(restart());
        },
      });
      for (const one of await Promise.all(restarted)) await one.stop();
      await own.stop();
      expect(codes.some((one) => one === 'counter_reset' || one === 'target_down')).toBe(true);
      expect(code).toBe(4);
    });

    test('a job that is not scraped is refused before any load', async () => {
      const { code, stderr, status } = await load(5, ['--job', 'vllm-servce', '--scrape-wait', '1s']);
      expect([code, status]).toEqual([2, 'failed']);
      expect(stderr).toMatch(/scrapes no target of the job "vllm-servce" \(it scrapes vllm-service\)/);
    });
  });

  describe('decision', () => {
    let id = 0;
    const next = (over: Partial<LoadTest> = {}): LoadTest =>
      loadTest({ load_test_id: `gate-made-${Date.now()}-${(id += 1)}`, ...over });

    test('the first passes on absolute limits; all of it is in MLflow, as text where text is due', async () => {
      const made = next();
      const decision = await decideOn(made);
      expect(decision).toMatchObject({ decision: 'passed', mode: 'absolute' });
      const [run, ...more] = await runsOf(made.load_test_id);
      expect(more).toEqual([]);
      expect(run?.info.status).toBe('FINISHED');
      expect(tagOf(run)).toBe('passed');
      const params = new Map(run?.data.params.map(({ key, value }) => [key, value]));
      expect(params.get('concurrency')).toBe('10');
      expect(params.get('max_p95_latency')).toBe('8');
      expect([...params.values()]).not.toContain('');
      expect(run?.inputs.dataset_inputs).toMatchObject([
        {
          dataset: { name: 'eval-v1', digest: 'ab'.repeat(18) },
          tags: [{ key: 'mlflow.data.context', value: 'performance-test' }],
        },
      ]);
      expect(await aliases()).toEqual({ 'eval-passed': '1', live: '2', 'perf-passed': '1' });
      const { files } = await api(FILES, `/artifacts/list?run_id=${run?.info.run_id ?? ''}`);
      expect(files.map(({ path }) => path).toSorted()).toEqual([
        'load_test_results.json',
        'perf_decision.json',
        'perf_report.md',
      ]);
    });

    test('the next is held against it; a slower one fails, and perf-failed takes the place of perf-passed', async () => {
      const good = await decideOn(next());
      expect(good).toMatchObject({ decision: 'passed', mode: 'comparative' });
      const slow = withMetrics({ p95_latency_s: 4.5 * 1.2 }, next());
      const bad = await decideOn({ ...slow, load_test_id: `${slow.load_test_id}-slow` });
      expect(bad.decision).toBe('failed');
      expect(bad.baseline?.run_id).toBe(good.mlflow?.run_id);
      expect(await aliases()).toEqual({ 'eval-passed': '1', live: '2', 'perf-failed': '1' });
    });

    test('a pass of another version stays where it is', async () => {
      await decideOn(next(), { candidateVersion: '2' });
      await decideOn({ ...withMetrics({ throughput_rps: 1 }, next()), load_test_id: `low-${Date.now()}` });
      expect(await aliases()).toMatchObject({ 'perf-passed': '2', 'perf-failed': '1' });
    });

    test('an invalid load test leaves no trace', async () => {
      const before = await aliases();
      const made = next({ status: 'failed' });
      expect((await decideOn(made)).decision).toBe('invalid');
      expect(await runsOf(made.load_test_id)).toEqual([]);
      expect(await aliases()).toEqual(before);
    });

    test('ended at any point, the next attempt completes and doubles nothing', async () => {
      const between = await proxyTo(mlflow.url);
      // The first takes away what earlier tests left; the second is as all others will be.
      await decideOn(next());
      await decideOn(next(), {}, between.url);
      const calls = between.seen.length;
      expect(calls).toBeGreaterThan(8);
      for (let at = 1; at <= calls; at += 1) {
        const ended = next();
        const interrupt = new AbortController();
        between.seen.length = 0;
        between.answer = () => {
          // The call goes on to MLflow, which does its work; we are gone.
          if (between.seen.length === at) interrupt.abort();
          return null;
        };
        const cut = decideOn(ended, {}, between.url, testIo({}, interrupt.signal));
        await expect(cut, `call ${at}`).rejects.toThrow(Interrupted);
        between.answer = null;
        await decideOn(ended, {}, between.url);
        const [run, ...more] = await runsOf(ended.load_test_id);
        expect(more, `call ${at}`).toEqual([]);
        expect(tagOf(run), `call ${at}`).toBe('passed');
        expect(await count(run, 'p95_latency_s'), `call ${at}`).toBe(1);
        expect(run?.inputs.dataset_inputs.length, `call ${at}`).toBe(1);
        expect(await aliases(), `call ${at}`).toMatchObject({ 'perf-passed': '1' });
      }
      await between.close();
    });

    test('the connection is cut while the run is made: it is found again, not made twice', async () => {
      const between = await proxyTo(mlflow.url);
      let cut = false;
      between.answer = ({ path }) => {
        const creating = path.endsWith('/runs/create');
        between.dieAt = creating && !cut ? 0 : Infinity;
        cut ||= creating;
        return null;
      };
      const made = next();
      expect((await decideOn(made, {}, between.url)).decision).toBe('passed');
      expect(cut).toBe(true);
      expect((await runsOf(made.load_test_id)).length).toBe(1);
      await between.close();
    });

    test('a failure on the way says what was written and what was not', async () => {
      const between = await proxyTo(mlflow.url);
      between.answer = ({ method }) =>
        method === 'PUT' ? { status: 503, body: 'no space', type: 'text/plain' } : null;
      const failed = decideOn(next(), {}, between.url);
      await expect(failed).rejects.toThrow(
        /503: no space[^]*decided: passed; in MLflow are written: run, params and metrics, dataset; not written: artifacts, tag perf_decision, alias/,
      );
      await between.close();
    });

    test('two gates at once on one version: never both aliases', async () => {
      for (let round = 0; round < 3; round += 1) {
        const passing = next();
        const failing = withMetrics({ throughput_rps: 0.5 }, next());
        await Promise.all([
          decideOn(passing, { candidateVersion: '2' }),
          decideOn({ ...failing, load_test_id: `${failing.load_test_id}-x` }, { candidateVersion: '2' }),
        ]);
        const now = await aliases();
        const on_two = Object.entries(now).flatMap(([alias, version]) => (version === '2' ? [alias] : []));
        expect(on_two.filter((alias) => alias.startsWith('perf-')).length, JSON.stringify(now)).toBe(1);
      }
    });

    test('the same load test decided twice at once is one run', async () => {
      const made = next();
      await Promise.all([decideOn(made), decideOn(made)]);
      expect((await runsOf(made.load_test_id)).length).toBe(1);
    });

    test('other limits for a load test that was decided are refused', async () => {
      const made = next();
      await decideOn(made);
      await expect(decideOn(made, { limits: { ...LIMITS, max_p95_latency: 5 } })).rejects.toThrow(
        /was decided before with max_p95_latency 8, and now 5 is asked for/,
      );
    });

    test('a missing model, version or alias names what there is', async () => {
      await expect(decideOn(next(), { modelName: 'suport-bot' })).rejects.toThrow(
        /no registered model "suport-bot" \(it has support-bot\)/,
      );
      await expect(decideOn(next(), { candidateVersion: '99' })).rejects.toThrow(/has no version 99/);
      await expect(decideOn(next(), { candidateAlias: 'eval-pased' })).rejects.toThrow(
        /has no alias eval-pased \(it has .*eval-passed/,
      );
    });

    test('a host name that MLflow does not know: 403, and how to mend it', async () => {
      const between = await proxyTo(mlflow.url);
      between.host = 'mlflow.example';
      await expect(decideOn(next(), {}, between.url)).rejects.toThrow(/answers 403: .*--allowed-hosts/);
      await between.close();
    });
  });

  describe('npm run gate', () => {
    let state = '';
    beforeEach(() => (state = join(folder, 'state')));

    test('passes absolute, then comparative; a slow server fails it', async () => {
      const flags = [
        '--state-dir',
        state,
        '--scrape-interval',
        '1s',
        '--scrape-wait',
        '2s',
        '--max-tokens',
        '48',
        '--eval-data-path',
        prompts(60),
      ];
      // Two runs of one build on a busy machine may well differ by more than the contract's 15 %.
      const loose = [
        '--max-p95-latency-ratio',
        '1.6',
        '--max-p95-ttft-ratio',
        '1.6',
        '--min-throughput-ratio',
        '0.6',
      ];
      const twice = await suite(['gate', '--runs', '2', ...flags, ...loose]);
      expect(twice.stderr).toContain('MLflow      http://127.0.0.1');
      expect(twice.stdout).toMatch(/absolute, no baseline[^]*comparative, against run/);
      expect(twice.code).toBe(0);
      const slow = await suite([
        'gate',
        '--stand-in',
        '--ttft-ms 120 --itl-ms 8 --latency-scale 3',
        ...flags,
      ]);
      expect(slow.stdout).toMatch(/demo-lora version 1 \(demo-lora\): failed/);
      expect(slow.code).toBe(1);
    });

    test('nothing is left running', () => {
      const left = spawnSync('pgrep', ['-f', state], { encoding: 'utf8' }).stdout.trim();
      expect(left).toBe('');
    });
  });
});

describe.runIf(process.env['SERVICES'] === '1')('deploy/', () => {
  const promtool = (...args: string[]) =>
    execFileSync('promtool', args, { cwd: join(ROOT, 'deploy', 'prometheus'), encoding: 'utf8' });

  test("Prometheus's configuration and rules hold", () => {
    expect(promtool('check', 'config', 'prometheus.yml')).toContain('SUCCESS');
    expect(promtool('test', 'rules', 'rules-test.yml')).toContain('SUCCESS');
  });

  const check = (file: string) =>
    spawnSync(
      process.env['PYTHON_BINARY'] ?? 'python3',
      [join(ROOT, 'test', 'services', 'check-workflow.py'), process.env['ARGO_SCHEMA'] ?? '', file],
      { encoding: 'utf8' },
    );

  test("the WorkflowTemplate holds against Argo's schema, and a misspelt key does not", () => {
    const file = join(ROOT, 'deploy', 'argo', 'performance-gate.yaml');
    const good = check(file);
    expect(good.stdout + good.stderr).toContain('1 documents');
    expect(good.status).toBe(0);
    const folder = mkdtempSync(join(tmpdir(), 'argo-'));
    const bad = join(folder, 'bad.yaml');
    writeFileSync(bad, readFileSync(file, 'utf8').replace('retryStrategy:', 'retryStratgy:'));
    expect(check(bad).status).toBe(1);
    rmSync(folder, { recursive: true });
  });

  test('every flag that the workflow gives is one of the commands', async () => {
    const yaml = readFileSync(join(ROOT, 'deploy', 'argo', 'performance-gate.yaml'), 'utf8');
    const given = [...yaml.matchAll(/^ +- (--[\w-]+)$/gm)].map(([, flag]) => flag ?? '');
    const help = await Promise.all(
      ['gate-load-test', 'gate-decide'].map(async (command) => (await suite([command, '--help'])).stdout),
    );
    expect(given.length).toBeGreaterThan(10);
    for (const flag of given) expect(help.join('\n')).toContain(flag);
  });
});
