/** Several scenarios as one result: a row each, one exit code. */
import type { Check, LimitCheck } from '../verdict/check.ts';
import type { Comparison } from './comparison.ts';
import { EXIT, type ExitCode } from '../verdict/exit-codes.ts';
import { SCHEMA_VERSION } from '../record/schema-version.ts';
import { presentVariants, type Variant } from '../variants.ts';

/**
 * How a scenario did: its limits and targets are met; a target is missed but acceptable; a target is missed beyond that; a
 * gate has no yes or no; a limit or a gate failed; its measurement can't be trusted.
 */
export type Level = 'met' | 'acceptable' | 'beyond' | 'undecided' | 'failed' | 'invalid';

const WITHIN: Readonly<Record<LimitCheck['op'], (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

/** Of one check. */
export function levelOf(check: Check): Level {
  if (check.answer === 'pass' || (check.kind === 'gate' && check.advisory !== null)) return 'met';
  if (check.answer === 'inconclusive') return 'undecided';
  if (check.kind !== 'target') return 'failed';
  const { value, acceptable = null, op } = check;
  return value !== null && acceptable !== null && WITHIN[op](value, acceptable) ? 'acceptable' : 'beyond';
}

const RANK: readonly Level[] = ['met', 'acceptable', 'beyond', 'undecided', 'failed', 'invalid'];
export const worstLevel = (levels: readonly Level[]): Level =>
  levels.toSorted((a, b) => RANK.indexOf(b) - RANK.indexOf(a))[0] ?? 'met';

export interface SuiteRow {
  readonly scenario: string;
  readonly variant: Variant;
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  readonly duration_s: number;
  readonly ok_per_s: number;
  readonly error_rate: number | null;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  readonly max_ms: number | null;
  readonly level: Level;
  /** The checks that made it so. */
  readonly because: readonly Check[];
}

/** One row a variant; a gate's answer stands in the shadow's. */
export function suiteRows(comparison: Comparison, scenario = comparison.run.job): SuiteRow[] {
  return presentVariants(comparison.variants).flatMap((variant): SuiteRow[] => {
    const summary = comparison.variants[variant];
    if (summary === undefined) return [];
    const checks = comparison.checks.filter((check) =>
      check.kind === 'gate' ? variant === 'shadow' : check.variant === variant,
    );
    const own = worstLevel(checks.map(levelOf));
    const level = comparison.verdict.word === 'invalid' ? 'invalid' : own;
    const latency = summary.trends.request_duration;
    return [
      {
        scenario,
        variant,
        requests: summary.requests,
        ok: summary.ok,
        failed: summary.failed,
        duration_s: summary.throughput.window_s,
        ok_per_s: summary.throughput.ok_per_s,
        error_rate: summary.requests === 0 ? null : summary.failed / summary.requests,
        p50_ms: latency?.p50 ?? null,
        p95_ms: latency?.p95 ?? null,
        p99_ms: latency?.p99 ?? null,
        max_ms: latency?.max ?? null,
        level,
        because: checks.filter((check) => own !== 'met' && levelOf(check) === own),
      },
    ];
  });
}

export interface SuiteScenario {
  readonly name: string;
  /** Below the suite's own directory. */
  readonly directory: string;
  readonly comparison: Comparison;
}

export interface Skipped {
  readonly name: string;
  /** May hold a server's own words: untrusted. */
  readonly reason: string;
}

export interface Suite {
  readonly schema_version: number;
  readonly suite_id: string;
  readonly title: string;
  readonly started_ms: number;
  readonly ended_ms: number;
  readonly interrupted: boolean;
  readonly scenarios: readonly {
    readonly name: string;
    readonly directory: string;
    readonly verdict: Comparison['verdict'];
    readonly exit_code: number;
    readonly checks: readonly Check[];
    readonly findings: Comparison['findings'];
    readonly rows: readonly SuiteRow[];
  }[];
  readonly skipped: readonly Skipped[];
  readonly exit_code: ExitCode;
}

/** The first that applies, in the house order. */
const ORDER: readonly ExitCode[] = [
  EXIT.interrupted,
  EXIT.our_bug,
  EXIT.bad_input,
  EXIT.invalid,
  EXIT.threshold_failed,
  EXIT.gate_failed,
  EXIT.inconclusive,
  EXIT.pass,
];

export function worstExit(codes: readonly number[]): ExitCode {
  return ORDER.find((code) => codes.includes(code)) ?? EXIT.our_bug;
}

export interface SuiteRun {
  readonly suite_id: string;
  readonly title: string;
  readonly started_ms: number;
  readonly ended_ms: number;
  readonly interrupted: boolean;
  readonly scenarios: readonly SuiteScenario[];
  readonly skipped: readonly Skipped[];
}

/** What did not run decides nothing: a pass with anything skipped is inconclusive. */
export function suiteOf({ scenarios, ...run }: SuiteRun): Suite {
  const codes = scenarios.map(({ comparison }) => comparison.exit_code);
  const incomplete = run.skipped.length > 0 || scenarios.length === 0;
  return {
    schema_version: SCHEMA_VERSION,
    ...run,
    scenarios: scenarios.map(({ name, directory, comparison }) => ({
      name,
      directory,
      verdict: comparison.verdict,
      exit_code: comparison.exit_code,
      checks: comparison.checks,
      findings: comparison.findings,
      rows: suiteRows(comparison, name),
    })),
    exit_code: worstExit([
      ...codes,
      ...(run.interrupted ? [EXIT.interrupted] : []),
      ...(incomplete ? [EXIT.inconclusive] : [EXIT.pass]),
    ]),
  };
}
