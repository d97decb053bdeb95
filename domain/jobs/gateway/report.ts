/** The one model of a gateway run's result: everything rendered, and gateway.json itself, is this. */
import { EXIT, type ExitCode } from '../../verdict/exit-codes.ts';
import type { ScenarioResult } from './judge.ts';
import type { GatewayProgram } from './programs.ts';
import type { GatewayScenario } from './scenarios.ts';

export const GATEWAY_SCHEMA_VERSION = 1;

export interface GatewayRun {
  readonly run_id: string;
  readonly started_ms: number;
  readonly ended_ms: number;
  readonly gateway: { readonly url: string; readonly stand_in: boolean };
  /** Null: not controlled. */
  readonly lm: { readonly url: string; readonly stand_in: boolean } | null;
  /** Without secrets. */
  readonly settings: Readonly<Record<string, string>>;
  readonly programs: readonly GatewayProgram[];
  readonly lm_delay_ms: number;
  readonly users: number;
  readonly interrupted: boolean;
  readonly versions: { readonly suite: string; readonly k6: string; readonly node: string };
  readonly machine: { readonly os: string; readonly cpus: number };
}

export interface GatewayReport {
  readonly schema_version: number;
  readonly run: GatewayRun;
  readonly scenarios: readonly ScenarioResult[];
  readonly verdict: {
    readonly word: 'pass' | 'fail' | 'inconclusive' | 'invalid';
    /** The scenarios that made it so. */
    readonly because: readonly GatewayScenario[];
  };
  readonly exit_code: ExitCode;
}

/** In the house order: 130 interrupted, 4 invalid, 99 a limit missed, 1 a bug found, 3 something skipped, 0. */
export function gatewayReport(run: GatewayRun, scenarios: readonly ScenarioResult[]): GatewayReport {
  const which = (outcome: ScenarioResult['outcome']): GatewayScenario[] =>
    scenarios.filter((one) => one.outcome === outcome).map(({ scenario }) => scenario);
  const answer = (
    word: GatewayReport['verdict']['word'],
    because: readonly GatewayScenario[],
    exit_code: ExitCode,
  ): GatewayReport => ({
    schema_version: GATEWAY_SCHEMA_VERSION,
    run,
    scenarios,
    verdict: { word, because },
    exit_code: run.interrupted ? EXIT.interrupted : exit_code,
  });
  const [invalid, failed, skipped] = [which('invalid'), which('fail'), which('skipped')];
  if (invalid.length > 0) return answer('invalid', invalid, EXIT.invalid);
  if (failed.length > 0) {
    const missed = scenarios.some(
      ({ outcome, checks }) => outcome === 'fail' && checks.some((check) => check.answer === 'fail'),
    );
    return answer('fail', failed, missed ? EXIT.threshold_failed : EXIT.gate_failed);
  }
  if (skipped.length > 0 || run.interrupted) return answer('inconclusive', skipped, EXIT.inconclusive);
  if (scenarios.length === 0) return answer('inconclusive', [], EXIT.inconclusive);
  return answer('pass', which('pass'), EXIT.pass);
}
