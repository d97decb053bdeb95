/** From the typed command to the first request of the load, everything built and warm. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './child.ts';
import { atMost, figure, median, type Row } from './row.ts';

const TIMES = 3;

const command = ['npm', 'run', '--silent', 'k6:shadow', '--'];
const flags = ['--vus', '2', '--duration', '1s', '--warm-up', '0s', '--drain', '0s', '--no-dashboard'];

export const startingRow: Row = {
  name: 'starting',
  title: `npm run k6:shadow to its first request, median of ${TIMES} after a warm-up`,
  measure: async ({ root, scratch }) => {
    const seconds = Array.from({ length: TIMES + 1 }, (_, time) => {
      const out = join(scratch, `start-${time}`);
      const from_ms = Date.now();
      run([...command, ...flags, '--out', out], root);
      const log = readFileSync(join(out, 'requests.jsonl'), 'utf8').split('\n');
      const at_ms = (pattern: RegExp): number =>
        Math.min(...log.flatMap((line) => pattern.exec(line)?.slice(1, 2).map(Number) ?? []));
      return {
        probe: (at_ms(/^\{"probe":true.*"at_ms":([\d.]+)/) - from_ms) / 1000,
        load: (at_ms(/"start_ms":([\d.]+)/) - from_ms) / 1000,
      };
    }).slice(1);
    return [
      figure('to the first request of the load', median(seconds.map(({ load }) => load)), 's', atMost(2)),
      figure(
        'to the first of the probe, which leads by 0.6 s',
        median(seconds.map(({ probe }) => probe)),
        's',
      ),
    ];
  },
};
