import { readdirSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

const FOLDER = new URL('../payloads/', import.meta.url);
const ERROR_TYPES = [
  'article',
  'comparative',
  'conditional',
  'countability',
  'extra_word',
  'false_friend',
  'gerund_infinitive',
  'missing_word',
  'modal_verb',
  'negation',
  'plural',
  'preposition',
  'pronoun',
  'question_form',
  'run_on',
  'spelling',
  'subject_verb_agreement',
  'verb_tense',
  'word_choice',
  'word_order',
] as const;
const ALREADY_CORRECT = 'already_correct';

/** Control, format and line-separator characters, which no sentence needs. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const CLOSING_PUNCTUATION = /[\s.,;:!?…"'”’»)\]]+$/u;

/** What makes two sentences the same to the scorer: Unicode, case, space and closing punctuation don't count. */
function normalise(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .replace(CLOSING_PUNCTUATION, '');
}

const Sentence = v.pipe(
  v.string(),
  v.check((text) => normalise(text) !== '', 'empty after normalising'),
  v.check((text) => text === text.trim(), 'not trimmed'),
  v.check((text) => !INVISIBLE.test(text), 'holds a control or invisible character'),
);
const Labels = v.pipe(
  v.array(Sentence),
  v.minLength(1),
  v.check((labels) => new Set(labels.map(normalise)).size === labels.length, 'the same label twice'),
);
const Tags = v.pipe(
  v.array(v.picklist([...ERROR_TYPES, ALREADY_CORRECT])),
  v.minLength(1),
  v.check((tags) => new Set(tags).size === tags.length, 'the same tag twice'),
  v.check(
    (tags) => tags.length === 1 || !tags.includes(ALREADY_CORRECT),
    'already_correct beside an error type',
  ),
);
const Payload = v.strictObject({
  id: v.string(),
  request: v.strictObject({ text: Sentence, language: v.literal('en'), translate_to: v.literal('es') }),
  expected: v.strictObject({ corrected: Labels, translation: Labels }),
  tags: Tags,
});
type Payload = v.InferOutput<typeof Payload>;

/** Every problem of one JSON text, each led by where it is; empty when it is a payload. */
function problemsOf(where: string, json: string): string[] {
  const result = v.safeParse(Payload, JSON.parse(json));
  return (result.issues ?? []).map((issue) => `${where}: ${v.getDotPath(issue) ?? ''} ${issue.message}`);
}

function repeated(keys: readonly string[]): string[] {
  return keys.filter((key, index) => keys.indexOf(key) !== index);
}

const happyPathSources = readdirSync(FOLDER)
  .filter((name) => /^happy-path-\d+\.json$/u.test(name))
  .sort()
  .map((name) => ({ where: name, json: readFileSync(new URL(name, FOLDER), 'utf8') }));
const learnerSources = readFileSync(new URL('learner-sentences.jsonl', FOLDER), 'utf8')
  .trimEnd()
  .split('\n')
  .map((json, index) => ({ where: `learner-sentences.jsonl:${index + 1}`, json }));
const sources = [...happyPathSources, ...learnerSources];

describe('shape', () => {
  test('every payload parses and keeps to the shape', () => {
    expect(sources.flatMap(({ where, json }) => problemsOf(where, json))).toEqual([]);
  });

  test('a file name is the id of the payload in it', () => {
    const wrong = happyPathSources.filter(
      ({ where, json }) => `${v.parse(Payload, JSON.parse(json)).id}.json` !== where,
    );
    expect(wrong).toEqual([]);
  });

  test.each([
    ['an empty label', { corrected: ['...'] }],
    ['a label that is not trimmed', { corrected: [' He goes home.'] }],
    ['one label twice', { corrected: ['He goes home.', 'he  goes HOME!'] }],
    ['no label', { translation: [] }],
    ['a control character', { translation: ['Se va\u0007 a casa.'] }],
    ['an invisible character', { translation: ['Se va a\u200B casa.'] }],
    ['an unknown field', { correct: ['He goes home.'] }],
  ])('%s is found', (_, change) => {
    const good = {
      id: 'x',
      request: { text: 'He go home.', language: 'en', translate_to: 'es' },
      expected: { corrected: ['He goes home.'], translation: ['Se va a casa.'] },
      tags: ['subject_verb_agreement'],
    };
    expect(problemsOf('good', JSON.stringify(good))).toEqual([]);
    const bad = { ...good, expected: { ...good.expected, ...change } };
    expect(problemsOf('bad', JSON.stringify(bad))).not.toEqual([]);
  });
});

describe('content', () => {
  // What does not parse is named by the shape test; here it must not hide the rest.
  const payloads: readonly Payload[] = sources
    .map(({ json }) => v.safeParse(Payload, JSON.parse(json)))
    .flatMap((result) => (result.success ? [result.output] : []));
  const withTag = (tag: Payload['tags'][number]) => payloads.filter(({ tags }) => tags.includes(tag));
  const keepsItsText = ({ request, expected }: Payload) =>
    expected.corrected.map(normalise).includes(normalise(request.text));

  test('at least 8 happy-path and 240 labelled sentences', () => {
    expect(happyPathSources.length).toBeGreaterThanOrEqual(8);
    expect(learnerSources.length).toBeGreaterThanOrEqual(240);
  });

  test('ids are distinct', () => {
    expect(repeated(payloads.map(({ id }) => id))).toEqual([]);
  });

  test('texts are distinct after normalising', () => {
    expect(repeated(payloads.map(({ request }) => normalise(request.text)))).toEqual([]);
  });

  test('a sentence with an error has no label equal to its own text', () => {
    const wrong = payloads.filter((payload) => !payload.tags.includes(ALREADY_CORRECT));
    expect(wrong.filter(keepsItsText).map(({ id }) => id)).toEqual([]);
  });

  test('a sentence that is already correct has its own text as first label', () => {
    const changed = withTag(ALREADY_CORRECT).filter(
      ({ request, expected }) => expected.corrected[0] !== request.text,
    );
    expect(changed.map(({ id }) => id)).toEqual([]);
  });

  test.each([...ERROR_TYPES, ALREADY_CORRECT] as const)('%s: at least 8 sentences', (tag) => {
    expect(withTag(tag).length).toBeGreaterThanOrEqual(8);
  });

  test('sentences have 5 to 30 words', () => {
    const count = ({ request }: Payload) => request.text.split(' ').length;
    const outside = payloads.filter((payload) => count(payload) < 5 || count(payload) > 30);
    expect(outside.map(({ id }) => id)).toEqual([]);
  });

  test('Spanish questions and exclamations open as well as close', () => {
    const unpaired = payloads.flatMap(({ id, expected }) =>
      expected.translation
        .filter((label) => /[?!]/u.test(label) !== /[¿¡]/u.test(label))
        .map((label) => `${id}: ${label}`),
    );
    expect(unpaired).toEqual([]);
  });
});
