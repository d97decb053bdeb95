/** A child run to its end, with the CPU that it and its children took. */
import { spawnSync } from 'node:child_process';

export interface Ended {
  readonly stdout: string;
  /** User and system seconds. */
  readonly cpu_s: number;
  /** Peak of the resident set, or NaN where the system does not say (no /proc). */
  readonly peak_mb: number;
}

/** `times` of a shell says what its children took; /proc is read by the child's own `node -e` where asked. */
export function run(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Ended {
  const { stdout, stderr, status } = spawnSync(
    'sh',
    ['-c', '"$@"; code=$?; echo; echo "times:"; times; exit $code', 'sh', ...command],
    { cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const [own = '', times = ''] = stdout.split('\ntimes:\n');
  const children = times.trim().split('\n')[1] ?? '';
  const cpu_s = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds),
    0,
  );
  if (status === null || cpu_s === 0) throw new Error(`${command.join(' ')} did not run: ${stderr}`);
  return { stdout: own, cpu_s, peak_mb: Number(/^peak_mb=(\d+)/m.exec(own)?.[1] ?? Number.NaN) };
}
