// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Float counters that all VUs of the process share. A name must not be empty, a number must be finite, else they throw.
 * And the sequence of payloads.
 */
declare module 'k6/x/shared' {
  /** Adds to the counter, which begins at 0, and returns the new total. */
  export function add(name: string, delta: number): number;

  /** Keeps the largest value ever given under this name, and returns it. */
  export function max(name: string, value: number): number;

  /** The counter's value; 0 where nothing was written. */
  export function get(name: string): number;

  /** As payloadAt of domain/payload-order.ts: the place in 0..size-1 for the request with this index. */
  export function payloadAt(seed: number, index: number, size: number): number;
}
