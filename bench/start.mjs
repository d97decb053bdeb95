// `npm run bench [-- ROW ...] [--records N]`: how fast the suite itself is. Not part of the tests: it takes minutes.
import { build } from 'esbuild';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAll } from '../build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outfile = join(root, '.cache', 'bench', 'main.js');
await buildAll();
await build({
  absWorkingDir: root,
  entryPoints: ['bench/main.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  logLevel: 'warning',
});
const { main } = await import(outfile);
process.exitCode = await main(root, process.argv.slice(2));
