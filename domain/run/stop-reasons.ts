/** Why a run ended before its time, by its own decision. The number is the index that crosses k6's shared counters. */
export const STOP_REASONS = ['max_cost', 'baseline_gone', 'shadow_gone', 'rate_not_sent'] as const;
export type StopReason = (typeof STOP_REASONS)[number];
