/** An answer that came whole, as one JSON object. */
import type { ErrorKind } from '../record/errors.ts';
import { parseJsonText } from '../text/json.ts';
import { answerOf, countOrNull, endFailure, type Answer } from './answer.ts';
import { valueAt, type Path, type WholeRules } from './protocol.ts';

export type WholeReading =
  | { readonly ok: false; readonly error: ErrorKind; readonly error_detail: string }
  | {
      readonly ok: true;
      readonly answer: Answer;
      readonly text: string;
      /** Of its reasoning, in characters. */
      readonly reasoning_length: number;
    };

export function readWhole(body: string, rules: WholeRules): WholeReading {
  const failed = (error: ErrorKind, error_detail = body): WholeReading => ({
    ok: false,
    error,
    error_detail,
  });
  const value = parseJsonText(body);
  if (value === undefined) return failed('bad_json');
  const at = (path: Path): unknown => valueAt(value, path);
  const problem = rules.error_paths.map(at).find(saysSomething);
  if (problem !== undefined) return failed('error_event', JSON.stringify(problem));
  const word = finishWord(rules.finish_paths ?? [], at);
  const filled = rules.content_paths.filter((path) => hasContent(at(path)));
  const thought = rules.reasoning_paths ?? [];
  const thought_only = filled.length > 0 && filled.every((path) => thought.includes(path));
  const ended = endFailure(word, thought_only, false);
  if (ended !== null) return failed(ended.error, ended.error_detail);
  if (filled.length === 0) return failed('no_token');
  return {
    ok: true,
    answer: answerOf(
      word,
      (name) => rules.usage[name].map(at).find((one) => countOrNull(one) !== null),
      (name) => rules.extra[name].map(at).find((one) => one !== undefined),
    ),
    text: textAt(rules.text_paths, at),
    reasoning_length: textAt(thought, at).length,
  };
}

const textAt = (paths: readonly Path[], at: (path: Path) => unknown): string =>
  paths
    .map(at)
    .filter((value) => typeof value === 'string')
    .join('');

/** The first place that has a word; some servers put `none` or `null` until there is one. */
export function finishWord(paths: readonly Path[], at: (path: Path) => unknown): string | null {
  for (const path of paths) {
    const word = at(path);
    if (typeof word === 'string' && !['', 'none', 'null'].includes(word.toLowerCase())) return word;
  }
  return null;
}

/** The content of a token: a text, list or object with something in it, or a number (an id). */
export function hasContent(value: unknown): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return typeof value === 'number';
}

/** An error from its place: null, false, 0 and what is empty all the way down say that there is none. */
export function saysSomething(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  if (typeof value === 'object' && value !== null) return Object.values(value).some(saysSomething);
  return value !== undefined && value !== null && value !== false && value !== 0;
}
