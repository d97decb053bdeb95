/** Payloads from a folder or a file, checked before anything is started. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { assertDistinctIds, toPayload, withNormalised, type Payload } from '../../domain/load/payload.ts';
import { assertTextOnly, toPrompt, type Prompt } from '../../domain/load/prompt.ts';
import { jsonValue } from '../../domain/text/json.ts';
import { BadValue } from '../../domain/text/units.ts';
import { expectationsOf, metricsOf, type AnswerFields } from '../../domain/quality/expectations.ts';
import { fromPromptfoo, isPromptfoo } from '../../domain/quality/promptfoo.ts';
import { isFields, type Fields } from '../../domain/text/fields.ts';
import { UsageError } from '../io.ts';
import { readStructured, withAssertionFiles, withConfigFiles } from './assertion-files.ts';

export interface PayloadSet {
  readonly source: string;
  readonly payloads: readonly { readonly id: string }[];
  /** How many say what a right answer is. */
  readonly labelled: number;
  /** The metrics that their answers are scored by. */
  readonly metrics: readonly string[];
  /** Parts of a promptfoo configuration that are not supported, a line each. */
  readonly left_out: readonly string[];
  /** One JSON object a line; what k6 and whoever scores the answers read, and what the digest is of. */
  readonly jsonl: string;
  readonly sha256: string;
}

/** What a kind of payload looks like, and how one is read. */
export interface PayloadKind<P extends { readonly id: string }> {
  parse(value: unknown, where: string, fallback_id: string): P;
  readonly shape: string;
}

export const LABELLED: PayloadKind<Payload> = {
  parse: (value, where, fallback_id) => withNormalised(toPayload(value, where, fallback_id)),
  shape: '{"id":"...","request":{...},"expected":{"corrected":["..."]}}',
};

export const PROMPTS: PayloadKind<Prompt> = {
  parse: toPrompt,
  shape: '{"id":"...","prompt":"..."} or {"id":"...","messages":[...]}',
};

export interface PromptUse {
  /** They are sent as one text each. */
  readonly as_text: boolean;
  /** The flag by which the run names a model for all of them; null: none does. */
  readonly model_flag: string | null;
}

/** Prompts of which a load can send each as it was written. */
export const promptsFor = ({ as_text, model_flag }: PromptUse): PayloadKind<Prompt> => ({
  ...PROMPTS,
  parse(value, where, fallback_id) {
    const prompt = toPrompt(value, where, fallback_id);
    if (as_text) assertTextOnly(prompt, where);
    if (model_flag !== null && prompt.members?.['model'] !== undefined)
      throw new BadValue(
        `${where}: field "model" is there, and ${model_flag} names one too; leave one of them out`,
      );
    return prompt;
  },
});

/** A payload that was read, with what is known of its right answers. */
interface Labelled<P> {
  readonly payload: P;
  readonly labels: Fields;
  readonly metrics: readonly string[];
}

function labelled<P extends { readonly id: string }>(
  kind: PayloadKind<P>,
  value: unknown,
  where: string,
  fallback_id: string,
  fields: AnswerFields,
): Labelled<P> {
  const payload = kind.parse(value, where, fallback_id);
  if (!isFields(value)) return { payload, labels: {}, metrics: [] };
  const { expected, assert } = value;
  return {
    payload,
    labels: { ...(expected === undefined ? {} : { expected }), ...(assert === undefined ? {} : { assert }) },
    metrics: metricsOf(expectationsOf(value, where, fields)),
  };
}

/** The values of a file, each with its place and the id that it has where it names none. */
interface Placed {
  readonly value: unknown;
  readonly where: string;
  readonly id: string;
}

function valuesOf(file: string, leftOut: (lines: readonly string[]) => void): Placed[] {
  const stem = basename(file).replace(/\.(?:jsonl?|ya?ml)$/i, '');
  if (/\.jsonl$/i.test(file)) {
    const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
    return text.split('\n').flatMap((line, i) => {
      if (line.trim() === '') return [];
      const where = `${file} line ${i + 1}`;
      return [{ value: jsonValue(line, where), where, id: `${stem}-${i + 1}` }];
    });
  }
  const yaml = /\.ya?ml$/i.test(file);
  const value = yaml
    ? readStructured(file, file)
    : jsonValue(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''), file);
  if (isPromptfoo(value)) {
    const { payloads, left_out } = fromPromptfoo(withConfigFiles(value, dirname(file), file), file);
    leftOut(left_out);
    return payloads.map((one, i) => ({
      value: one,
      where: `${file} payload ${i + 1}`,
      id: `${stem}-${i + 1}`,
    }));
  }
  if (!Array.isArray(value)) return [{ value, where: file, id: stem }];
  return value.map((one: unknown, i) => ({
    value: one,
    where: `${file} element ${i + 1}`,
    id: `${stem}-${i + 1}`,
  }));
}

/**
 * @param fields where the answers have what `expected` names
 * @throws UsageError naming file, line and field
 */
export function readPayloads<P extends { readonly id: string }>(
  path: string,
  shown: string,
  kind: PayloadKind<P>,
  fields: AnswerFields = {},
): PayloadSet {
  let files: string[];
  try {
    files = statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => /\.(?:jsonl?|ya?ml)$/i.test(name))
          .sort()
          .map((name) => join(path, name))
      : [path];
  } catch (error) {
    throw new UsageError(
      `--payloads ${shown}: ${error instanceof Error ? error.message : String(error)}; give a folder or a file that exists`,
      { cause: error },
    );
  }
  try {
    const left_out: string[] = [];
    const payloads = files.flatMap((file) =>
      valuesOf(file, (lines) => left_out.push(...lines)).map(({ value, where, id }) =>
        labelled(kind, withAssertionFiles(value, dirname(file), where), where, id, fields),
      ),
    );
    if (payloads.length === 0)
      throw new UsageError(
        `--payloads ${shown} holds no payload; allowed: *.json or *.jsonl with objects as ${kind.shape}`,
      );
    assertDistinctIds(payloads.map(({ payload }) => payload));
    return { ...setOf(shown, payloads), left_out };
  } catch (error) {
    if (error instanceof BadValue) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function setOf<P extends { readonly id: string }>(
  source: string,
  of: readonly Labelled<P>[],
): Omit<PayloadSet, 'left_out'> {
  const jsonl = of.map(({ payload, labels }) => `${JSON.stringify({ ...payload, ...labels })}\n`).join('');
  return {
    source,
    payloads: of.map(({ payload }) => payload),
    labelled: of.filter(({ metrics }) => metrics.length > 0).length,
    metrics: [...new Set(of.flatMap(({ metrics }) => metrics))],
    jsonl,
    sha256: createHash('sha256').update(jsonl).digest('hex'),
  };
}

/** Payloads that were made here: nothing is known of their right answers. */
export const unlabelledSet = (source: string, payloads: readonly { readonly id: string }[]): PayloadSet => ({
  ...setOf(
    source,
    payloads.map((payload) => ({ payload, labels: {}, metrics: [] })),
  ),
  left_out: [],
});

/** A set with further payloads that nothing is known of. */
export function withFurther(
  set: PayloadSet,
  source: string,
  further: readonly { readonly id: string }[],
): PayloadSet {
  const jsonl = set.jsonl + further.map((payload) => `${JSON.stringify(payload)}\n`).join('');
  return {
    ...set,
    source,
    payloads: [...set.payloads, ...further],
    jsonl,
    sha256: createHash('sha256').update(jsonl).digest('hex'),
  };
}
