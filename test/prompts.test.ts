/** The suite's own prompts: read by the parser that reads a user's, many, and unlike each other. */
import { promptsFor } from '../cli/read/payloads.ts';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { textOf, toPrompt } from '../domain/load/prompt.ts';

const lines = readFileSync(new URL('../payloads/prompts.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');
const prompts = lines.map((line, i) => toPrompt(JSON.parse(line), `prompts.jsonl:${i + 1}`, ''));

test('at least 60, each with an id of its own', () => {
  expect(prompts.length).toBeGreaterThanOrEqual(60);
  expect(new Set(prompts.map(({ id }) => id)).size).toBe(prompts.length);
});

test('no two begin alike, so that no prefix cache joins them', () => {
  expect(new Set(prompts.map(({ messages }) => textOf(messages).slice(0, 40))).size).toBe(prompts.length);
});

test('short and long, single and conversations', () => {
  const words = prompts.map(({ messages }) => textOf(messages).split(/\s+/).length).toSorted((a, b) => a - b);
  expect(words[0]).toBeLessThan(12);
  expect(words.at(-1)).toBeGreaterThan(80);
  expect(prompts.filter(({ messages }) => messages.length > 1).length).toBeGreaterThanOrEqual(6);
});

test("a payload's own model and the run's are not both asked for", () => {
  const line = { prompt: 'a', model: 'm' };
  const read = (model_flag: string | null) =>
    promptsFor({ as_text: false, model_flag }).parse(line, 'f.jsonl line 2', 'x');
  expect(read(null).members).toEqual({ model: 'm' });
  expect(() => read('--shadow-model')).toThrow(
    'f.jsonl line 2: field "model" is there, and --shadow-model names one too',
  );
});
