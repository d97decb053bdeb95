// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Requests whose answers are server-sent events, timed where they arrive: each event is stamped, on the monotonic clock, by
 * when its last byte had reached this machine (on Linux by the kernel's receive stamp; elsewhere and on HTTP/2 by the
 * return of the read that brought it), before anything is decompressed or parsed. Uses the VU's own options, dialer and
 * samples (keep-alive, TLS, tags, `http_req_*`), no cookies, and stops with the iteration.
 */
declare module 'k6/x/stream' {
  /**
   * How a request failed. The first thing that goes wrong in time is the kind; what only the stream's end can tell comes
   * last, `no_token` before `no_terminator`. What follows the terminator is no failure: a connection that breaks there has
   * delivered the whole answer.
   *
   * - `dns`, `connect`, `tls`: the step at which no connection came to be
   * - `timeout`: the request's own deadline; `cancelled`: k6 stopped the iteration
   * - `reset`: the connection broke, or what came was no HTTP; `cut_body`: the body is shorter than declared, or did not
   *   decompress; `too_large`: a line, an event or a body of over 64 MiB
   * - `status`: not 2xx; `not_sse`: the request has `rules` and the answer is no stream of events, neither by its content
   *   type nor by its first bytes (`body` has it whole)
   * - `error_event`, `bad_json`: an event reports an error; its data is no JSON
   * - `no_token`: the stream ended without one; `no_terminator`: without its terminator and without a finish reason
   */
  export type ErrorKind =
    | 'dns'
    | 'connect'
    | 'tls'
    | 'timeout'
    | 'cancelled'
    | 'reset'
    | 'cut_body'
    | 'too_large'
    | 'status'
    | 'not_sse'
    | 'error_event'
    | 'bad_json'
    | 'no_token'
    | 'no_terminator';

  export const ERROR_KINDS: readonly ErrorKind[];

  /** Keys and list indexes joined by dots, such as `choices.0.delta.content`. */
  export type Path = string;

  /**
   * What the events mean, as data. An object is read at its first use in a VU and must not change after that, so keep it
   * in a constant.
   *
   * An event's data must be JSON (else `bad_json`) unless it is the terminator, the event is named in `token_events`, or it is
   * a word that keeps the connection open: any word before the first token, `ping` and the like after it. Paths are followed
   * in objects. Nothing after the terminator counts. An answer that ended properly is whole with its terminator or with a
   * finish reason; what a finish reason means, and whether one must be there, is the script's to judge.
   */
  export interface Rules {
    /** A token event has content at one of these: a non-empty text, list or object, or a number. */
    readonly token_paths?: readonly Path[];
    /** Names of events of which each with any data is a token; data that is no JSON object is the token's text. */
    readonly token_events?: readonly string[];
    /** Those of `token_paths` whose content is reasoning, and no part of the answer itself. */
    readonly reasoning_paths?: readonly Path[];
    /** Where the answer says how it ended, as a text other than empty, `none` and `null`; the last one counts. */
    readonly finish_paths?: readonly Path[];
    /** An object with none of these (or with null at all of them) is no part of an answer: an unknown event. Absent: any object is one. */
    readonly chunk_paths?: readonly Path[];
    /** Where the answer's text is; every path's text is appended. */
    readonly text_paths?: readonly Path[];
    readonly terminator:
      | { readonly data: string }
      | { readonly path: Path; readonly equals: boolean | number | string }
      | { readonly event: string };
    /**
     * An event that says something at a path (at a stray path: an unknown event only), or has one of these names, reports an
     * error. null, false, 0 and what is empty all the way down say nothing.
     */
    readonly error?: {
      readonly paths?: readonly Path[];
      readonly stray_paths?: readonly Path[];
      readonly event?: string | readonly string[];
    };
    /** Counts to bring home by name; the first path that is there and not null, the last event that has it. */
    readonly usage?: Readonly<Record<string, Path | readonly Path[]>>;
    /** Values of any kind to bring home: the first path that is there, the first event that has it; null and an empty text are none. */
    readonly extra?: Readonly<Record<string, Path | readonly Path[]>>;
  }

  export interface Params {
    readonly headers?: Readonly<Record<string, string>>;
    /** Deadline of the whole request, body included: milliseconds, or a duration such as `'30s'`. 60 s by default. */
    readonly timeout?: number | string;
    readonly tags?: Readonly<Record<string, string>>;
    /** Redirects to follow, 0 by default: the answer is the redirect itself, of kind `status`. */
    readonly redirects?: number;
    /** Given: a stream of events is expected. Absent: the body is returned whole, whatever it is. */
    readonly rules?: Rules;
    /** Returns the text as `text`; its digest is there without. */
    readonly keep_text?: boolean;
    /** Returns the first so many events as `events`, 100000 at most. */
    readonly keep_events?: number;
    /** Returns the gaps as JSON too, for a log: printing 100 of them costs more in JavaScript than their whole stream in Go. */
    readonly itl_json?: boolean;
  }

