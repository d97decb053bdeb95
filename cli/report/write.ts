/** A run's outputs, all from the one model, and what is said at the end. */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparison } from '../../domain/result/comparison.ts';
import { compare } from '../../domain/result/compare.ts';
import type { Finding } from '../../domain/verdict/findings.ts';
import type { RunData } from '../../domain/run/data.ts';
import { series } from '../../domain/figures/series.ts';
import { failOn } from '../../domain/verdict/decide.ts';
import { say, type Io } from '../io.ts';
import { renderCsv } from './csv.ts';
import { renderHtml } from './html.ts';
import { readAssets } from './html/assets.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { renderText } from './text.ts';
import { FILES, shownPath, writeWhole } from '../run/directory.ts';

export interface ReportOptions {
  readonly json: boolean;
  readonly open: boolean;
}

/** NaN and infinity have no JSON: a null would mean absent, so an infinite bound must already be one of the model's own words. */
export function comparisonJson(comparison: Comparison): string {
  return `${JSON.stringify(comparison, null, 2)}\n`;
}

/**
 * Compares, and writes every output into `directory`.
 * @param part of a suite, which has a step summary of its own
 */
export function outputs(
  io: Io,
  data: RunData & { readonly findings?: readonly Finding[] },
  directory: string,
  part: boolean,
): Comparison {
  const comparison = compare(data, data.findings);
  const markdown = renderMarkdown(comparison);
  writeWhole(join(directory, FILES.comparison), comparisonJson(comparison));
  writeWhole(join(directory, FILES.markdown), markdown);
  writeWhole(join(directory, FILES.csv), renderCsv(comparison));
  writeWhole(join(directory, FILES.junit), renderJunit(comparison, failOn(data.settings.failOn)));
  writeWhole(
    join(directory, FILES.report),
    renderHtml(comparison, readAssets(io.root), series(data.measured)),
  );
  const step = part ? undefined : io.env['GITHUB_STEP_SUMMARY'];
  if (step !== undefined && step !== '') appendFileSync(step, `${markdown}\n`);
  return comparison;
}

/** Shows a comparison whose outputs are in `directory`; returns the exit code. */
export function show(io: Io, comparison: Comparison, directory: string, options: ReportOptions): number {
  if (options.json) io.stdout.write(comparisonJson(comparison));
  else io.stdout.write(renderText(comparison, io.stdout.isTTY === true && (io.env['NO_COLOR'] ?? '') === ''));
  say(io, `\nreport      ${shownPath(io, join(directory, FILES.report))}`);
  say(io, `comparison  ${shownPath(io, join(directory, FILES.markdown))}  (and .json, .csv)`);
  if (options.open) openInBrowser(join(directory, FILES.report));
  return comparison.exit_code;
}

/** A convenience: where there is no browser to open, the path above is enough. */
function openInBrowser(path: string): void {
  const command =
    process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open';
  spawn(command, [path], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
