/** The suite's own k6 extensions where this binary has them, and what stands in for them on a stock k6. */
import exec from 'k6/execution';
import { payloadAt as payloadAtHere } from '../domain/load/payload-order.ts';
import { HAS_EXTENSIONS } from './runtime.ts';

type RequestLogModule = typeof import('k6/x/requestlog');
type SharedModule = typeof import('k6/x/shared');
type StreamModule = typeof import('k6/x/stream');

// `require`, not `import`: a bundle that imports an extension can't be loaded by a stock k6 at all.
declare function require(name: 'k6/x/requestlog'): RequestLogModule;
declare function require(name: 'k6/x/shared'): SharedModule;
declare function require(name: 'k6/x/stream'): StreamModule;

export const requestLogModule: RequestLogModule | null = HAS_EXTENSIONS ? require('k6/x/requestlog') : null;
/** Null on a stock k6, which can't time a stream. */
export const streamModule: StreamModule | null = HAS_EXTENSIONS ? require('k6/x/stream') : null;
const sharedModule: SharedModule | null = HAS_EXTENSIONS ? require('k6/x/shared') : null;

/** Float counters. Over all VUs with the extension; on a stock k6 each VU has its own. */
export interface Counters {
  readonly across_vus: boolean;
  add(name: string, delta: number): number;
  max(name: string, value: number): number;
  get(name: string): number;
}

function localCounters(): Counters {
  const values = new Map<string, number>();
  const put = (name: string, value: number): number => {
    values.set(name, value);
    return value;
  };
  const get = (name: string): number => values.get(name) ?? 0;
  return {
    across_vus: false,
    get,
    add: (name, delta) => put(name, get(name) + delta),
    max: (name, value) => put(name, Math.max(get(name), value)),
  };
}

export const counters: Counters =
  sharedModule === null
    ? localCounters()
    : { across_vus: true, add: sharedModule.add, max: sharedModule.max, get: sharedModule.get };

/** In Go where it can be: the same numbers. */
export const payloadAt: typeof payloadAtHere = sharedModule?.payloadAt ?? payloadAtHere;

/** The iteration's number in its scenario, over all VUs. The extension's call costs a tenth of the getter chain. */
export const iterationIndex: () => number = requestLogModule?.index ?? (() => exec.scenario.iterationInTest);

/** Epoch ms, with a fraction where the binary can. */
export const now: () => number = requestLogModule?.now ?? Date.now;

function randomHex(digits: number): string {
  let out = '';
  while (out.length < digits)
    out += Math.floor(Math.random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  return out.slice(0, digits);
}

/** A fresh W3C traceparent (version 00, sampled). */
export const traceparent: () => string =
  requestLogModule?.traceparent ?? (() => `00-${randomHex(32)}-${randomHex(16)}-01`);
