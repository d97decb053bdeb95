/** Why a run ended before its time, by its own decision. */
export const WHOLE_STOPS = ['max_cost', 'rate_not_sent'] as const;
/** `server_gone` is said of one variant. The number is the index that crosses k6's shared counters. */
export const STOP_REASONS = [...WHOLE_STOPS, 'server_gone'] as const;
export type StopReason = (typeof STOP_REASONS)[number];
