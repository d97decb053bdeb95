/** Prompts that the stand-in knows an answer to, so that its answers can be judged: right ones to a share of them. */
import { existsSync, readFileSync } from 'node:fs';
import { BadValue } from '../../domain/text/units.ts';
import { isFields } from '../../domain/text/fields.ts';
import { parseJsonText } from '../../domain/text/json.ts';
import { randomFor } from '../kit/random.ts';

/** Wrong by any label. */
const WRONG = 'I am not sure about that one.';

export type KnownAnswers = ReadonlyMap<string, string>;

/**
 * A JSONL file of objects with `prompt` and `answer`; others are passed over.
 * @param optional a file that is not there knows nothing
 * @throws BadValue
 */
export function readKnownAnswers(path: string, optional: boolean): KnownAnswers {
  if (optional && !existsSync(path)) return new Map();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new BadValue(`--answers: no file '${path}' in ${process.cwd()}`);
  }
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const value = parseJsonText(line);
      if (!isFields(value)) return [];
      const { prompt, answer } = value;
      return typeof prompt === 'string' && typeof answer === 'string' ? [[prompt, answer]] : [];
    }),
  );
}

/**
 * The tokens of the answer to a prompt, which joined are its text; null: it is not known. Which prompts are too hard
 * depends on the prompt alone, so that two servers of one rightness answer alike, and a better one answers all that a
 * worse one does.
 */
export function knownAnswer(known: KnownAnswers, asked: string, rightness: number): readonly string[] | null {
  // A chat's prompt is told with its role before it.
  const prompt = asked.replace(/^user: /, '').replace(/\n$/, '');
  const answer = known.get(prompt);
  if (answer === undefined) return null;
  const text = randomFor('difficulty', prompt)() < rightness ? answer : WRONG;
  return text.match(/\s*\S{1,6}|\s+$/g) ?? [text];
}
