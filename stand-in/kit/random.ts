import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Uniform numbers in [0, 1), always the same ones for the same key. */
export type Random = () => number;

/** 32 bits of the key: FNV-1a over its parts, then MurmurHash3's finalizer, since FNV alone leaves near keys near. */
export function hash(parts: readonly (string | number)[]): number {
  let h = 0x811c9dc5;
  for (const part of parts) {
    const text = `${part}\u0000`;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A stream of its own for each key, e.g. `randomFor(seed, 'latency', index)`: order of use never matters. */
export function randomFor(...key: readonly (string | number)[]): Random {
  const generator = xoroshiro128plus(hash(key));
  return () => uniformFloat64(generator);
}

/** Standard normal (Box and Muller 1958, the cosine half). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
