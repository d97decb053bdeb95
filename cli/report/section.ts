/** A titled table of text, as the terminal, markdown and the page show it. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly note?: string;
  /** Left out of the terminal's view: there for the record. */
  readonly detail?: true;
}
