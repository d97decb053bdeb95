/** Seeded randomness: the same numbers from the same seed, in k6 and in Node. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** 32-bit finaliser of MurmurHash3 (Appleby 2011, public domain constants): spreads every input bit. */
export function mix32(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Uniform and normal variates from one seed. */
export interface Random {
  /** In [0, 1). */
  readonly uniform: () => number;
  /** Mean 0, SD 1. */
  readonly normal: () => number;
}

/** Marsaglia's polar method (Marsaglia and Bray 1964) on xoroshiro128+. */
export function seededRandom(seed: number): Random {
  if (!Number.isInteger(seed)) throw new RangeError(`seed is ${seed}; it must be an integer`);
  // Unmixed, the first draw of every small seed is almost 1.
  const generator = xoroshiro128plus(mix32(seed ^ 0x9e3779b9) | 0);
  const uniform = (): number => uniformFloat64(generator);
  let spare: number | undefined;
  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const [x, y] = [2 * uniform() - 1, 2 * uniform() - 1];
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * factor;
      return x * factor;
    }
  };
  return { uniform, normal };
}
