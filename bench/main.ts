/** Runs the rows that were asked for, all by default, and prints each figure beside its aim. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { searchRow } from './capacity.ts';
import { loadRow } from './load.ts';
import { readingRow } from './reading.ts';
import type { Figure, Row } from './row.ts';
import { startingRow } from './starting.ts';

const ROWS: readonly Row[] = [loadRow, readingRow, startingRow, searchRow];
const RECORDS = 1_000_000;

/** @returns 1 where an aim was missed, 2 for bad input */
export async function main(root: string, argv: readonly string[]): Promise<number> {
  const asked = [...argv];
  const at = asked.indexOf('--records');
  const records = at === -1 ? RECORDS : Number(asked.splice(at, 2)[1]);
  const unknown = asked.find((name) => !ROWS.some((row) => row.name === name));
  if (unknown !== undefined || !(Number.isInteger(records) && records >= 1000)) {
    const what = unknown === undefined ? `--records is ${records}` : `"${unknown}" is no row`;
    console.error(
      `error: ${what}; allowed: ${ROWS.map(({ name }) => name).join(', ')}, --records N with N >= 1000`,
    );
    return 2;
  }
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  let missed = 0;
  for (const row of ROWS) {
    if (asked.length > 0 && !asked.includes(row.name)) continue;
    console.log(`\n${row.name}: ${row.title}`);
    const scratch = mkdtempSync(join(cache, 'bench-'));
    try {
      for (const one of await row.measure({ root, scratch, records })) {
        if (isMissed(one)) missed += 1;
        console.log(line(one));
      }
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  return missed === 0 ? 0 : 1;
}

// Negated, so that NaN misses.
function isMissed({ value, aim }: Figure): boolean {
  return aim !== null && !(aim.at === 'most' ? value <= aim.value : value >= aim.value);
}

function line(of: Figure): string {
  const { name, value, unit, aim } = of;
  const shown = value.toFixed(value < 10 ? 2 : 0).padStart(8);
  const wanted = aim === null ? '' : `  aim: at ${aim.at} ${aim.value}${isMissed(of) ? ', MISSED' : ''}`;
  return `  ${name.padEnd(64)}${shown} ${unit.padEnd(6)}${wanted}`;
}
