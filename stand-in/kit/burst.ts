import * as v from 'valibot';
import type { NoiseShape } from './latency.ts';

const SHAPE = /^(\d{1,9}):(\d{1,9}):(\d+(?:\.\d+)?)$/;

function parse(given: string): NoiseShape['burst'] {
  const [, every, length, factor] = SHAPE.exec(given) ?? [];
  return every === undefined
    ? null
    : { every: Number(every), length: Number(length), factor: Number(factor) };
}

/** The flag `EVERY:LENGTH:FACTOR`, both in requests; null where it isn't given. */
export function burst(doc: string) {
  const holds = (given: string) => {
    if (given === '') return true;
    const shape = parse(given);
    return shape !== null && shape.every > 0 && shape.length <= shape.every && shape.factor > 0;
  };
  const allowed = 'EVERY:LENGTH:FACTOR, as 200:20:3, with LENGTH up to EVERY';
  return v.optional(v.pipe(v.string(), v.check(holds, allowed), v.transform(parse), v.description(doc)), '');
}
