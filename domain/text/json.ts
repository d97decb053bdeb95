/** JSON text to a value. Apart from the schemas: this runs in every VU, which must not hold those. */
import { BadValue } from './units.ts';

/** The value, or undefined (which no JSON text means) where the text is no JSON. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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
