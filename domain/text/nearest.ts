/** The name nearest to a mistyped one, so that an error can offer it. */

/** Optimal string alignment distance (Damerau-Levenshtein without repeated edits), in edits. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(at(i - 1, j) + 1, (row[j - 1] ?? 0) + 1, at(i - 1, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(i - 2, j - 2) + 1);
      row.push(best);
    }
  }
  return at(a.length, b.length);
}

/** The nearest of `names` within a third of the length of `name`, or null. */
export function nearest(name: string, names: readonly string[]): string | null {
  let found: string | null = null;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(name, candidate);
    if (distance < least) [found, least] = [candidate, distance];
  }
  return found;
}

/** `; did you mean "x"?`, or the whole list where nothing is near. */
export function offer(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === null ? `; allowed: ${names.join(', ')}` : `; did you mean ${near}?`;
}
