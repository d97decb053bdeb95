/**
 * A promptfoo configuration as payloads: its prompts, with the variables of its tests put in, and its assertions. What of it
 * has no counterpart here is named rather than passed over. Files that it names are read by the caller.
 */
import { isFields, type Fields } from '../text/fields.ts';
import { jsonOf } from '../text/json.ts';
import { BadValue } from '../text/units.ts';
import { ASSERTION_TYPES } from './assertion.ts';

export interface FromPromptfoo {
  /** Each an object {"id", "prompt" or "messages", "assert"}, to be read as any other payload. */
  readonly payloads: readonly Fields[];
  /** One line a part that is left out, and why. */
  readonly left_out: readonly string[];
}

/** Whether a parsed file is a promptfoo configuration rather than payloads of the suite's own shape. */
export const isPromptfoo = (value: unknown): value is Fields =>
  isFields(value) && Array.isArray(value['prompts']) && value['prompt'] === undefined;

/** What the suite does by itself, so that leaving it out changes nothing. */
const NOT_NEEDED: readonly string[] = [
  '$schema',
  'description',
  'providers',
  'targets',
  'outputPath',
  'sharing',
];
const TOP: readonly string[] = ['prompts', 'tests', 'defaultTest', ...NOT_NEEDED];
const TEST: readonly string[] = ['vars', 'assert', 'description', 'metadata', 'options'];
const ASSERT: readonly string[] = [
  'type',
  'value',
  'threshold',
  'weight',
  'metric',
  'transform',
  'tolerance',
];

/** A transform of the suite's own; promptfoo's are expressions of JavaScript. */
const OURS = /^(?:\$|last number$|text after )/;

const SLOT = /\{\{\s*([\w.-]+)\s*\}\}/g;
const LOGIC = /\{%|\{\{[^}]*\|/;

interface Context {
  readonly where: string;
  /** Says once that a part is left out. */
  readonly leaveOut: (what: string) => void;
}

/** @throws BadValue where it can't be a configuration of promptfoo */
export function fromPromptfoo(config: Fields, where: string): FromPromptfoo {
  const left_out = new Set<string>();
  const context: Context = { where, leaveOut: (what) => left_out.add(`${where}: ${what}`) };
  nameOthers(config, TOP, 'the configuration', context);
  const prompts = listOf(config, 'prompts', where).flatMap((prompt, i) => promptOf(prompt, i, context));
  if (prompts.length === 0) throw new BadValue(`${where}: "prompts" holds no prompt that can be read`);
  const usual = isFields(config['defaultTest']) ? config['defaultTest'] : {};
  const tests: readonly unknown[] = config['tests'] === undefined ? [{}] : listOf(config, 'tests', where);
  const payloads = tests.flatMap((test, t) => {
    if (!isFields(test))
      throw new BadValue(`${where}: tests[${t}] is ${JSON.stringify(test)}; allowed: an object`);
    return prompts.flatMap((prompt, p) => {
      const id = prompts.length === 1 ? `test-${t + 1}` : `prompt-${p + 1}-test-${t + 1}`;
      return payloadOf(id, prompt, test, usual, { ...context, where: `${where}: tests[${t}]` });
    });
  });
  return { payloads, left_out: [...left_out] };
}

function listOf(of: Fields, name: string, where: string): readonly unknown[] {
  const value = of[name];
  if (Array.isArray(value)) return value;
  throw new BadValue(
    `${where}: "${name}" is ${JSON.stringify(value)?.slice(0, 60) ?? 'missing'}; allowed: a list`,
  );
}

function nameOthers(of: Fields, known: readonly string[], what: string, { leaveOut }: Context): void {
  for (const name of Object.keys(of))
    if (!known.includes(name)) leaveOut(`"${name}" of ${what} is not supported`);
}

/** A text; or an object with one. */
function promptOf(prompt: unknown, i: number, { leaveOut }: Context): string[] {
  const text = isFields(prompt) ? (prompt['raw'] ?? prompt['content']) : prompt;
  if (typeof text === 'string' && !/^(?:file:\/\/|exec:)/.test(text)) return [text];
  leaveOut(`prompts[${i}] is no text, which alone is supported (also from file://*.txt and *.json)`);
  return [];
}

function payloadOf(id: string, prompt: string, test: Fields, usual: Fields, context: Context): Fields[] {
  nameOthers(test, TEST, 'a test', context);
  const vars = { ...fieldsOf(usual['vars']), ...fieldsOf(test['vars']) };
  const transform = fieldsOf(test['options'])['transform'] ?? fieldsOf(usual['options'])['transform'];
  if (transform !== undefined)
    context.leaveOut(
      '"options.transform" is an expression of JavaScript; give each assertion a "transform" of ours',
    );
  const asserts = [usual['assert'], test['assert']].flatMap((one): unknown[] =>
    Array.isArray(one) ? one : [],
  );
  const filled = fill(prompt, vars, context);
  if (filled === null) return [];
  const messages = jsonOf(filled);
  return [
    {
      id,
      ...(Array.isArray(messages) ? { messages } : { prompt: filled }),
      assert: asserts.flatMap((one) => assertOf(one, vars, context)),
    },
  ];
}

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

/** The text with the variables in their places; null: it has what only a template engine can do. */
function fill(text: string, vars: Fields, { where, leaveOut }: Context): string | null {
  if (LOGIC.test(text)) {
    leaveOut(
      `a text with {% ... %} or a filter needs a template engine: ${JSON.stringify(text.slice(0, 60))}`,
    );
    return null;
  }
  return text.replaceAll(SLOT, (_, name: string) => {
    const value = vars[name];
    if (value === undefined)
      throw new BadValue(`${where}: the prompt names {{${name}}}, and vars has none of it`);
    if (Array.isArray(value))
      throw new BadValue(`${where}: vars.${name} is a list; write a test for each of its values`);
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function assertOf(one: unknown, vars: Fields, context: Context): Fields[] {
  if (!isFields(one))
    throw new BadValue(`${context.where}: an assertion is ${JSON.stringify(one)}; allowed: an object`);
  const type = typeof one['type'] === 'string' ? one['type'] : '';
  if (!ASSERTION_TYPES.includes(type.replace(/^not-/, ''))) {
    context.leaveOut(`the assertion "${type}" is not supported and is left out`);
    return [];
  }
  nameOthers(one, ASSERT, `the assertion ${type}`, context);
  const kept = Object.fromEntries(Object.entries(one).filter(([name]) => ASSERT.includes(name)));
  const { transform, value } = kept;
  if (transform !== undefined && !(typeof transform === 'string' && OURS.test(transform))) {
    context.leaveOut(`the transform ${JSON.stringify(transform)} is JavaScript; the assertion is left out`);
    return [];
  }
  const filled = fillAll(value, vars, context);
  return [{ ...kept, ...(filled === undefined ? {} : { value: filled }) }];
}

/** A value's texts with the variables in their places. */
function fillAll(value: unknown, vars: Fields, context: Context): unknown {
  if (typeof value === 'string') return fill(value, vars, context) ?? value;
  if (Array.isArray(value)) return value.map((one: unknown) => fillAll(one, vars, context));
  return value;
}
