/** Reading, comparing and (UPDATE_GOLDEN=1) rewriting the golden files of the renderers. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { HtmlAssets } from '../../cli/report/html/assets.ts';

/** In place of the chart library and the style: golden pages show markup, and stay small. */
export const FAKE_ASSETS: HtmlAssets = {
  uplot_js: '/* uPlot */',
  uplot_css: '/* uPlot.css */',
  report_js: '/* report.js */',
  report_css: '/* report.css */',
};

export function expectGolden(path: string, actual: string): void {
  const file = fileURLToPath(new URL(`../golden/render/${path}`, import.meta.url));
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
  }
  expect(existsSync(file), `${path} is missing; UPDATE_GOLDEN=1 makes it`).toBe(true);
  expect(actual, `${path} differs; look at the change, then UPDATE_GOLDEN=1`).toBe(
    readFileSync(file, 'utf8'),
  );
}
