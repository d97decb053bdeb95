/** perf_decision.json: from a load test, a baseline and limits to one word. */
import type { Baseline } from './baseline.ts';
import { DECIDING, clientEstimates, decidingFigures } from './baseline.ts';
import type { Check } from '../../verdict/check.ts';
import { FAIL_ON_ANY, decide } from '../../verdict/decide.ts';
import { EXIT, type ExitCode } from '../../verdict/exit-codes.ts';
import { judge, type Limits } from './checks.ts';
import { finding, type Finding } from '../../verdict/findings.ts';
import { GATE_SCHEMA_VERSION, type LoadTest } from './load-test.ts';

export interface CandidateModel {
  /** Registered model. */
  readonly model_name: string;
  /** Of the registered model; null without MLflow. */
  readonly version: string | null;
  readonly adapter_name: string;
}

export interface Dataset {
  readonly name: string;
  /** At most 36 characters, as MLflow takes it. */
  readonly digest: string;
  readonly source: string;
}

/** Where a decision has got to in MLflow. */
export interface MlflowRecord {
  readonly tracking_uri: string;
  readonly experiment: string;
  readonly run_id: string | null;
  /** What has been written, in order. */
  readonly written: readonly string[];
}

export interface Decision {
  readonly schema_version: number;
  readonly load_test_id: string;
  readonly decision: 'passed' | 'failed' | 'invalid';
  readonly mode: 'absolute' | 'comparative';
  /** By the point figures of the contract, or by intervals as well. */
  readonly rule: 'point' | 'strict';
  readonly candidate: CandidateModel;
  readonly baseline: Baseline | null;
  readonly limits: Limits;
  readonly dataset: Dataset;
  readonly metrics: LoadTest['metrics'] & { readonly client_success_rate: number | null };
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
  readonly mlflow: MlflowRecord | null;
}

export interface DecisionRequest {
  readonly test: LoadTest;
  readonly baseline: Baseline | null;
  readonly limits: Limits;
  readonly strict: boolean;
  readonly candidate: CandidateModel;
  readonly dataset: Dataset;
}

export function decideGate(of: DecisionRequest): Decision {
  const { test, baseline, limits, strict, candidate, dataset } = of;
  const checks = judge(
    {
      figures: decidingFigures(test),
      client: clientEstimates(test),
      total_requests: test.total_requests,
    },
    baseline,
    limits,
    strict,
  );
  const findings = [
    ...test.findings,
    ...(baseline === null ? [] : baselineFindings(baseline, test, candidate)),
    ...(strict && baseline !== null && limits.max_success_rate_drop === 0
      ? [finding('no_margin_for_success')]
      : []),
  ];
  const { verdict } = decide(checks, findings, {
    rule: 'point',
    interrupted: false,
    fail_on: FAIL_ON_ANY,
  });
  const invalid = test.status === 'failed' || verdict.word === 'invalid';
  return {
    schema_version: GATE_SCHEMA_VERSION,
    load_test_id: test.load_test_id,
    decision: invalid ? 'invalid' : verdict.word === 'pass' ? 'passed' : 'failed',
    mode: baseline === null ? 'absolute' : 'comparative',
    rule: strict ? 'strict' : 'point',
    candidate,
    baseline,
    limits,
    dataset,
    metrics: { ...test.metrics, client_success_rate: test.client_success_rate },
    checks,
    findings,
    mlflow: null,
  };
}

/** Whether a pass is one: another gate may have failed the same version meanwhile. */
export const passStands = ({ findings }: Pick<Decision, 'findings'>): boolean =>
  !findings.some(({ code }) => code === 'other_gate_failed');

const EXITS: Readonly<Record<Decision['decision'], ExitCode>> = {
  passed: EXIT.pass,
  failed: EXIT.gate_failed,
  invalid: EXIT.invalid,
};

export const decisionExit = (decision: Decision): ExitCode =>
  passStands(decision) ? EXITS[decision.decision] : EXIT.gate_failed;

function baselineFindings(baseline: Baseline, test: LoadTest, candidate: CandidateModel): Finding[] {
  const findings: Finding[] = [];
  const missing = DECIDING.filter((figure) => baseline.figures[figure] === null);
  if (missing.length > 0)
    findings.push(finding('baseline_incomplete', { baseline: baseline.source, missing: missing.join(', ') }));
  const pairs = [
    ['model', baseline.model_name, candidate.model_name],
    ['concurrency', baseline.concurrency, test.concurrency],
    ['max_tokens', baseline.max_tokens, test.max_tokens],
  ] as const;
  for (const [what, theirs, ours] of pairs)
    if (theirs !== null && theirs !== ours)
      findings.push(finding('baseline_differs', { what, baseline: String(theirs), candidate: String(ours) }));
  return findings;
}
