/** The main job as a user meets it: the npm scripts, the files, the answers, the ways it ends. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRecord } from '../../domain/record/request-record.ts';
import {
  ROOT,
  alive,
  k6Binary,
  readJson,
  standIn,
  suite,
  temporary,
  until,
  type Ended,
} from '../support/suite.ts';

const lines = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
const requests = (run: string): ReturnType<typeof parseRecord>[] =>
  lines(join(run, 'requests.jsonl'))
    .filter((line) => !line.startsWith('{"probe"'))
    .map(parseRecord);

/** Stand-ins and k6 of this checkout, by pid. */
function running(): string[] {
  const out = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' });
  return out
    .split('\n')
    .filter((line) => /dist\/stand-in\/|dist\/shadow\.js/.test(line) && line.includes(ROOT))
    .map((line) => line.trim().split(' ')[0] ?? '');
}

/** Somebody else's, from before these tests. */
const others = new Set(running());

/** What these tests have started and not ended. */
const ours = (): string[] => running().filter((pid) => !others.has(pid));

describe('npm run k6:smoke', () => {
  const folder = temporary();
  const step = join(folder.path, 'step.md');
  let ended: Ended;
  let run = '';

  beforeAll(async () => {
    // Through npm itself, as the README says.
    const child = spawn('npm', ['run', '--silent', 'k6:smoke'], {
      cwd: ROOT,
      env: { ...process.env, GITHUB_STEP_SUMMARY: step },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise<number | null>((done) => child.on('close', done));
    ended = { code, stdout, stderr };
    run = realpathSync(join(ROOT, 'results', 'latest'));
  });
  afterAll(() => folder[Symbol.dispose]());

  it('says first what it will do and how long it takes', () => {
    expect(ended.stderr).toMatch(/k6:smoke: [\s\S]*clients each[\s\S]*takes +about/);
    expect(ended.stderr).toMatch(/live +http:\/\/127\.0\.0\.1:\d+/);
  });

  it('ends with an answer, not with an error', () => expect([0, 1, 3, 4]).toContain(ended.code));

  it('leaves every file of a run', () => {
    expect(readdirSync(run)).toEqual(
      expect.arrayContaining([
        'manifest.json',
        'requests.jsonl',
        'summary-0.json',
        'comparison.json',
        'comparison.md',
        'comparison.csv',
        'report.html',
        'junit.xml',
        'dashboard.html',
        'payloads.jsonl',
        'resources.jsonl',
      ]),
    );
  });

  it('records every request: both variants, the same payload at the same place, a trace of its own', () => {
    const records = requests(run);
    const payload = new Map<number, string>();
    for (const { variant, index, payload_id } of records) {
      if (variant === 'baseline') payload.set(index, payload_id);
    }
    const shadow = records.filter(({ variant }) => variant === 'shadow');
    expect(shadow.length).toBeGreaterThan(20);
    for (const { index, payload_id } of shadow)
      if (payload.has(index)) expect(payload_id).toBe(payload.get(index));
    expect(new Set(records.map(({ traceparent }) => traceparent)).size).toBe(records.length);
    // The stand-in takes its trace id from the request's: the header has arrived.
    for (const record of records) expect(record.traceparent).toContain(record.trace_id ?? 'no trace id');
    expect(records.some(({ phase }) => phase === 'warmup')).toBe(true);
    expect(records.some(({ correct }) => correct === true)).toBe(true);
  });

  it('tells CI in the step summary', () =>
    expect(readFileSync(step, 'utf8')).toContain('## Limits and targets'));

  it('leaves nothing running', async () => {
    await until(() => ours().length === 0);
  });

  it('remakes the same from the raw log', async () => {
    const before = readFileSync(join(run, 'comparison.json'), 'utf8');
    await suite(['compare']);
    expect(readFileSync(join(run, 'comparison.json'), 'utf8')).toBe(before);
  });

  it('exports the measured requests', async () => {
    await suite(['export']);
    const exported = readJson(join(run, 'load-baseline.json'));
    const measured = requests(run).filter(
      ({ variant, phase }) => variant === 'baseline' && phase === 'measured',
    );
    expect(exported).toHaveLength(measured.length);
    expect(exported).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          duration_ms: expect.any(Number),
          status: 200,
          cost_eur: expect.any(Number),
          trace_id: expect.any(String),
          error: null,
        }),
      ]),
    );
  });

  it('prints JSON alone on standard output where asked', async () => {
    const { stdout } = await suite(['compare', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ schema_version: 1, run: { job: 'smoke' } });
  });
});

