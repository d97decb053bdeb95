/** Holm's step-down procedure (Holm 1979): several gates, one family-wise level. */

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
