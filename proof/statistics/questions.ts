/** What a proof asks: questions, each a table of simulated rates with their exact intervals, beside what is allowed. */
import type { Random } from '../../domain/statistics/random.ts';
import { clopperPearson } from '../../domain/statistics/proportions.ts';

/** A rate with its exact 95 % interval (Clopper and Pearson), and what it may be. */
export interface Rate {
  readonly count: number;
  readonly of: number;
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  readonly at_most?: number;
  readonly at_least?: number;
}

export interface Row {
  readonly cells: readonly (string | Rate)[];
}

export interface Question {
  readonly title: string;
  /** What is asked, and how to read the answer. */
  readonly sentence: string;
  readonly head: readonly string[];
  /** How many times as long one of its runs takes: it gets as many fewer. 1 by default. */
  readonly weight?: number;
  /** Each row as soon as it is known. @param pairs simulated runs a row */
  rows(random: Random, pairs: number): Generator<Row>;
}

/** Null of nothing: a rate of no runs is none. */
export function rate(
  count: number,
  of: number,
  bound: { readonly at_most?: number; readonly at_least?: number } = {},
): Rate | string {
  const exact = clopperPearson({ count, n: of }, 0.025);
  if (!exact.ok) return 'none';
  return { count, of, estimate: exact.estimate, lower: exact.lower, upper: exact.upper, ...bound };
}

/** More than it may be, or less, beyond what chance explains. */
export function isRed(cell: string | Rate): boolean {
  if (typeof cell === 'string') return false;
  const { lower, upper, at_most = 1, at_least = 0 } = cell;
  return lower > at_most || upper < at_least;
}