  export interface KeptEvent {
    /** `message` where the stream named none. */
    readonly event: string;
    readonly data: string;
    /** The last id that the stream gave; empty before one. */
    readonly id: string;
    readonly at_ms: number;
  }

  /**
   * What a stream did that its standard or its protocol does not say, and that was read all the same: no blank line after the
   * last event, spaces around the terminator, none at all after a finish reason, another content type, objects that are no
   * part of an answer, words in place of JSON.
   */
  export type Oddity =
    | 'open_end'
    | 'spaced_terminator'
    | 'no_terminator'
    | 'content_type'
    | 'unknown_event'
    | 'keep_alive';

  /** What did not happen is null. Times in `_ms` are since `t0_ms` but for the three steps, which are durations. */
  export interface Result {
    readonly error: ErrorKind | null;
    /** For a person; holds no header and no URL, but may quote up to 300 bytes of what the server said. */
    readonly error_message: string | null;
    readonly status: number | null;
    /** `HTTP/1.1` or `HTTP/2.0`. */
    readonly proto: string | null;
    /** Where the connection led, as `ip:port`, an IPv6 address in brackets; null where none was made. */
    readonly remote_address: string | null;
    /** The connection's number in this process, from 1; null where none was made, and where it is not counted (HTTP/2, no Linux). */
    readonly connection: number | null;
    /** Canonical names (`X-Trace-Id`); values of a repeated header joined by `, `. */
    readonly headers: Readonly<Record<string, string>>;
    readonly content_type: string | null;
    /** The body of an answer that is no stream of events, or was not asked to be one; up to 64 MiB. */
    readonly body: string | null;
    /** Bytes of the body as received, before decompression. */
    readonly bytes: number;
    /** 2: a kept connection had been closed by the server before it saw the request, which went out again on a fresh one. */
    readonly sends: number;

    /** When the request was handed to the transport: milliseconds since the Unix epoch, the clock of `now()` in k6/x/requestlog. */
    readonly t0_ms: number;
    /** Lookup of the name; null for an address and on a reused connection, as are the next two. */
    readonly dns_ms: number | null;
    readonly connecting_ms: number | null;
    readonly tls_ms: number | null;
    /** First byte of the answer's head. */
    readonly waiting_ms: number | null;
    readonly first_event_ms: number | null;
    readonly first_token_ms: number | null;
    /** The first token that is not reasoning. */
    readonly first_answer_ms: number | null;
    readonly last_token_ms: number | null;
    /** End of the body; its terminator, where the server left the stream open or broke it after that; else of the attempt. */
    readonly end_ms: number;

    /** Events of any kind, the terminator included. */
    readonly events_seen: number;
    readonly token_events: number;
    /** Token events with more than reasoning. */
    readonly answer_events: number;
    /** Reads that brought token events: those with a twentieth of the mean gap between them, or none, came in one. */
    readonly token_reads: number;
    /** Token events that the first of these reads brought. */
    readonly first_read_events: number;
    /** Bytes of the tokens' content as sent, which bounds how many tokens they can hold; and of reasoning alone. */
    readonly content_bytes: number;
    readonly reasoning_bytes: number;
    /** Objects that are no part of an answer by `chunk_paths`. */
    readonly unknown_events: number;
    readonly oddities: readonly Oddity[];
    /** The terminator came. */
    readonly terminated: boolean;
    /** How the answer ended, in the server's own word. */
    readonly finish: string | null;
    /** Gaps between token events, in their order: `token_events - 1` of them. Tokens that arrived in one read have 0. */
    readonly itl_ms: Float64Array;
    /** The same as a JSON list, to the microsecond; null unless asked for. */
    readonly itl_json: string | null;
    /** One entry for each name in the rules. */
    readonly usage: Readonly<Record<string, number | null>>;
    readonly extra: Readonly<Record<string, unknown>>;
    /** Hex SHA-256 of the text in UTF-8; null where the rules name no text. */
    readonly text_sha256: string | null;
    readonly text: string | null;
    readonly events: readonly KeptEvent[];
  }

  /**
   * Sends a request without blocking the VU's event loop and resolves when the whole answer has been read, whatever came
   * of it. Throws only for arguments that make no sense.
   */
  export function request(
    method: string,
    url: string,
    body?: string | ArrayBuffer | null,
    params?: Params | null,
  ): Promise<Result>;

  /**
   * Runs a function in a turn, and gives its value: what follows an answer runs in one too. There are as many turns as
   * cores but one, so that whoever reads a token never waits behind a thousand VUs that have work. Don't sleep in a turn.
   */
  export function inTurn<T>(run: () => T): T;
}
