// SPDX-License-Identifier: AGPL-3.0-only
declare module 'k6/x/requestlog' {
  import type { RefinedResponse, ResponseType } from 'k6/http';

  /**
   * Opens the process's one request log for appending, creating it if need be. Call it in the init context; every VU
   * may, the same path again does nothing. Throws with path and cause where it can't be opened.
   */
  export function open(path: string): void;

  /** The running iteration's global number within its scenario, from 0. Throws outside a scenario's function. */
  export function index(): number;

  /** Milliseconds since the Unix epoch with a fraction, monotonic within the process; the clock of `k6/x/stream` too. */
  export function now(): number;

  /** A fresh W3C `traceparent` header: `00-<32 hex>-<16 hex>-01`. */
  export function traceparent(): string;

  /**
   * Writes one line from a response of k6/http:
   * `{<fixed>,"duration_ms":…,…}`: the fields of k6/requestlog/fields.go. What did not happen is null, but for the duration
   * (no connection opened, no TLS, no answer). Throws with path and cause where the disk refuses.
   * @param fixed the record's other members as JSON without braces, on one line; may be empty
   * @param options `answer_sha256` adds that member: hex SHA-256 of the body, null where there is none. `without`: paths (as
   * `metadata.cost`) of JSON values that are null in the body that this is the digest of. `keep` keeps that body's text.
   */
  export function record(
    response: RefinedResponse<ResponseType | undefined>,
    fixed: string,
    options?: {
      readonly answer_sha256?: boolean;
      readonly without?: readonly string[];
      readonly keep?: boolean;
    },
  ): void;

  /**
   * Opens the process's one file of answers, each distinct one a line `{"sha256":…,"text":…}`. As `open`; without it none is
   * kept.
   */
  export function keepAnswers(path: string): void;

  /** Keeps an answer's text, unless it is kept already, and returns its hex SHA-256. */
  export function answer(text: string): string;

  /** Writes one line as it is; a line feed is added. */
  export function write(line: string): void;

  /** Lines that this process has written, over all VUs. */
  export function written(): number;
}
