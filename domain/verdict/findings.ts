/** What a reader must know beside the figures. Data only; worded in cli/render/words.ts. */
import type { Variant } from '../variants.ts';

/**
 * invalid: the measurement can't be trusted, no verdict. warning: the verdict stands, but think. note: for the record.
 */
export type Severity = 'invalid' | 'warning' | 'note';

export const FINDING_CODES = {
  // invalid
  lost_requests: 'invalid',
  unrecorded_requests: 'invalid',
  torn_lines: 'invalid',
  iterations_failed: 'invalid',
  k6_disagrees: 'invalid',
  no_summary: 'invalid',
  cpu_saturated: 'invalid',
  probe_delay: 'invalid',
  probe_starved: 'invalid',
  late_starts: 'invalid',
  baseline_gone: 'invalid',
  server_restarted: 'invalid',
  no_answers: 'invalid',
  // warning
  server_gone: 'warning',
  same_server: 'warning',
  interrupted: 'warning',
  stopped_for_cost: 'warning',
  k6_failed: 'warning',
  missing_cost: 'warning',
  little_gap: 'warning',
  cpu_busy: 'warning',
  undeclared_difference: 'warning',
  output_length_differs: 'warning',
  payloads_differ: 'warning',
  requests_unsent: 'warning',
  metrics_vanished: 'warning',
  rate_not_sent: 'invalid',
  capacity_unknown: 'warning',
  capacity_unsure: 'note',
  capacity_beyond: 'note',
  machine_gave_out: 'warning',
  drift: 'warning',
  open_loop_throughput: 'note',
  prefix_cache: 'warning',
  finish_differs: 'warning',
  content_filtered: 'warning',
  several_models: 'warning',
  old_answers: 'warning',
  cached_answers: 'warning',
  gateway_tried_again: 'warning',
  comes_whole: 'warning',
  buffered: 'warning',
  held_back: 'warning',
  prompt_tokens_differ: 'warning',
  prompts_cut: 'warning',
  token_sources_differ: 'warning',
  resent: 'warning',
  // note
  tokens_estimated: 'note',
  other_model: 'note',
  hidden_tokens: 'note',
  tokens_per_event: 'note',
  odd_answers: 'note',
  declared_aa: 'note',
  point_rule: 'note',
  short_run: 'note',
  repeated_payloads: 'note',
  few_payloads: 'note',
  closed_loop_throughput: 'note',
  deployment_noise_unknown: 'note',
  failures_left_out: 'note',
  interval_straddles_limit: 'note',
  fallback: 'note',
  metrics_absent: 'note',
  not_seen: 'note',
} as const satisfies Readonly<Record<string, Severity>>;

export type FindingCode = keyof typeof FINDING_CODES;

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly variant: Variant | null;
  /** Figures and names for the wording; text in it may be untrusted. */
  readonly args: Readonly<Record<string, string | number>>;
}

export function finding(
  code: FindingCode,
  args: Finding['args'] = {},
  variant: Variant | null = null,
): Finding {
  return { code, severity: FINDING_CODES[code], variant, args };
}
