/** `k6:single`: one client, each prompt so many times; what its settings come to. */
import { promptOfLength, type Prompt } from './prompt.ts';
import type { SettingName, Settings } from '../settings/settings.ts';

/** In place of the table's defaults. A cache that knows a prompt from its last repeat would hide what its length costs. */
export const SINGLE_SETTINGS = {
  vus: '1',
  warmUpMs: '0s',
  durationMs: '10m',
  maxTokens: '100',
  uniquePrefix: 'true',
} as const satisfies Readonly<Partial<Record<SettingName, string>>>;

/** A prompt of each length. */
export const promptsOfLengths = ({ promptLengths, seed }: Settings): readonly Prompt[] =>
  promptLengths.map((words) => promptOfLength(words, seed));

/** Rounds over all prompts before the measured ones. */
export const SINGLE_WARM_UP_ROUNDS = 1;

export const singleRequests = ({ repeats }: Settings, prompts: number): number =>
  prompts * (SINGLE_WARM_UP_ROUNDS + repeats);
