// The user's own server: started, watched, stopped with everything below it; ports that are taken; servers that die.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { parseDcgm, parseNvidiaSmi } from '../../cli/observe/gpu.ts';
import { holderInWords, portHolder, portIsFree } from '../../cli/observe/port-holder.ts';
import { descendants, treeUsage } from '../../cli/observe/process-tree.ts';
import { codes, comparisonOf, fresh, root, run } from '../support/inference.ts';

const WITHIN_MS = 120_000;
const opened: Server[] = [];
afterEach(() => opened.splice(0).forEach((server) => server.close()));

async function listening(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  opened.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server that listens has an address with a port
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const port = await listening();
  await new Promise((resolve) => opened.splice(0).forEach((server) => server.close(resolve)));
  return port;
}

const SERVER = `node ${join(root, 'dist', 'stand-in', 'inference.js')} --port $PORT`;

async function until(holds: () => boolean | Promise<boolean>, within_ms: number): Promise<boolean> {
  for (const end = Date.now() + within_ms; Date.now() < end; await wait(100)) if (await holds()) return true;
  return false;
}

describe.runIf(process.platform === 'linux')('what /proc tells', () => {
  test('who holds a port', async () => {
    const port = await listening();
    expect(portHolder(port)?.pid).toBe(process.pid);
    expect(holderInWords(port)).toContain(`(pid ${process.pid})`);
    expect(await portIsFree(port)).toBe(false);
  });

  test('nobody holds a free one, and then a way to look is offered', async () => {
    const port = await freePort();
    expect(portHolder(port)).toBeNull();
    expect(holderInWords(port)).toContain(`lsof -nP -iTCP:${port}`);
  });

  test('a process with its children', async () => {
    const shell = spawn('sh', ['-c', 'sleep 30 & sleep 30; :'], { detached: true });
    const pid = shell.pid ?? -1;
    expect(await until(() => descendants(pid).length === 3, 10_000)).toBe(true);
    expect(treeUsage(pid)?.rss_bytes).toBeGreaterThan(100_000);
    process.kill(-pid, 'SIGKILL');
    expect(await until(() => treeUsage(pid) === null, 10_000)).toBe(true);
  });
});

describe('GPU', () => {
  test('nvidia-smi, also where a card keeps its memory to itself', () => {
    expect(parseNvidiaSmi('37, 4096\n63, 1024\n')).toEqual({ share: 0.5, memory_bytes: 5120 * 2 ** 20 });
    expect(parseNvidiaSmi('37, [N/A]\n')).toEqual({ share: 0.37, memory_bytes: null });
    expect(parseNvidiaSmi('No devices were found\n')).toBeNull();
  });
  test("DCGM's exporter", () => {
    const text =
      'DCGM_FI_DEV_GPU_UTIL{gpu="0"} 80\nDCGM_FI_DEV_GPU_UTIL{gpu="1"} 40\nDCGM_FI_DEV_FB_USED{gpu="0"} 10\n';
    expect(parseDcgm(text)).toEqual({ share: 0.6, memory_bytes: 10 * 2 ** 20 });
    expect(parseDcgm('up 1\n')).toBeNull();
  });
});

