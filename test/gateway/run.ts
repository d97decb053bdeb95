/** Runs the gateway suite as a user does, small: few users, a fast LM, a second of load. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FindingCode } from '../../domain/verdict/findings.ts';
import type { ScenarioResult } from '../../domain/jobs/gateway/judge.ts';
import type { GatewayScenario } from '../../domain/jobs/gateway/scenarios.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const SMALL = [
  ['--gateway-users', '16'],
  ['--gateway-duration', '3s'],
  ['--gateway-warm-up', '0s'],
  ['--lm-delay', '150ms'],
  ['--drain', '1500ms'],
  ['--gateway-burst', '12'],
  ['--gateway-queue-timeout', '2s'],
  ['--storm-deadline', '4s'],
  ['--gateway-timeout', '6s'],
] as const;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of gateway.json; empty where there is none. */
  readonly scenarios: readonly (Pick<ScenarioResult, 'scenario' | 'findings' | 'unseen' | 'checks'> & {
    readonly outcome: 'pass' | 'fail' | 'invalid' | 'skipped';
  })[];
  readonly markdown: string;
}

function isScenarios(value: unknown): value is Ran['scenarios'] {
  return Array.isArray(value);
}

function scenariosOf(stdout: string): Ran['scenarios'] {
  if (!stdout.startsWith('{')) return [];
  const report: unknown = JSON.parse(stdout);
  const found =
    typeof report === 'object' && report !== null && 'scenarios' in report ? report.scenarios : [];
  return isScenarios(found) ? found : [];
}

/** `npm run k6:<command> -- <args>`; what `args` says comes before the small defaults. */
export async function runGateway(
  command: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-run-'));
  const out = join(folder, 'run');
  const small = SMALL.filter(([flag]) => !args.includes(flag)).flat();
  const child = spawn(
    process.execPath,
    [join(ROOT, 'cli', 'start.mjs'), command, ...args, ...small, '--out', out, '--json'],
    { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  let markdown = '';
  try {
    markdown = readFileSync(join(out, 'gateway.md'), 'utf8');
  } catch {
    // refused before there was anything to report
  }
  rmSync(folder, { recursive: true, force: true });
  return { code, stdout, stderr, scenarios: scenariosOf(stdout), markdown };
}

/** What one scenario found, by code. */
export function codes(ran: Ran, scenario: GatewayScenario): readonly FindingCode[] {
  const found = ran.scenarios.find((one) => one.scenario === scenario);
  return found === undefined ? [] : found.findings.map(({ code }) => code);
}

/** Enough for a failing expectation to be understood. */
export const told = ({ code, stderr, markdown }: Ran): string =>
  `exit ${String(code)}\n${stderr}\n${markdown}`;
