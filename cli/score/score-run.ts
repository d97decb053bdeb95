/** After the load: the kept answers of a run are scored, each once, and removed unless they are to stay. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { answerFields } from '../../domain/quality/answer-fields.ts';
import type { Assertion } from '../../domain/quality/assertion.ts';
import { expectationsOf, type AnswerFields } from '../../domain/quality/expectations.ts';
import { distinctAnswers, parseScore, withScores, type AnswerScore } from '../../domain/quality/scores.ts';
import type { RunData } from '../../domain/run/data.ts';
import { asFields, BadField, isFields, text, type Fields } from '../../domain/text/fields.ts';
import { parseJsonText } from '../../domain/text/json.ts';
import { worst } from '../../domain/quality/worst.ts';
import { mapVariants, pairsOf, presentVariants } from '../../domain/variants.ts';
import { readStructured, withAssertionFiles } from '../read/assertion-files.ts';
import { eachLine } from '../read/lines.ts';
import { FILES, writeWhole, type RunDirectory } from '../run/directory.ts';
import { UsageError, type Io } from '../io.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { parseJudged, type Judged } from '../../domain/quality/judging.ts';
import { judgeOf } from './judge.ts';
import { Sandbox } from './sandbox.ts';
import { scoreAnswers, type Expectation, type Judge } from './score-answers.ts';

export interface ScoreOptions {
  /** The suite's own folder. */
  readonly root: string;
  /** Of a scorer of the user's. */
  readonly timeout_ms: number;
  /** Null: what needs a judge is undecided. */
  readonly judge: Judge | null;
  readonly at_once: number;
  /** A file of assertions in place of the payloads' own; null: the payloads' own. */
  readonly assert: string | null;
}

export const hasAnswers = (run: RunDirectory): boolean => existsSync(join(run.path, FILES.answers));

/** The texts that were kept, by SHA-256; a line that a kill cut short is no answer. */
export function readAnswers(run: RunDirectory): Map<string, string> {
  const answers = new Map<string, string>();
  if (!hasAnswers(run)) return answers;
  eachLine(join(run.path, FILES.answers), ({ bytes }, from, to) => {
    const value = parseJsonText(bytes.toString('utf8', from, to));
    if (!isFields(value)) return;
    const { sha256, text: said } = value;
    if (typeof sha256 === 'string' && typeof said === 'string') answers.set(sha256, said);
  });
  return answers;
}

/** A payload's own words, for a judge and for code. */
function questionOf(payload: Fields): string {
  const { messages, prompt, request } = payload;
  if (typeof prompt === 'string') return prompt;
  if (Array.isArray(messages))
    return messages
      .map((one: unknown) => (isFields(one) && typeof one['content'] === 'string' ? one['content'] : ''))
      .join('\n\n');
  return JSON.stringify(request ?? null);
}

/** The payloads of a run as they were written for it, by id. */
export function payloadsOf(run: RunDirectory): Map<string, Fields> {
  const file = join(run.path, FILES.payloads);
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8').split('\n');
  return new Map(
    lines.flatMap((line): [string, Fields][] => {
      if (line === '') return [];
      const payload = asFields(JSON.parse(line), `a line of ${file}`);
      return [[text(payload, 'id'), payload]];
    }),
  );
}

function expectationsOfRun(
  payloads: ReadonlyMap<string, Fields>,
  fields: AnswerFields,
  file: string | null,
): Map<string, Expectation> {
  const own = (payload: Fields, id: string): readonly Assertion[] =>
    expectationsOf(payload, `payload ${id}`, fields);
  const given = file === null ? own : assertionsFrom(file, fields);
  return new Map(
    [...payloads].map(([id, payload]) => [
      id,
      { assertions: given(payload, id), question: questionOf(payload) },
    ]),
  );
}

/**
 * A list of assertions for every payload; or payloads with an id and assertions of their own.
 * @throws UsageError, BadValue
 */
function assertionsFrom(
  file: string,
  fields: AnswerFields,
): (payload: Fields, id: string) => readonly Assertion[] {
  const value = readStructured(file, '--assert');
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const folder = dirname(file);
  if (list.every((one) => isFields(one) && one['type'] !== undefined)) {
    const read = withAssertionFiles({ assert: list }, folder, file);
    const all = expectationsOf(asFields(read, file), file, fields);
    return () => all;
  }
  const by_id = new Map(
    list.map((one, i) => {
      const where = `${file} element ${i + 1}`;
      const payload = withAssertionFiles(one, folder, where);
      if (!isFields(payload) || typeof payload['id'] !== 'string')
        throw new UsageError(
          `${where} is neither an assertion {"type", "value"} nor a payload {"id", "assert"}; give all of one kind`,
        );
      return [payload['id'], expectationsOf(payload, where, fields)];
    }),
  );
  return (_, id) => by_id.get(id) ?? [];
}

