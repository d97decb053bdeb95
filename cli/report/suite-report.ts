/** The outputs of a suite of scenarios: suite.json, suite.md, junit.xml, the table on the terminal. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparison } from '../../domain/result/comparison.ts';
import type { Suite } from '../../domain/result/suite.ts';
import { say, type Io } from '../io.ts';
import { renderJunitOf } from './junit.ts';
import { suiteMarkdown, suiteText } from './suite.ts';
import { shownPath, writeWhole } from '../run/directory.ts';

export const SUITE_FILES = { json: 'suite.json', markdown: 'suite.md', junit: 'junit.xml' } as const;

/** Writes all of them into `directory`, shows the table, and returns the exit code. */
export function suiteOutputs(
  io: Io,
  suite: Suite,
  comparisons: readonly Comparison[],
  directory: string,
  { json }: { readonly json: boolean },
): number {
  const text = `${JSON.stringify(suite, null, 2)}\n`;
  const markdown = suiteMarkdown(suite);
  writeWhole(join(directory, SUITE_FILES.json), text);
  writeWhole(join(directory, SUITE_FILES.markdown), markdown);
  writeWhole(
    join(directory, SUITE_FILES.junit),
    renderJunitOf(comparisons, suite.skipped, ['fail', 'inconclusive']),
  );
  const step = io.env['GITHUB_STEP_SUMMARY'];
  if (step !== undefined && step !== '') appendFileSync(step, `${markdown}\n`);
  if (json) io.stdout.write(text);
  else io.stdout.write(suiteText(suite, io.stdout.isTTY === true && (io.env['NO_COLOR'] ?? '') === ''));
  say(io, `\nreport      ${shownPath(io, join(directory, SUITE_FILES.markdown))}  (and .json, junit.xml)`);
  say(io, `runs        ${shownPath(io, directory)}/<scenario>/ (report.html, comparison.md, requests.jsonl)`);
  return suite.exit_code;
}
