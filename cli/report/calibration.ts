/** docs/calibration.md: what the verdict's rates are where the truth is known. */
import type { CalibrationPlan, CalibrationRow, Rate } from '../../proof/statistics/calibration.ts';
import type { LiveCalibration } from '../../proof/live-calibration.ts';
import { markdownText } from './escape.ts';
import { percent } from './format.ts';

export interface Calibration {
  readonly plan: CalibrationPlan;
  readonly rows: readonly CalibrationRow[];
  readonly simulated_s: number;
  readonly live: LiveCalibration | null;
}

const NOISES = { iid: 'independent', ar1: 'AR(1)', bursts: 'bursts' } as const;
const rate = ({ estimate, lower, upper }: Rate): string =>
  `${percent(estimate, 1)} (${percent(lower, 1)} to ${percent(upper, 1)})`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

function simulated({ plan, rows, simulated_s }: Calibration): string {
  const cells = rows.map((row) => [
    row.red ? '🔴' : '',
    NOISES[row.noise],
    String(row.n),
    row.ratio.toFixed(2),
    rate(row.pass),
    rate(row.fail),
    rate(row.inconclusive),
    `${row.error.decision} at most ${percent(row.error.nominal, 1)}${row.noise === 'bursts' ? ' (bursts: twice)' : ''}`,
  ]);
  return [
    '## Simulated',
    '',
    `${plan.runs} pairs a row, the p95 gate at margin ${plan.margin} and one-sided level ${plan.alpha}, seed ${plan.seed}; it took ${simulated_s.toFixed(0)} s.`,
    'A rate is followed by its exact 95 % interval. The ratio is the true one: at 1.00 a fail is false, at the margin and above a pass is.',
    'A row is red when the interval of its wrong answer lies wholly above the nominal rate (bursts outlast the batches: twice the nominal is their known price).',
    '',
    table(['', 'noise', 'n a variant', 'true ratio', 'pass', 'fail', 'inconclusive', 'wrong answer'], cells),
  ].join('\n');
}

function live(of: LiveCalibration | null): string {
  if (of === null) return '## Live\n\nNot measured in this run: `npm run calibrate -- --live 59`.';
  const cells = of.rows.map((row) => [
    row.statistic,
    String(row.runs),
    String(row.answers.pass),
    String(row.answers.fail),
    String(row.answers.inconclusive),
    percent(row.fail_rate_upper, 1),
    percent(row.noise.between_sd, 2),
    percent(row.noise.within_sd, 2),
    row.noise.indistinct
      ? `not distinguishable from 0, at most ${percent(row.noise.at_most, 2)}`
      : `${percent(row.noise.log_sd, 2)}, at most ${percent(row.noise.at_most, 2)}`,
  ]);
  return [
    '## Live A/A',
    '',
    `Two equal servers (${markdownText(of.target)}), fresh processes for each run, ${of.clients} clients and ${of.seconds} s each; run ${markdownText(of.run_id)}.`,
    '`s` is what two deployments of one build differ by beyond the noise inside a run; the verdict reads it from `thresholds/deployment-noise.json`.',
    '',
    table(
      [
        'percentile',
        'runs',
        'pass',
        'false fail',
        'inconclusive',
        'false fails at most (97.5 %)',
        'SD between runs',
        'noise inside',
        's',
      ],
      cells,
    ),
  ].join('\n');
}

export function renderCalibration(of: Calibration): string {
  const red = of.rows.filter((row) => row.red).length;
  return [
    '# Calibration',
    '',
    `Made by \`npm run calibrate\`. ${red === 0 ? 'No row is red: no wrong answer is more frequent than it may be.' : `**${red} rows are red.**`}`,
    '',
    simulated(of),
    '',
    live(of.live),
    '',
  ].join('\n');
}
