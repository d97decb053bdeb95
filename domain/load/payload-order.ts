/**
 * Which payload the n-th request of a variant sends: random rounds without replacement, from a seed alone, in O(1) and
 * without memory, so that both variants, every VU and every machine draw the same sequence.
 *
 * A round is a permutation of 0..size-1, made by a keyed Feistel network with cycle walking (Black and Rogaway 2002,
 * "Ciphers with arbitrary finite domains"); its key is the seed and the round's number. Rounds, since accuracy counts
 * distinct payloads: drawing with replacement would leave a share of them unasked.
 */
import { mix32 } from '../statistics/random.ts';

const ROUNDS = 4;

/** The payload's place in 0..size-1 for the request with this index. */
export function payloadAt(seed: number, index: number, size: number): number {
  if (size <= 1) return 0;
  const round = Math.floor(index / size);
  const key = mix32(mix32(seed) + round);
  // The least domain of a power of two that holds them all; its halves differ by a bit where their sum is odd.
  let bits = 2;
  while (1 << bits < size) bits += 1;
  let place = index % size;
  do {
    let left_bits = bits >>> 1;
    let right_bits = bits - left_bits;
    for (let i = 1; i <= ROUNDS; i += 1) {
      const left = place >>> right_bits;
      const right = place & ((1 << right_bits) - 1);
      // As mix32, with factors whose products a float holds exactly. In k6's engine a call of this function takes 20 us
      // so, and 80 with Math.imul and a swap by destructuring.
      let x = (key + right + i * 0x9e3779b9) >>> 0;
      x = ((x ^ (x >>> 16)) >>> 0) * 0x1e3779;
      x = ((x ^ (x >>> 13)) >>> 0) * 0x1656b3;
      place = (right << left_bits) | ((left ^ x ^ (x >>> 16)) & ((1 << left_bits) - 1));
      const swapped = left_bits;
      left_bits = right_bits;
      right_bits = swapped;
    }
  } while (place >= size);
  return place;
}

/** Whether this request's answer is among the share that is scored; the same for both variants. */
export function isSampled(seed: number, index: number, rate: number): boolean {
  return rate >= 1 || mix32(mix32(seed ^ 0x5bd1e995) + index) < rate * 4_294_967_296;
}
