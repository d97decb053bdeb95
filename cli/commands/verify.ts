/** `npm run verify -- [RUN] --baseline FILE --output results.json`: one line a target, with its mark. */
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import type { Check } from '../../domain/verdict/check.ts';
import { compare } from '../../domain/result/compare.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { levelOf, type Level } from '../../domain/result/suite.ts';
import { FAIL_ON_ANY, decide, worstExit } from '../../domain/verdict/decide.ts';
import { storedData } from '../../domain/result/reference.ts';
import { SCHEMA_VERSION } from '../../domain/record/schema-version.ts';
import { say, userPath, type Io } from '../io.ts';
import { readRun } from '../read/run.ts';
import { readReference } from '../read/references.ts';
import { change } from '../report/format.ts';
import { terminalText } from '../report/escape.ts';
import { LEVELS } from '../report/inference.ts';
import { asJson } from '../report/report.ts';
import { checkBound, checkLabel, checkValue } from '../report/words/checks.ts';
import { findRuns, shownPath, writeWhole } from '../run/directory.ts';
import { command } from '../command.ts';
import { absent, named, filePath } from '../../domain/settings/kinds.ts';
import { RUN } from './run-argument.ts';

export interface VerifyArguments {
  readonly run: string | undefined;
  /** A reference, by name or path. */
  readonly baseline: string | null;
  readonly output: string | null;
}

interface Line {
  readonly scenario: string;
  readonly check: Check;
  readonly level: Level;
  readonly baseline: number | null;
}

const limitsOf = ({ checks }: Comparison): Check[] => checks.filter((check) => check.kind !== 'gate');

/** The same figures of the reference, by scenario and check; its own limits are those of the run. */
function figuresOf(io: Io, given: string | null): (scenario: string, check: Check) => number | null {
  if (given === null) return () => null;
  const before = new Map(
    readReference(io, given).runs.map((run) => {
      const data = storedData(run, given);
      return [data.manifest.job, limitsOf(compare(data))];
    }),
  );
  return (scenario, { id, kind }) =>
    before.get(scenario)?.find((check) => check.id === id && check.kind === kind)?.value ?? null;
}

export function verifyCommand(io: Io, given: VerifyArguments): number {
  const baseline = figuresOf(io, given.baseline);
  const comparisons = findRuns(io, given.run).map((run) => compare(readRun(run)));
  const lines = comparisons.flatMap((comparison) => {
    const untrusted = comparison.verdict.word === 'invalid';
    return limitsOf(comparison).map((check): Line => ({
      scenario: comparison.run.job,
      check,
      level: untrusted ? 'invalid' : levelOf(check),
      baseline: baseline(comparison.run.job, check),
    }));
  });
  const several = new Set(lines.map(({ check }) => check.subject.variant)).size > 1;
  for (const line of lines) io.stdout.write(`${terminalText(inWords(line, several))}\n`);
  // A measurement that can't be trusted verifies nothing, whatever its figures.
  for (const { run, verdict } of comparisons)
    if (verdict.word === 'invalid')
      say(io, `❌ ${run.job}: the measurement can't be trusted; npm run compare -- ${run.run_id} tells why`);
  const exit_code = worstExit([
    lines.length === 0 ? EXIT.inconclusive : EXIT.pass,
    ...comparisons.map((comparison) => exitOf(comparison)),
  ]);
  if (lines.length === 0) say(io, 'the run has no limit and no target to verify');
  if (given.output !== null) {
    const path = userPath(io, given.output);
    const results = lines.map((line) => ({
      scenario: line.scenario,
      variant: line.check.subject.variant,
      figure: line.check.id,
      kind: line.check.kind,
      value: line.check.value,
      unit: line.check.unit,
      op: line.check.op,
      limit: line.check.limit,
      acceptable: line.check.acceptable,
      level: line.level,
      baseline: line.baseline,
    }));
    writeWhole(path, asJson({ schema_version: SCHEMA_VERSION, exit_code, results }));
    say(io, `results     ${shownPath(io, path)}`);
  }
  return exit_code;
}

/** By limits and targets alone: a gate compares, and verifies nothing. */
function exitOf(comparison: Comparison): number {
  const checks = limitsOf(comparison);
  return decide(checks, comparison.findings, {
    rule: 'point',
    interrupted: false,
    fail_on: FAIL_ON_ANY,
    always_judged: checks.length > 0,
  }).exit_code;
}

/** `✅ health p95 latency: 12.1 ms (target: < 200 ms), 11.8 ms before, +2.5 %`. */
function inWords({ scenario, check, level, baseline }: Line, several: boolean): string {
  const who = several ? `${scenario} ${check.subject.variant ?? ''}` : scenario;
  const missed = level === 'acceptable' ? ', acceptable' : '';
  const before =
    baseline === null || check.value === null
      ? ''
      : `, ${checkValue({ ...check, value: baseline })} before${baseline > 0 ? `, ${change(check.value / baseline)}` : ''}`;
  return `${LEVELS[level].mark} ${who} ${checkLabel(check)}: ${checkValue(check)} (${check.kind}: ${checkBound(check)})${missed}${before}`;
}

export const verify = command({
  name: 'verify',
  title: 'one line a limit or target of a run or a suite, with its mark',
  group: 'Results',
  argument: RUN,
  options: {
    baseline: absent(named('FILE'), 'reference whose figures stand beside'),
    output: absent(filePath(), 'the same as JSON'),
  },
  run: (io, { argument, options }) => verifyCommand(io, { run: argument, ...options }),
});
