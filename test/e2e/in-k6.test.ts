/** lib/ tested by the real k6: each check of a script in test/in-k6 is a test here. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { payloadAt } from '../../domain/load/payload-order.ts';
import { findK6 } from '../../cli/run/k6.ts';
import { ROOT, standIn, type StandIn } from '../support/suite.ts';

const Checks = v.array(v.object({ name: v.string(), passes: v.number(), fails: v.number() }));

/** Runs dist/test/<name>.js once. */
async function checksOf(name: string, env: Readonly<Record<string, string>>) {
  const k6 = await findK6({
    argv: [],
    env: process.env,
    cwd: ROOT,
    root: ROOT,
    stdout: process.stdout,
    stderr: process.stderr,
    interrupted: new AbortController().signal,
  });
  const flags = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  const script = join(ROOT, 'dist', 'test', `${name}.js`);
  const { stdout, stderr } = await promisify(execFile)(k6.path, ['run', '--quiet', ...flags, script], {
    cwd: ROOT,
    timeout: 60_000,
  });
  // An exception in the script still exits 0: without it no check would be missed.
  expect(stderr).not.toMatch(/level=error/);
  return v.parse(Checks, JSON.parse(stdout));
}

beforeAll(async () => {
  await promisify(execFile)(process.execPath, ['build.mjs'], { cwd: ROOT });
});

describe('stream', () => {
  let server: StandIn;
  beforeAll(async () => {
    server = await standIn('openai', '--ttft-ms', '40', '--itl-ms', '4');
  });
  afterAll(() => server.stop());

  test('every check passes', async () => {
    const checks = await checksOf('stream', { BASELINE_URL: server.url });
    expect(checks.filter(({ fails }) => fails > 0)).toEqual([]);
    expect(checks.every(({ passes }) => passes === 1)).toBe(true);
    expect(checks.length).toBeGreaterThan(50);
  });
});

describe('core', () => {
  let server: StandIn;
  beforeAll(async () => {
    server = await standIn('grammar', '--profile', 'instant');
  });
  afterAll(() => server.stop());

  test('every check passes', async () => {
    const sequence = [1, 2, 3, 20, 302, 100_000]
      .flatMap((size) => Array.from({ length: 20 }, (_, i) => payloadAt(42, i * 37, size)))
      .join();
    const checks = await checksOf('core', { BASELINE_URL: server.url, EXPECTED_SEQUENCE: sequence });
    expect(checks.filter(({ fails }) => fails > 0)).toEqual([]);
    expect(checks.length).toBe(21);
  });
});
