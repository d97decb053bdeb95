/**
 * Which payload the n-th request of a variant sends: random rounds without replacement, from a seed alone, in O(1) and
 * without memory, so that both variants, every VU and every machine draw the same sequence.
 *
 * A round is a permutation of 0..size-1, made by a keyed Feistel network with cycle walking (Black and Rogaway 2002,
 * "Ciphers with arbitrary finite domains"); its key is the seed and the round's number. Rounds, since accuracy counts
 * distinct payloads: drawing with replacement would leave a share of them unasked.
 */

const ROUNDS = 4;

/** 32-bit finaliser of MurmurHash3 (Appleby 2011, public domain constants): spreads every input bit. */
export function mix32(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The payload's place in 0..size-1 for the request with this index. */
export function payloadAt(seed: number, index: number, size: number): number {
  if (size <= 1) return 0;
  const round = Math.floor(index / size);
  const key = mix32(mix32(seed) + round);
  const half_bits = Math.ceil(Math.log2(size) / 2);
  const mask = 2 ** half_bits - 1;
  let place = index % size;
  do {
    let left = place >>> half_bits;
    let right = place & mask;
    for (let i = 0; i < ROUNDS; i += 1)
      [left, right] = [right, left ^ (mix32(key + Math.imul(i + 1, 0x9e3779b9) + right) & mask)];
    place = left * (mask + 1) + right;
  } while (place >= size);
  return place;
}

/** Whether this request's answer is among the share that is scored; the same for both variants. */
export function isSampled(seed: number, index: number, rate: number): boolean {
  return rate >= 1 || mix32(mix32(seed ^ 0x5bd1e995) + index) < rate * 4_294_967_296;
}
