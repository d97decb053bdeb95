/** JSON text to a value. Apart from the schemas: this runs in every VU, which must not hold those. */
import { BadValue } from './units.ts';

export type Json = string | number | boolean | null | Json[] | { [member: string]: Json };

/** The value, or undefined (which no JSON text means) where the text is no JSON. */
export function jsonOf(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** The same as a value that nothing is known of. */
export const parseJsonText = (text: string): unknown => jsonOf(text);

/**
 * The value.
 * @param cure what mends it, after a semicolon
 * @throws BadValue that begins with `what` and says where the text breaks
 */
export function jsonValue(text: string, what: string, cure = ''): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new BadValue(`${what} is not JSON: ${cause}${cure === '' ? '' : `; ${cure}`}`);
  }
}
