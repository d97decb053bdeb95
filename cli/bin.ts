/** Injects the real process into main. Runs as the bundle dist/cli/bin.js. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from './main.ts';

const interrupt = new AbortController();
process.on('SIGINT', () => interrupt.abort());
process.on('SIGTERM', () => interrupt.abort());

process.exitCode = await main({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  root: join(dirname(fileURLToPath(import.meta.url)), '..', '..'),
  stdout: process.stdout,
  stderr: process.stderr,
  interrupted: interrupt.signal,
});
