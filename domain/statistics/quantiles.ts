/** Placeholder until the statistics branch lands. */
declare const sorted: unique symbol;
export type SortedSamples = Float64Array & { readonly [sorted]: true };
export function sortSamples(values: Float64Array): SortedSamples {
  return values.slice().sort() as SortedSamples;
}
export function quantile(of: SortedSamples, p: number): number {
  const h = (of.length - 1) * p;
  const lo = Math.floor(h);
  const a = of[lo] ?? Number.NaN;
  const b = of[Math.min(lo + 1, of.length - 1)] ?? Number.NaN;
  return a + (h - lo) * (b - a);
}
export function quantileWithFailures(of: SortedSamples, failures: number, p: number): number {
  const rank = Math.ceil((of.length + failures - 1) * p);
  return of[rank] ?? Number.POSITIVE_INFINITY;
}
