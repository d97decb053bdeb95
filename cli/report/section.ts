/** A titled table of text, as every form of a report shows it. */
import type { JudgedCheck } from './words/marks.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Of each row, what does not fit a cell: why it has its answer; empty where there is nothing to say. */
  readonly below?: readonly string[];
  readonly note?: string;
  /** Left out of the terminal's view: there for the record. */
  readonly detail?: true;
  /** Too wide for one of the page's two columns. */
  readonly wide?: true;
  /** The gates that the rows show, in their order: the page draws their intervals. */
  readonly gates?: readonly ShownGate[];
}

export interface ShownGate extends JudgedCheck {
  /** The verdict was taken from it. */
  readonly decides: boolean;
}

/** The rows with what stands below them in their last cell. */
export const wholeRows = ({ rows, below }: Section): readonly (readonly string[])[] =>
  rows.map((row, i) => {
    const why = below?.[i] ?? '';
    if (why === '') return row;
    const last = row.at(-1) ?? '';
    return [...row.slice(0, -1), last === '' ? why : `${last}, ${why}`];
  });
