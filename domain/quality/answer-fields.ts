/** Where the fields that payloads have labels of stand in a JSON service's answers. */
import type { Settings } from '../settings/settings.ts';
import type { AnswerFields } from './expectations.ts';

export const answerFields = (of: Pick<Settings, 'answerPath' | 'translationPath'>): AnswerFields => ({
  corrected: { path: of.answerPath, metric: 'correction' },
  translation: { path: of.translationPath, metric: 'translation' },
});
