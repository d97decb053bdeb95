/** What the page carries within itself: the chart library, the page's own script and style. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export interface HtmlAssets {
  readonly uplot_js: string;
  readonly uplot_css: string;
  readonly report_js: string;
  readonly report_css: string;
}

/** @param root the suite's own folder */
export function readAssets(root: string): HtmlAssets {
  const resolve = createRequire(join(root, 'package.json')).resolve;
  const text = (path: string): string => readFileSync(path, 'utf8').trim();
  return {
    uplot_js: text(resolve('uplot/dist/uPlot.iife.min.js')),
    uplot_css: text(resolve('uplot/dist/uPlot.min.css')),
    report_js: text(join(root, 'cli', 'report', 'html', 'report.js')),
    report_css: text(join(root, 'cli', 'report', 'html', 'report.css')),
  };
}
