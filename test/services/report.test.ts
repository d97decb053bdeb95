/** report.html in a real Chromium: nothing is logged, nothing leaves, everything is drawn. Runs with SERVICES=1. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, pictureCommand, PICTURE_FILE, QUIET_FLAGS } from '../../cli/commands/picture.ts';
import { renderHtml } from '../../cli/report/html.ts';
import { readAssets } from '../../cli/report/html/assets.ts';
import { CASE_NAMES, caseOf } from '../render/cases.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const shots = join(root, '.cache', 'report');
const SLOW = 60_000;

/** Runs in the page: every canvas, and how many of its pixels were painted. */
const PAINTED = `[...document.querySelectorAll('canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let painted = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) painted += 1;
  return painted;
})`;
/** Runs in the page: how far it can be scrolled sideways. */
const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

describe.runIf(process.env['SERVICES'] === '1')('report.html in Chromium', () => {
  let browser: Browser;
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'report-'));
    mkdirSync(shots, { recursive: true });
    const assets = readAssets(root);
    for (const name of CASE_NAMES)
      writeFileSync(join(folder, `${name}.html`), renderHtml(caseOf(name).report, { assets }));
    browser = await chromium.launch({
      executablePath: findChromium(process.env),
      args: QUIET_FLAGS,
      chromiumSandbox: process.getuid?.() !== 0,
    });
  }, SLOW);
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a case; `noise` collects all that a page should not do. */
  async function open(
    name: string,
    options: { width: number; colorScheme: 'light' | 'dark' },
  ): Promise<{ page: Page; noise: string[] }> {
    const noise: string[] = [];
    const page = await browser.newPage({
      viewport: { width: options.width, height: 900 },
      colorScheme: options.colorScheme,
    });
    page.on('console', (message) => noise.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      noise.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) noise.push(`request: ${request.url()}`);
    });
    await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
    return { page, noise };
  }

  test.each(
    CASE_NAMES.flatMap((name) => [
      { name, width: 1000, colorScheme: 'light' as const },
      { name, width: 390, colorScheme: 'dark' as const },
    ]),
  )(
    '$name at $width px, $colorScheme',
    async ({ name, width, colorScheme }) => {
      const { page, noise } = await open(name, { width, colorScheme });
      const painted: unknown = await page.evaluate(PAINTED);
      const charts = caseOf(name).report.figures.filter((figure) => !('svg' in figure)).length;
      expect(charts).toBeGreaterThan(0);
      expect(painted).toHaveLength(charts);
      for (const pixels of Array.isArray(painted) ? painted : []) expect(pixels).toBeGreaterThan(1000);
      expect(await page.evaluate(SIDEWAYS)).toBe(0);
      await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      expect(noise).toEqual([]);
      await page.close();
    },
    SLOW,
  );

  test(
    'the watch itself works: what a page does is seen',
    async () => {
      const hits: string[] = [];
      const server = createServer((request, response) => {
        hits.push(request.url ?? '');
        response.end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      // The same page with its policy cut out and one picture put in.
      const loose = readFileSync(join(folder, 'hostile.html'), 'utf8')
        .replace(/<meta http-equiv[^>]*>/, '')
        .replace(
          '<main>',
          `<main><img src="http://127.0.0.1:${port}/seen"><script>console.log('ran')</script>`,
        );
      writeFileSync(join(folder, 'loose.html'), loose);
      const { page, noise } = await open('loose', { width: 1000, colorScheme: 'light' });
      await page.waitForLoadState('networkidle');
      expect(noise).toContain('console: ran');
      expect(hits).toContain('/seen');
      // And with the policy in place neither happens.
      const strict = readFileSync(join(folder, 'hostile.html'), 'utf8').replace(
        '<main>',
        `<main><img src="http://127.0.0.1:${port}/blocked"><script>document.title = 'ran'</script>`,
      );
      writeFileSync(join(folder, 'strict.html'), strict);
      const second = await open('strict', { width: 1000, colorScheme: 'light' });
      await second.page.waitForLoadState('networkidle');
      expect(await second.page.title()).not.toBe('ran');
      expect(hits).not.toContain('/blocked');
      await page.close();
      await second.page.close();
      await new Promise((resolve) => server.close(resolve));
    },
    SLOW,
  );

  test(
    'paper gets light colours, whatever the screen has',
    async () => {
      const { page } = await open('pass', { width: 1000, colorScheme: 'dark' });
      await page.emulateMedia({ media: 'print' });
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
        'rgb(255, 255, 255)',
      );
      await page.pdf({ path: join(shots, 'pass.pdf'), format: 'A4' });
      await page.close();
    },
    SLOW,
  );

  test(
    'npm run picture: verdict and charts as a PNG',
    async () => {
      const run = join(folder, 'results', 'one');
      mkdirSync(run, { recursive: true });
      writeFileSync(join(run, 'manifest.json'), '{}');
      writeFileSync(join(run, 'report.html'), readFileSync(join(folder, 'pass.html')));
      const sink = { write: () => true };
      const code = await pictureCommand(
        {
          argv: [],
          env: process.env,
          cwd: folder,
          root: folder,
          stdout: sink,
          stderr: sink,
          interrupted: new AbortController().signal,
        },
        'one',
      );
      expect(code).toBe(0);
      const png = readFileSync(join(run, PICTURE_FILE));
      expect(png.subarray(1, 4).toString()).toBe('PNG');
      expect(png.readUInt32BE(16)).toBeGreaterThan(2000); // wide, at two pixels a point
      writeFileSync(join(shots, PICTURE_FILE), png);
    },
    SLOW,
  );
});
