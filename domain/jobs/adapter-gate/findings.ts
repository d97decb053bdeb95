/** What must be known beside a gate's figures. Data only; worded in cli/gate/words.ts. */
import type { Severity } from '../../verdict/findings.ts';

export const GATE_FINDINGS = {
  // invalid: nothing is decided on these figures
  prometheus_failed: 'invalid',
  no_scrape_after: 'invalid',
  target_missing: 'invalid',
  target_down: 'invalid',
  no_series: 'invalid',
  not_a_number: 'invalid',
  several_series: 'invalid',
  counter_reset: 'invalid',
  other_traffic: 'invalid',
  unseen_requests: 'invalid',
  bad_buckets: 'invalid',
  interrupted: 'invalid',
  k6_failed: 'invalid',
  lost_requests: 'invalid',
  no_answers: 'invalid',
  baseline_incomplete: 'invalid',
  // warning
  baseline_differs: 'warning',
  clock_offset: 'warning',
  other_gate_failed: 'warning',
  beyond_buckets: 'warning',
  // note
  base_model_label: 'note',
  absent_gauge: 'note',
  coarse_bucket: 'note',
  client_gap: 'note',
  window_dilutes: 'note',
  no_margin_for_success: 'note',
  resumed: 'note',
} as const satisfies Readonly<Record<string, Severity>>;

export type GateFindingCode = keyof typeof GATE_FINDINGS;
export const GATE_FINDING_CODES = Object.keys(GATE_FINDINGS).filter(
  (code): code is GateFindingCode => code in GATE_FINDINGS,
);

export interface GateFinding {
  readonly code: GateFindingCode;
  readonly severity: Severity;
  /** Figures and names for the wording; text in it may be untrusted. */
  readonly args: Readonly<Record<string, string | number>>;
}

export const gateFinding = (code: GateFindingCode, args: GateFinding['args'] = {}): GateFinding => ({
  code,
  severity: GATE_FINDINGS[code],
  args,
});

export const isInvalid = (findings: readonly GateFinding[]): boolean =>
  findings.some(({ severity }) => severity === 'invalid');
