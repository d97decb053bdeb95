/**
 * The one model of what a command found, whatever it judged, and the one interface that turns it into a file. A job makes a
 * Report of its own result (`comparison.ts`, `suite.ts`, `gateway.ts`, `adapter-gate.ts`); a reporter knows no job.
 */
import type { FailOn } from '../../domain/verdict/decide.ts';
import type { VerdictWord } from '../../domain/verdict/check.ts';
import type { Finding } from '../../domain/verdict/findings.ts';
import type { HtmlAssets } from './html/assets.ts';
import type { Chart } from './html/charts.ts';
import type { Section } from './section.ts';
import { MARKS, type JudgedCheck } from './words/marks.ts';

/** What was judged at once: a run, a scenario of a suite, a decision. */
export interface Judgement {
  /** Names it among others: a job, or a scenario. */
  readonly name: string;
  readonly word: VerdictWord;
  /** The result in plain words. */
  readonly sentence: string;
  readonly started_ms: number;
  readonly ended_ms: number | null;
  readonly checks: readonly JudgedCheck[];
  readonly findings: readonly Finding[];
  /** Of the run, for machines: its id, the variants' labels. */
  readonly properties: Readonly<Record<string, string>>;
}

/** A judgement that the whole is made of. */
export interface Part {
  readonly judgement: Judgement;
  /** Its own page, relative to the whole's; null where it has none. */
  readonly href: string | null;
}

/** What was to run and did not. The reason may be a server's own words: untrusted. */
export interface NotRun {
  readonly name: string;
  readonly reason: string;
}

/** A variant that took part, by its place: 0 is the baseline. */
export interface Side {
  readonly variant: string;
  readonly label: string;
  readonly requests: number;
}

/** A picture that needs no script: markup of the suite's own, in which every text is escaped already. */
export interface Drawing {
  readonly svg: string;
}
export type Figure = Chart | Drawing;

/** A row of the CSV beyond the verdict, the checks and the findings. */
export interface FigureRow {
  readonly section: string;
  readonly figure: string;
  readonly unit?: string | undefined;
  readonly values?: Readonly<Record<string, string | number | null | undefined>> | undefined;
  readonly delta?: number | null | undefined;
  readonly low?: number | null | undefined;
  readonly high?: number | null | undefined;
  readonly limit?: number | null | undefined;
  readonly answer?: string | undefined;
  readonly n?: number | undefined;
}

/** Figures of one thing that was measured, `n` times, a row each: a program of a gateway, a variant in a load. */
export const rowsOf = (
  section: string,
  whose: string,
  n: number,
  figures: readonly (readonly [name: string, unit: string, value: number | null])[],
): FigureRow[] =>
  figures.map(([figure, unit, value]) => ({
    section,
    figure: `${whose} ${figure}`,
    unit,
    values: { value },
    n,
  }));

export interface Report extends Judgement {
  readonly run_id: string;
  /** What was judged: `Shadow against baseline`. */
  readonly title: string;
  readonly sides: readonly Side[];
  /** A line of what was done, in short parts. */
  readonly facts: readonly string[];
  readonly sections: readonly Section[];
  readonly figures: readonly Figure[];
  /** The CSV's columns of values: the variants, or what there is in their place. */
  readonly columns: readonly string[];
  readonly rows: readonly FigureRow[];
  readonly parts: readonly Part[];
  readonly not_run: readonly NotRun[];
  /** What could not be seen, and what would let it. */
  readonly unseen: readonly string[];
  /** What a reader of the figures should know of how they were made. */
  readonly closing: string;
  /** The job's own model, for other programs. */
  readonly json: string;
  readonly exit_code: number;
  readonly fail_on: FailOn;
}

export interface ReportContext {
  readonly assets: HtmlAssets;
}

/** One form of a report, as text. */
export type Reporter = (report: Report, context: ReportContext) => string;

/** Infinity has no JSON, and a null means absent: what never ended is `"inf"`, as in the CSV. */
export const asJson = (model: object): string =>
  `${JSON.stringify(
    model,
    (_, value: unknown) => (value === Infinity ? 'inf' : value === -Infinity ? '-inf' : value),
    2,
  )}\n`;

/** Findings of the whole and of its parts, each with the part's name. */
export const allFindings = (
  report: Report,
): readonly { readonly finding: Finding; readonly part: string | null }[] => [
  ...report.findings.map((finding) => ({ finding, part: null })),
  ...report.parts.flatMap(({ judgement }) =>
    judgement.findings.map((finding) => ({ finding, part: judgement.name })),
  ),
];

/** Where a measurement can't be trusted no cell says that something passed. */
export const withoutPasses = (sections: readonly Section[]): Section[] =>
  sections.map((section) => ({
    ...section,
    rows: section.rows.map((row) => row.map((cell) => (cell === MARKS.pass ? MARKS.none : cell))),
  }));
