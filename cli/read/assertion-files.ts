/** `file://` in assertions and promptfoo configurations: what the files say, in place of their names. */
import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parse as parseYaml } from 'yaml';
import { isFields, type Fields } from '../../domain/text/fields.ts';
import { UsageError } from '../io.ts';

const SCHEME = 'file://';

const isFile = (value: unknown): value is string => typeof value === 'string' && value.startsWith(SCHEME);

/** `file://x.js` beside the file that names it, or an absolute one. */
const pathOf = (given: string, folder: string): string =>
  given.startsWith('file:///') ? fileURLToPath(given) : resolve(folder, given.slice(SCHEME.length));

/** @throws UsageError that names the file */
export function readStructured(path: string, where: string): unknown {
  try {
    const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
    if (/\.jsonl$/i.test(path))
      return text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line): unknown => JSON.parse(line));
    return /\.ya?ml$/i.test(path) ? parseYaml(text) : JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${where}: ${path} can't be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function readPlain(path: string, where: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`${where}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** The payload with its assertions' files read; code stays a file, by its whole path. */
export function withAssertionFiles(payload: unknown, folder: string, where: string): unknown {
  if (!isFields(payload) || !Array.isArray(payload['assert'])) return payload;
  const list: readonly unknown[] = payload['assert'];
  return { ...payload, assert: list.map((one) => withFile(one, folder, where)) };
}

function withFile(assertion: unknown, folder: string, where: string): unknown {
  if (!isFields(assertion) || !isFile(assertion['value'])) return assertion;
  const path = pathOf(assertion['value'], folder);
  const type = String(assertion['type']);
  if (type.endsWith('javascript')) return { ...assertion, value: pathToFileURL(path).href };
  return {
    ...assertion,
    value: type.endsWith('-json') ? readStructured(path, where) : readPlain(path, where),
  };
}

/** A promptfoo configuration with the files of its prompts, its tests and their assertions read. */
export function withConfigFiles(config: Fields, folder: string, where: string): Fields {
  const { prompts, tests, defaultTest } = config;
  const prompt = (one: unknown): unknown =>
    isFile(one) && ['.txt', '.json', '.md'].includes(extname(one))
      ? readPlain(pathOf(one, folder), where)
      : one;
  const listed = isFile(tests) ? readStructured(pathOf(tests, folder), where) : tests;
  return {
    ...config,
    ...(Array.isArray(prompts) ? { prompts: prompts.map(prompt) } : {}),
    ...(Array.isArray(listed)
      ? { tests: listed.map((test: unknown) => withAssertionFiles(test, folder, where)) }
      : tests === undefined
        ? {}
        : { tests: listed }),
    ...(defaultTest === undefined ? {} : { defaultTest: withAssertionFiles(defaultTest, folder, where) }),
  };
}
