/** JSON text by a schema: what the two sides hand each other in files and variables. */
import * as v from 'valibot';
import { jsonValue } from './json.ts';
import { BadValue } from './units.ts';

/**
 * @param cure what mends it, after a semicolon
 * @throws BadValue that begins with `what`, and names the place and what is allowed there
 */
export function parseJson<S extends v.GenericSchema>(
  schema: S,
  text: string,
  what: string,
  cure = '',
): v.InferOutput<S> {
  const result = v.safeParse(schema, jsonValue(text, what, cure));
  if (result.success) return result.output;
  const [issue] = result.issues;
  const place = v.getDotPath(issue) ?? 'the whole';
  throw new BadValue(`${what}: ${place}: ${issue.message}${cure === '' ? '' : `; ${cure}`}`);
}
