/** The times of one answer, from when its tokens arrived (DESIGN.md, "What a request's times mean"). */

export interface Arrivals {
  /** ms since t0, the moment before the request was handed to the transport; null where no token came. */
  readonly first_token_ms: number | null;
  /** The first token that is not reasoning; null where none came. */
  readonly first_answer_ms: number | null;
  readonly last_token_ms: number | null;
  /** What the server counts; null where it doesn't say. */
  readonly reported_tokens: number | null;
  /** Of these, what it counts as reasoning; null where it doesn't say. */
  readonly reported_reasoning: number | null;
  /** Events that carried one or more tokens. */
  readonly token_events: number;
  /** Those of them that the first read brought. */
  readonly first_read_events: number;
  /** Of the content that was sent: no token is less than a byte of it. */
  readonly content_bytes: number;
  readonly reasoning_bytes: number;
}

export interface StreamTimes {
  readonly ttft_ms: number | null;
  /** To the first token that is not reasoning. */
  readonly answer_ttft_ms: number | null;
  /** (last - first) / the tokens after the first read; null for an answer that came in one. */
  readonly tpot_ms: number | null;
  /** To the last token. */
  readonly e2e_ms: number | null;
  /** Those that were sent. */
  readonly tokens: number | null;
  /** The events were counted, since the server gave no count, or one that they can't hold. */
  readonly tokens_estimated: boolean;
  /** Tokens that the server counts and did not send; null where there is none. */
  readonly hidden_tokens: number | null;
}

/** A server counts an end of text and other tokens that have no text; more than these were not sent. */
const TEXTLESS_TOKENS = 16;

interface Tokens {
  readonly tokens: number | null;
  readonly tokens_estimated: boolean;
  readonly hidden_tokens: number | null;
}

/**
 * The tokens that came. Reasoning that the server counts and that the reasoning sent can't hold stayed with it, but where
 * there are as many events as tokens; some servers count it beside the answer's tokens, not among them. A count that the
 * content can't hold is none of what came: the events are counted then.
 */
function tokensOf(of: Arrivals): Tokens {
  const { token_events, content_bytes, reasoning_bytes } = of;
  const reported = of.reported_tokens ?? 0;
  if (reported <= 0)
    return {
      tokens: token_events > 0 ? token_events : null,
      tokens_estimated: token_events > 0,
      hidden_tokens: null,
    };
  const reasoning = of.reported_reasoning ?? 0;
  const beside = reasoning >= reported;
  const unsent = reasoning > reasoning_bytes && (beside || token_events < reported) ? reasoning : 0;
  const sent = beside ? reported : reported - unsent;
  if (token_events > 0 && sent > content_bytes + TEXTLESS_TOKENS)
    return {
      tokens: token_events,
      tokens_estimated: true,
      hidden_tokens: unsent + sent - token_events,
    };
  return { tokens: sent, tokens_estimated: false, hidden_tokens: unsent > 0 ? unsent : null };
}

export function streamTimes(of: Arrivals): StreamTimes {
  const { first_token_ms: first, last_token_ms: last, token_events, first_read_events } = of;
  const counted = tokensOf(of);
  const { tokens } = counted;
  // A server's count is spread evenly over the events: how many each carried is not told.
  const later =
    tokens === null || tokens < 2 || token_events === 0
      ? 0
      : (tokens * (token_events - first_read_events)) / token_events;
  return {
    ttft_ms: first,
    answer_ttft_ms: of.first_answer_ms,
    tpot_ms: first === null || last === null || later <= 0 ? null : (last - first) / later,
    e2e_ms: last,
    ...counted,
  };
}
