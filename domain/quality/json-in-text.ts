/** JSON objects and lists inside of a text, such as an answer that wraps them in words or in a fenced block. */
import { jsonOf, type Json } from '../text/json.ts';

/** A hostile answer of brackets alone must not cost the square of its length. */
const MOST_TRIES = 200;

/** The outermost ones, in their order. */
export function jsonIn(text: string): Json[] {
  const found: Json[] = [];
  const opening = /[{[]/g;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const at = opening.exec(text)?.index;
    if (at === undefined) break;
    const end = closing(text, at);
    const value = end === null ? undefined : jsonOf(text.slice(at, end));
    if (value === undefined || end === null) continue;
    found.push(value);
    opening.lastIndex = end;
  }
  return found;
}

/** Where the bracket that opens here is closed; null: nowhere. */
function closing(text: string, from: number): number | null {
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    const sign = text[at];
    if (quoted) {
      if (sign === '\\') at += 1;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === '{' || sign === '[') depth += 1;
    else if (sign === '}' || sign === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return null;
}
