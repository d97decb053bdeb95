/** A gateway's programs as data: where to post, what to post, and whose model must answer. */
import { BadValue } from '../../text/units.ts';
import { BadField, asFields, isFields, oneOf, text, textOrNull, type Fields } from '../../text/fields.ts';

export const INPUT_TYPES = ['str', 'int', 'float', 'bool', 'list[str]'] as const;
export type InputType = (typeof INPUT_TYPES)[number];

export interface GatewayProgram {
  readonly name: string;
  /** Path that is posted to, below the gateway's URL. */
  readonly path: string;
  readonly model: string;
  /** Whether it holds a worker while it runs; null: not known. */
  readonly mode: 'sync' | 'async' | null;
  /** Type by input field; at least one `str`, which carries the request's id. */
  readonly inputs: Readonly<Record<string, InputType>>;
  /** Inputs that stay as they are. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Fields that every answer has; empty: not known. */
  readonly outputs: readonly string[];
  /** The answer's field that names the model; null: looked for in all of the answer's text. */
  readonly model_field: string | null;
}

type Draft = { readonly [K in keyof GatewayProgram]?: GatewayProgram[K] } & { readonly name: string };

function inputTypes(value: unknown, field: string): Record<string, InputType> {
  const types = asFields(value, field);
  return Object.fromEntries(Object.keys(types).map((name) => [name, oneOf(types, name, INPUT_TYPES)]));
}

/** Field names of a map or a list. */
function fieldNames(value: unknown, field: string): string[] {
  if (Array.isArray(value)) return value.map((one: unknown, i) => text({ [i]: one }, String(i)));
  return Object.keys(asFields(value, field));
}

/** Keys that are absent stay absent, so that one source can complete another. */
function draft(value: unknown): Draft {
  const of: Fields = asFields(value, 'a program');
  const model = textOrNull(of, 'model');
  const path = textOrNull(of, 'endpoint');
  const model_field = textOrNull(of, 'model_field');
  return {
    name: text(of, 'name'),
    ...(model === null ? {} : { model }),
    ...(path === null ? {} : { path: path.startsWith('/') ? path : `/${path}` }),
    ...(of['mode'] === undefined ? {} : { mode: oneOf(of, 'mode', ['sync', 'async']) }),
    ...(of['inputs'] === undefined ? {} : { inputs: inputTypes(of['inputs'], 'inputs') }),
    ...(of['values'] === undefined ? {} : { values: asFields(of['values'], 'values') }),
    ...(of['outputs'] === undefined ? {} : { outputs: fieldNames(of['outputs'], 'outputs') }),
    ...(model_field === null ? {} : { model_field }),
  };
}

function drafts(value: unknown, where: string): Draft[] {
  const list: unknown = isFields(value) ? value['programs'] : value;
  if (!Array.isArray(list))
    throw new BadValue(`${where}: expected {"programs":[{"name","model","endpoint"}]} or that list itself`);
  return list.map((one: unknown, i) => {
    try {
      return draft(one);
    } catch (error) {
      if (!(error instanceof BadField)) throw error;
      throw new BadValue(`${where}, program ${i + 1}: ${error.message}`);
    }
  });
}

const CURE =
  'say it in a file given by --gateway-programs, as [{"name":"Ask","model":"model-a","inputs":{"question":"str"},"model_field":"model"}]';

function complete(of: Draft): GatewayProgram {
  const { name, model, inputs } = of;
  if (model === undefined) throw new BadValue(`the program "${name}" names no model; ${CURE}`);
  if (inputs === undefined) throw new BadValue(`the inputs of the program "${name}" are not known; ${CURE}`);
  const values = of.values ?? {};
  const carrier = Object.keys(inputs).find((field) => inputs[field] === 'str' && !(field in values));
  if (carrier === undefined)
    throw new BadValue(`the program "${name}" has no str input that could carry a request's id; ${CURE}`);
  return {
    name,
    model,
    inputs,
    values,
    path: of.path ?? `/${name}`,
    mode: of.mode ?? null,
    outputs: of.outputs ?? [],
    model_field: of.model_field ?? null,
  };
}

export interface ProgramSources {
  /** What `GET /programs` said; null: nothing usable. */
  readonly listed: unknown;
  /** The user's own list, which completes and overrides the former, and chooses where both are there; null: none. */
  readonly given: unknown;
}

/** @throws BadValue that names program, field and the cure */
export function readPrograms({ listed, given }: ProgramSources): readonly GatewayProgram[] {
  const theirs = listed === null ? [] : drafts(listed, 'GET /programs');
  const own = given === null ? [] : drafts(given, '--gateway-programs');
  const chosen = given === null ? theirs : own;
  const programs = chosen.map((one) => complete({ ...theirs.find(({ name }) => name === one.name), ...one }));
  if (programs.length === 0) throw new BadValue(`the gateway lists no program; ${CURE}`);
  const names = programs.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new BadValue(`the program "${twice}" is listed twice; names must differ`);
  return programs;
}

const DEFAULTS: Readonly<Record<InputType, unknown>> = {
  str: 'en',
  int: 1,
  float: 1,
  bool: true,
  'list[str]': ['en'],
};

/** The inputs of one request: distinct by its id, which stands in the first free text field. */
export function requestInputs(program: GatewayProgram, id: string): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  let carried = false;
  for (const [field, type] of Object.entries(program.inputs)) {
    if (field in program.values) out[field] = program.values[field];
    else if (type === 'str' && !carried) {
      carried = true;
      out[field] = `Request ${id}: when does the ferry to the lighthouse leave?`;
    } else out[field] = DEFAULTS[type];
  }
  return out;
}

/** `openai/gpt-x` and `gpt-x` are one model: the part before the slash is the client library's. */
export const bareModel = (model: string): string => model.slice(model.lastIndexOf('/') + 1);

const isPart = (character: string | undefined): boolean =>
  character !== undefined && /[\w.:-]/.test(character);

/** Whether `content` names the model as a word of its own, not as a part of a longer name. */
function mentions(content: string, model: string): boolean {
  for (let at = content.indexOf(model); at !== -1; at = content.indexOf(model, at + 1)) {
    if (!isPart(content[at - 1]) && !isPart(content[at + model.length])) return true;
  }
  return false;
}

/**
 * The model that an answer names, bare: by the program's own field, else the one among `models` that its texts name. Null
 * where it names none, or several.
 */
export function namedModel(
  program: GatewayProgram,
  answer: Fields,
  models: readonly string[],
): string | null {
  if (program.model_field !== null) {
    const value = answer[program.model_field];
    if (typeof value !== 'string' || value === '') return null;
    const exact = models.map(bareModel).find((model) => model === bareModel(value));
    if (exact !== undefined) return exact;
    const found = models.map(bareModel).filter((model) => mentions(value, model));
    return found.length === 1 ? (found[0] ?? null) : bareModel(value).slice(0, 100);
  }
  const content = JSON.stringify(answer);
  const found = [...new Set(models.map(bareModel))].filter((model) => mentions(content, model));
  return found.length === 1 ? (found[0] ?? null) : null;
}
