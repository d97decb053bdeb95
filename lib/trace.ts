/** The trace that the cli hands over: of each request, its start in ms and the place of its payload, -1 for the usual one. */
export function traceColumn(file: string, column: 'start' | 'place'): number[] {
  const value: unknown = JSON.parse(open(file));
  if (!Array.isArray(value)) throw new Error(`${file} is no array of starts`);
  const at = column === 'start' ? 0 : 1;
  return value.map((pair: unknown) => Number(Array.isArray(pair) ? pair[at] : Number.NaN));
}
