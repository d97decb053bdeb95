/** docs/calibration.md: what the verdict's rates are where the truth is known. */
import { pairsOf, type Answered } from '../../proof/statistics/calibration.ts';
import type { LiveCalibration } from '../../proof/live-calibration.ts';
import { isRed, type Rate, type Row } from '../../proof/statistics/questions.ts';
import { markdownText } from './escape.ts';
import { percent } from './format.ts';

export interface Calibration {
  readonly answered: readonly Answered[];
  readonly pairs: number;
  readonly seed: number;
  readonly simulated_s: number;
  /** Ctrl-C ended it: what is here was measured, and more was to come. */
  readonly interrupted: boolean;
  readonly live: LiveCalibration | null;
}

const RED = '🔴';

function shown(cell: string | Rate): string {
  if (typeof cell === 'string') return markdownText(cell);
  const mark = isRed(cell) ? `${RED} ` : '';
  return `${mark}${percent(cell.estimate, 1)} (${percent(cell.lower, 1)} to ${percent(cell.upper, 1)})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

const redRows = (rows: readonly Row[]): number => rows.filter(({ cells }) => cells.some(isRed)).length;

/** Whether any rate lies beyond what it may be. */
export const anyRed = (answered: readonly Answered[]): boolean =>
  answered.some(({ rows }) => redRows(rows) > 0);

function simulated({ question, rows }: Answered, pairs: number): string {
  const cells = rows.map((row) => row.cells.map(shown));
  const of = `${pairsOf(question, pairs)} simulated runs a row.`;
  return [`## ${question.title}`, '', `${question.sentence} ${of}`, '', table(question.head, cells), ''].join(
    '\n',
  );
}

function live(of: LiveCalibration | null): string {
  if (of === null) return '## Live A/A\n\nNot measured in this run: `npm run calibrate -- --live 59`.';
  const cells = of.rows.map(({ statistic, runs, answers, fail_rate_upper, noise }) => [
    statistic,
    String(runs),
    String(answers.pass),
    String(answers.fail),
    String(answers.inconclusive),
    percent(fail_rate_upper, 1),
    percent(noise.between_sd, 2),
    percent(noise.within_sd, 2),
    noise.indistinct
      ? `not distinguishable from 0, at most ${percent(noise.at_most, 2)}`
      : `${percent(noise.log_sd, 2)}, at most ${percent(noise.at_most, 2)}`,
  ]);
  return [
    '## Live A/A',
    '',
    `Two equal servers (${markdownText(of.target)}), fresh processes for each run, ${of.clients} clients and ${of.seconds} s each; run ${markdownText(of.run_id)}.`,
    'The noise inside a run is measured by a jackknife over its stretches. `s` is what two deployments of one build differ by beyond it; the verdict reads it from `thresholds/deployment-noise.json`. Calibrate at the length that you judge by.',
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
  const red = of.answered.reduce((sum, { rows }) => sum + redRows(rows), 0);
  const rows = of.answered.reduce((sum, one) => sum + one.rows.length, 0);
  const found =
    red === 0
      ? 'No row is red: no rate lies beyond what it may be.'
      : `**${red} of ${rows} rows are red**: a rate in them lies beyond what it may be.`;
  return [
    '# Calibration',
    '',
    `Made by \`npm run calibrate -- --pairs ${of.pairs}\`. ${found}${of.interrupted ? ' It was interrupted: rows are missing.' : ''}`,
    '',
    `Each rate is followed by its exact 95 % interval (Clopper and Pearson); a cell is red (${RED}) when that interval lies wholly beyond what the sentence above its table allows. Seed ${of.seed}; it took ${Math.ceil(of.simulated_s / 60)} minutes.`,
    '',
    ...of.answered.map((one) => simulated(one, of.pairs)),
    live(of.live),
    '',
  ].join('\n');
}