/** The run's data with the scores of its answers; writes scores.jsonl. @throws UsageError, BadValue */
export async function scoreRun(run: RunDirectory, data: RunData, options: ScoreOptions): Promise<RunData> {
  const expectations = expectationsOfRun(payloadsOf(run), answerFields(data.settings), options.assert);
  const sandbox = new Sandbox(options.root, options.timeout_ms);
  try {
    const scores = await scoreAnswers(distinctAnswers(measuredOf(data)), {
      answers: readAnswers(run),
      expectations,
      sandbox,
      judge: options.judge,
      at_once: options.at_once,
    });
    writeWhole(join(run.path, FILES.scores), scores.map((one) => `${JSON.stringify(one)}\n`).join(''));
    return withRunScores(data, scores);
  } finally {
    await sandbox.close();
  }
}

const measuredOf = ({ measured }: RunData) =>
  presentVariants(measured).flatMap((variant) => measured[variant] ?? []);

export const withRunScores = (data: RunData, scores: readonly AnswerScore[]): RunData =>
  scores.length === 0
    ? data
    : { ...data, measured: mapVariants(data.measured, (measured) => withScores(measured, scores)) };

/** The scores that were written; null where the run was not scored. @throws BadField with its line */
export function readScores(run: RunDirectory): AnswerScore[] | null {
  const file = join(run.path, FILES.scores);
  if (!existsSync(file)) return null;
  const scores: AnswerScore[] = [];
  let number = 0;
  eachLine(file, ({ bytes }, from, to) => {
    number += 1;
    try {
      scores.push(parseScore(bytes.toString('utf8', from, to)));
    } catch (error) {
      throw new BadField(`${file} line ${number}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  return scores;
}

/** Scores a run by its own settings, says what was found, and keeps what the judge did. @throws UsageError, BadValue */
export async function scored(
  io: Io,
  run: RunDirectory,
  data: RunData,
  settings: Settings,
  assert: string | null,
): Promise<RunData> {
  const judge = judgeOf(io, run, settings);
  const found = await scoreRun(run, data, {
    root: io.root,
    timeout_ms: settings.scoreTimeoutMs,
    judge,
    at_once: judge === null ? 1 : settings.judgeVus,
    assert,
  });
  if (judge === null) return found;
  const judged = await judge.told();
  writeWhole(join(run.path, FILES.judge), `${JSON.stringify(judged, null, 2)}\n`);
  return { ...found, judged };
}

const MOST_WORST = 20;

/**
 * worst.jsonl: the payloads where each candidate lost most, as payloads that can be sent again (`--payloads`), each with what
 * was lost and, where texts stay, an answer of each variant.
 */
export function writeWorst(
  run: RunDirectory,
  { measured }: RunData,
  texts: ReadonlyMap<string, string>,
): void {
  const payloads = payloadsOf(run);
  const seen = new Set<string>();
  const lines = pairsOf(measured).flatMap(({ candidate, of: [baseline, other] }) =>
    worst(baseline, other, MOST_WORST).flatMap((loss) => {
      const payload = payloads.get(loss.payload_id);
      // Two candidates may lose the same payload, and an id can't be sent twice.
      if (payload === undefined || seen.has(loss.payload_id)) return [];
      seen.add(loss.payload_id);
      const said = (sha256: string | null): string | null =>
        sha256 === null ? null : (texts.get(sha256) ?? null);
      const { lost, slower_ms, baseline_sha256, candidate_sha256 } = loss;
      const answers = { baseline: said(baseline_sha256), [candidate]: said(candidate_sha256) };
      return [`${JSON.stringify({ ...payload, worst: { candidate, lost, slower_ms, answers } })}\n`];
    }),
  );
  if (lines.length > 0) writeWhole(join(run.path, FILES.worst), lines.join(''));
}

/** What was told of the judge; null where none was asked. */
export function readJudged(run: RunDirectory): Judged | null {
  const file = join(run.path, FILES.judge);
  return existsSync(file) ? parseJudged(readFileSync(file, 'utf8'), file) : null;
}

/** What people said to a model must not lie about. */
export const removeAnswers = (run: RunDirectory): void =>
  rmSync(join(run.path, FILES.answers), { force: true });
