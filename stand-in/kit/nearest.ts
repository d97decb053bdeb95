/** Levenshtein's distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The valid name that was most likely meant, or null where none is near. */
export function nearest(name: string, valid: readonly string[]): string | null {
  let best: string | null = null;
  let best_distance = Math.max(2, Math.ceil(name.length / 3)) + 1;
  for (const candidate of valid) {
    const d = distance(name, candidate);
    if (d < best_distance) [best, best_distance] = [candidate, d];
  }
  return best;
}

/** ` Did you mean X?`, or nothing. */
export function suggestion(name: string, valid: readonly string[]): string {
  const meant = nearest(name, valid);
  return meant === null ? '' : ` Did you mean ${meant}?`;
}
