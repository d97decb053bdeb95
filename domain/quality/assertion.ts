/**
 * What a right answer is, as data, in the vocabulary of promptfoo (https://www.promptfoo.dev/docs/configuration/expected-outputs):
 * a list of assertions, each of which gives an answer a score from 0 to 1. Scores of one metric of a payload are averaged
 * by weight; a metric's figure is their mean over answers.
 */
import * as v from 'valibot';
import { isFields } from '../text/fields.ts';
import { offer } from '../text/nearest.ts';
import { BadValue } from '../text/units.ts';
import { DEFAULT_METRIC } from './scores.ts';
import { schemaProblem } from './json-schema.ts';
import { parseTransform } from './transform.ts';

const METRIC = /^\w[\w .:/-]{0,63}$/;

/** A valibot action that reads a text by a parser which throws BadValue. */
const readBy = <T>(parse: (text: string) => T) =>
  v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
    try {
      return parse(dataset.value);
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      addIssue({ message: error.message });
      return NEVER;
    }
  });

const words = v.pipe(v.string('allowed: text'), v.nonEmpty('is empty; allowed: text'));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const common = {
  /** Its part in the mean of its metric. */
  weight: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0)), 1),
  /** The figure's name in the report. */
  metric: v.optional(
    v.pipe(
      v.string(),
      v.regex(METRIC, 'allowed: up to 64 letters, digits, spaces and . : / - _, a letter or digit first'),
    ),
    DEFAULT_METRIC,
  ),
  /** The part of the answer that is looked at; null: all of it. */
  transform: v.optional(v.nullable(v.pipe(v.string(), readBy(parseTransform))), null),
  /** It turns the score around: 1 less the score. */
  not: v.optional(v.boolean(), false),
};

/** The score at which it counts as 1, and below as 0; null: the score itself counts. */
const cutoff = { threshold: v.optional(v.nullable(share), null) };

/** promptfoo also takes a list as one text with commas. */
const list = v.pipe(
  v.union(
    [
      v.array(words),
      v.pipe(
        words,
        v.transform((text) => text.split(',').map((one) => one.trim())),
      ),
    ],
    'allowed: a list of texts, or one text with commas',
  ),
  v.minLength(1, 'is empty; allowed: at least one text'),
);

const regex = v.pipe(
  words,
  v.check(isPattern, ({ input }) => `${JSON.stringify(input)} is no regular expression`),
);
function isPattern(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

const jsonSchema = v.pipe(
  v.record(v.string(), v.unknown(), 'allowed: a JSON schema, as {"type":"object","required":["name"]}'),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed ? schemaProblem(dataset.value) : null;
    if (problem !== null) addIssue({ message: `is no JSON schema: ${problem}` });
  }),
);

const tolerance = v.union(
  [
    v.pipe(v.number(), v.finite(), v.minValue(0)),
    v.pipe(
      v.string(),
      v.regex(/^\d+(?:\.\d+)?%$/, 'allowed: an amount from 0, or a share of the value as "1%"'),
    ),
  ],
  'allowed: an amount from 0, or a share of the value as "1%"',
);

