/** Every check of the main job, and the fault that it catches, on real servers and the real k6. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ROOT,
  findings,
  k6Binary,
  readComparison,
  readJson,
  standIn,
  suite,
  temporary,
  type Ended,
} from '../support/suite.ts';

const SHORT = ['--warm-up', '0s', '--drain', '0s', '--no-dashboard'];

describe('a failed answer is counted as its kind', () => {
  const folder = temporary();
  const run = join(folder.path, 'run');
  let ended: Ended;
  beforeAll(async () => {
    const faults = [
      'status=0.05:503',
      'rate_limit=0.05',
      'hang=0.03',
      'reset=0.05',
      'cut_body=0.05',
      'bad_json=0.05',
      'wrong_content_type=0.05',
      'missing_field=0.05',
      'missing_cost=0.1',
    ];
    const shadow = ['--latency-scale 0.2', ...faults.map((fault) => `--fault ${fault}`)].join(' ');
    ended = await suite([
      'shadow',
      ...SHORT,
      '--duration',
      '6s',
      '--timeout',
      '1s',
      '--out',
      run,
      '--shadow-stand-in',
      shadow,
    ]);
  });
  afterAll(() => folder[Symbol.dispose]());

  it.each([
    'status 503',
    'status 429',
    'timeout null',
    'reset null',
    'cut_body',
    'bad_json',
    'content_type',
    'missing_field',
  ])('%s', (kind) => {
    const found =
      readComparison(run).variants['shadow']?.errors.map((error) => `${error.kind} ${error.status}`) ?? [];
    expect(
      found.some((one) => one.startsWith(kind)),
      found.join(', '),
    ).toBe(true);
  });
  it('and fails the limit, in k6 and in the report', () => {
    expect(ended.code).toBe(99);
    expect(readComparison(run).verdict.because).toContain('request_failed_rate');
    const failed = {
      metric: 'request_failed{variant:shadow,phase:measured}',
      expression: 'rate<0.01',
      ok: false,
    };
    expect(readJson(join(run, 'summary-0.json'))).toMatchObject({
      thresholds: expect.arrayContaining([failed]),
    });
  });
  it('the baseline beside it is untouched', () =>
    expect(readComparison(run).variants.baseline?.failed).toBe(0));
  it('a missing cost is a finding, not a zero', () => {
    expect(findings(run)).toContain('missing_cost');
    expect(readFileSync(join(run, 'requests.jsonl'), 'utf8')).not.toContain('"cost_eur":0,');
  });
  it('percentiles with failures as infinitely slow stand beside', () =>
    expect(readComparison(run).variants['shadow']?.with_failures?.p99).toBe('inf'));
});

it('a server that dies ends the run early, says when, and fails the shadow', async () => {
  using folder = temporary();
  const run = join(folder.path, 'run');
  const crash = ['--shadow-stand-in', '--fault crash=60'];
  const { code, stdout } = await suite(['shadow', ...SHORT, '--duration', '40s', '--out', run, ...crash]);
  expect(findings(run)).toContain('server_gone');
  expect(stdout).toMatch(/stopped answering after \d+ s/);
  expect(readComparison(run).verdict.word).toBe('fail');
  expect([1, 99]).toContain(code);
});

it('hostile answers and labels reach no output as markup, control or formula', async () => {
  using folder = temporary();
  const run = join(folder.path, 'run');
  const labels = ['--baseline-label', '<script>alert(1)</script>', '--shadow-label', '=cmd|x \u001B[31m'];
  const hostile = ['--keep-answers', '--shadow-stand-in', '--fault hostile_text=1 --latency-scale 0.2'];
  const { stdout } = await suite([
    'shadow',
    ...SHORT,
    '--duration',
    '2s',
    '--out',
    run,
    ...labels,
    ...hostile,
  ]);
  expect(stdout).not.toContain('\u001B[31m');
  expect(readFileSync(join(run, 'report.html'), 'utf8')).not.toContain('<script>alert(1)');
  expect(readFileSync(join(run, 'comparison.md'), 'utf8')).not.toContain('<script>alert(1)');
  expect(readFileSync(join(run, 'comparison.csv'), 'utf8')).not.toMatch(/(^|,)"?=cmd/m);
});

it('one server given twice is found, by address and by process', async () => {
  using folder = temporary();
  const server = await standIn('grammar', '--variant', 'baseline', '--profile', 'instant');
  try {
    const args = [
      'shadow',
      ...SHORT,
      '--duration',
      '1s',
      '--vus',
      '1',
      '--max-requests',
      '50',
      '--baseline-url',
      server.url,
    ];
    const other = server.url.replace('127.0.0.1', 'localhost');
    const [a, b, c] = ['a', 'b', 'c'].map((name) => join(folder.path, name));
    await suite([...args, '--shadow-url', server.url, '--out', String(a)]);
    await suite([...args, '--shadow-url', other, '--out', String(b)]);
    await suite([...args, '--aa', '--shadow-url', server.url, '--out', String(c)]);
    expect(findings(String(a))).toContain('same_server');
    expect(findings(String(b))).toContain('same_server');
    expect(findings(String(c))).not.toContain('same_server');
  } finally {
    await server.stop();
  }
});

describe('a measurement that cannot be trusted is invalid, with its cause', () => {
  const folder = temporary();
  const run = join(folder.path, 'run');
  const altered = join(folder.path, 'altered');
  const lines = (): string[] => readFileSync(join(run, 'requests.jsonl'), 'utf8').trimEnd().split('\n');
  beforeAll(async () => {
    const quick = ['--baseline-stand-in', '--latency-scale 0.5', '--shadow-stand-in', '--latency-scale 0.5'];
    await suite(['shadow', ...SHORT, '--duration', '3s', '--out', run, ...quick]);
  });
  afterAll(() => folder[Symbol.dispose]());

  it.each<[string, string, () => string]>([
    ['lines cut out of the log', 'unrecorded_requests', () => `${lines().slice(0, -3).join('\n')}\n`],
    [
      'a torn line',
      'torn_lines',
      () => `${lines().slice(0, -1).join('\n')}\n${lines().at(-1)?.slice(0, 80)}`,
    ],
    [
      'a number that cannot be',
      'torn_lines',
      () =>
        lines()
          .join('\n')
          .replace(/"duration_ms":[\d.]+(,"waiting)/, '"duration_ms":-1$1'),
    ],
  ])('%s', async (_, cause, log) => {
    cpSync(run, altered, { recursive: true });
    writeFileSync(join(altered, 'requests.jsonl'), log());
    const { code } = await suite(['compare', altered]);
    expect(findings(altered)).toContain(cause);
    expect(code).toBe(4);
  });

  it('a summary that did not come, as when k6 is killed', async () => {
    cpSync(run, altered, { recursive: true });
    rmSync(join(altered, 'summary-0.json'));
    const { code } = await suite(['compare', altered]);
    expect(findings(altered)).toContain('no_summary');
    expect(code).toBe(4);
  });
});

it('a starved load machine is invalid, and --fallback-vus runs once more with fewer, on the record', async () => {
  using folder = temporary();
  const run = join(folder.path, 'run');
  const instant = ['--baseline-stand-in', '--profile instant', '--shadow-stand-in', '--profile instant'];
  await suite([
    'shadow',
    ...SHORT,
    '--duration',
    '4s',
    '--vus',
    '60',
    '--fallback-vus',
    '1',
    '--out',
    run,
    ...instant,
  ]);
  expect(readComparison(run).verdict.word).toBe('invalid');
  expect(findings(run).some((code) => ['cpu_saturated', 'probe_delay', 'probe_starved'].includes(code))).toBe(
    true,
  );
  const again = readFileSync(join(`${run}-fallback`, 'comparison.md'), 'utf8');
  expect(again).toMatch(/was the limit at 60 clients; this run used 1/);
});

it('a request log that cannot be written ends the run, rather than going on unrecorded', async () => {
  const plan = {
    block: 0,
    variants: ['baseline'],
    nonce: '',
    request_log: '/dev/full',
    summary_file: '',
    payloads_file: null,
    thresholds_file: null,
    probe_url: null,
  };
  const server = await standIn('grammar', '--profile', 'instant');
  try {
    const run = (): string =>
      execFileSync(k6Binary(), ['run', '-q', join(ROOT, 'dist', 'baseline.js')], {
        encoding: 'utf8',
        env: {
          PATH: process.env['PATH'] ?? '',
          BASELINE_URL: server.url,
          DURATION: '20s',
          WARM_UP: '0s',
          VUS: '1',
          SUITE_BLOCK_PLAN: JSON.stringify(plan),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 60_000,
      });
    expect(run).toThrow(/request log can't be written.*no space left/);
  } finally {
    await server.stop();
  }
});
