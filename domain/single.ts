/** `k6:single`: one client, each prompt length so many times; what its settings come to. */
import { promptOfLength, type Prompt } from './prompt.ts';
import type { Settings } from './settings.ts';

/** A prompt of each length. */
export const promptsOfLengths = ({ promptLengths, seed }: Settings): readonly Prompt[] =>
  promptLengths.map((words) => promptOfLength(words, seed));

/** One round over the prompts to warm up, then the repeats. */
export function singleLoad(
  settings: Settings,
  prompts: number,
): { readonly warm_up: { readonly requests: number }; readonly requests: number } {
  return { warm_up: { requests: prompts }, requests: prompts * (1 + settings.repeats) };
}
