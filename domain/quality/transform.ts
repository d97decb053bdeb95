/** Which part of an answer an assertion is about. */
import { query } from 'json-p3';
import { jsonOf } from '../text/json.ts';
import { BadValue } from '../text/units.ts';

export type Transform =
  | { readonly kind: 'last number' }
  | { readonly kind: 'text after'; readonly marker: string }
  /** A JSONPath (RFC 9535): of several values that it finds, the first. */
  | { readonly kind: 'path'; readonly path: string };

/** What the part is, or why the answer does not have it. */
export type Part =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

const AFTER = 'text after ';
/** Members of one object in another, as `metadata.cost`: the short way to write a path. */
const DOTTED = /^[A-Za-z_][\w-]*(?:\.(?:[A-Za-z_][\w-]*|\d+))*$/;

/** A comma separates thousands alone, so that `1,250.5` is one number and `3, 4` are two. */
const NUMBERS = /(?<![\d.])-?(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?(?:e[+-]?\d+)?/gi;

/** @throws BadValue that names what is allowed */
export function parseTransform(text: string): Transform {
  if (text === 'last number') return { kind: 'last number' };
  if (text.startsWith(AFTER) && text.length > AFTER.length)
    return { kind: 'text after', marker: text.slice(AFTER.length) };
  const path = DOTTED.test(text) ? dottedPath(text) : text;
  if (path.startsWith('$')) {
    try {
      query(path, null);
      return { kind: 'path', path };
    } catch (error) {
      throw new BadValue(`transform "${text}" is no JSONPath: ${String(error)}`, { cause: error });
    }
  }
  throw new BadValue(
    `transform "${text}" is out; allowed: "last number", "text after MARKER", or a JSON path as "$.total" or "items.0.name"`,
  );
}

/** `items.0.name` as a JSONPath. */
export const dottedPath = (dotted: string): string =>
  `$${dotted
    .split('.')
    .map((key) => (/^\d+$/.test(key) ? `[${key}]` : `[${JSON.stringify(key)}]`))
    .join('')}`;

export const lastNumber = (text: string): number | null => {
  const found = text.match(NUMBERS)?.at(-1);
  return found === undefined ? null : Number(found.replaceAll(',', ''));
};

export function partOf(answer: string, transform: Transform | null): Part {
  if (transform === null) return { ok: true, value: answer };
  switch (transform.kind) {
    case 'last number': {
      const value = lastNumber(answer);
      return value === null ? { ok: false, problem: 'the answer has no number' } : { ok: true, value };
    }
    case 'text after': {
      const at = answer.lastIndexOf(transform.marker);
      return at === -1
        ? { ok: false, problem: `the answer has no "${transform.marker}"` }
        : { ok: true, value: answer.slice(at + transform.marker.length).trim() };
    }
    case 'path': {
      const json = jsonOf(answer);
      if (json === undefined) return { ok: false, problem: 'the answer is no JSON' };
      const [found] = query(transform.path, json).values();
      return found === undefined
        ? { ok: false, problem: `the answer has nothing at ${transform.path}` }
        : { ok: true, value: found };
    }
  }
}
