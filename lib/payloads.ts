/** The payloads of this run, shared by all VUs, and the sequence in which a variant asks them. */
import { SharedArray } from 'k6/data';
import { labels, type Labels } from '../domain/record/right-answer.ts';
import { isSampled } from '../domain/load/payload-order.ts';
import { assertDistinctIds, toPayload, type Payload } from '../domain/load/payload.ts';
import { toPrompt, type Prompt } from '../domain/load/prompt.ts';
import { payloadAt } from './extensions.ts';
import type { Runtime } from './runtime.ts';
import { traceColumn } from './trace.ts';

/** One payload as a VU uses it: the body is written once, the labels normalised at most once. */
export interface Item {
  readonly id: string;
  readonly body: string;
  readonly corrected: Labels;
  readonly translation: Labels;
}

export interface PayloadSequence<I> {
  readonly count: number;
  at(index: number): I;
  isScored(index: number): boolean;
}

/** How payloads of one kind are read and used. */
export interface PayloadForm<P extends { readonly id: string }, I> {
  /** Where k6 is started by hand without PAYLOADS: a bundled file, or values made here. */
  readonly own: string | (() => readonly unknown[]);
  parse(value: unknown, where: string, fallback_id: string): P;
  /** Made once in each VU that asks it. */
  use(payload: P): I;
}

export const LABELLED: PayloadForm<Payload, Item> = {
  own: './payloads.json',
  parse: toPayload,
  use: ({ id, request, expected, normalised }) => ({
    id,
    body: JSON.stringify(request),
    corrected: labels(expected.corrected, normalised?.corrected),
    translation: labels(expected.translation, normalised?.translation),
  }),
};

export const PROMPTS: PayloadForm<Prompt, Prompt> = {
  own: './prompts.json',
  parse: toPrompt,
  use: (prompt) => prompt,
};

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

/** Of a trace: which payload the request with this index asks; null: the usual sequence. */
function tracePlaces({ plan }: Runtime): (index: number) => number | null {
  const file = plan.trace_file ?? null;
  if (file === null) return () => null;
  const places = new SharedArray<number>('trace places', () => traceColumn(file, 'place'));
  return (index) => {
    const place = places[index] ?? -1;
    return place >= 0 ? place : null;
  };
}

export function payloadSequence<P extends { readonly id: string }, I>(
  runtime: Runtime,
  form: PayloadForm<P, I>,
): PayloadSequence<I> {
  const given = runtime.plan.payloads_file ?? form.own;
  const where = typeof given === 'string' ? given : 'the payloads made here';
  const shared = new SharedArray<P>(`payloads of ${where}`, () => {
    const payloads = (typeof given === 'string' ? readValues(given) : given()).map((value, i) =>
      form.parse(value, `${where}, payload ${i + 1}`, `payload-${i + 1}`),
    );
    if (payloads.length === 0) throw new Error(`${where} holds no payload; give at least one`);
    assertDistinctIds(payloads);
    return payloads;
  });
  const { seed, sampleRate } = runtime.settings;
  const count = shared.length;
  const placeOf = tracePlaces(runtime);
  // A shared element is parsed anew at each access; a VU keeps what it has used.
  const used = new Map<number, I>();
  return {
    count,
    at(index) {
      const place = placeOf(index) ?? payloadAt(seed, index, count);
      let item = used.get(place);
      if (item === undefined) {
        const payload = shared[place];
        if (payload === undefined) throw new Error(`payload ${place} of ${count} is missing`);
        item = form.use(payload);
        used.set(place, item);
      }
      return item;
    },
    isScored: (index) => isSampled(seed, index, sampleRate),
  };
}
