/** The suite's request rate, its log on, over that of a bare k6 script that sends the same. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LABELLED, readPayloads } from '../cli/read/payloads.ts';
import { run } from './child.ts';
import { atLeast, figure, median, type Figure, type Row } from './row.ts';

const PAIRS = 4;
const VUS = '10';
const DURATION = '5s';

export const loadRow: Row = {
  name: 'load',
  title: `k6 at saturation, ${VUS} VUs x ${DURATION}, bare and suite in turn, ${PAIRS} times after a warm-up`,
  async measure({ root, scratch }) {
    const binary = join(scratch, 'answers');
    execFileSync('go', ['build', '-o', binary, join(root, 'bench', 'answers', 'main.go')]);
    const server = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const [ready]: unknown[] = await once(server.stdout, 'data');
      const url = /"listening":"([^"]+)"/.exec(String(ready))?.[1] ?? '';
      return inTurn(root, scratch, url);
    } finally {
      server.kill();
    }
  },
};

interface Sent {
  readonly requests: number;
  readonly cpu_s: number;
}

function inTurn(root: string, scratch: string, url: string): readonly Figure[] {
  const k6 = ownK6(root);
  const common = { BASELINE_URL: url, VUS, DURATION, WARM_UP: '0s', K6_NO_USAGE_REPORT: 'true' };
  const ask = (script: string, env: Readonly<Record<string, string>>): Sent => {
    const { stdout, cpu_s } = run([k6, 'run', '--quiet', join(root, script)], root, { ...common, ...env });
    return { requests: Number(/requests=(\d+)/.exec(stdout)?.[1] ?? Number.NaN), cpu_s };
  };
  const bare = (): Sent => ask('bench/bare.js', { PAYLOADS: join(root, 'dist', 'payloads.json') });
  // As the cli hands them to k6: labels normalised once.
  const payloads = join(scratch, 'payloads.jsonl');
  writeFileSync(payloads, readPayloads(join(root, 'dist', 'payloads.json'), 'payloads/', LABELLED).jsonl);
  let logs = 0;
  const suite = (): Sent => {
    const log = join(scratch, `requests-${logs++}.jsonl`);
    const { cpu_s } = ask('dist/baseline.js', { REQUEST_LOG: log, PAYLOADS: payloads });
    return { requests: linesOf(log), cpu_s };
  };
  bare();
  suite();
  const rates: number[] = [];
  const costs: number[] = [];
  let last: Sent = bare();
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const before = bare();
    last = suite();
    rates.push(last.requests / before.requests);
    costs.push(before.cpu_s / before.requests / (last.cpu_s / last.requests));
  }
  return [
    figure('requests/s of the suite over a bare script', median(rates), 'x', atLeast(0.8)),
    figure('the same by CPU a request', median(costs), 'x'),
    figure('requests/s of the suite', last.requests / 5, '/s'),
  ];
}

function linesOf(log: string): number {
  return Number(execFileSync('wc', ['-l', log], { encoding: 'utf8' }).trim().split(/\s/)[0]);
}

/** The newest that the cli has built. */
function ownK6(root: string): string {
  const cache = join(root, '.cache', 'k6');
  const built = (existsSync(cache) ? readdirSync(cache) : [])
    .map((hash) => join(cache, hash, 'k6'))
    .filter((path) => existsSync(path))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  const [newest] = built;
  if (newest === undefined) throw new Error('there is no k6 yet; run npm run k6:smoke once');
  return newest;
}
