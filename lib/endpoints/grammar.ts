/** The grammar service: a learner's sentence goes in; a correction, a translation, the cost and the stages come out. */
import type { JSONValue } from 'k6';
import { isRight, type Labels } from '../../domain/record/right-answer.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import type { Item } from '../payloads.ts';
import type { Target } from '../runtime.ts';
import type { TextResponse } from '../request-log.ts';
import { EMPTY_READING, jsonPost, type Endpoint, type Reading } from './endpoint.ts';

const amountOrNull = (value: JSONValue | undefined): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;

/** Only stages that are times: the server's text must not break a record. */
function stagesOrNull(value: JSONValue | undefined): Record<string, number> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const stages: Record<string, number> = {};
  let any = false;
  for (const name of Object.keys(value)) {
    const ms = amountOrNull(value[name]);
    if (ms === null) continue;
    stages[name] = ms;
    any = true;
  }
  return any ? stages : null;
}

const score = (answer: JSONValue | undefined, accepted: Labels, scored: boolean): boolean | null => {
  if (!scored || accepted.size === 0) return null;
  return typeof answer === 'string' && isRight(answer, accepted);
};

/** Why there is no text at a path. With a path k6 reads even a body that is no JSON, as one without the field. */
function unreadable(response: TextResponse, path: string): Pick<Reading, 'error' | 'error_detail'> {
  try {
    response.json();
    return { error: 'missing_field', error_detail: `no text at ${path}` };
  } catch {
    const html = /html/i.test(response.headers['Content-Type'] ?? '');
    return { error: html ? 'content_type' : 'bad_json', error_detail: (response.body ?? '').slice(0, 200) };
  }
}

export function grammarEndpoint(target: Target, settings: Settings): Endpoint<Item> {
  const post = jsonPost(target, settings.endpointPath, settings.timeoutMs, 'correct');
  const { answerPath, translationPath, costPath, stagesPath } = settings;
  return {
    name: 'correct',
    send: (item, traceparent) => post(item.body, traceparent),
    read(response, item, scored) {
      const corrected = response.json(answerPath);
      if (typeof corrected !== 'string') return { ...EMPTY_READING, ...unreadable(response, answerPath) };
      return {
        ...EMPTY_READING,
        cost_eur: amountOrNull(response.json(costPath)),
        stages_ms: stagesOrNull(response.json(stagesPath)),
        correct: score(corrected, item.corrected, scored),
        correct_translation: score(response.json(translationPath), item.translation, scored),
      };
    },
  };
}
