/** The one way in which a command's report reaches files, the terminal and CI. */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { say, type Io } from '../io.ts';
import { FILES, shownPath, writeWhole } from '../run/directory.ts';
import { renderCsv } from './csv.ts';
import { renderHtml } from './html.ts';
import { readAssets } from './html/assets.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import type { Report, Reporter } from './report.ts';
import { textBody, textVerdict } from './text.ts';

/** Every form of a report that is a file. */
const REPORTERS = {
  json: ({ json }) => json,
  markdown: renderMarkdown,
  csv: renderCsv,
  html: renderHtml,
  junit: renderJunit,
} as const satisfies Readonly<Record<string, Reporter>>;
type Form = keyof typeof REPORTERS;

/** The files that a command writes, by their form. */
export type ReportNames = Readonly<Record<Form, string>>;

const COMMON = { html: FILES.report, junit: FILES.junit } as const;
export const RUN_NAMES: ReportNames = {
  ...COMMON,
  json: FILES.comparison,
  markdown: FILES.markdown,
  csv: FILES.csv,
};
export const SUITE_NAMES: ReportNames = {
  ...COMMON,
  json: 'suite.json',
  markdown: 'suite.md',
  csv: 'suite.csv',
};
export const GATEWAY_NAMES: ReportNames = {
  ...COMMON,
  json: 'gateway.json',
  markdown: 'gateway.md',
  csv: 'gateway.csv',
};
export const LOAD_TEST_NAMES: ReportNames = {
  ...COMMON,
  json: 'load_test_results.json',
  markdown: 'load_test_report.md',
  csv: 'load_test_report.csv',
};
export const DECISION_NAMES: ReportNames = {
  ...COMMON,
  json: 'perf_decision.json',
  markdown: 'perf_report.md',
  csv: 'perf_report.csv',
};

const FORMS = Object.keys(REPORTERS).filter((form): form is Form => form in REPORTERS);

export interface WriteOptions {
  /** Appends the markdown to CI's step summary; false for a part of a whole that is summed up itself. */
  readonly step_summary: boolean;
}

/** Writes every form into `directory`. */
export function writeReport(
  io: Io,
  report: Report,
  directory: string,
  names: ReportNames,
  { step_summary }: WriteOptions,
): void {
  const context = { assets: readAssets(io.root) };
  for (const form of FORMS) writeWhole(join(directory, names[form]), REPORTERS[form](report, context));
  if (step_summary) tellCi(io, REPORTERS.markdown(report));
}

/** What CI shows is a courtesy: that it can't be written is said, and changes no verdict. */
function tellCi(io: Io, markdown: string): void {
  const path = io.env['GITHUB_STEP_SUMMARY'] ?? '';
  if (path === '') return;
  try {
    appendFileSync(path, `${markdown}\n`);
  } catch (error) {
    say(
      io,
      `the step summary could not be written (GITHUB_STEP_SUMMARY): ${error instanceof Error ? error.message : String(error)}; the verdict stands`,
    );
  }
}

export interface ShowOptions {
  readonly json: boolean;
  readonly open: boolean;
}

/** Shows a report whose files are in `directory`: tables, where the files are, and the verdict last. Returns the exit code. */
export function showReport(
  io: Io,
  report: Report,
  directory: string,
  names: ReportNames,
  { json, open }: ShowOptions,
): number {
  const colour = io.stdout.isTTY === true && (io.env['NO_COLOR'] ?? '') === '';
  io.stdout.write(json ? report.json : textBody(report, colour));
  const others = FORMS.filter((form) => form !== 'html').map((form) => names[form]);
  say(io, `\nreport      ${shownPath(io, join(directory, names.html))}`);
  say(io, `beside it   ${others.join(', ')}\n`);
  (json ? io.stderr : io.stdout).write(textVerdict(report, colour));
  if (open) openInBrowser(join(directory, names.html));
  return report.exit_code;
}

/** A convenience: where there is no browser to open, the path above is enough. */
function openInBrowser(path: string): void {
  const command =
    process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open';
  spawn(command, [path], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
