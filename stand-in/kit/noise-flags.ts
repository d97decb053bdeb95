import * as v from 'valibot';
import { number } from './flags.ts';
import type { NoiseShape } from './latency.ts';

const SHAPE = /^(\d{1,9}):(\d{1,9}):(\d+(?:\.\d+)?)$/;

function parse(given: string): NoiseShape['burst'] {
  const [, every, length, factor] = SHAPE.exec(given) ?? [];
  return every === undefined
    ? null
    : { every: Number(every), length: Number(length), factor: Number(factor) };
}

/** `EVERY:LENGTH:FACTOR`, the first two in requests; null where it isn't given. */
function burst(doc: string) {
  const holds = (given: string) => {
    if (given === '') return true;
    const shape = parse(given);
    return shape !== null && shape.every > 0 && shape.length <= shape.every && shape.factor > 0;
  };
  const allowed = 'EVERY:LENGTH:FACTOR, as 200:20:3, with LENGTH up to EVERY';
  return v.optional(v.pipe(v.string(), v.check(holds, allowed), v.transform(parse), v.description(doc)), '');
}

/** The flags of a server whose latency's noise may cluster in time. */
export const noiseFlags = {
  autocorrelation: number({
    initial: 0,
    min: 0,
    max: 0.999,
    doc: 'of log latency from one request to the next, AR(1)',
  }),
  burst: burst('in every EVERY requests the first LENGTH take FACTOR times as long'),
};
