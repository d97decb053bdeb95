// `npm run test:services`: the tests that need other people's servers. Installs what is missing (Debian packages as root,
// MLflow in a virtual environment under .cache, tools as Go modules), then runs them. What can't be had is a failure,
// never a skip.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
mkdirSync('.cache', { recursive: true });

const MLFLOW = 'mlflow==3.17.2';
const JSONSCHEMA = 'jsonschema==4.25.1';
const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.7';
const ARGO = 'github.com/argoproj/argo-workflows/v3@v3.6.10';

const MINUTE = 60_000;

/** Runs a command; its output is shown only where it fails. */
function run(command, args, { env = {}, timeout = 10 * MINUTE } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout,
    maxBuffer: 1 << 28,
  });
  if (status === 0) return stdout;
  throw new Error(
    `${command} ${args.join(' ')} ends with ${error?.message ?? status}:\n${`${stdout ?? ''}${stderr ?? ''}`.split('\n').slice(-15).join('\n')}`,
  );
}

const has = (command, args = ['--version']) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

function debian(packages) {
  const missing = Object.entries(packages).filter(([command]) => !has(command));
  if (missing.length === 0) return;
  const names = missing.map(([, name]) => name);
  if (process.getuid?.() !== 0 || !has('apt-get'))
    throw new Error(
      `missing: ${names.join(', ')}; install them (on Debian, as root: apt-get install ${names.join(' ')}), then run again`,
    );
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update'], { env });
  run('apt-get', ['install', '-y', '--no-install-recommends', ...names], { env });
  // The package starts a Prometheus of its own, on every interface.
  if (names.includes('prometheus') && has('systemctl', ['--version']))
    spawnSync('systemctl', ['disable', '--now', 'prometheus'], { stdio: 'ignore' });
}

const venv = join(root, '.cache', 'mlflow-venv');
const python = join(venv, 'bin', 'python');

function mlflow() {
  const wanted = [MLFLOW, JSONSCHEMA];
  if (existsSync(python)) {
    const kept = run(python, ['-m', 'pip', '--disable-pip-version-check', 'freeze']).split('\n');
    if (wanted.every((one) => kept.includes(one))) return;
  } else run('python3', ['-m', 'venv', venv]);
  run(python, ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet', ...wanted]);
}

const actionlint = join(root, '.cache', 'bin', 'actionlint');

function goTools() {
  if (!existsSync(actionlint))
    run('go', ['install', ACTIONLINT], { env: { GOBIN: join(root, '.cache', 'bin') } });
}

/** Argo's own schema, out of its Go module. */
function argoSchema() {
  const { Dir } = JSON.parse(run('go', ['mod', 'download', '-json', ARGO], { env: { GOFLAGS: '-mod=mod' } }));
  return join(Dir, 'api', 'jsonschema', 'schema.json');
}

let failed = 0;
const started = Date.now();
/** One thing to have; without it the tests that need it fail by themselves, and so does the run. */
function need(name, get) {
  try {
    return get() ?? '';
  } catch (error) {
    failed += 1;
    console.error(`services: ${name}: ${error.message}`);
    return '';
  }
}

need('Prometheus, Chromium', () =>
  debian({ prometheus: 'prometheus', promtool: 'prometheus', chromium: 'chromium' }),
);
need('MLflow', mlflow);
need('actionlint', goTools);
const schema = need("Argo's schema", argoSchema);
console.log(`services: all is there after ${((Date.now() - started) / 1000).toFixed(0)} s`);

const report = '.cache/vitest-services.json';
rmSync(report, { force: true });
const { status } = spawnSync(process.execPath, ['test/run.mjs', 'services'], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: {
    ...process.env,
    SERVICES: '1',
    MLFLOW_BINARY: join(venv, 'bin', 'mlflow'),
    PYTHON_BINARY: python,
    ACTIONLINT_BINARY: actionlint,
    ARGO_SCHEMA: schema,
  },
  timeout: 20 * MINUTE,
});
let sum = { numPassedTests: 0, numFailedTests: 0 };
try {
  sum = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  // It died before it could report: `lost` below.
}
const lost = status !== 0 && sum.numFailedTests === 0 ? 1 : 0;
failed += sum.numFailedTests + lost;
console.log(`services: ${((Date.now() - started) / 1000).toFixed(0)} s in all`);
console.log(`${sum.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed > 0 || status !== 0 ? 1 : 0;
