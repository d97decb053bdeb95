/** The times of one answer, from when its tokens arrived (DESIGN.md, "What a request's times mean"). */

export interface Arrivals {
  /** ms since t0, the moment before the request was handed to the transport; null where no token came. */
  readonly first_token_ms: number | null;
  readonly last_token_ms: number | null;
  /** What the server counts; null where it doesn't say. */
  readonly reported_tokens: number | null;
  /** Events that carried one or more tokens. */
  readonly token_events: number;
}

export interface StreamTimes {
  readonly ttft_ms: number | null;
  /** (last - first) / (tokens - 1); null for an answer of one token. */
  readonly tpot_ms: number | null;
  /** To the last token. */
  readonly e2e_ms: number | null;
  readonly tokens: number | null;
  /** The events were counted, since the server gave no count. */
  readonly tokens_estimated: boolean;
}

export function streamTimes(of: Arrivals): StreamTimes {
  const { first_token_ms: first, last_token_ms: last, reported_tokens, token_events } = of;
  const reported = reported_tokens !== null && reported_tokens > 0 ? reported_tokens : null;
  const tokens = reported ?? (token_events > 0 ? token_events : null);
  return {
    ttft_ms: first,
    tpot_ms:
      first === null || last === null || tokens === null || tokens < 2 ? null : (last - first) / (tokens - 1),
    e2e_ms: last,
    tokens,
    tokens_estimated: reported === null && tokens !== null,
  };
}
