/** The payloads of this run, shared by all VUs, and the sequence in which a variant asks them. */
import { SharedArray } from 'k6/data';
import { labels, type Labels } from '../domain/answer.ts';
import { isSampled, payloadAt } from '../domain/payload-order.ts';
import { assertDistinctIds, toPayload, type Payload } from '../domain/payload.ts';
import type { Runtime } from './runtime.ts';

/** One payload as a VU uses it: the body is written once, the labels normalised at most once. */
export interface Item {
  readonly id: string;
  readonly body: string;
  readonly corrected: Labels;
  readonly translation: Labels;
}

export interface PayloadSequence {
  readonly count: number;
  at(index: number): Item;
  isScored(index: number): boolean;
}

/** JSON array, one JSON object, or JSONL. */
function readValues(file: string): unknown[] {
  const text = open(file);
  if (/\.jsonl$/i.test(file))
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line): unknown => JSON.parse(line));
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? value : [value];
}

export function payloadSequence(runtime: Runtime): PayloadSequence {
  const file = runtime.plan.payloads_file ?? './payloads.json';
  const shared = new SharedArray<Payload>('payloads', () => {
    const payloads = readValues(file).map((value, i) =>
      toPayload(value, `${file}, payload ${i + 1}`, `payload-${i + 1}`),
    );
    if (payloads.length === 0)
      throw new Error(`${file} holds no payload; give at least one {"request":{...}}`);
    assertDistinctIds(payloads);
    return payloads;
  });
  const { seed, sampleRate } = runtime.settings;
  const count = shared.length;
  // A shared element is parsed anew at each access; a VU keeps what it has used.
  const used = new Map<number, Item>();
  return {
    count,
    at(index) {
      const place = payloadAt(seed, index, count);
      let item = used.get(place);
      if (item === undefined) {
        const payload = shared[place];
        if (payload === undefined) throw new Error(`payload ${place} of ${count} is missing`);
        const { corrected, translation } = payload.expected;
        item = {
          id: payload.id,
          body: JSON.stringify(payload.request),
          corrected: labels(corrected),
          translation: labels(translation),
        };
        used.set(place, item);
      }
      return item;
    },
    isScored: (index) => isSampled(seed, index, sampleRate),
  };
}
