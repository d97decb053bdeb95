/** Figures of both variants by place in the payload sequence: what the ratios of totals are made of. */
import { blockRows, type Measured } from '../../record/request-table.ts';
import type { PairedBlock } from '../../statistics/ratio-of-totals.ts';
import type { Pair } from './evaluation.ts';

/** A column of the log, NaN where absent. */
export type ColumnOf = (of: Measured) => Float64Array | undefined;

/** Block by block, the indexes that both variants answered: both sides stand in the order of their index. */
export function pairedValues({ baseline, shadow }: Pair, column: ColumnOf): PairedBlock[] {
  const [before, after] = [baseline.measured, shadow.measured];
  const [was, is] = [column(before), column(after)];
  const valid = (of: Measured, values: Float64Array | undefined, row: number): number =>
    of.error[row] === 0 ? (values?.[row] ?? Number.NaN) : Number.NaN;
  const others = blockRows(after);
  return blockRows(before).flatMap((rows, block): PairedBlock[] => {
    const other = others[block];
    if (other === undefined) return [];
    const most = Math.min(rows.to - rows.from, other.to - other.from);
    const pairs = { baseline: new Float64Array(most), shadow: new Float64Array(most) };
    let n = 0;
    for (let [i, j] = [rows.from, other.from]; i < rows.to && j < other.to;) {
      const gap = (before.index[i] ?? 0) - (after.index[j] ?? 0);
      if (gap === 0) {
        const [a, b] = [valid(before, was, i), valid(after, is, j)];
        if (!Number.isNaN(a) && !Number.isNaN(b)) {
          pairs.baseline[n] = a;
          pairs.shadow[n] = b;
          n += 1;
        }
      }
      if (gap <= 0) i += 1;
      if (gap >= 0) j += 1;
    }
    return [{ baseline: pairs.baseline.subarray(0, n), shadow: pairs.shadow.subarray(0, n) }];
  });
}

export const pairsIn = (blocks: readonly PairedBlock[]): number =>
  blocks.reduce((sum, { baseline }) => sum + baseline.length, 0);
