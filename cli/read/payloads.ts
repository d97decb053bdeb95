/** Payloads from a folder or a file, checked before anything is started. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { assertDistinctIds, toPayload, withNormalised, type Payload } from '../../domain/load/payload.ts';
import { assertTextOnly, toPrompt, type Prompt } from '../../domain/load/prompt.ts';
import { jsonValue } from '../../domain/text/json.ts';
import { BadValue } from '../../domain/text/units.ts';
import { UsageError } from '../io.ts';

export interface PayloadSet {
  readonly source: string;
  readonly payloads: readonly { readonly id: string }[];
  readonly labelled: number;
  /** One JSON object a line; what k6 reads, and what the digest is of. */
  readonly jsonl: string;
  readonly sha256: string;
}

/** What a kind of payload looks like, and how one is read. */
export interface PayloadKind<P extends { readonly id: string }> {
  parse(value: unknown, where: string, fallback_id: string): P;
  isLabelled(payload: P): boolean;
  readonly shape: string;
}

export const LABELLED: PayloadKind<Payload> = {
  parse: (value, where, fallback_id) => withNormalised(toPayload(value, where, fallback_id)),
  isLabelled: ({ expected }) => expected.corrected.length + expected.translation.length > 0,
  shape: '{"id":"...","request":{...},"expected":{"corrected":["..."]}}',
};

export const PROMPTS: PayloadKind<Prompt> = {
  parse: toPrompt,
  isLabelled: () => false,
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

function readFile<P extends { readonly id: string }>(file: string, kind: PayloadKind<P>): P[] {
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  const stem = basename(file).replace(/\.jsonl?$/i, '');
  if (/\.jsonl$/i.test(file)) {
    return text.split('\n').flatMap((line, i) => {
      if (line.trim() === '') return [];
      const where = `${file} line ${i + 1}`;
      return [kind.parse(jsonValue(line, where), where, `${stem}-${i + 1}`)];
    });
  }
  const value = jsonValue(text, file);
  if (!Array.isArray(value)) return [kind.parse(value, file, stem)];
  return value.map((one, i) => kind.parse(one, `${file} element ${i + 1}`, `${stem}-${i + 1}`));
}

/** @throws UsageError naming file, line and field. */
export function readPayloads<P extends { readonly id: string }>(
  path: string,
  shown: string,
  kind: PayloadKind<P>,
): PayloadSet {
  let files: string[];
  try {
    files = statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => /\.jsonl?$/i.test(name))
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
    const payloads = files.flatMap((file) => readFile(file, kind));
    if (payloads.length === 0)
      throw new UsageError(
        `--payloads ${shown} holds no payload; allowed: *.json or *.jsonl with objects as ${kind.shape}`,
      );
    assertDistinctIds(payloads);
    return payloadSet(shown, payloads, kind);
  } catch (error) {
    if (error instanceof BadValue) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

export function payloadSet<P extends { readonly id: string }>(
  source: string,
  payloads: readonly P[],
  kind: PayloadKind<P>,
): PayloadSet {
  const jsonl = payloads.map((payload) => `${JSON.stringify(payload)}\n`).join('');
  const sha256 = createHash('sha256').update(jsonl).digest('hex');
  return {
    source,
    payloads,
    labelled: payloads.filter((payload) => kind.isLabelled(payload)).length,
    jsonl,
    sha256,
  };
}
