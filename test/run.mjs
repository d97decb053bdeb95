// `npm test`: every suite that needs only Node and Go, and one closing line that sums them. A suite that dies, or runs
// nothing, counts as failed: it must never look like a pass.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';

mkdirSync('.cache', { recursive: true });

const total = { passed: 0, failed: 0 };

/** Streams the child's output through, and returns it with the exit code. */
const run = (command, args, { cwd = '.', show = true } = {}) =>
  new Promise((done) => {
    let out = '';
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (text) => {
      out += text;
      if (show) process.stdout.write(text);
    });
    child.on('error', () => done({ code: 127, out }));
    child.on('close', (code) => done({ code, out }));
  });

function count(suite, passed, failed, code) {
  const died = (code !== 0 && failed === 0) || passed + failed === 0;
  const lost = died ? 1 : 0;
  total.passed += passed;
  total.failed += failed + lost;
  console.log(
    `${suite}: ${passed} passed, ${failed + lost} failed${died ? ` (the suite itself ended with ${code})` : ''}`,
  );
}

async function vitest(project) {
  const file = `.cache/vitest-${project}.json`;
  rmSync(file, { force: true });
  const { code } = await run('node_modules/.bin/vitest', [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  let result = null;
  try {
    result = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // It died before it could report; count() sees to it.
  }
  count(project, result?.numPassedTests ?? 0, result?.numFailedTests ?? 0, code);
}

async function go() {
  const { code, out } = await run('go', ['test', '-json', './...'], { cwd: 'k6', show: false });
  const seen = { pass: 0, fail: 0 };
  const failures = [];
  for (const line of out.split('\n')) {
    if (!line.startsWith('{')) continue;
    const event = JSON.parse(line);
    if (event.Test !== undefined && event.Action in seen) seen[event.Action] += 1;
    if (event.Action === 'output' && /--- FAIL|panic:|Error/.test(event.Output)) failures.push(event.Output);
  }
  process.stdout.write(failures.join(''));
  count('go', seen.pass, seen.fail, code);
}

const suites = {
  unit: () => vitest('unit'),
  go,
  alone: () => vitest('alone'),
  load: () => vitest('load'),
  services: () => vitest('services'),
};
const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : ['unit', 'go', 'alone', 'load']) {
  if (!(name in suites)) {
    console.error(`"${name}" is no suite; allowed: ${Object.keys(suites).join(', ')}`);
    process.exit(2);
  }
  await suites[name]();
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