/** Short and quick: a fifth of the default latency, two gates that this size can decide. */
const QUICK = ['--duration', '12s', '--warm-up', '1s', '--drain', '0s', '--no-dashboard'];
const gates = (margin: number): object => ({
  limits: [
    { metric: 'request_duration', statistic: 'p95', op: '<', limit: 5000 },
    { metric: 'request_failed', statistic: 'rate', op: '<', limit: 0.01 },
  ],
  targets: [],
  gates: [
    { gate: 'latency', metric: 'request_duration', statistic: 'p50', margin },
    { gate: 'accuracy', answer: 'correction', margin_pp: 2 },
  ],
});

describe('the three answers, live', () => {
  it.each([
    ['pass', 'pass', 1.15, 0.5, 0],
    ['fail', 'fail', 1.15, 0.5, 1],
    // The profile's own shadow is 5 % slower: a margin of 5 % can't be decided by any number of requests.
    ['inconclusive', 'default', 1.05, 1, 3],
  ])('%s', async (word, profile, margin, scale, exit) => {
    using folder = temporary();
    const thresholds = join(folder.path, 'gates.json');
    writeFileSync(thresholds, JSON.stringify(gates(margin)));
    const args = `--profile ${profile} --latency-scale ${scale}`;
    const { code, stdout } = await suite([
      'shadow',
      ...QUICK,
      '--thresholds',
      thresholds,
      '--out',
      join(folder.path, 'run'),
      '--baseline-stand-in',
      args,
      '--shadow-stand-in',
      args,
    ]);
    expect(stdout).toContain(`: ${word}`);
    expect(code).toBe(exit);
  });
});

describe("the user's own servers", () => {
  it('are asked by URL, with headers and keys from the environment, and none of it is written down', async () => {
    using folder = temporary();
    const [a, b] = [
      await standIn('grammar', '--variant', 'baseline', '--profile', 'instant'),
      await standIn('grammar', '--variant', 'shadow', '--profile', 'instant'),
    ];
    try {
      const out = join(folder.path, 'run');
      const { code, stderr } = await suite(
        [
          'shadow',
          '--duration',
          '2s',
          '--warm-up',
          '0s',
          '--vus',
          '2',
          '--no-dashboard',
          '--max-requests',
          '200',
          '--out',
          out,
          '--header',
          'X-Tenant: env:TENANT',
          '--baseline-label',
          'v1',
          '--shadow-label',
          'v2',
        ],
        { env: { BASELINE_URL: a.url, SHADOW_URL: b.url, API_KEY: 'sesame-key', TENANT: 'sesame-tenant' } },
      );
      expect(code).not.toBe(2);
      expect(requests(out).filter(({ variant }) => variant === 'shadow')).toHaveLength(200);
      expect(stderr).not.toContain('sesame');
      for (const file of readdirSync(out))
        expect(readFileSync(join(out, file), 'utf8'), file).not.toContain('sesame');
      expect(alive(a.pid), 'a server that is not ours is left alone').toBe(true);
    } finally {
      await Promise.all([a.stop(), b.stop()]);
    }
  });

  it('k6 run dist/shadow.js works without the cli', async () => {
    const [a, b] = [
      await standIn('grammar', '--variant', 'baseline', '--profile', 'instant'),
      await standIn('grammar', '--variant', 'shadow', '--profile', 'instant'),
    ];
    try {
      const run = (...more: string[]): string =>
        execFileSync(
          k6Binary(),
          [
            'run',
            '-q',
            join(ROOT, 'dist', 'shadow.js'),
            '-e',
            'DURATION=1s',
            '-e',
            'WARM_UP=0s',
            '-e',
            'VUS=2',
            ...more,
          ],
          { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '' }, stdio: ['ignore', 'pipe', 'pipe'] },
        );
      const out = run('-e', `BASELINE_URL=${a.url}`, '-e', `SHADOW_URL=${b.url}`);
      expect(out).toMatch(/ok +request_duration\{variant:shadow,phase:measured\}: p\(95\)<5000/);
      expect(() => run('-e', `BASELINE_URL=${a.url}`)).toThrow(/SHADOW_URL is missing, provide it/);
    } finally {
      await Promise.all([a.stop(), b.stop()]);
    }
  });
});

