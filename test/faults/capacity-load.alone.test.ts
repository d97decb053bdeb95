/** Capacity, arrivals and endurance on servers of known faults: what each check of them catches. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Comparison } from '../../domain/result/comparison.ts';
import { readComparison, suite, temporary } from '../support/suite.ts';

interface Run extends Comparison {
  readonly code: number | null;
  readonly output: string;
}

async function run(args: readonly string[]): Promise<Run> {
  using folder = temporary();
  const out = join(folder.path, 'run');
  const { code, stdout, stderr } = await suite([...args, '--drain', '0s', '--no-dashboard', '--out', out]);
  expect(stderr).not.toContain('bug of the suite');
  return { ...readComparison(out), code, output: stdout + stderr };
}

const words = (text: string): string[] => text.split(' ');

describe('a ramp', () => {
  test('finds the step below capacity, and the growing queue above it', async () => {
    // Eight workers of about 240 ms: 32 requests/s.
    const { capacity, output } = await run(
      words('ramp-grammar --rate 6 --step 18 --to 60 --hold 6s --warm-up 1s'),
    );
    expect(capacity?.baseline).toMatchObject({ sustained: { load: 24 }, gave_out: { load: 42 } });
    expect(capacity?.baseline?.gave_out?.causes).toContain('backlog');
    expect(capacity?.baseline?.bottlenecks[0]).toMatchObject({ stage: 'waiting', advice: 'add_capacity' });
    expect(output).toMatch(/The shadow sustains 24 requests\/s, the baseline 24/);
  });

  test("a cache too small is named by the server's own metrics; the shadow that has it fails", async () => {
    const server = '--ttft-ms 30 --itl-ms 4 --max-running 64';
    const { capacity, verdict, code } = await run([
      ...words('ramp --rate 4 --step 16 --to 20 --hold 6s --warm-up 1s --max-tokens 16 --unique-prefix'),
      '--baseline-stand-in',
      server,
      // Room for one request at a time: 10 requests/s.
      '--shadow-stand-in',
      `${server} --kv-tokens 70`,
    ]);
    expect(capacity?.baseline).toMatchObject({ sustained: { load: 20 }, gave_out: null });
    expect(capacity?.['shadow']?.sustained?.load).toBe(4);
    expect(capacity?.['shadow']?.gave_out?.causes).toEqual(
      expect.arrayContaining(['backlog', 'server_queue', 'server_memory']),
    );
    expect(verdict.word).not.toBe('pass');
    expect(code).not.toBe(4);
  });
});

describe('arrivals', () => {
  test('a rate that this machine does not send is given up, not measured', async () => {
    const {
      code,
      run: told,
      output,
    } = await run(
      words('baseline --arrival constant --rate 60 --max-in-flight 2 --duration 30s --warm-up 0s'),
    );
    expect(told.stopped?.reason).toBe('rate_not_sent');
    expect(code).toBe(4);
    expect(output.replaceAll(/\s+/g, ' ')).toMatch(
      /can't be trusted: given up after .* this rate could not be sent/,
    );
  });

  test('late starts are part of Trust: too few clients for the rate spoil the measurement', async () => {
    const { code, findings, verdict } = await run(
      words('baseline --arrival poisson --rate 12 --max-in-flight 3 --duration 6s --warm-up 0s'),
    );
    expect(findings.map(({ code: one }) => one)).toContain('late_starts');
    expect(verdict.word).toBe('invalid');
    expect(code).toBe(4);
  });
});

describe('other traffic', () => {
  test('mixed: each endpoint gets its weight, the same for both variants', async () => {
    const { by_endpoint } = await run(
      words('mixed --mix llama=1,chat=3 --think-time 10ms-50ms --duration 5s --warm-up 0s --spread 0s'),
    );
    for (const variant of ['baseline', 'shadow']) {
      const of = new Map(by_endpoint?.[variant]?.map(({ endpoint, requests }) => [endpoint, requests]));
      const [completion = 0, chat = 0] = [of.get('llama'), of.get('chat')];
      expect(completion).toBeGreaterThan(10);
      // A share of a quarter, five standard deviations of as many draws.
      expect(Math.abs(completion / (completion + chat) - 0.25)).toBeLessThan(
        5 * Math.sqrt((0.25 * 0.75) / (completion + chat)),
      );
    }
  });

  test('a burst is a hundred at once and ends with the last of them', async () => {
    const started = performance.now();
    const { variants, code } = await run(['burst']);
    expect(variants.baseline?.requests).toBe(100);
    expect(variants['shadow']?.requests).toBe(100);
    expect(code).toBe(0);
    // Its time limit is a minute.
    expect(performance.now() - started).toBeLessThan(50_000);
  });

  test('an effect is seen where there is one', async () => {
    const { checks, verdict } = await run(words('effect caching --duration 12s --warm-up 1s --timeout 2s'));
    const throughput = checks.find(({ kind, id }) => kind === 'gate' && id === 'throughput');
    expect(throughput).toMatchObject({ answer: 'pass', limit: 1 });
    expect(verdict.word).toBe('pass');
  });
});

describe('a soak', () => {
  test('keeps every block that had ended when it was killed, and reads them again', async () => {
    using folder = temporary();
    const out = join(folder.path, 'run');
    const args = [
      'soak',
      '--block',
      '3s',
      '--duration',
      '30s',
      '--warm-up',
      '0s',
      '--no-dashboard',
      '--out',
      out,
    ];
    const { code } = await suite(args, {
      onOutput(text, kill) {
        if (/block 3 of/.test(text)) kill('SIGKILL');
      },
    });
    expect(code).toBeNull();
    expect([0, 1].map((block) => existsSync(join(out, `requests-${block}.jsonl.gz`)))).toEqual([true, true]);
    await suite(['compare', out]);
    const { run: told, variants } = readComparison(out);
    expect(told.blocks).toBe(2);
    expect(variants.baseline?.requests).toBeGreaterThan(50);
  });

  test('a server that slows down drifts', async () => {
    const { drift } = await run([
      ...words('soak --block 8s --duration 24s --warm-up 0s --vus 20 --baseline-stand-in'),
      '--workers 20',
      '--shadow-stand-in',
      '--workers 20 --fault drift=600',
    ]);
    const drifting = drift?.filter(({ drifts }) => drifts).map(({ variant, what }) => `${variant} ${what}`);
    expect(drifting).toContain('shadow latency_p50');
    expect(drifting).not.toContain('baseline latency_p50');
  });
});
