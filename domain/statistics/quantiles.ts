import { checkProbability, findBadValue, type Outcome, refuse } from './outcome.ts';

declare const sorted: unique symbol;
/** Ascending, not empty, finite but where Infinity was allowed. Comes only from {@link sortSamples}, so it need not be checked again. */
export type SortedSamples = Float64Array & { readonly [sorted]: true };

function isSorted(values: Float64Array): values is SortedSamples {
  for (let i = 1; i < values.length; i++) if ((values[i - 1] ?? 0) > (values[i] ?? 0)) return false;
  return values.length > 0;
}

/** A sorted copy. Refuses an empty sample, and any value that is not finite (but for Infinity, where allowed) or lies below `least`. */
export function sortSamples(
  values: Float64Array,
  least = -Infinity,
  infinite = false,
): Outcome<{ sorted: SortedSamples }> {
  const bad = findBadValue('samples', values, least, infinite);
  if (bad !== undefined) return bad;
  // The native sort of a typed array: 5 times as fast as one with a comparator.
  const copy = values.slice().sort();
  if (!isSorted(copy)) return refuse('no_data', 'there are no samples; at least one is needed');
  return { ok: true, sorted: copy };
}

/** 0-based place of the p-quantile of type 7 among n values, (n - 1) p (Hyndman and Fan 1996), as k6 reports it. */
export function quantilePlace(n: number, p: number): { below: number; fraction: number } {
  checkProbability('p', p);
  const place = (n - 1) * p;
  const below = Math.floor(place);
  return { below, fraction: place - below };
}

/** Type 7: linear between the two order statistics beside (n - 1) p; in the unit of the samples. */
export function quantile(samples: SortedSamples, p: number): number {
  const { below, fraction } = quantilePlace(samples.length, p);
  return interpolate(samples[below] ?? 0, samples[below + 1], fraction);
}

/** Type 7 on the logarithms: what a ratio of quantiles is judged by. -Infinity for a quantile of 0. */
export function logQuantile(samples: SortedSamples, p: number): number {
  const { below, fraction } = quantilePlace(samples.length, p);
  const above = samples[below + 1];
  return interpolate(
    Math.log(samples[below] ?? 0),
    above === undefined ? undefined : Math.log(above),
    fraction,
  );
}

function interpolate(below: number, above: number | undefined, fraction: number): number {
  return fraction === 0 || above === undefined || above === below
    ? below
    : below + fraction * (above - below);
}

/** How many samples are <= limit; with `strict`, how many are below it. */
export function countSorted(samples: SortedSamples, limit: number, strict = false): number {
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = samples[middle] ?? Infinity;
    if (strict ? value < limit : value <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
