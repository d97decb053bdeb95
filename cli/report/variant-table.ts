/** Figures of all variants as one table: a column each, and beside each candidate's the change from the baseline. */
import type { VariantSummary } from '../../domain/figures/summary.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { BASELINE, candidatesOf, presentVariants, type Variant } from '../../domain/variants.ts';
import { MISSING, change, orMissing, points } from './format.ts';
import type { Section } from './section.ts';

/** One figure of each variant and, beside each candidate's, the change from the baseline. */
export type Row = readonly [
  label: string,
  of: (summary: VariantSummary) => number | null | undefined,
  show: (value: number) => string,
  delta?: 'ratio' | 'points',
];

/** More variants than that have a row each. */
const MOST_COLUMNS = 4;

/** Rows whose figure no variant has are left out. */
export function variantTable(
  comparison: Comparison,
  first: string,
  rows: readonly Row[],
): Pick<Section, 'head' | 'rows'> {
  const { variants } = comparison;
  const present = presentVariants(variants);
  const candidates = candidatesOf(variants);
  const compares = variants.baseline !== undefined;
  const valueOf = ([, of]: Row, variant: Variant): number | null => {
    const summary = variants[variant];
    return (summary === undefined ? null : of(summary)) ?? null;
  };
  const changeOf = (row: Row, candidate: Variant): string => {
    const [before, after] = [valueOf(row, BASELINE), valueOf(row, candidate)];
    const [, , , delta] = row;
    if (before === null || after === null || delta === undefined) return '';
    if (delta === 'points') return points(after - before);
    return before === 0 ? MISSING : change(after / before);
  };
  const some = rows.filter((row) => present.some((variant) => valueOf(row, variant) !== null));
  const beside = (variant: Variant): boolean => compares && candidates.includes(variant);
  if (present.length > MOST_COLUMNS)
    return {
      head: [first, 'variant', 'value', 'change'],
      rows: some.flatMap((row) =>
        present.map((variant) => [
          row[0],
          variant,
          orMissing(valueOf(row, variant), row[2]),
          beside(variant) ? changeOf(row, variant) : '',
        ]),
      ),
    };
  return {
    head: [first, ...present.flatMap((variant) => (beside(variant) ? [variant, 'change'] : [variant]))],
    rows: some.map((row) => [
      row[0],
      ...present.flatMap((variant) => {
        const shown = orMissing(valueOf(row, variant), row[2]);
        return beside(variant) ? [shown, changeOf(row, variant)] : [shown];
      }),
    ]),
  };
}
