// Bundles the suite with esbuild: scenarios/*.ts into k6 scripts (dist/*.js), the cli and the stand-in servers for Node,
// and the payloads into one file, since k6's open() takes no globs. As a program: `node build.mjs`.
import { build } from 'esbuild';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2023',
  sourcemap: 'linked',
  sourcesContent: false,
  write: false,
  logLevel: 'warning',
};

const k6 = {
  ...common,
  platform: 'neutral',
  mainFields: ['module', 'main'],
  supported: { 'for-await': false, 'async-generator': false },
  external: ['k6', 'k6/*'],
};

/**
 * What only k6's first context does is a file of its own, which each VU would otherwise hold parsed and bound: settings,
 * schemas and thresholds are two thirds of a scenario's functions, 200 KB a VU.
 */
const FIRST_CONTEXT = 'first-context';
const firstContextApart = (folder) => ({
  name: 'first context apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/first-context\.ts$/ }, ({ kind }) =>
      kind === 'require-call' ? { path: `${folder}/${FIRST_CONTEXT}.js`, external: true } : undefined,
    );
  },
});

const node = { ...common, platform: 'node', packages: 'external' };

const entries = (folder) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter((f) => f.endsWith('.ts') && !f.endsWith('.d.ts'))
        .map((f) => `${folder}/${f}`)
    : [];

/** The suite's own payloads as one JSON array: labelled (happy-path-*.json by name, then *.jsonl line by line), or prompts. */
function bundlePayloads(isWanted) {
  const folder = join(root, 'payloads');
  const text = (f) => readFileSync(join(folder, f), 'utf8');
  const files = readdirSync(folder).filter(isWanted).sort();
  const single = files.filter((f) => f.endsWith('.json')).map((f) => JSON.parse(text(f)));
  const listed = files
    .filter((f) => f.endsWith('.jsonl'))
    .flatMap((f) =>
      text(f)
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line)),
    );
  return `[\n${[...single, ...listed].map((payload) => JSON.stringify(payload)).join(',\n')}\n]\n`;
}

/** Whole or not at all, and only where it changed: a k6 or a server may be reading the file at this moment. */
function put(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.tmp`;
  writeFileSync(partial, contents);
  renameSync(partial, path);
}

/** Builds everything into `outdir`; returns the paths written, relative to it. */
export async function buildAll({ outdir = join(root, 'dist') } = {}) {
  const results = await Promise.all([
    build({ ...k6, entryPoints: entries('scenarios'), outdir, plugins: [firstContextApart('.')] }),
    build({
      ...k6,
      entryPoints: entries('test/in-k6'),
      outdir: join(outdir, 'test'),
      plugins: [firstContextApart('..')],
    }),
    build({ ...k6, format: 'cjs', entryPoints: [`lib/${FIRST_CONTEXT}.ts`], outdir }),
    build({ ...node, entryPoints: ['cli/bin.ts'], outdir: join(outdir, 'cli') }),
    build({ ...node, entryPoints: entries('stand-in'), outdir: join(outdir, 'stand-in') }),
  ]);
  const [scenarios, inK6, firstContext] = results;
  for (const file of [scenarios, inK6, firstContext].flatMap(({ outputFiles }) => outputFiles)) {
    // k6's engine compiles /\p{L}/u and then never matches: a scenario with it would score every answer wrong, silently.
    if (file.path.endsWith('.js') && /\\[pP]\{/.test(file.text))
      throw new Error(`${file.path}: \\p{...} never matches in k6; normalise by other means`);
  }
  const outputs = results.flatMap((result) =>
    result.outputFiles.map((file) => [file.path, Buffer.from(file.contents)]),
  );
  const isPrompts = (file) => /^prompts.*\.jsonl$/.test(file);
  outputs.push([join(outdir, 'payloads.json'), Buffer.from(bundlePayloads((file) => !isPrompts(file)))]);
  outputs.push([join(outdir, 'prompts.json'), Buffer.from(bundlePayloads(isPrompts))]);
  for (const [path, contents] of outputs) put(path, contents);
  return outputs.map(([path]) => relative(outdir, path));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = performance.now();
  const written = await buildAll();
  console.log(`${written.length} files in dist/ (${(performance.now() - started).toFixed(0)} ms)`);
}
