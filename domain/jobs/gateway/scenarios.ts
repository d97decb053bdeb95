/** The gateway's scenarios, in the order in which the whole suite runs them: what each is for, once. */
export const GATEWAY_SCENARIOS = [
  'load',
  'routing',
  'log-integrity',
  'error-storm',
  'backpressure',
  'probes',
] as const;
export type GatewayScenario = (typeof GATEWAY_SCENARIOS)[number];

export const SCENARIO_TITLES: Readonly<Record<GatewayScenario, string>> = {
  load: 'many users over all programs: requests/s and p95 by program, sync and async apart',
  routing: 'programs with different models at once: each answer names its own',
  'log-integrity': 'each request has its one whole line in the log',
  'error-storm': 'the LM fails: clean errors in time, no crash, normal service after',
  backpressure: 'a burst above the limit queues, is refused only after the queue timeout, and passes',
  probes: 'live and ready differ, are fast under full load, and ready turns false when it should',
};

/** Where in a scenario a request belongs; every scenario has `main`. */
export const GATEWAY_PHASES = ['before', 'warmup', 'main', 'after'] as const;
export type GatewayPhase = (typeof GATEWAY_PHASES)[number];

/**
 * call: a program with a distinct input. repeat: the same input once more, for the answer cache. bad_input: inputs that
 * must be refused. live, ready: the probes.
 */
export const RECORD_KINDS = ['call', 'repeat', 'bad_input', 'live', 'ready'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];
