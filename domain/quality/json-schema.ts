/** JSON schemas (draft 2020-12 and 07, by Ajv). Formats such as `date` are not checked. */
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

const OPTIONS = { strict: false, validateFormats: false, logger: false, allErrors: false } as const;

type Validate = (value: unknown) => string | null;
/** A schema is compiled once. */
const compiled = new WeakMap<JsonSchema, Validate>();

function compile(schema: JsonSchema): Validate {
  const { $schema } = schema;
  const draft = typeof $schema === 'string' ? $schema : '';
  const ajv = /draft-0[67]/.test(draft) ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS);
  // A schema that fetches nothing: a reference to another document is refused by compile.
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? null : ajv.errorsText(validate.errors, { dataVar: 'the answer' }));
}

/** What is wrong with a schema, or null. */
export function schemaProblem(schema: JsonSchema): string | null {
  try {
    compile(schema);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Why a value does not fit, or null. @throws where it is no schema */
export function misfit(value: unknown, schema: JsonSchema): string | null {
  let validate = compiled.get(schema);
  if (validate === undefined) compiled.set(schema, (validate = compile(schema)));
  return validate(value);
}
