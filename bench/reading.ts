/** From a log to comparison.json, and the verdict alone, beside what the plain ways would take. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eachLine } from '../cli/read/lines.ts';
import { readRun } from '../cli/read/run.ts';
import { compare } from '../domain/result/compare.ts';
import type { RunData } from '../domain/run/data.ts';
import { seededRandom } from '../domain/statistics/random.ts';
import { pairedBootstrap } from '../proof/statistics/bootstrap.ts';
import { run } from './child.ts';
import { writeRun } from './log.ts';
import { atMost, figure, type Row } from './row.ts';
import { SHADOW } from '../domain/variants.ts';

const PEAK =
  'data:text/javascript,process.on("exit",()=>console.log("\\npeak_mb="+Math.round(process.resourceUsage().maxRSS/1024)))';

interface Spent {
  readonly wall_s: number;
  readonly cpu_s: number;
}

function timed(work: () => void): Spent {
  const [before, from] = [process.cpuUsage(), performance.now()];
  work();
  const { user, system } = process.cpuUsage(before);
  return { wall_s: (performance.now() - from) / 1000, cpu_s: (user + system) / 1e6 };
}

export const readingRow: Row = {
  name: 'reading',
  title: 'npm run compare on a made log, beside JSON.parse of its lines',
  measure: async ({ root, scratch, records }) => {
    const directory = join(scratch, 'run');
    const log = writeRun(directory, records);
    let ended = { stdout: '', cpu_s: Number.NaN, peak_mb: Number.NaN };
    const command = [
      process.execPath,
      '--import',
      PEAK,
      join(root, 'dist', 'cli', 'bin.js'),
      'compare',
      directory,
    ];
    const { wall_s } = timed(() => (ended = run(command, root)));
    if (!existsSync(join(directory, 'comparison.json')))
      throw new Error(`nothing was compared: ${ended.stdout}`);
    let parsed = 0;
    const plain = timed(() =>
      eachLine(log, ({ bytes }, from, to) => {
        const value: unknown = JSON.parse(bytes.toString('latin1', from, to));
        if (value !== null) parsed += 1;
      }),
    );
    const data = readRun({ id: 'bench', path: directory });
    const verdict = timed(() => void compare(data));
    const bootstrap = bootstrapTime(data);
    return [
      figure(`${records} records a variant to comparison.json`, wall_s, 's', atMost(5)),
      figure('its CPU', ended.cpu_s, 's'),
      figure('its peak RSS', ended.peak_mb, 'MB', atMost(500)),
      figure(`its CPU over JSON.parse alone of the same ${parsed} lines`, ended.cpu_s / plain.cpu_s, 'x'),
      figure('the verdict, once read', verdict.cpu_s, 's CPU', atMost(1)),
      figure(`a paired bootstrap of p95, 1000 resamples (${RESAMPLES} were run)`, bootstrap.cpu_s, 's CPU'),
      figure('the bootstrap over the whole verdict', bootstrap.cpu_s / verdict.cpu_s, 'x'),
    ];
  },
};

const RESAMPLES = 3;

/** What 1000 resamples would take, from a few of full size; a run of one takes off what is done once. */
function bootstrapTime({ measured }: RunData): Spent {
  const [baseline, shadow] = [measured.baseline?.duration_ms, measured[SHADOW]?.duration_ms];
  if (baseline === undefined || shadow === undefined) throw new Error('the made log has both variants');
  const n = Math.min(baseline.length, shadow.length);
  const [left, right] = [
    Float64Array.from(baseline.subarray(0, n)),
    Float64Array.from(shadow.subarray(0, n)),
  ];
  const random = seededRandom(1);
  const spent = (resamples: number): Spent =>
    timed(() => {
      const outcome = pairedBootstrap(left, right, { p: 0.95, alpha: 0.025, resamples, random });
      if (!outcome.ok) throw new Error(outcome.message);
    });
  const [one, more] = [spent(1), spent(1 + RESAMPLES)];
  const scaled = (from: number, to: number): number => (Math.max(0, to - from) * 1000) / RESAMPLES;
  return { wall_s: scaled(one.wall_s, more.wall_s), cpu_s: scaled(one.cpu_s, more.cpu_s) };
}
