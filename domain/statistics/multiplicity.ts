/** Holm's step-down procedure (Holm 1979): several gates, one family-wise level. */

/** Adjusted p-values, in the order given: reject where adjusted <= alpha. Throws RangeError for a p outside [0, 1]. */
export function holmAdjust(pValues: readonly number[]): number[] {
  for (const p of pValues) if (!(p >= 0 && p <= 1)) throw new RangeError(`p is ${p}; it must lie in [0, 1]`);
  const order = pValues.map((_, i) => i).toSorted((i, j) => (pValues[i] ?? 0) - (pValues[j] ?? 0));
  const adjusted = pValues.map(() => 0);
  let largest = 0;
  order.forEach((i, rank) => {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * (pValues[i] ?? 0)));
    adjusted[i] = largest;
  });
  return adjusted;
}

/**
 * Holm's procedure where a test is an interval that can be asked for at any level: which of `count` hypotheses are
 * rejected. `rejects(i, level)` must be monotone: what it rejects at a level it rejects at any higher one.
 */
export function holmRejections(
  count: number,
  alpha: number,
  rejects: (hypothesis: number, level: number) => boolean,
): boolean[] {
  const rejected: boolean[] = Array.from({ length: count }, () => false);
  for (let open = count; open > 0;) {
    const level = alpha / open;
    const found = rejected.flatMap((done, i) => (!done && rejects(i, level) ? [i] : []));
    if (found.length === 0) break;
    for (const i of found) rejected[i] = true;
    open -= found.length;
  }
  return rejected;
}
