import { commonFlags } from '../kit/common.ts';
import { absent, choice, list, named, number, setting } from '../../domain/settings/kinds.ts';
import type { Values } from '../../domain/settings/parse.ts';

/** Each is one real bug, that one scenario of the gateway's suite is for. */
export const bugs = [
  'none',
  'blocking_call',
  'context_leak',
  'torn_log',
  'lost_log',
  'doubled_log',
  'html_error',
  'hang_on_error',
  'crash_on_error',
  'instant_429',
  'ignored_limit',
  'limit_never_released',
  'probe_behind_queue',
  'ready_always_true',
  'cache_on',
  'memory_leak',
] as const;

export type Bug = (typeof bugs)[number];

export const bugHelp = `bugs, by --bug:
  blocking_call         an LM call blocks all others: they go one at a time
  context_leak          the model to ask is kept where concurrent requests share it
  torn_log              log lines are written in two pieces, others come between
  lost_log              one log line in five is never written
  doubled_log           one log line in five is written twice
  html_error            an LM failure becomes an HTML page
  hang_on_error         an LM failure is never answered
  crash_on_error        an LM failure ends the process
  instant_429           above the limit nothing queues
  ignored_limit         the limit isn't in force
  limit_never_released  who had to queue never gives the place back
  probe_behind_queue    the probes need a sync worker
  ready_always_true     ready whatever happens
  cache_on              repeated inputs are answered without the LM
  memory_leak           every request keeps 256 KB for ever

environment: GATEWAY_TOKEN is the bearer token that programs then ask for; without it a 303 to /login
`;

const { port, variant, seed, fault, fault_path } = commonFlags;

export const flags = {
  port,
  variant,
  seed,
  lm_url: setting(named(), 'http://127.0.0.1:8090', 'address of the LM, without /v1'),
  logs: setting(named(), 'logs', 'folder of the logs, <program>.log'),
  program: setting(
    list(named(), 'TEXT'),
    [],
    'NAME:MODEL:sync or NAME:MODEL:async (default four of them, of two models)',
  ),
  sync_workers: absent(
    number({ min: 1, max: 100_000, whole: true }),
    'requests of sync programs at once (default min(32, CPUs + 4))',
  ),
  max_concurrent_per_program: setting(
    number({ min: 0, max: 100_000, whole: true }),
    0,
    'requests of one program at once, more of them queue; 0 is no limit',
  ),
  queue_timeout_s: setting(number({ min: 0, max: 3600 }), 30, 'the longest time in that queue, then 429'),
  lm_attempts: setting(
    number({ min: 1, max: 100, whole: true }),
    4,
    'calls of the LM for a request that it fails with 429 or 5xx',
  ),
  lm_backoff_ms: setting(
    number({ min: 0, max: 600_000 }),
    200,
    'before the second call, doubled before each further one',
  ),
  lm_timeout_s: setting(number({ min: 0.001, max: 3600 }), 60, 'for one call of the LM'),
  ready_poll_ms: setting(number({ min: 10, max: 600_000 }), 500, 'how often the LM is looked for'),
  answer_cache: setting(choice(['on', 'off']), 'off', 'whether repeated inputs are answered without the LM'),
  bug: setting(choice(bugs), 'none', 'one of those below'),
  fault,
  fault_path,
};

export type GatewayFlags = Values<typeof flags>;
