/** A gateway run's outputs, all from the one model. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayReport } from '../../../domain/jobs/gateway/report.ts';
import { say, type Io } from '../../io.ts';
import { renderGatewayMarkdown, renderGatewayText } from '../../report/gateway.ts';
import { FILES, shownPath, writeWhole, type RunDirectory } from '../../run/directory.ts';

const JSON_FILE = 'gateway.json';
const MARKDOWN_FILE = 'gateway.md';

/** Writes gateway.json and gateway.md, shows one of them; returns the exit code. */
export function writeGatewayReport(io: Io, run: RunDirectory, report: GatewayReport, json: boolean): number {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  const markdown = renderGatewayMarkdown(report);
  writeWhole(join(run.path, JSON_FILE), text);
  writeWhole(join(run.path, MARKDOWN_FILE), markdown);
  const step = io.env['GITHUB_STEP_SUMMARY'];
  if (step !== undefined && step !== '') appendFileSync(step, `${markdown}\n`);
  io.stdout.write(
    json ? text : renderGatewayText(report, io.stdout.isTTY === true && (io.env['NO_COLOR'] ?? '') === ''),
  );
  say(io, `\nreport    ${shownPath(io, join(run.path, MARKDOWN_FILE))}  (and .json)`);
  say(io, `requests  ${shownPath(io, join(run.path, FILES.requests))}`);
  return report.exit_code;
}
