/** A payload: the request that is posted as it is, and what is known of a right answer. */
import { normalise } from '../record/right-answer.ts';
import { isFields, type Fields } from '../text/fields.ts';
import { BadValue } from '../text/units.ts';

export interface Payload {
  readonly id: string;
  /** Posted as it is. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Accepted answers by what they answer; an empty list: no label. */
  readonly expected: Expected;
  /** The same labels as answers are compared with them, where the cli has written them down for k6. */
  readonly normalised?: Expected;
}

export interface Expected {
  readonly corrected: readonly string[];
  readonly translation: readonly string[];
}

function accepted(expected: Fields, field: string, where: string): readonly string[] {
  const value = expected[field];
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((one) => {
    if (typeof one !== 'string' || one.trim() === '')
      throw new BadValue(
        `${where}: expected.${field} holds ${JSON.stringify(one)}; allowed: text, or a list of text`,
      );
    return one;
  });
}

/**
 * One parsed JSON value to a payload. `where` (file and line) leads every refusal; `fallback_id` serves a payload without one.
 * @throws BadValue
 */
export function toPayload(value: unknown, where: string, fallback_id: string): Payload {
  if (!isFields(value))
    throw new BadValue(
      `${where}: a payload is an object {"id", "request", "expected"}, not ${JSON.stringify(value)?.slice(0, 60)}`,
    );
  const id = value['id'] ?? fallback_id;
  if (typeof id !== 'string' || id === '')
    throw new BadValue(`${where}: field "id" is ${JSON.stringify(id)}; allowed: text`);
  const request = value['request'];
  if (!isFields(request))
    throw new BadValue(
      `${where}: field "request" is ${request === undefined ? 'missing' : 'no object'}; it is what will be posted, as {"request":{"text":"..."}}`,
    );
  // What else is expected, and in which form, is read and checked where answers are scored (domain/quality).
  const expected = isFields(value['expected']) ? value['expected'] : {};
  const lists = (of: Fields): Expected => ({
    corrected: accepted(of, 'corrected', where),
    translation: accepted(of, 'translation', where),
  });
  const { normalised } = value;
  return {
    id,
    request,
    expected: lists(expected),
    ...(isFields(normalised) ? { normalised: lists(normalised) } : {}),
  };
}

/** What k6 is given: labels that each VU need not normalise again. */
export function withNormalised(payload: Payload): Payload {
  const { corrected, translation } = payload.expected;
  const prepared = (of: readonly string[]): string[] =>
    [...new Set(of.map(normalise))].filter((text) => text !== '');
  return { ...payload, normalised: { corrected: prepared(corrected), translation: prepared(translation) } };
}

/** @throws BadValue where two payloads share an id: their answers would be scored as one. */
export function assertDistinctIds(payloads: readonly { readonly id: string }[]): void {
  const seen = new Set<string>();
  for (const { id } of payloads) {
    if (seen.has(id)) throw new BadValue(`the payload id "${id}" stands twice; ids must differ`);
    seen.add(id);
  }
}
