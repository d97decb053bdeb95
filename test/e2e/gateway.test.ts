/** The gateway suite on a gateway of the user's (in this process, by URL), and what it refuses. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { start as startGateway } from '../../stand-in/gateway.ts';
import { start as startLm } from '../../stand-in/lm.ts';
import type { Running } from '../../stand-in/kit/process.ts';
import { runGateway, told } from '../gateway/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'gateway-e2e-'));
const open: Running[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(open.splice(0).map((one) => one.close()));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function site(flags: Parameters<typeof startGateway>[0] = {}, delay_ms = 77) {
  const logs = mkdtempSync(join(folder, 'logs-'));
  const lm = await startLm({ delay_ms });
  open.push(lm);
  const gateway = await startGateway({ lm_url: lm.url, logs, sync_workers: 50, ...flags });
  open.push(gateway);
  return { gateway: gateway.url, lm: lm.url, logs };
}

describe('a gateway of the user’s', () => {
  test('all sides seen: passes, old lines don’t count, and the LM is put back', async () => {
    const { gateway, lm, logs } = await site();
    appendFileSync(join(logs, 'Ask.log'), '{"old":"line"}\nnot even json\n');
    const ran = await runGateway('gateway-log-integrity', [], {
      GATEWAY_URL: gateway,
      LM_CONTROL_URL: lm,
      GATEWAY_LOGS: logs,
    });
    expect(ran.code, told(ran)).toBe(0);
    expect(ran.scenarios).toMatchObject([{ outcome: 'pass', findings: [], unseen: [] }]);
    const state: unknown = await (await fetch(`${lm}/control`)).json();
    expect(state).toMatchObject({ delay_ms: 77, error_rate: 0 });
  });

  test('by its URL alone: what can’t be seen or steered is skipped, with what to set', async () => {
    const { gateway } = await site({}, 300);
    const ran = await runGateway('gateway', ['--lm-delay', '300ms', '--gateway-duration', '2s'], {
      GATEWAY_URL: gateway,
    });
    expect(ran.code, told(ran)).toBe(3);
    expect(ran.scenarios.map(({ scenario, outcome }) => [scenario, outcome])).toEqual([
      ['load', 'skipped'],
      ['routing', 'skipped'],
      ['log-integrity', 'skipped'],
      ['error-storm', 'skipped'],
      ['backpressure', 'skipped'],
      ['probes', 'skipped'],
    ]);
    for (const name of ['LM_CONTROL_URL', 'GATEWAY_LOGS', 'GATEWAY_LIMIT', 'LM_STOP_COMMAND'])
      expect(ran.stdout).toContain(name);
    // Judged from k6's side all the same.
    expect(ran.scenarios[0]?.checks.map(({ answer }) => answer)).toEqual(['pass', 'pass']);
  });

  test('the token comes from the environment, and goes nowhere else', async () => {
    vi.stubEnv('GATEWAY_TOKEN', 'secret-of-the-test');
    const { gateway, lm, logs } = await site();
    const env = { GATEWAY_URL: gateway, LM_CONTROL_URL: lm, GATEWAY_LOGS: logs };
    const without = await runGateway('gateway-routing', [], { ...env, GATEWAY_TOKEN: '' });
    expect(without.code).toBe(2);
    expect(without.stderr).toMatch(/answers 303 to GET \/programs: it asks for a token.*GATEWAY_TOKEN/);
    const ran = await runGateway('gateway-routing', [], { ...env, GATEWAY_TOKEN: 'secret-of-the-test' });
    expect(ran.code, told(ran)).toBe(0);
    expect(ran.stdout + ran.stderr + ran.markdown).not.toContain('secret-of-the-test');
  });

  test('no program with a second model: routing is skipped in clear words', async () => {
    const { gateway } = await site({ program: ['Ask:m:async', 'Sum:m:sync'] });
    const ran = await runGateway('gateway-routing', [], { GATEWAY_URL: gateway });
    expect(ran.code, told(ran)).toBe(3);
    expect(ran.markdown).toMatch(/all programs \(Ask, Sum\) have one model, m.*second model/);
  });
});

describe('bad input', () => {
  const broken = join(folder, 'broken.json');
  mkdirSync(folder, { recursive: true });
  writeFileSync(broken, '{');
  test.each([
    [
      ['--gateway-limit', '40', '--gateway-burst', '30'],
      /--gateway-limit 40 is not below --gateway-burst 30.*more than 40/,
    ],
    [
      ['--gateway-url', 'http://127.0.0.1:9', '--gateway-logs', '/nowhere'],
      /--gateway-logs \/nowhere: ENOENT.*give the folder/,
    ],
    [
      ['--gateway-url', 'http://127.0.0.1:9'],
      /gateway at http:\/\/127\.0\.0\.1:9 can't be reached: connection refused.*correct --gateway-url/,
    ],
    [
      ['--gateway-url', 'http://127.0.0.1:9', '--lm-control-url', 'http://127.0.0.1:9'],
      /LM's control at .*connection refused/,
    ],
    [['--gateway-logs', '/tmp'], /no --gateway-url is given/],
    [['--gateway-programs', broken], /--gateway-programs .*broken\.json: .*JSON/],
    [['--thresholds', broken], /--thresholds .*broken\.json: .*JSON/],
    [['--lm-stop-command', 'true'], /--lm-stop-command and --lm-start-command go together/],
    [['--gateway-user', '5'], /unknown option '--gateway-user'/],
    [
      ['--gateway-stand-in', '--bug nosuch'],
      /stand-in server "gateway" did not start:[^]*--bug: "nosuch" is out; allowed: none, /,
    ],
  ])('%j', async (args, message) => {
    const ran = await runGateway('gateway-load', args);
    expect(ran.stderr).toMatch(message);
    expect(ran.code).toBe(2);
    expect(ran.stderr).not.toMatch(/ {4}at /);
  });
});
