import { BadValue } from '../../domain/text/units.ts';

export type Mode = 'sync' | 'async';

/** A program that the gateway serves: text fields in, text fields out. */
export interface Program {
  readonly name: string;
  readonly model: string;
  readonly mode: Mode;
  readonly inputs: readonly string[];
  /** The output that carries what the LM said. */
  readonly output: string;
}

/** The output that names the model which answered. */
export const MODEL_FIELD = 'model';

type Fields = Pick<Program, 'inputs' | 'output'>;

const known_fields: ReadonlyMap<string, Fields> = new Map([
  ['Summarize', { inputs: ['text'], output: 'summary' }],
  ['Classify', { inputs: ['text'], output: 'label' }],
  ['Translate', { inputs: ['text', 'language'], output: 'translation' }],
]);
const usual_fields: Fields = { inputs: ['question'], output: 'answer' };

const usual_programs = [
  'Summarize:model-a:async',
  'Classify:model-a:sync',
  'Translate:model-b:async',
  'Ask:model-b:sync',
];

// A model's name may have colons of its own: openai/llama:8b.
const SHAPE = /^([A-Za-z][A-Za-z0-9_-]*):(.+):(sync|async)$/;

function parse(given: string): Program {
  const [, name, model, mode] = SHAPE.exec(given) ?? [];
  if (name === undefined || model === undefined)
    throw new BadValue(`--program '${given}': NAME:MODEL:sync or NAME:MODEL:async, as Ask:model-b:sync`);
  return {
    name,
    model,
    mode: mode === 'sync' ? 'sync' : 'async',
    ...(known_fields.get(name) ?? usual_fields),
  };
}

/**
 * The programs asked for, or four usual ones: two models, two sync and two async.
 * @throws {BadValue} at a bad one, or a name given twice
 */
export function readPrograms(given: readonly string[]): readonly Program[] {
  const programs = (given.length > 0 ? given : usual_programs).map(parse);
  const names = programs.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new BadValue(`--program: ${twice} is given twice`);
  return programs;
}

/** A program as `GET /programs` shows it. */
export function described({ name, model, mode, inputs, output }: Program) {
  const typed = (fields: readonly string[]) => Object.fromEntries(fields.map((field) => [field, 'str']));
  return {
    name,
    model,
    endpoint: `/${name}`,
    mode,
    inputs: typed(inputs),
    outputs: typed([output, MODEL_FIELD]),
    model_field: MODEL_FIELD,
  };
}
