/**
 * Moves values so that the one at `rank` (0-based) stands where sorting would put it, none larger before it and none
 * smaller after it, among those from `from` on: Hoare's FIND (1961), with the median of three as pivot. O(n), where a
 * few percentiles do not need the O(n log n) of a sort.
 */
export function selectRank(values: Float64Array, rank: number, from = 0): number {
  let [left, right] = [from, values.length - 1];
  while (left < right) {
    const pivot = median(values[left] ?? 0, values[(left + right) >>> 1] ?? 0, values[right] ?? 0);
    let [i, j] = [left, right];
    while (i <= j) {
      while ((values[i] ?? 0) < pivot) i += 1;
      while ((values[j] ?? 0) > pivot) j -= 1;
      if (i > j) break;
      const swapped = values[i] ?? 0;
      values[i] = values[j] ?? 0;
      values[j] = swapped;
      i += 1;
      j -= 1;
    }
    if (rank <= j) right = j;
    else if (rank >= i) left = i;
    else break;
  }
  return values[rank] ?? Number.NaN;
}

const median = (a: number, b: number, c: number): number =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
