/** `k6:single`: one client, each prompt so many times; what its settings come to. */
import { promptOfLength, type Prompt } from './prompt.ts';
import type { Settings } from './settings.ts';

/** A prompt of each length. */
export const promptsOfLengths = ({ promptLengths, seed }: Settings): readonly Prompt[] =>
  promptLengths.map((words) => promptOfLength(words, seed));

/** Rounds over all prompts before the measured ones. */
export const SINGLE_WARM_UP_ROUNDS = 1;

export const singleRequests = ({ repeats }: Settings, prompts: number): number =>
  prompts * (SINGLE_WARM_UP_ROUNDS + repeats);
