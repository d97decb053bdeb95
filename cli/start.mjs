// The door of every npm script: bundles what changed (about 0.1 s, so that the bundles are never stale), then runs the cli.
import { buildAll } from '../build.mjs';

await buildAll();
await import(new URL('../dist/cli/bin.js', import.meta.url).href);
