/** The scores that an answer alone decides, each 0 or 1. */
import { distance } from 'fastest-levenshtein';
import { normalise } from '../record/right-answer.ts';
import { jsonOf, type Json } from '../text/json.ts';
import { isFields } from '../text/fields.ts';
import type { Plain } from './assertion.ts';
import { jsonIn } from './json-in-text.ts';
import { misfit, type JsonSchema } from './json-schema.ts';
import { partOf } from './transform.ts';

export interface Score {
  /** From 0 (wrong) to 1 (right). */
  readonly score: number;
  /** Why, for a person; null where the score says it. Untrusted: it may quote the answer. */
  readonly detail: string | null;
}

/** Null: it holds; else why it does not. */
type Fault = string | null;

/** An answer without the part that is looked at is wrong, whichever way the assertion is turned. */
export function scorePlain(assertion: Plain, answer: string): Score {
  const part = partOf(answer, assertion.transform);
  if (!part.ok) return { score: 0, detail: part.problem };
  const fault = faultOf(assertion, part.value);
  if (!assertion.not) return { score: fault === null ? 1 : 0, detail: fault };
  return fault === null
    ? { score: 0, detail: `not-${assertion.type} does not hold` }
    : { score: 1, detail: null };
}

const textOf = (part: unknown): string => (typeof part === 'string' ? part : JSON.stringify(part));

const lacking = (wanted: readonly string[], has: (one: string) => boolean): readonly string[] =>
  wanted.filter((one) => !has(one));
const quoted = (texts: readonly string[]): string => texts.map((one) => JSON.stringify(one)).join(', ');

function faultOf(assertion: Plain, part: unknown): Fault {
  const text = textOf(part);
  const lower = (): string => text.toLowerCase();
  switch (assertion.type) {
    case 'equals':
      return equals(part, assertion.value) ? null : `it is not ${JSON.stringify(assertion.value)}`;
    case 'label':
      return labelled(text, assertion.value) ? null : `it is none of ${quoted(assertion.value)}`;
    case 'contains':
      return text.includes(assertion.value) ? null : `it lacks ${JSON.stringify(assertion.value)}`;
    case 'icontains':
      return lower().includes(assertion.value.toLowerCase())
        ? null
        : `it lacks ${JSON.stringify(assertion.value)}`;
    case 'contains-all':
      return allOf(lacking(assertion.value, (one) => text.includes(one)));
    case 'icontains-all':
      return allOf(lacking(assertion.value, (one) => lower().includes(one.toLowerCase())));
    case 'contains-any':
      return assertion.value.some((one) => text.includes(one))
        ? null
        : `it has none of ${quoted(assertion.value)}`;
    case 'icontains-any':
      return assertion.value.some((one) => lower().includes(one.toLowerCase()))
        ? null
        : `it has none of ${quoted(assertion.value)}`;
    case 'starts-with':
      return text.startsWith(assertion.value)
        ? null
        : `it does not start with ${JSON.stringify(assertion.value)}`;
    case 'regex':
      return new RegExp(assertion.value).test(text) ? null : `it does not match /${assertion.value}/`;
    case 'is-json':
      return isJson(part, assertion.value);
    case 'contains-json':
      return containsJson(part, assertion.value);
    case 'levenshtein':
      return near(text, assertion.value, assertion.threshold);
    case 'number':
      return isNumber(part, assertion.value, assertion.tolerance);
  }
}

const allOf = (missing: readonly string[]): Fault =>
  missing.length === 0 ? null : `it lacks ${quoted(missing)}`;

/** Labels as they are compared, once each. */
const normalised = new WeakMap<readonly string[], ReadonlySet<string>>();

function labelled(text: string, labels: readonly string[]): boolean {
  let known = normalised.get(labels);
  if (known === undefined) normalised.set(labels, (known = new Set(labels.map(normalise))));
  return known.has(normalise(text));
}

/** A text by its characters; anything else as JSON. */
function equals(part: unknown, value: unknown): boolean {
  if (typeof value === 'string' || typeof part !== 'string')
    return typeof value === typeof part ? same(part, value) : textOf(part) === textOf(value);
  return same(jsonOf(part), value);
}

function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one: unknown, i) => same(one, b[i]));
  if (!isFields(a) || !isFields(b)) return a === b;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]))
  );
}

function isJson(part: unknown, schema: JsonSchema | undefined): Fault {
  const value = typeof part === 'string' ? jsonOf(part) : part;
  if (value === undefined) return 'it is no JSON';
  return schema === undefined ? null : misfit(value, schema);
}

function containsJson(part: unknown, schema: JsonSchema | undefined): Fault {
  const whole = typeof part === 'string' ? jsonOf(part) : undefined;
  const found: readonly (Json | undefined)[] = whole !== undefined ? [whole] : jsonIn(textOf(part));
  if (found.length === 0) return 'it holds no JSON';
  if (schema === undefined) return null;
  const faults = found.map((value) => misfit(value, schema));
  return faults.includes(null) ? null : (faults[0] ?? null);
}

function near(text: string, value: string, edits: number): Fault {
  // Each character more or less is an edit: a long answer need not be compared to be far.
  const least = Math.abs(text.length - value.length);
  if (least > edits) return `at least ${least} edits from ${JSON.stringify(value)}, more than ${edits}`;
  const found = distance(text, value);
  return found <= edits ? null : `${found} edits from ${JSON.stringify(value)}, more than ${edits}`;
}

/** A number with what people write around it: a sign of money, a unit, a full stop. */
const NUMBER_ALONE = /^[^\d.-]*(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?)[^\d]*$/i;

function isNumber(part: unknown, value: number, tolerance: number | string): Fault {
  const text = typeof part === 'string' ? NUMBER_ALONE.exec(part.trim())?.[1]?.replaceAll(',', '') : part;
  const found = typeof text === 'string' ? Number(text) : text;
  if (typeof found !== 'number' || !Number.isFinite(found)) return 'it is no number';
  const within =
    typeof tolerance === 'number' ? tolerance : (Math.abs(value) * Number.parseFloat(tolerance)) / 100;
  // Decimals such as 0.1 + 0.2 are off by a rounding in the last place.
  const rounding = Number.EPSILON * Math.max(Math.abs(found), Math.abs(value));
  return Math.abs(found - value) <= within + rounding
    ? null
    : `${found} is not ${value}${within > 0 ? ` within ${within}` : ''}`;
}
