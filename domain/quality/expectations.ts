/** What a payload says of its right answers: assertions, or labels by answer field as the short form of them. */
import { isFields, type Fields } from '../text/fields.ts';
import { BadValue } from '../text/units.ts';
import { parseAssertion, type Assertion } from './assertion.ts';
import { dottedPath } from './transform.ts';

/** Where a named field of the answers stands, and what its metric is called. */
export interface AnswerField {
  readonly path: string;
  readonly metric: string;
}

/** By the name that `expected` uses; a field that is not named here stands at its own name and is its own metric. */
export type AnswerFields = Readonly<Record<string, AnswerField>>;

function labelsOf(value: unknown, where: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((one) => {
    if (typeof one !== 'string' || one.trim() === '')
      throw new BadValue(`${where} holds ${JSON.stringify(one)}; allowed: text, or a list of text`);
    return one;
  });
}

/** `expected` as assertions: of a text or a list, the whole answer is one of them; of an object, each field is. */
function labels(expected: unknown, where: string, fields: AnswerFields): Assertion[] {
  const label = (value: unknown, at: string, more: Fields): Assertion[] => {
    const accepted = labelsOf(value, at);
    return accepted.length === 0 ? [] : [parseAssertion({ type: 'label', value: accepted, ...more }, at)];
  };
  if (expected === undefined || expected === null) return [];
  if (typeof expected === 'string' || Array.isArray(expected))
    return label(expected, `${where}: expected`, {});
  if (!isFields(expected))
    throw new BadValue(
      `${where}: field "expected" is ${JSON.stringify(expected)}; allowed: text, a list of text, or an object by answer field as {"corrected":["..."]}`,
    );
  return Object.entries(expected).flatMap(([name, value]) => {
    const { path, metric } = fields[name] ?? { path: name, metric: name };
    const transform = path.startsWith('$') ? path : dottedPath(path);
    return label(value, `${where}: expected.${name}`, { metric, transform });
  });
}

/**
 * The assertions of one payload, from its members `expected` and `assert`; none where it has neither.
 * @throws BadValue
 */
export function expectationsOf(payload: Fields, where: string, fields: AnswerFields): readonly Assertion[] {
  const { assert } = payload;
  if (assert !== undefined && !Array.isArray(assert))
    throw new BadValue(
      `${where}: field "assert" is ${JSON.stringify(assert)?.slice(0, 60)}; allowed: a list of assertions`,
    );
  const given: readonly unknown[] = assert ?? [];
  return [
    ...labels(payload['expected'], where, fields),
    ...given.map((one, i) => parseAssertion(one, `${where}: assert[${i}]`)),
  ];
}

/** The metrics that these assertions give, in the order of their first. */
export const metricsOf = (assertions: readonly Assertion[]): readonly string[] => [
  ...new Set(assertions.map(({ metric }) => metric)),
];
