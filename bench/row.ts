/** One thing that is measured: figures of one run, each beside its aim. A further row is a file and a line in main.ts. */
export interface Row {
  readonly name: string;
  readonly title: string;
  measure(context: Context): Promise<readonly Figure[]>;
}

export interface Context {
  /** The suite's own folder. */
  readonly root: string;
  /** An empty folder that is removed afterwards. */
  readonly scratch: string;
  /** Records a variant where a row reads a log. */
  readonly records: number;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim: { readonly at: 'least' | 'most'; readonly value: number } | null;
}

export const figure = (name: string, value: number, unit: string, aim: Figure['aim'] = null): Figure => ({
  name,
  value,
  unit,
  aim,
});

export const atMost = (value: number): Figure['aim'] => ({ at: 'most', value });
export const atLeast = (value: number): Figure['aim'] => ({ at: 'least', value });

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}
