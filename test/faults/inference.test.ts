// Each limit of each load broken by a fault of the stand-in, end to end; and a run without faults, which must pass.
import { describe, expect, test } from 'vitest';
import { codes, comparisonOf, failed, fresh, run, type Compared } from '../support/inference.ts';

const WITHIN_MS = 180_000;

/** The exit code, and the comparison that the run left behind. */
async function load(
  name: string,
  fault: string,
  ...args: string[]
): Promise<Compared & { code: number | null }> {
  const out = fresh(name);
  const stand_in = fault === '' ? [] : ['--baseline-stand-in', fault];
  const { code, stderr } = await run([name, '--out', out, ...stand_in, ...args]);
  if (code === 70 || code === 2) throw new Error(stderr);
  return { ...comparisonOf(out), code };
}

const MACHINE = ['cpu_saturated', 'probe_delay', 'probe_starved'];

/** Exit 99; a machine too busy to be believed says 4 instead, which breaks the build as well. */
function expectBroken(found: Compared & { code: number | null }): void {
  const busy = codes(found).some((code) => MACHINE.includes(code));
  expect(busy ? [99, 4] : [99]).toContain(found.code);
}

interface Case {
  readonly load: string;
  readonly fault: string;
  readonly args?: readonly string[];
  readonly breaks: string;
}

const LIMITS: readonly Case[] = [
  { load: 'health', fault: '--fault status=0.2:503 --fault-path /health', breaks: 'request_failed_rate' },
  {
    load: 'health',
    fault: '--fault slow_health=1300',
    args: ['--requests', '20'],
    breaks: 'request_duration_p95',
  },
  { load: 'health', fault: '--fault slow_health=300', args: ['--requests', '30'], breaks: 'throughput_rate' },
  { load: 'tokenize', fault: '--fault bad_json=0.2', breaks: 'request_failed_rate' },
  { load: 'tokenize', fault: '--fault slow=1:250', breaks: 'throughput_rate' },
  { load: 'generate', fault: '--fault reset=0.2', breaks: 'request_failed_rate' },
  { load: 'generate', fault: '--fault slow=1:800', args: ['--requests', '15'], breaks: 'throughput_rate' },
  { load: 'batch-tokenize', fault: '--fault wrong_content_type=0.2', breaks: 'request_failed_rate' },
  {
    load: 'batch-tokenize',
    fault: '--fault slow=1:1500',
    args: ['--requests', '10'],
    breaks: 'throughput_rate',
  },
  { load: 'batch-generate', fault: '--fault cut_body=0.2', breaks: 'request_failed_rate' },
  {
    load: 'batch-generate',
    fault: '--fault slow=1:900',
    args: ['--requests', '8'],
    breaks: 'throughput_rate',
  },
  {
    load: 'sustained',
    fault: '--fault hang=0.2',
    args: ['--requests', '40', '--pace', '100ms', '--timeout', '1s'],
    breaks: 'request_failed_rate',
  },
  {
    load: 'sustained',
    fault: '--fault slow=1:1500',
    args: ['--requests', '30', '--pace', '500ms'],
    breaks: 'throughput_rate',
  },
  {
    load: 'sustained',
    fault: '--fault drift=60',
    args: ['--requests', '80', '--vus', '3', '--pace', '300ms'],
    breaks: 'latency_drift',
  },
  {
    load: 'sustained',
    fault: '--fault leak=1:1024',
    args: ['--requests', '180', '--vus', '3', '--pace', '300ms'],
    breaks: 'server_memory_drift',
  },
  { load: 'spike', fault: '--fault status=0.3', breaks: 'spike_failed' },
  { load: 'spike', fault: '--fault never_recovers=10:5', breaks: 'recovery' },
];

describe('a fault breaks its limit, and the build', () => {
  test.for(LIMITS)(
    '$load, $fault: $breaks',
    { timeout: WITHIN_MS },
    async ({ load: name, fault, args = [], breaks }) => {
      const found = await load(name, fault, ...args);
      expect(failed(found)).toContain(breaks);
      expectBroken(found);
    },
  );
});

describe('without a fault', () => {
  test('a spike is recovered from', { timeout: WITHIN_MS }, async () => {
    const found = await load('spike', '', '--requests', '20');
    expect(failed(found)).toEqual([]);
    expect(found.checks.find(({ id }) => id === 'recovery')?.value).toBeLessThan(30_000);
    if (!codes(found).some((code) => MACHINE.includes(code))) expect(found.code).toBe(0);
  });
});

describe('what happens to a server is named', () => {
  test('a crash in mid-run', { timeout: WITHIN_MS }, async () => {
    const found = await load('generate', '--fault crash=60', '--requests', '2000');
    expect(codes(found)).toContain('server_gone');
    expect(failed(found)).toContain('request_failed_rate');
    expect(codes(found)).not.toContain('torn_lines');
    expectBroken(found);
  });

  test('metrics that vanish', { timeout: WITHIN_MS }, async () => {
    const found = await load('generate', '--fault metrics_vanish=30', '--requests', '200');
    expect(codes(found)).toContain('metrics_vanished');
  });

  test('metrics that it never had', { timeout: WITHIN_MS }, async () => {
    const found = await load('generate', '--metrics-style realizar');
    const absent = found.findings.find(({ code }) => code === 'metrics_absent');
    expect(absent?.args['names']).toContain('http_requests_total');
  });

  test('requests that the time did not hold', { timeout: WITHIN_MS }, async () => {
    const found = await load('generate', '--fault slow=1:500', '--requests', '400', '--duration', '3s');
    expect(codes(found)).toContain('requests_unsent');
  });
});
