/** `npm run verify -- [RUN] --baseline FILE --output results.json`: one line a target, with its mark. */
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import type { LimitCheck } from '../../domain/verdict/check.ts';
import { compare } from '../../domain/result/compare.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { levelOf, worstExit, type Level } from '../../domain/result/suite.ts';
import { storedData } from '../../domain/result/reference.ts';
import { SCHEMA_VERSION } from '../../domain/record/schema-version.ts';
import { say, userPath, type Io } from '../io.ts';
import { readRun } from '../read/run.ts';
import { readReference } from '../read/references.ts';
import { change } from '../report/format.ts';
import { terminalText } from '../report/escape.ts';
import { LEVELS } from '../report/inference.ts';
import { checkLabel, limitBound, limitValue } from '../report/words.ts';
import { findRuns, shownPath, writeWhole } from '../run/directory.ts';

export interface VerifyArguments {
  readonly run: string | undefined;
  /** A reference, by name or path. */
  readonly baseline: string | undefined;
  readonly output: string | undefined;
}

interface Line {
  readonly scenario: string;
  readonly check: LimitCheck;
  readonly level: Level;
  readonly baseline: number | null;
}

const limitsOf = ({ checks }: Comparison): LimitCheck[] => checks.filter((check) => check.kind !== 'gate');

/** The same figures of the reference, by scenario and check; its own limits are those of the run. */
function figuresOf(
  io: Io,
  given: string | undefined,
): (scenario: string, check: LimitCheck) => number | null {
  if (given === undefined) return () => null;
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
  const lines = comparisons.flatMap((comparison) =>
    limitsOf(comparison).map((check): Line => ({
      scenario: comparison.run.job,
      check,
      level: levelOf(check),
      baseline: baseline(comparison.run.job, check),
    })),
  );
  const several = new Set(lines.map(({ check }) => check.variant)).size > 1;
  for (const line of lines) io.stdout.write(`${terminalText(inWords(line, several))}\n`);
  // A measurement that can't be trusted verifies nothing, whatever its figures.
  const untrusted = comparisons.filter(({ verdict }) => verdict.word === 'invalid');
  for (const { run } of untrusted)
    say(io, `❌ ${run.job}: the measurement can't be trusted; npm run compare -- ${run.run_id} tells why`);
  const exit_code = worstExit([
    lines.length === 0 ? EXIT.inconclusive : EXIT.pass,
    ...(untrusted.length > 0 ? [EXIT.invalid] : []),
    ...(lines.some(({ level }) => level === 'failed') ? [EXIT.threshold_failed] : []),
  ]);
  if (lines.length === 0) say(io, 'the run has no limit and no target to verify');
  if (given.output !== undefined) {
    const path = userPath(io, given.output);
    const results = lines.map((line) => ({
      scenario: line.scenario,
      variant: line.check.variant,
      figure: line.check.id,
      kind: line.check.kind,
      value: line.check.value,
      unit: line.check.unit,
      op: line.check.op,
      limit: line.check.limit,
      acceptable: line.check.acceptable ?? null,
      level: line.level,
      baseline: line.baseline,
    }));
    writeWhole(path, `${JSON.stringify({ schema_version: SCHEMA_VERSION, exit_code, results }, null, 2)}\n`);
    say(io, `results     ${shownPath(io, path)}`);
  }
  return exit_code;
}

/** `✅ health p95 latency: 12.1 ms (target: < 200 ms), 11.8 ms before, +2.5 %`. */
function inWords({ scenario, check, level, baseline }: Line, several: boolean): string {
  const who = several ? `${scenario} ${check.variant}` : scenario;
  const missed = level === 'acceptable' ? ', acceptable' : '';
  const before =
    baseline === null || check.value === null
      ? ''
      : `, ${limitValue({ ...check, value: baseline })} before${baseline > 0 ? `, ${change(check.value / baseline)}` : ''}`;
  return `${LEVELS[level].mark} ${who} ${checkLabel(check)}: ${limitValue(check)} (${check.kind}: ${limitBound(check)})${missed}${before}`;
}
