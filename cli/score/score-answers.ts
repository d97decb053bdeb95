/** Every distinct answer to its payload's assertions: plain ones here, the user's code in its thread, the rest by a judge. */
import { isCoded, isJudged, type Assertion, type Judged } from '../../domain/quality/assertion.ts';
import { combined, graded, opinionOf, type Opinion } from '../../domain/quality/combine.ts';
import { scorePlain } from '../../domain/quality/plain.ts';
import type { Answered, AnswerScore } from '../../domain/quality/scores.ts';
import { partOf } from '../../domain/quality/transform.ts';
import type { Sandbox } from './sandbox.ts';

/** What is known of a payload. */
export interface Expectation {
  readonly assertions: readonly Assertion[];
  /** What was asked, as text. */
  readonly question: string;
}

/** A model that gives opinions. */
export interface Judge {
  /** From 0 to 1, before any threshold. */
  opinion(assertion: Judged, asked: { readonly question: string; readonly answer: string }): Promise<Opinion>;
}

export interface Scoring {
  /** Texts by SHA-256. */
  readonly answers: ReadonlyMap<string, string>;
  /** By payload id. */
  readonly expectations: ReadonlyMap<string, Expectation>;
  readonly sandbox: Sandbox;
  /** Null: none was given. */
  readonly judge: Judge | null;
  /** Answers that are scored at a time. */
  readonly at_once: number;
}

/** In a mix, ids are led by the endpoint that was asked. */
const OF_A_MIX = /^\w+: /;

export async function scoreAnswers(answered: readonly Answered[], of: Scoring): Promise<AnswerScore[]> {
  const scores: AnswerScore[] = [];
  const waiting = answered.flatMap((one) => {
    const { payload_id } = one;
    const expectation =
      of.expectations.get(payload_id) ?? of.expectations.get(payload_id.replace(OF_A_MIX, ''));
    return expectation === undefined || expectation.assertions.length === 0 ? [] : [{ one, expectation }];
  });
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < waiting.length; at = next++) {
      const task = waiting[at];
      if (task !== undefined) scores.push(...(await scoreOne(task.one, task.expectation, of)));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, of.at_once) }, work));
  return scores;
}

async function scoreOne(
  { payload_id, sha256 }: Answered,
  expectation: Expectation,
  of: Scoring,
): Promise<AnswerScore[]> {
  const answer = of.answers.get(sha256);
  const opinions: { assertion: Assertion; opinion: Opinion }[] = [];
  for (const assertion of expectation.assertions)
    opinions.push({
      assertion,
      opinion:
        answer === undefined
          ? { undecided: 'the text of an answer was not kept' }
          : await opinionOn(assertion, answer, { payload_id, question: expectation.question }, of),
    });
  return combined(opinions).map(({ metric, opinion }) =>
    'undecided' in opinion
      ? { payload_id, sha256, metric, score: null, detail: opinion.undecided }
      : { payload_id, sha256, metric, score: opinion.score, detail: opinion.detail },
  );
}

async function opinionOn(
  assertion: Assertion,
  answer: string,
  asked: { readonly payload_id: string; readonly question: string },
  of: Scoring,
): Promise<Opinion> {
  try {
    if (!isCoded(assertion) && !isJudged(assertion))
      return assertion.type === 'regex'
        ? await matches(assertion, answer, of.sandbox)
        : scorePlain(assertion, answer);
    const part = partOf(answer, assertion.transform);
    if (!part.ok) return { score: 0, detail: part.problem };
    const text = typeof part.value === 'string' ? part.value : JSON.stringify(part.value);
    const opinion = isCoded(assertion)
      ? await coded(assertion.value, text, asked, of.sandbox)
      : of.judge === null
        ? { undecided: 'no judge was given: --judge-url names one' }
        : await of.judge.opinion(assertion, { question: asked.question, answer: text });
    if ('undecided' in opinion) return opinion;
    return { ...opinion, score: graded(opinion.score, assertion.threshold, assertion.not) };
  } catch (error) {
    return { undecided: error instanceof Error ? error.message : String(error) };
  }
}

async function coded(
  code: string,
  output: string,
  { payload_id, question: prompt }: { readonly payload_id: string; readonly question: string },
  sandbox: Sandbox,
): Promise<Opinion> {
  const ran = await sandbox.run({ kind: 'code', code, output, context: { prompt, payload_id } });
  return 'problem' in ran ? { undecided: ran.problem } : opinionOf(ran.result);
}

/** Where a pattern could take for ever, a thread of its own bounds it; a short answer can't make it. */
const SHORT = 64;

async function matches(
  assertion: Extract<Assertion, { type: 'regex' }>,
  answer: string,
  sandbox: Sandbox,
): Promise<Opinion> {
  const part = partOf(answer, assertion.transform);
  if (!part.ok || answer.length <= SHORT) return scorePlain(assertion, answer);
  const text = typeof part.value === 'string' ? part.value : JSON.stringify(part.value);
  const ran = await sandbox.run({ kind: 'regex', source: assertion.value, text });
  if ('problem' in ran) return { undecided: ran.problem };
  const found = ran.result === true;
  return {
    score: found !== assertion.not ? 1 : 0,
    detail:
      found === assertion.not ? `it ${found ? 'matches' : 'does not match'} /${assertion.value}/` : null,
  };
}