const schemas = {
  /** The answer is this text; or, where the value is no text, JSON that equals it. */
  equals: v.strictObject({ type: v.literal('equals'), value: v.unknown(), ...common }),
  /** The answer is one of these texts once case, spaces, typographic signs and closing punctuation are evened out. */
  label: v.strictObject({
    type: v.literal('label'),
    value: v.pipe(v.array(words), v.minLength(1)),
    ...common,
  }),
  contains: v.strictObject({ type: v.literal('contains'), value: words, ...common }),
  icontains: v.strictObject({ type: v.literal('icontains'), value: words, ...common }),
  'contains-all': v.strictObject({ type: v.literal('contains-all'), value: list, ...common }),
  'contains-any': v.strictObject({ type: v.literal('contains-any'), value: list, ...common }),
  'icontains-all': v.strictObject({ type: v.literal('icontains-all'), value: list, ...common }),
  'icontains-any': v.strictObject({ type: v.literal('icontains-any'), value: list, ...common }),
  'starts-with': v.strictObject({ type: v.literal('starts-with'), value: words, ...common }),
  regex: v.strictObject({ type: v.literal('regex'), value: regex, ...common }),
  /** All of the answer is JSON, and fits the schema where there is one. */
  'is-json': v.strictObject({ type: v.literal('is-json'), value: v.optional(jsonSchema), ...common }),
  /** The answer holds JSON somewhere, which fits the schema where there is one. */
  'contains-json': v.strictObject({
    type: v.literal('contains-json'),
    value: v.optional(jsonSchema),
    ...common,
  }),
  /** At most so many edits (insert, delete, replace) from this text. */
  levenshtein: v.strictObject({
    type: v.literal('levenshtein'),
    value: words,
    threshold: v.optional(v.pipe(v.number(), v.minValue(0)), 5),
    ...common,
  }),
  /** The answer is this number, within the tolerance. */
  number: v.strictObject({
    type: v.literal('number'),
    value: v.pipe(v.number(), v.finite()),
    tolerance: v.optional(tolerance, 0),
    ...common,
  }),
  /** An expression of `output` and `context`, or `file://PATH` of a module whose default export is a function of them. */
  javascript: v.strictObject({ type: v.literal('javascript'), value: words, ...cutoff, ...common }),
  /** A judge model reads the answer by this rubric. */
  'llm-rubric': v.strictObject({ type: v.literal('llm-rubric'), value: words, ...cutoff, ...common }),
  /** Cosine of the embeddings of the answer and of this text. */
  similar: v.strictObject({
    type: v.literal('similar'),
    value: words,
    threshold: v.optional(v.nullable(share), 0.75),
    ...common,
  }),
};

const schema = v.variant('type', [
  schemas.equals,
  schemas.label,
  schemas.contains,
  schemas.icontains,
  schemas['contains-all'],
  schemas['contains-any'],
  schemas['icontains-all'],
  schemas['icontains-any'],
  schemas['starts-with'],
  schemas.regex,
  schemas['is-json'],
  schemas['contains-json'],
  schemas.levenshtein,
  schemas.number,
  schemas.javascript,
  schemas['llm-rubric'],
  schemas.similar,
]);

export type Assertion = v.InferOutput<typeof schema>;
export const ASSERTION_TYPES: readonly string[] = Object.keys(schemas);

/** `not-contains` is `contains` turned around. */
const NOT = /^not-/;

/**
 * One parsed JSON value to an assertion. `where` leads every refusal.
 * @throws BadValue with the bad value, what is allowed, and the name that was meant
 */
export function parseAssertion(value: unknown, where: string): Assertion {
  if (!isFields(value))
    throw new BadValue(
      `${where}: an assertion is an object as {"type":"contains","value":"Paris"}, not ${JSON.stringify(value)?.slice(0, 60) ?? 'nothing'}`,
    );
  const { type } = value;
  const name = typeof type === 'string' ? type.replace(NOT, '') : '';
  if (typeof type !== 'string' || !ASSERTION_TYPES.includes(name))
    throw new BadValue(
      `${where}: type ${JSON.stringify(type) ?? 'is missing'} is no assertion${offer(name, ASSERTION_TYPES)} (each with not- before it as well)`,
    );
  const turned = NOT.test(type) ? { not: value['not'] !== true } : {};
  const result = v.safeParse(schema, { ...value, type: name, ...turned });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new BadValue(`${where}: ${type}: ${v.getDotPath(issue) ?? 'value'}: ${issue.message}`);
}

/** Whether a model has to be asked for the score. */
export type Judged = Extract<Assertion, { type: 'llm-rubric' | 'similar' }>;
export const isJudged = (one: Assertion): one is Judged =>
  one.type === 'llm-rubric' || one.type === 'similar';

/** Whether the user's own code gives the score. */
export type Coded = Extract<Assertion, { type: 'javascript' }>;
export const isCoded = (one: Assertion): one is Coded => one.type === 'javascript';

/** What the answer alone decides. */
export type Plain = Exclude<Assertion, Judged | Coded>;

export type { Transform } from './transform.ts';
