/** The gate's prompts: JSONL with a field `prompt_inference` a line; other fields are left alone. */
import type { Prompt } from '../../load/prompt.ts';
import { fieldOf } from '../../text/fields.ts';

export const PROMPT_FIELD = 'prompt_inference';

export interface BadLine {
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

export function parseEvalData(text: string): { prompts: readonly Prompt[]; bad: readonly BadLine[] } {
  const prompts: Prompt[] = [];
  const bad: BadLine[] = [];
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .forEach((content, i) => {
      if (content.trim() === '') return;
      const line = i + 1;
      let value: unknown;
      try {
        value = JSON.parse(content);
      } catch (error) {
        bad.push({ line, problem: `no JSON (${error instanceof Error ? error.message : String(error)})` });
        return;
      }
      const prompt: unknown = fieldOf(value, PROMPT_FIELD);
      if (typeof prompt !== 'string' || prompt.trim() === '')
        bad.push({
          line,
          problem: `"${PROMPT_FIELD}" is ${prompt === undefined ? 'missing' : (JSON.stringify(prompt) ?? 'missing').slice(0, 40)}; allowed: text`,
        });
      else prompts.push({ id: `line-${line}`, messages: [{ role: 'user', content: prompt }] });
    });
  return { prompts, bad };
}
