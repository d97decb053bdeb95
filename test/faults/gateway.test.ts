/** Each bug that the stand-in gateway can have is caught by the scenario that it is for, by name. */
import { expect, test } from 'vitest';
import type { GatewayFindingCode } from '../../domain/gateway/findings.ts';
import type { GatewayScenario } from '../../domain/gateway/scenarios.ts';
import type { Bug } from '../../stand-in/gateway/flags.ts';
import { codes, runGateway, told } from '../gateway/run.ts';

const DEADLINE_MS = 180_000;
const FAST_RETRIES = '--lm-backoff-ms 20';

interface Case {
  readonly bug: Exclude<Bug, 'none'>;
  readonly scenario: GatewayScenario;
  readonly found: GatewayFindingCode;
  readonly exit: number;
  readonly args?: readonly string[];
  readonly more?: string;
}

const CASES: readonly Case[] = [
  { bug: 'blocking_call', scenario: 'load', found: 'blocking_call', exit: 99 },
  { bug: 'cache_on', scenario: 'load', found: 'answer_cache', exit: 4 },
  { bug: 'context_leak', scenario: 'routing', found: 'context_leak', exit: 99 },
  { bug: 'torn_log', scenario: 'log-integrity', found: 'torn_log', exit: 1 },
  { bug: 'lost_log', scenario: 'log-integrity', found: 'lost_log', exit: 1 },
  { bug: 'doubled_log', scenario: 'log-integrity', found: 'doubled_log', exit: 1 },
  { bug: 'html_error', scenario: 'error-storm', found: 'html_error', exit: 1, more: FAST_RETRIES },
  { bug: 'hang_on_error', scenario: 'error-storm', found: 'hang_on_error', exit: 1, more: FAST_RETRIES },
  { bug: 'crash_on_error', scenario: 'error-storm', found: 'crash_on_error', exit: 99, more: FAST_RETRIES },
  {
    bug: 'memory_leak',
    scenario: 'error-storm',
    found: 'memory_leak',
    exit: 99,
    more: FAST_RETRIES,
    args: ['--gateway-users', '60'],
  },
  { bug: 'instant_429', scenario: 'backpressure', found: 'instant_429', exit: 1 },
  { bug: 'ignored_limit', scenario: 'backpressure', found: 'no_limit_in_force', exit: 1 },
  { bug: 'limit_never_released', scenario: 'backpressure', found: 'limit_never_released', exit: 99 },
  {
    bug: 'probe_behind_queue',
    scenario: 'probes',
    found: 'probe_behind_queue',
    exit: 99,
    more: '--sync-workers 1',
  },
  { bug: 'ready_always_true', scenario: 'probes', found: 'ready_always_true', exit: 1 },
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
      expect(ran.code, told(ran)).toBe(exit);
      // Named in the first line that a person reads.
      expect(ran.markdown).toMatch(/^# Gateway: (fail|invalid)/);
    },
    DEADLINE_MS,
  );
}
