/** The one model of a gateway run's result: everything rendered, and gateway.json itself, is this. */
import type { VerdictWord } from '../../verdict/check.ts';
import { worstExit, worstWord } from '../../verdict/decide.ts';
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
    readonly word: VerdictWord;
    /** The scenarios that made it so. */
    readonly because: readonly GatewayScenario[];
  };
  readonly exit_code: ExitCode;
}

/** The worst of the scenarios, in the house order of exit codes. */
export function gatewayReport(run: GatewayRun, scenarios: readonly ScenarioResult[]): GatewayReport {
  const exit_code = worstExit([
    ...scenarios.map((one) => one.exit_code),
    ...(run.interrupted ? [EXIT.interrupted] : []),
    ...(scenarios.length === 0 ? [EXIT.inconclusive] : []),
  ]);
  const word = worstWord(scenarios.map(({ verdict }) => verdict.word));
  const interrupted = run.interrupted && word === 'pass';
  return {
    schema_version: GATEWAY_SCHEMA_VERSION,
    run,
    scenarios,
    verdict: {
      word: interrupted ? 'inconclusive' : word,
      because: scenarios.filter(({ verdict }) => verdict.word === word).map(({ scenario }) => scenario),
    },
    exit_code,
  };
}