describe('--start', () => {
  test('starts, loads, watches and stops a server with its children', { timeout: WITHIN_MS }, async () => {
    const port = await freePort();
    const out = fresh('started');
    // The shell and its second child must go as well.
    const command = `echo wrapped by a shell; sleep 300 & ${SERVER}; echo never said`;
    const { code, stdout, stderr } = await run([
      'tokenize',
      '--start',
      command,
      '--port',
      String(port),
      '--out',
      out,
      '--requests',
      '30',
    ]);
    expect(stderr).not.toContain('bug of the suite');
    expect(code).toBe(0);
    expect(stdout).toMatch(/total +30\n +successes +30\n +failures +0/);
    expect(readFileSync(join(out, 'server.log'), 'utf8')).toContain('wrapped by a shell');
    expect(readFileSync(join(out, 'server.jsonl'), 'utf8')).toMatch(/"processes":[34]/);
    expect(await portIsFree(port)).toBe(true);
    expect(comparisonOf(out).checks.map(({ id }) => id)).toContain('server_memory');
  });

  test('shows the last words of one that dies before it is ready', { timeout: WITHIN_MS }, async () => {
    const port = String(await freePort());
    const { code, stderr } = await run([
      'health',
      '--start',
      'echo the model file is missing >&2; exit 3',
      '--port',
      port,
      '--out',
      fresh('dead'),
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('exited with 3');
    expect(stderr).toContain('the model file is missing');
  });

  test('gives up on one that never answers', { timeout: WITHIN_MS }, async () => {
    const port = String(await freePort());
    const args = ['--start', 'sleep 60', '--start-within', '1s', '--port', port, '--out', fresh('silent')];
    const { code, stderr } = await run(['health', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/did not answer \/health on port \d+ with 2xx within 1s/);
  });

  test('names who holds a taken port', { timeout: WITHIN_MS }, async () => {
    const port = await listening();
    const { code, stderr } = await run([
      'health',
      '--start',
      SERVER,
      '--port',
      String(port),
      '--out',
      fresh('taken'),
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain(`port ${port} is taken`);
    if (process.platform === 'linux') expect(stderr).toContain(`(pid ${process.pid})`);
  });

  test(
    'one that crashes under the load: its last lines, the rest not run',
    { timeout: WITHIN_MS },
    async () => {
      const out = fresh('crashed');
      const { code, stdout, stderr } = await run([
        'inference',
        '--only',
        'generate,tokenize',
        '--start',
        `${SERVER} --fault crash=80`,
        '--port',
        String(await freePort()),
        '--requests',
        '400',
        '--out',
        out,
      ]);
      expect(code).toBe(99);
      expect(stderr).toContain('fault: crash after 80 requests');
      expect(stdout).toContain('not run: the server exited with 1');
      expect(codes(comparisonOf(join(out, 'generate')))).toContain('server_gone');
      expect(readFileSync(join(out, 'junit.xml'), 'utf8')).toContain('<skipped');
    },
  );

  test('leaves nothing when we are killed', { timeout: WITHIN_MS }, async () => {
    const port = await freePort();
    const child = spawn(
      process.execPath,
      [
        join(root, 'cli', 'start.mjs'),
        'generate',
        '--start',
        `sleep 300 & ${SERVER}`,
        '--port',
        String(port),
        '--out',
        fresh('killed'),
        '--requests',
        '100000',
      ],
      { stdio: 'ignore' },
    );
    expect(await until(async () => !(await portIsFree(port)), 60_000)).toBe(true);
    child.kill('SIGKILL');
    expect(await until(() => portIsFree(port), 30_000)).toBe(true);
  });
});

describe('--no-server', () => {
  test('loads what runs, and watches the process that it is told', { timeout: WITHIN_MS }, async () => {
    const port = await freePort();
    const server = spawn('sh', ['-c', `exec ${SERVER}`], {
      env: { ...process.env, PORT: String(port) },
      stdio: 'ignore',
    });
    try {
      expect(await until(async () => !(await portIsFree(port)), 30_000)).toBe(true);
      const out = fresh('running');
      const pid = String(server.pid ?? 0);
      const { code } = await run([
        'tokenize',
        '--no-server',
        '--port',
        String(port),
        '--pid',
        pid,
        '--out',
        out,
      ]);
      expect(code).toBe(0);
      expect(readFileSync(join(out, 'server.jsonl'), 'utf8')).toContain('"rss_bytes"');
      expect(existsSync(join(out, 'server.log'))).toBe(false);
      expect(server.exitCode).toBeNull();
    } finally {
      server.kill('SIGKILL');
    }
  });

  test('says what to do where nothing runs', { timeout: WITHIN_MS }, async () => {
    const { code, stderr } = await run([
      'health',
      '--no-server',
      '--port',
      String(await freePort()),
      '--out',
      fresh('none'),
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('connection refused');
  });
});
