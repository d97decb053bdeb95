/** JSON text by a schema: what the two sides hand each other in files and variables. */
import * as v from 'valibot';
import { BadValue } from './units.ts';

/** @throws BadValue that begins with `what`, and names the place and what is allowed there */
export function parseJson<S extends v.GenericSchema>(
  schema: S,
  text: string,
  what: string,
): v.InferOutput<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BadValue(`${what} is not JSON: ${String(error)}`);
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new BadValue(`${what}: ${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`);
}
