/** The gateway suite. */
import { absent, command, duration, number, filePath, secret, setting, text, url, urlPath } from './kinds.ts';

export const GATEWAY = {
  gatewayUrl: absent(
    url,
    "base URL of your gateway; without it the suite's stand-ins are started for each scenario",
  ),
  gatewayToken: secret('bearer token for the gateway'),
  lmControlUrl: absent(
    url,
    "address of the suite's mock LM behind your gateway (node dist/stand-in/lm.js); without it the LM's side can't be seen, nor a storm be made",
  ),
  gatewayLogs: absent(
    filePath('DIR'),
    "folder of your gateway's logs, <program>.log; without it they can't be checked",
  ),
  gatewayPrograms: absent(
    filePath(),
    'JSON list of programs, which completes what GET /programs says: name, model, endpoint, inputs, values, outputs, model_field, mode',
  ),
  gatewayUsers: setting(
    number({ min: 1, max: 20_000, whole: true }),
    100,
    'users of load, error-storm and probes, spread evenly over the programs; a fifth of them in routing and log-integrity',
  ),
  gatewayDurationMs: setting(
    duration({ min: 1000 }),
    15_000,
    'measured time of load; half of it for the storm (a fifth before and after it), a third for the other scenarios',
  ),
  gatewayWarmUpMs: setting(
    duration({ max: 600_000 }),
    3000,
    'load before the measured time of load; recorded, marked, left out',
  ),
  gatewayTimeoutMs: setting(
    duration({ min: 10, max: 3_600_000 }),
    30_000,
    'a request without its whole answer by then has failed',
  ),
  lmDelayMs: setting(
    duration({ min: 1, max: 600_000 }),
    500,
    'what the LM takes for an answer; limits and the answer cache are judged by it (a controlled LM is set to it)',
  ),
  stormErrorRate: setting(number({ min: 0, max: 1 }), 0.9, 'share of LM calls that fail in the storm'),
  stormErrorStatus: setting(
    number({ min: 400, max: 599, whole: true }),
    500,
    'status of LM calls that fail in the storm',
  ),
  stormHangRate: setting(
    number({ min: 0, max: 1 }),
    0,
    'share of LM calls that are never answered in the storm',
  ),
  stormDeadlineMs: setting(
    duration({ min: 10, max: 3_600_000 }),
    15_000,
    'every request of the storm must have its answer by then, retries of the gateway included',
  ),
  gatewayLimit: setting(
    number({ min: 1, max: 100_000, whole: true }),
    3,
    "backpressure: the gateway's per-program limit (yours must be said; the stand-in is given it)",
  ),
  gatewayBurst: setting(
    number({ min: 2, max: 100_000, whole: true }),
    30,
    'backpressure: requests at once, above the limit',
  ),
  gatewayQueueTimeoutMs: setting(
    duration({ min: 10, max: 3_600_000 }),
    3000,
    "backpressure: the longest wait in the gateway's queue, then 429",
  ),
  gatewayLivePath: setting(urlPath, '/health/live', 'liveness probe'),
  gatewayReadyPath: setting(urlPath, '/health/ready', 'readiness probe'),
  gatewayRequestsMetric: setting(
    text({ placeholder: 'NAME', allowed: /^[a-zA-Z_:][\w:]*$/, hint: "a metric's name" }),
    'gateway_requests_total',
    "the gateway's own count of requests in /metrics, with a label program; left out where it is absent",
  ),
  lmStopCommand: absent(
    command,
    "probes: shell command that makes your gateway's LM unreachable, so that ready must turn false",
  ),
  lmStartCommand: absent(command, 'probes: shell command that brings that LM back'),
  gatewayStandIn: setting(
    text({ placeholder: "'ARGS'" }),
    '',
    "further arguments of the gateway's stand-in, as '--bug context_leak'",
  ),
  lmStandIn: setting(
    text({ placeholder: "'ARGS'" }),
    '',
    "further arguments of the LM's stand-in, as '--fault slow=0.1:2000'",
  ),
} as const;
