/** Figures of both variants by place in the payload sequence: what the ratios of totals are made of. */
import { blocksOf } from '../samples.ts';
import type { Measured } from '../request-table.ts';
import type { PairedBlock } from '../statistics/ratio-of-totals.ts';
import type { Pair } from './evaluation.ts';

/** A column of the log, NaN where absent. */
export type ColumnOf = (of: Measured) => Float64Array | undefined;

/** By index, of the valid answers that carry one. */
function byIndex(of: Measured, column: ColumnOf, block: number): Map<number, number> {
  const out = new Map<number, number>();
  const values = column(of);
  for (let i = 0; i < of.n; i += 1) {
    const value = values?.[i] ?? Number.NaN;
    if (of.block[i] === block && of.error[i] === 0 && !Number.isNaN(value)) out.set(of.index[i] ?? 0, value);
  }
  return out;
}

/** Block by block, the indexes that both variants answered. */
export function pairedValues({ baseline, shadow }: Pair, column: ColumnOf): PairedBlock[] {
  const others = blocksOf(shadow.measured);
  return blocksOf(baseline.measured).flatMap((block, i): PairedBlock[] => {
    const other = others[i];
    if (other === undefined) return [];
    const after = byIndex(shadow.measured, column, other);
    const pairs = [...byIndex(baseline.measured, column, block)].flatMap(
      ([index, value]): [number, number][] => {
        const matched = after.get(index);
        return matched === undefined ? [] : [[value, matched]];
      },
    );
    return [
      {
        baseline: Float64Array.from(pairs, ([value]) => value),
        shadow: Float64Array.from(pairs, ([, value]) => value),
      },
    ];
  });
}

export const pairsIn = (blocks: readonly PairedBlock[]): number =>
  blocks.reduce((sum, { baseline }) => sum + baseline.length, 0);
