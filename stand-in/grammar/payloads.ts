import { readFileSync, readdirSync } from 'node:fs';
import { parseJsonText } from '../../domain/text/json.ts';
import { join } from 'node:path';
import * as v from 'valibot';
import { BadValue } from '../../domain/text/units.ts';

const Labels = v.pipe(v.array(v.string()), v.minLength(1));

const Payload = v.object({
  id: v.string(),
  request: v.object({ text: v.string(), language: v.string(), translate_to: v.string() }),
  expected: v.object({ corrected: Labels, translation: Labels }),
});

/** A learner's sentence with the answers that count as right. */
export type Payload = v.InferOutput<typeof Payload>;

function parse(text: string, where: string): Payload {
  const json = parseJsonText(text);
  if (json === undefined) throw new BadValue(`${where}: not JSON`);
  const parsed = v.safeParse(Payload, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new BadValue(`${where}: ${v.getDotPath(issue) ?? 'payload'}: ${issue.message}`);
}

/**
 * Every `*.json` (a payload a file) and `*.jsonl` (a payload a line) of a folder, by text.
 * @throws {BadValue} where there is no such folder or no payload in it, or one isn't a payload
 */
export function readPayloads(folder: string): ReadonlyMap<string, Payload> {
  let names: string[];
  try {
    names = readdirSync(folder).toSorted();
  } catch {
    throw new BadValue(`--payloads: no folder '${folder}' in ${process.cwd()}`);
  }
  const payloads = names.flatMap((name) => {
    const path = join(folder, name);
    if (name.endsWith('.json')) return [parse(readFileSync(path, 'utf8'), path)];
    // Prompts for language models, which have no label.
    if (!name.endsWith('.jsonl') || name.startsWith('prompts')) return [];
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines.flatMap((line, i) => (line.trim() === '' ? [] : [parse(line, `${path}:${i + 1}`)]));
  });
  if (payloads.length === 0) throw new BadValue(`--payloads: no *.json and no *.jsonl in '${folder}'`);
  return new Map(payloads.map((payload) => [payload.request.text, payload]));
}
