/** Which k6 runs the load: K6_BINARY, else the suite's own (built from k6/go.mod into a cache), else a stock k6 on PATH. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { say, UsageError, type Io } from '../io.ts';
import { capture, startChild } from '../services/process.ts';

export interface K6 {
  readonly path: string;
  /** `k6 v2.2.0 (go1.25.0, linux/amd64)` */
  readonly version: string;
  /** Has the suite's extensions. */
  readonly extended: boolean;
}

const NEEDED = 'v2.';

export async function findK6(io: Io): Promise<K6> {
  const own = io.env['K6_BINARY'];
  if (own !== undefined && own !== '') return probe(own, `K6_BINARY is "${own}"`);
  const cached = cachePath(io, 'k6');
  if (existsSync(cached)) return probe(cached, 'the cached k6');
  const go = await capture('go', ['version'], io.root);
  if (go.code === 0) {
    await build(io, cached, K6_PROGRAM);
    return probe(cached, 'the k6 just built');
  }
  const stock = await capture('k6', ['version'], io.root);
  if (stock.code === 0) return probe('k6', 'the k6 on PATH');
  throw new UsageError(
    'there is no k6 and no Go to build it; install Go 1.25 or newer (https://go.dev/dl), or k6 2.x on PATH, or set K6_BINARY to a k6',
  );
}

/** The truth server of `npm run selfcheck`, built on first use. @throws UsageError where there is no Go */
export async function buildTruth(io: Io): Promise<string> {
  const cached = cachePath(io, 'truth');
  if (existsSync(cached)) return cached;
  const go = await capture('go', ['version'], io.root);
  if (go.code !== 0)
    throw new UsageError(
      'selfcheck needs Go 1.25 or newer to build its truth server; install it (https://go.dev/dl)',
    );
  await build(io, cached, { name: 'the truth server', folder: './truth', takes: 'once; a few seconds' });
  return cached;
}

const cachePath = (io: Io, program: string): string =>
  join(io.root, '.cache', 'k6', sourceHash(io.root), program);

interface Program {
  readonly name: string;
  readonly folder: string;
  readonly takes: string;
}

const K6_PROGRAM: Program = {
  name: 'k6',
  folder: '.',
  takes: 'once; 1 to 3 minutes, most of it downloading and compiling k6 v2.2.0',
};

async function probe(path: string, what: string): Promise<K6> {
  const { code, stdout, stderr } = await capture(path, ['version'], '.');
  const version = stdout.trim().split('\n')[0] ?? '';
  if (code !== 0)
    throw new UsageError(
      `${what}, which doesn't run (${stderr.trim().split('\n')[0] ?? `exit ${String(code)}`}); set K6_BINARY to a working k6, or unset it`,
    );
  if (!version.includes(NEEDED))
    throw new UsageError(
      `${what}, which is "${version}"; this suite needs k6 ${NEEDED}x: unset K6_BINARY to have the right one built`,
    );
  // Our extensions show in the version text as k6/x/... lines.
  return { path, version, extended: /k6-shadow\/k6|k6\/x\/requestlog/.test(stdout) };
}

/** Of everything that the binary is made of, so that a changed source is a new build. */
function sourceHash(root: string): string {
  const hash = createHash('sha256').update(`${process.platform}/${process.arch}`);
  const folder = join(root, 'k6');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(\.go|go\.mod|go\.sum)$/.test(file) && !file.endsWith('_test.go'))
    .sort();
  for (const file of files) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

async function build(io: Io, target: string, { name, folder: source, takes }: Program): Promise<void> {
  const folder = join(target, '..');
  mkdirSync(folder, { recursive: true });
  const partial = `${target}.${process.pid}`;
  say(io, `building ${name} from k6/go.mod (${takes})`);
  const started = Date.now();
  const seconds = (): string => `${((Date.now() - started) / 1000).toFixed(0)} s`;
  const child = startChild({
    command: 'go',
    args: ['build', '-trimpath', '-ldflags', '-s -w', '-o', partial, source],
    env: io.env,
    cwd: join(io.root, 'k6'),
  });
  const stop = (): void => void child.stop();
  io.interrupted.addEventListener('abort', stop);
  const tick = setInterval(
    () => {
      if (io.stderr.isTTY === true) io.stderr.write(`\r  ${seconds()} ...`);
      else say(io, `  still building, ${seconds()}`);
    },
    io.stderr.isTTY === true ? 1000 : 20_000,
  );
  const code = await child.ended;
  clearInterval(tick);
  io.interrupted.removeEventListener('abort', stop);
  if (io.stderr.isTTY === true) io.stderr.write('\r');
  if (code !== 0) {
    rmSync(partial, { force: true });
    throw new UsageError(
      `${name} could not be built (go build exits ${String(code)}):\n${child.lastLines()}\nIt needs Go 1.25 or newer and the Go module proxy; or set K6_BINARY to a k6 2.x`,
    );
  }
  renameSync(partial, target);
  say(io, `${name} is built (${seconds()})`);
}
