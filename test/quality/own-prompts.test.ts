// The suite's own labelled prompts: enough of each kind, and each answer that goes with them is right by its own labels.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isCoded, isJudged } from '../../domain/quality/assertion.ts';
import { expectationsOf } from '../../domain/quality/expectations.ts';
import { scorePlain } from '../../domain/quality/plain.ts';
import { toPrompt } from '../../domain/load/prompt.ts';
import { asFields, text } from '../../domain/text/fields.ts';
import { knownAnswer, readKnownAnswers } from '../../stand-in/openai/known-answers.ts';

const path = new URL('../../payloads/prompts-labelled.jsonl', import.meta.url);
const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
const payloads = lines.map((line, i) => {
  const of = asFields(JSON.parse(line), 'line');
  return { of, prompt: toPrompt(of, `line ${i + 1}`, ''), expected: expectationsOf(of, `line ${i + 1}`, {}) };
});

/** The least that the answer gets by any assertion. */
const least = (expected: (typeof payloads)[number]['expected'], answer: string): number =>
  Math.min(...expected.map((one) => (isCoded(one) || isJudged(one) ? 0 : scorePlain(one, answer).score)));

describe("the suite's own labelled prompts", () => {
  it('are at least 200, each asked once and labelled', () => {
    expect(payloads.length).toBeGreaterThanOrEqual(200);
    expect(new Set(payloads.map(({ of }) => of['prompt'])).size).toBe(payloads.length);
    expect(new Set(payloads.map(({ prompt }) => prompt.id)).size).toBe(payloads.length);
    for (const { expected } of payloads) expect(expected.map(({ metric }) => metric)).toContain('accuracy');
  });

  it('are of five kinds, at least 40 each', () => {
    const kinds = ['(?:capital|fact)-', 'arithmetic-', 'extract-', 'classify-', 'learner-sentence-'];
    for (const kind of kinds)
      expect(
        payloads.filter(({ prompt }) => new RegExp(`^${kind}`).test(prompt.id)).length,
      ).toBeGreaterThanOrEqual(40);
  });

  it('have answers that are right, and not being sure is wrong', () => {
    for (const { of, prompt, expected } of payloads) {
      expect([prompt.id, least(expected, text(of, 'answer'))]).toEqual([prompt.id, 1]);
      expect([prompt.id, least(expected, 'I am not sure about that one.')]).toEqual([prompt.id, 0]);
    }
  });

  it('are answered by the stand-in as rightly as it is told, a better one right wherever a worse one is', () => {
    const known = readKnownAnswers(path.pathname, false);
    const right = (rightness: number): Set<string> =>
      new Set(
        payloads.flatMap(({ of, prompt, expected }) => {
          const tokens = knownAnswer(known, `user: ${text(of, 'prompt')}\n`, rightness);
          return tokens !== null && least(expected, tokens.join('')) === 1 ? [prompt.id] : [];
        }),
      );
    const [none, some, more, all] = [right(0), right(0.6), right(0.9), right(1)];
    expect([none.size, all.size]).toEqual([0, payloads.length]);
    expect(some.size / payloads.length).toBeGreaterThan(0.5);
    expect(some.size / payloads.length).toBeLessThan(0.7);
    for (const id of some) expect(more.has(id)).toBe(true);
    expect(knownAnswer(known, 'user: something else\n', 1)).toBeNull();
  });
});
