/** What is wrong with a gateway, each by the name of its bug, and what a reader must know beside. Worded in cli/render. */

/** fail: a bug of the gateway. invalid: the measurement can't be trusted. */
export type GatewaySeverity = 'fail' | 'invalid' | 'warning' | 'note';

export const GATEWAY_FINDINGS = {
  // the gateway's bugs
  blocking_call: 'fail',
  too_few_workers: 'fail',
  context_leak: 'fail',
  crossed_answers: 'fail',
  lm_asked_for_other_models: 'fail',
  torn_log: 'fail',
  lost_log: 'fail',
  doubled_log: 'fail',
  log_bad_fields: 'fail',
  log_without_request: 'fail',
  log_disagrees: 'fail',
  bad_input_accepted: 'fail',
  html_error: 'fail',
  hang_on_error: 'fail',
  crash_on_error: 'fail',
  wrong_answer_in_storm: 'fail',
  memory_leak: 'fail',
  not_normal_again: 'fail',
  instant_429: 'fail',
  no_limit_in_force: 'fail',
  limit_exceeded: 'fail',
  limit_never_released: 'fail',
  queue_timeout_ignored: 'fail',
  probe_behind_queue: 'fail',
  probe_failed: 'fail',
  probes_alike: 'fail',
  ready_always_true: 'fail',
  live_turns_false: 'fail',
  ready_stays_false: 'fail',
  timeouts: 'fail',
  gateway_restarted: 'fail',
  // the measurement
  answer_cache: 'invalid',
  storm_not_seen: 'invalid',
  lost_requests: 'invalid',
  unrecorded_requests: 'invalid',
  iterations_failed: 'invalid',
  no_summary: 'invalid',
  machine_full: 'invalid',
  no_answers: 'invalid',
  k6_disagrees: 'invalid',
  model_not_named: 'invalid',
  // for the reader
  lm_served_more: 'warning',
  metric_disagrees: 'warning',

  interrupted: 'warning',
  errors_hidden_by_retries: 'note',
  burst_below_queue_timeout: 'note',
  other_traffic: 'note',
} as const satisfies Readonly<Record<string, GatewaySeverity>>;

export type GatewayFindingCode = keyof typeof GATEWAY_FINDINGS;

export interface GatewayFinding {
  readonly code: GatewayFindingCode;
  readonly severity: GatewaySeverity;
  /** Figures and names for the wording; text in it may be untrusted. */
  readonly args: Readonly<Record<string, string | number>>;
  /** Single cases, as data for whoever mends it. */
  readonly cases: readonly string[];
}

export function gatewayFinding(
  code: GatewayFindingCode,
  args: GatewayFinding['args'] = {},
  cases: readonly string[] = [],
): GatewayFinding {
  return { code, severity: GATEWAY_FINDINGS[code], args, cases };
}

/** One thing that was seen, from either side, for the report's columns. */
export type Sight =
  | { readonly saw: 'requests'; readonly requests: number; readonly right: number; readonly per_s: number }
  | { readonly saw: 'models'; readonly answers: number; readonly wrong: number }
  | {
      readonly saw: 'storm';
      readonly right: number;
      readonly clean: number;
      readonly other: number;
      readonly slowest_ms: number;
    }
  | {
      readonly saw: 'burst';
      readonly requests: number;
      readonly served: number;
      readonly refused: number;
      readonly slowest_ms: number;
    }
  | { readonly saw: 'recovery'; readonly ms: number | null; readonly first_try_after_ms: number | null }
  | { readonly saw: 'probes'; readonly live: number; readonly ready: number }
  | { readonly saw: 'lm_calls'; readonly served: number; readonly errors: number; readonly peak: number }
  | { readonly saw: 'lm_models'; readonly by_model: Readonly<Record<string, number>> }
  | { readonly saw: 'log_lines'; readonly lines: number; readonly expected: number }
  | { readonly saw: 'counted'; readonly requests: number; readonly expected: number }
  | { readonly saw: 'alive'; readonly before_bytes: number | null; readonly after_bytes: number | null }
  | {
      readonly saw: 'readiness';
      readonly unready_after_ms: number | null;
      readonly again_after_ms: number | null;
    };
