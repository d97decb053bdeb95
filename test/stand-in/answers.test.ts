import { describe, expect, test } from 'vitest';
import { Answers } from '../../stand-in/grammar/answers.ts';
import { type Payload, readPayloads } from '../../stand-in/grammar/payloads.ts';
import { profiles } from '../../stand-in/grammar/profiles.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FIXTURES = 'test/stand-in/fixtures';
const N = 3000;

const made: Payload[] = Array.from({ length: N }, (_, i) => ({
  id: `p${i}`,
  request: { text: `He have ${i} red apple.`, language: 'en', translate_to: 'es' },
  expected: {
    corrected: [`He has ${i} red apples.`, `He's got ${i} red apples.`],
    translation: [`Tiene ${i} manzanas rojas.`],
  },
}));
const payloads = new Map(made.map((payload) => [payload.request.text, payload]));

interface Setup {
  readonly profile?: 'default' | 'equal';
  readonly noise?: number;
  readonly accuracy_seed?: number;
}

function right(
  variant: 'baseline' | 'shadow',
  { profile = 'default', noise = 0, accuracy_seed = 1 }: Setup = {},
  first_index = 0,
) {
  const answers = new Answers({
    payloads,
    variant,
    behaviour: profiles[profile][variant],
    accuracy_seed,
    noise,
    seed: 1,
  });
  const all = made.map(({ request, expected }, i) => {
    const { corrected, translation } = answers.to(request.text, first_index + i);
    return {
      corrected: expected.corrected.includes(corrected),
      translation: expected.translation.includes(translation),
    };
  });
  return { corrected: all.map((a) => a.corrected), translation: all.map((a) => a.translation) };
}

const share = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length;

describe('accuracy', () => {
  const baseline = right('baseline');
  const shadow = right('shadow');

  test.each([
    ['baseline correction', share(baseline.corrected), 0.76],
    ['baseline translation', share(baseline.translation), 0.82],
    ['shadow correction', share(shadow.corrected), 0.91],
    ['shadow translation', share(shadow.translation), 0.94],
  ])('%s is %d, near %d', (_what, measured, wanted) => {
    // SD 0.008 at worst.
    expect(Math.abs(measured - wanted)).toBeLessThan(0.035);
  });

  test('what the shadow gets right is mostly a superset, not wholly', () => {
    const lost = share(baseline.corrected.map((ok, i) => ok && !(shadow.corrected[i] ?? false)));
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(0.02);
  });

  test('equal variants answer alike', () => {
    expect(right('shadow', { profile: 'equal' })).toEqual(right('baseline', { profile: 'equal' }));
  });

  test('an answer hangs on the text, not on the request, unless there is noise', () => {
    expect(right('baseline', {}, 10_000)).toEqual(baseline);
    const changed = (noise: number) => {
      const again = right('baseline', { noise }, 10_000).corrected;
      return share(right('baseline', { noise }).corrected.map((ok, i) => ok !== again[i]));
    };
    expect(changed(0.2)).toBeGreaterThan(0.05);
    expect(changed(0.2)).toBeLessThan(0.2);
  });

  test('another accuracy seed gets other texts right', () => {
    expect(right('baseline', { accuracy_seed: 2 }).corrected).not.toEqual(baseline.corrected);
  });
});

test('a wrong answer is no label of another case, spacing or closing mark', () => {
  const fixtures = readPayloads(FIXTURES);
  const behaviour = { ...profiles.default.baseline, correction_accuracy: 0, translation_accuracy: 0 };
  const answers = new Answers({
    payloads: fixtures,
    variant: 'baseline',
    behaviour,
    accuracy_seed: 1,
    noise: 0,
    seed: 1,
  });
  const plain = (text: string) => text.toLowerCase().replace(/[\s.!?]+$/, '');
  for (const { request, expected } of fixtures.values()) {
    const { corrected, translation } = answers.to(request.text, 0);
    expect(expected.corrected.map(plain)).not.toContain(plain(corrected));
    expect(expected.translation.map(plain)).not.toContain(plain(translation));
  }
});

test('a text without labels comes back as it is', () => {
  const answers = new Answers({
    payloads,
    variant: 'baseline',
    behaviour: profiles.default.baseline,
    accuracy_seed: 1,
    noise: 0,
    seed: 1,
  });
  expect(answers.to('Unheard of.', 0)).toEqual({ corrected: 'Unheard of.', translation: 'Unheard of.' });
});

describe('payload files', () => {
  test('both kinds of file are read, blank lines left out', () => {
    expect([...readPayloads(FIXTURES).values()].map(({ id }) => id)).toEqual([
      'happy-path-01',
      'l-1',
      'l-2',
      'l-3',
    ]);
  });

  const good =
    '{"id":"a","request":{"text":"t","language":"en","translate_to":"es"},"expected":{"corrected":["t"],"translation":["t"]}}';
  test.each([
    ['one.json', '{"id":', /one\.json: not JSON/],
    ['all.jsonl', `${good}\n{"id":"x"}`, /all\.jsonl:2: request: /],
    ['all.jsonl', good.replace('["t"]', '[]'), /all\.jsonl:1: expected\.corrected: /],
    ['readme.txt', 'x', /no \*\.json and no \*\.jsonl/],
  ])('%s with %j is refused', (name, text, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'payloads-'));
    try {
      writeFileSync(join(folder, name), text);
      expect(() => readPayloads(folder)).toThrow(message);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a folder that is not there is named', () => {
    expect(() => readPayloads('no-such-folder')).toThrow("no folder 'no-such-folder'");
  });
});
