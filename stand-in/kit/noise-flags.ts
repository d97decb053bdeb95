import { absent, number, setting, type Kind } from '../../domain/settings/kinds.ts';
import { BadValue } from '../../domain/text/units.ts';
import type { NoiseShape } from './latency.ts';

const SHAPE = /^(\d{1,9}):(\d{1,9}):(\d+(?:\.\d+)?)$/;

/** `EVERY:LENGTH:FACTOR`, the first two in requests. */
const burst: Kind<NonNullable<NoiseShape['burst']>> = {
  placeholder: 'EVERY:LENGTH:FACTOR',
  parse(given) {
    const [every = 0, length = 0, factor = 0] = SHAPE.exec(given)?.slice(1).map(Number) ?? [];
    if (every > 0 && length <= every && factor > 0) return { every, length, factor };
    throw new BadValue(
      `"${given}" is out; allowed: EVERY:LENGTH:FACTOR, as 200:20:3, with LENGTH up to EVERY`,
    );
  },
  format: ({ every, length, factor }) => `${every}:${length}:${factor}`,
};

/** The flags of a server whose latency's noise may cluster in time. */
export const noiseFlags = {
  autocorrelation: setting(
    number({ min: 0, max: 0.999 }),
    0,
    'of log latency from one request to the next, AR(1)',
  ),
  burst: absent(burst, 'in every EVERY requests the first LENGTH take FACTOR times as long'),
};
