/** `npm run picture -- [RUN]`: the verdict and the charts of report.html as dashboard-shadow.png in the run directory. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import { say, UsageError, type Io } from '../io.ts';
import { FILES, findRun, shownPath } from '../run/directory.ts';
import { command } from '../command.ts';
import { RUN } from './run-argument.ts';

export const PICTURE_FILE = 'dashboard-shadow.png';

/** On PATH. */
const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'microsoft-edge',
];
/** Where installers put it without telling PATH. */
const PLACES = [
  '/usr/bin/chromium',
  '/snap/bin/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];
const INSTALL =
  "install one ('apt-get install chromium', 'brew install --cask chromium', or https://www.google.com/chrome), or set CHROMIUM_BINARY to one";

/** For a headless browser that is to look at one local file and talk to nobody. */
export const QUIET_FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

const TIMEOUT_MS = 30_000;

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The path of a Chromium or a browser made of it. @throws UsageError that says how to get one */
export function findChromium(env: Io['env'], places: readonly string[] = PLACES): string {
  const own = env['CHROMIUM_BINARY'] ?? '';
  if (own !== '') {
    if (isProgram(own)) return own;
    throw new UsageError(
      `CHROMIUM_BINARY is "${own}", which is no program that can be run; give the path of a Chromium or Chrome, or unset it to have one looked for`,
    );
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...places].find(
    isProgram,
  );
  if (found === undefined)
    throw new UsageError(`the picture is taken by a Chromium, and none is installed; ${INSTALL}`);
  return found;
}

/** @throws UsageError where the run has no report, or the browser is missing or doesn't start */
export async function pictureCommand(io: Io, given: string | undefined): Promise<number> {
  const run = findRun(io, given);
  const report = join(run.path, FILES.report);
  if (!existsSync(report))
    throw new UsageError(`${shownPath(io, report)} is missing; make it again: npm run compare -- ${run.id}`);
  const target = join(run.path, PICTURE_FILE);
  await takePicture(findChromium(io.env), report, target);
  say(io, `picture     ${shownPath(io, target)}`);
  return EXIT.pass;
}

async function takePicture(browser_path: string, report: string, target: string): Promise<void> {
  // Here, not above: the import takes a tenth of a second, which every other command would pay.
  const { chromium } = await import('playwright-core');
  const browser = await chromium
    .launch({
      executablePath: browser_path,
      args: QUIET_FLAGS,
      chromiumSandbox: process.getuid?.() !== 0,
      timeout: TIMEOUT_MS,
      handleSIGINT: false,
    })
    .catch((error: unknown) => {
      const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
      throw new UsageError(`${browser_path} can't be started (${reason ?? ''}); ${INSTALL}`);
    });
  try {
    const page = await browser.newPage({
      viewport: { width: 1200, height: 900 },
      deviceScaleFactor: 2,
      colorScheme: 'light',
      offline: true,
    });
    page.setDefaultTimeout(TIMEOUT_MS);
    await page.goto(pathToFileURL(report).href);
    await page.locator('html').evaluate((root) => root.classList.add('picture'));
    await page.locator('main').screenshot({ path: target, animations: 'disabled' });
  } finally {
    await browser.close();
  }
}

export const picture = command({
  name: 'picture',
  title: "dashboard-shadow.png: the report's charts as a picture, by a Chromium of this machine",
  group: 'Results',
  argument: RUN,
  run: async (io, { argument }) => await pictureCommand(io, argument),
});
