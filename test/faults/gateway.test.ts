/** Each bug that the stand-in gateway can have is caught by the scenario that it is for, by name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import thresholds from '../../thresholds/gateway.json';
import type { FindingCode } from '../../domain/verdict/findings.ts';
import type { GatewayScenario } from '../../domain/jobs/gateway/scenarios.ts';
import type { Bug } from '../../stand-in/gateway/flags.ts';
import { codes, runGateway, told } from '../gateway/run.ts';

const DEADLINE_MS = 180_000;
const FAST_RETRIES = '--lm-backoff-ms 20';

interface Case {
  readonly bug: Exclude<Bug, 'none'>;
  readonly scenario: GatewayScenario;
  readonly found: FindingCode;
  /** Where a bug alone would be 1, a busy machine may miss a limit beside it: 99. */
  readonly exit: 'bug' | 'limit' | 'invalid';
  readonly args?: readonly string[];
  readonly more?: string;
}

const EXITS = { bug: [1, 99], limit: [99], invalid: [4] } as const;

/** As shipped, with a memory limit for a second of storm. */
const folder = mkdtempSync(join(tmpdir(), 'gateway-faults-'));
afterAll(() => rmSync(folder, { recursive: true }));
const low_memory = join(folder, 'thresholds.json');
writeFileSync(low_memory, JSON.stringify(thresholds).replace('67108864', String(24 * 2 ** 20)));

const CASES: readonly Case[] = [
  { bug: 'blocking_call', scenario: 'load', found: 'blocking_call', exit: 'limit' },
  { bug: 'cache_on', scenario: 'load', found: 'answer_cache', exit: 'invalid' },
  { bug: 'context_leak', scenario: 'routing', found: 'context_leak', exit: 'limit' },
  { bug: 'torn_log', scenario: 'log-integrity', found: 'torn_log', exit: 'bug' },
  { bug: 'lost_log', scenario: 'log-integrity', found: 'lost_log', exit: 'bug' },
  { bug: 'doubled_log', scenario: 'log-integrity', found: 'doubled_log', exit: 'bug' },
  { bug: 'html_error', scenario: 'error-storm', found: 'html_error', exit: 'bug', more: FAST_RETRIES },
  { bug: 'hang_on_error', scenario: 'error-storm', found: 'hang_on_error', exit: 'bug', more: FAST_RETRIES },
  {
    bug: 'crash_on_error',
    scenario: 'error-storm',
    found: 'crash_on_error',
    exit: 'bug',
    more: FAST_RETRIES,
  },
  {
    bug: 'memory_leak',
    scenario: 'error-storm',
    found: 'memory_leak',
    exit: 'limit',
    more: FAST_RETRIES,
    args: ['--gateway-users', '60', '--thresholds', low_memory],
  },
  { bug: 'instant_429', scenario: 'backpressure', found: 'instant_429', exit: 'bug' },
  { bug: 'ignored_limit', scenario: 'backpressure', found: 'no_limit_in_force', exit: 'bug' },
  { bug: 'limit_never_released', scenario: 'backpressure', found: 'limit_never_released', exit: 'limit' },
  {
    bug: 'probe_behind_queue',
    scenario: 'probes',
    found: 'probe_behind_queue',
    exit: 'limit',
    more: '--sync-workers 1',
  },
  { bug: 'ready_always_true', scenario: 'probes', found: 'ready_always_true', exit: 'bug' },
];

for (const { bug, scenario, found, exit, args = [], more = '' } of CASES) {
  test(
    `${bug} is caught by ${scenario}`,
    async () => {
      const ran = await runGateway(`gateway-${scenario}`, [
        ...args,
        '--gateway-stand-in',
        `--bug ${bug} ${more}`,
      ]);
      expect(codes(ran, scenario), told(ran)).toContain(found);
      expect(EXITS[exit], told(ran)).toContain(ran.code);
      // Named in the first line that a person reads.
      expect(ran.markdown).toMatch(/^# Gateway: (fail|invalid)/);
    },
    DEADLINE_MS,
  );
}
