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