describe('the ways it ends', () => {
  it('Ctrl-C keeps and reports what was measured', async () => {
    using folder = temporary();
    const out = join(folder.path, 'run');
    let sent = false;
    const { code } = await suite(
      ['shadow', '--duration', '60s', '--warm-up', '0s', '--out', out, '--no-dashboard'],
      {
        onOutput(_, kill) {
          if (
            sent ||
            !existsSync(join(out, 'requests.jsonl')) ||
            lines(join(out, 'requests.jsonl')).length < 100
          )
            return;
          sent = true;
          kill('SIGINT');
        },
      },
    );
    expect(code).toBe(130);
    expect(readJson(join(out, 'manifest.json'))).toMatchObject({
      status: 'incomplete',
      stopped: { reason: 'interrupted' },
    });
    expect(readFileSync(join(out, 'comparison.md'), 'utf8')).toContain('interrupted after');
    await until(() => ours().length === 0);
  });

  it('SIGKILL of the suite takes every child with it', async () => {
    using folder = temporary();
    const out = join(folder.path, 'run');
    let sent = false;
    await suite(['shadow', '--duration', '60s', '--out', out, '--no-dashboard'], {
      onOutput(_, kill) {
        if (sent || !existsSync(join(out, 'requests.jsonl'))) return;
        sent = true;
        kill('SIGKILL');
      },
    });
    await until(() => ours().length === 0, 30_000);
  });

  it('stops before --max-cost is passed, and says so', async () => {
    using folder = temporary();
    const out = join(folder.path, 'run');
    await suite([
      'shadow',
      '--duration',
      '30s',
      '--warm-up',
      '0s',
      '--drain',
      '0s',
      '--no-dashboard',
      '--max-cost',
      '0.05',
      '--out',
      out,
    ]);
    const spent = requests(out).reduce((sum, { cost_eur }) => sum + (cost_eur ?? 0), 0);
    expect(spent).toBeGreaterThan(0.03);
    expect(spent).toBeLessThanOrEqual(0.05);
    expect(readJson(join(out, 'manifest.json'))).toMatchObject({ stopped: { reason: 'max_cost' } });
    expect(readFileSync(join(out, 'comparison.md'), 'utf8')).toContain('before --max-cost was passed');
  });
});

describe('blocks', () => {
  it('ABBA runs the variants in turn, the stated time for each, and pairs the blocks', async () => {
    using folder = temporary();
    const out = join(folder.path, 'run');
    await suite([
      'shadow',
      '--duration',
      '4s',
      '--warm-up',
      '0s',
      '--timeout',
      '1s',
      '--drain',
      '0s',
      '--no-dashboard',
      '--order',
      'abba',
      '--out',
      out,
    ]);
    expect(readJson(join(out, 'manifest.json'))).toMatchObject({
      blocks: [
        { variants: ['baseline'] },
        { variants: ['shadow'] },
        { variants: ['shadow'] },
        { variants: ['baseline'] },
      ],
    });
    expect(readJson(join(out, 'comparison.json'))).toMatchObject({
      checks: expect.arrayContaining([
        expect.objectContaining({ id: 'request_duration_p50', value: expect.any(Number) }),
      ]),
    });
  });

  it('--until-decided looks as planned and stops at the look that decides', async () => {
    using folder = temporary();
    const thresholds = join(folder.path, 'gates.json');
    writeFileSync(
      thresholds,
      JSON.stringify({
        ...gates(1.15),
        gates: [{ gate: 'latency', metric: 'request_duration', statistic: 'p50', margin: 1.15 }],
      }),
    );
    const out = join(folder.path, 'run');
    const slow = '--profile fail --latency-scale 0.3';
    const { stderr } = await suite([
      'shadow',
      '--duration',
      '5s',
      '--max-duration',
      '25s',
      '--warm-up',
      '0s',
      '--drain',
      '0s',
      '--no-dashboard',
      '--until-decided',
      '--thresholds',
      thresholds,
      '--baseline-stand-in',
      slow,
      '--shadow-stand-in',
      slow,
      '--out',
      out,
    ]);
    expect(readJson(join(out, 'comparison.json'))).toMatchObject({
      run: { looks: { planned: 5, decided: expect.any(Number) } },
    });
    expect(stderr).toMatch(/at most, with 5 planned looks/);
  });
});
