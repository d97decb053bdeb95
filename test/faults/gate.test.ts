/** The gate's load test on a Prometheus that is wrong in one way each, and what is refused before any load. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseLoadTest, type LoadTest } from '../../domain/jobs/adapter-gate/load-test.ts';
import { loadTest } from '../gate/made.ts';
import { proxyTo, type Proxy, type Seen } from '../gate/proxy.ts';
import { ROOT, standIn, suite, temporary, type Ended, type StandIn } from '../support/suite.ts';

const ADAPTER = 'lora-a';
const REQUESTS = 8;

/** The samples that a series has at these seconds before and after the load, which began at `from_s`. */
interface Lies {
  readonly up?: readonly (0 | 1)[] | null;
  readonly counted?: number;
  readonly reset?: true;
  readonly missing?: string;
  readonly status?: number;
}

/** As Prometheus would say it of a server that this test's load alone has asked; `lies` change one thing. */
class FakePrometheus {
  lies: Lies = {};
  readonly #started_s = Date.now() / 1000 - 20;
  /** The latest look before the load. */
  #before_s = this.#started_s;
  /** The clock is asked right after the load. */
  #loaded = false;

  answer(seen: Seen): { status: number; body: string } {
    const url = new URL(seen.path, 'http://x');
    const query = url.searchParams.get('query') ?? '';
    const result = (type: string, data: unknown) => ({
      status: 200,
      body: JSON.stringify({ status: 'success', data: { resultType: type, result: data } }),
    });
    const now_s = Date.now() / 1000;
    if (query === 'time()') this.#loaded = true;
    if (!this.#loaded) this.#before_s = now_s;
    if (query === 'time()') return result('scalar', [now_s, String(now_s)]);
    if (this.lies.status !== undefined && query.includes('_bucket'))
      return { status: this.lies.status, body: '' };
    if (query.startsWith('count by'))
      return result('vector', [{ metric: { job: 'other' }, value: [now_s, '1'] }]);
    if (!query.includes('[')) return result('vector', []);
    if (this.lies.missing !== undefined && query.includes(this.lies.missing)) return result('matrix', []);
    if (query.startsWith('up')) {
      const up = this.lies.up === undefined ? [1] : this.lies.up;
      const metric = { instance: 'a:8000' };
      return result(
        'matrix',
        up === null ? [] : [{ metric, values: this.#every(now_s, (i) => up[i % up.length] ?? 1) }],
      );
    }
    if (query.startsWith('max') || query.startsWith('histogram') || query.startsWith('sum'))
      return result('vector', []);
    const counted = this.lies.counted ?? REQUESTS;
    const label: Readonly<Record<string, string>>[] = query.includes('_bucket')
      ? ['0.5', '10', '+Inf'].map((le) => ({ le }))
      : [{ finished_reason: 'stop' }];
    return result(
      'matrix',
      label.map((metric) => ({
        metric: { ...metric, model_name: 'base' },
        values: this.#counter(now_s, counted),
      })),
    );
  }

  /** A scrape a second until just before the load; and, once that is over, one at this moment. */
  #every(now_s: number, value: (i: number, last: boolean) => number): [number, string][] {
    const before = Math.floor(this.#before_s - this.#started_s);
    const samples = Array.from({ length: 1 + before }, (_, i): [number, string] => [
      this.#started_s + i,
      String(value(i, false)),
    ]);
    return this.#loaded ? [...samples, [now_s, String(value(samples.length, true))]] : samples;
  }

  /** 50 before the load, and `counted` more after it. */
  #counter(now_s: number, counted: number): [number, string][] {
    const after = this.lies.reset === true ? counted : 50 + counted;
    return this.#every(now_s, (_, last) => (last ? after : 50));
  }

  /** Before each test. */
  begin(lies: Lies): void {
    this.lies = lies;
    this.#loaded = false;
  }
}

describe('gate:load-test', () => {
  let server: StandIn;
  let web: Proxy;
  let fake: FakePrometheus;
  beforeAll(async () => {
    await suite(['--help']); // builds
    server = await standIn('openai', '--adapter', ADAPTER, '--ttft-ms', '5', '--itl-ms', '1');
    web = await proxyTo(null);
    fake = new FakePrometheus();
    web.answer = (seen) => fake.answer(seen);
  });
  afterAll(async () => {
    await server.stop();
    await web.close();
  });

  async function run(
    lies: Lies,
    flags: readonly string[] = [],
    prompts = Array.from({ length: REQUESTS }, (_, i) => JSON.stringify({ prompt_inference: `Say ${i}.` })),
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended & { results: LoadTest | null; codes: string[]; status: string }> {
    using folder = temporary();
    fake.begin(lies);
    const eval_data = join(folder.path, 'eval.jsonl');
    writeFileSync(eval_data, prompts.join('\n'));
    const out = join(folder.path, 'out');
    const given = [
      ['--vllm-url', server.url],
      ['--adapter-name', ADAPTER],
      ['--eval-data-path', eval_data],
      ['--prometheus-url', web.url],
    ].filter(([flag = '']) => !flags.includes(flag));
    const ended = await suite(
      [
        'gate-load-test',
        ...given.flat(),
        '--output-dir',
        out,
        '--scrape-wait',
        '2s',
        '--max-tokens',
        '4',
        ...flags,
      ],
      { env },
    );
    const file = join(out, 'load_test_results.json');
    const results = existsSync(file) ? parseLoadTest(readFileSync(file, 'utf8'), file) : null;
    const status_file = join(out, 'load_test_status.txt');
    return {
      ...ended,
      results,
      codes: results?.findings.flatMap(({ code, severity }) => (severity === 'invalid' ? [code] : [])) ?? [],
      status: existsSync(status_file) ? readFileSync(status_file, 'utf8').trim() : '',
    };
  }

  test('an honest Prometheus: completed', async () => {
    const { codes, code, status } = await run({});
    expect({ codes, code, status }).toEqual({ codes: [], code: 0, status: 'completed' });
  });

  test.each<[string, Lies]>([
    ['other_traffic', { counted: REQUESTS + 1 }],
    ['unseen_requests', { counted: REQUESTS - 1 }],
    ['counter_reset', { reset: true }],
    ['no_series', { missing: 'time_to_first_token' }],
    ['prometheus_failed', { status: 422 }],
  ])('%s: invalid, exit 4', async (finding, lies) => {
    const { codes, code, status } = await run(lies);
    expect(codes).toContain(finding);
    expect([code, status]).toEqual([4, 'failed']);
  });

  test.each<[string, Lies, readonly string[], RegExp]>([
    [
      'no such job',
      { up: null },
      ['--scrape-wait', '0s'],
      /scrapes no target of the job "vllm-service" \(it scrapes other\)/,
    ],
    ['a target that is down', { up: [0] }, [], /can't scrape a:8000: the target is down/],
    ['an adapter that is not served', {}, ['--adapter-name', 'lora-b'], /no model "lora-b".*lora-a/],
    [
      'a server that is not there',
      {},
      ['--vllm-url', 'http://127.0.0.1:9'],
      /--vllm-url .* can't be reached/,
    ],
    ['a secret in an address', {}, ['--vllm-url', 'http://u:s3cret@h'], /without user and password/],
    ['a window that is none', {}, ['--window', 'exactly'], /"exactly" is out; did you mean exact/],
    ['a file that is not there', {}, ['--eval-data-path', '/nowhere.jsonl'], /ENOENT.*JSONL/],
  ])('%s: exit 2 before any load', async (_, lies, flags, message) => {
    const { code, stderr, results } = await run(lies, flags);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/s3cret|\n\s+at /);
    expect(code).toBe(2);
    expect(results).toBeNull();
  });

  test('bad lines are named by number', async () => {
    const { code, stderr } = await run({}, [], ['{"prompt_inference":"a"}', '{', '{"prompt":"b"}']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/line 2: no JSON[^]*line 3: "prompt_inference" is missing/);
  });

  test('failed requests are counted by kind, and are no reason to believe less', async () => {
    const faulty = await standIn('openai', '--adapter', ADAPTER, '--ttft-ms', '5', '--fault', 'status=1:500');
    const { results, codes } = await run({ counted: 0 }, ['--vllm-url', faulty.url]);
    await faulty.stop();
    expect(results?.client.failures).toEqual({ status: REQUESTS });
    expect(codes).toContain('no_answers');
  });
});

describe('gate:decide', () => {
  const decide = async (
    test_: LoadTest | string,
    flags: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended & { status: string; decision: string }> => {
    using folder = temporary();
    const results = join(folder.path, 'results.json');
    writeFileSync(results, typeof test_ === 'string' ? test_ : JSON.stringify(test_));
    const out = join(folder.path, 'out');
    const given = ['--load-test-results', results, '--model-name', 'bot', '--output-dir', out];
    const ended = await suite(['gate-decide', ...given, ...flags], {
      env: { MLFLOW_TRACKING_URI: '', ...env },
    });
    const file = (name: string): string =>
      existsSync(join(out, name)) ? readFileSync(join(out, name), 'utf8').trim() : '';
    return { ...ended, status: file('perf_status.txt'), decision: file('perf_decision.json') };
  };

  test('without MLflow: absolute, or against a file', async () => {
    const alone = await decide(loadTest(), ['--no-mlflow']);
    expect([alone.code, alone.status]).toEqual([0, 'passed']);
    using folder = temporary();
    const before = join(folder.path, 'before.json');
    writeFileSync(before, JSON.stringify(loadTest({ client_success_rate: 1, success_count: 1000 })));
    const worse = await decide(loadTest(), ['--no-mlflow', '--baseline', before]);
    expect([worse.code, worse.status]).toEqual([1, 'failed']);
    expect(worse.stdout).toMatch(/success rate \(client\), relative.*❌/);
  });

  test('an invalid load test: exit 4, no pass, MLflow is not even asked', async () => {
    const invalid = await decide(loadTest({ status: 'failed' }), [], {
      MLFLOW_TRACKING_URI: 'http://127.0.0.1:9',
    });
    expect([invalid.code, invalid.status]).toEqual([4, 'failed']);
    expect(invalid.decision).toContain('"decision": "invalid"');
  });

  test.each<[string, string, readonly string[], Readonly<Record<string, string>>, RegExp]>([
    ['no MLflow named', '', [], {}, /MLFLOW_TRACKING_URI is missing.*--no-mlflow/],
    ['a file store', '', [], { MLFLOW_TRACKING_URI: 'sqlite:///x.db' }, /allowed: http:\/\/HOST:PORT/],
    ['MLflow is down', '', [], { MLFLOW_TRACKING_URI: 'http://u:s3cret@127.0.0.1:4' }, /nothing listens/],
    ['results that are none', '{}', ['--no-mlflow'], {}, /results\.json: schema_version/],
    ['a limit that is none', '', ['--no-mlflow', '--min-success-rate', '99'], {}, /a number from 0 to 1/],
    ['two baselines', '', ['--baseline', 'x'], { MLFLOW_TRACKING_URI: 'http://127.0.0.1:9' }, /drop one/],
  ])('%s: exit 2', async (_, text, flags, env, message) => {
    const { code, stderr, status } = await decide(text === '' ? loadTest() : text, flags, env);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/s3cret|\n\s+at /);
    expect(code).toBe(2);
    expect(status).not.toBe('passed');
  });
});

describe('gate', () => {
  test('a program that is not installed: how to install it, and what runs without', async () => {
    const { code, stderr } = await suite(['gate'], {
      env: { PATH: '/nowhere', PROMETHEUS_BINARY: '' },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/there is no Prometheus.*Install it: .*npm run k6:stream/);
    const wrong = await suite(['gate'], { env: { PROMETHEUS_BINARY: join(ROOT, 'no-such') } });
    expect(wrong.stderr).toMatch(/PROMETHEUS_BINARY is ".*no-such", which is not there/);
  });
});
