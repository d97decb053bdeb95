// A variant is data: names, order, roles, and what settings and manifests say of each.
import { describe, expect, it } from 'vitest';
import { planBlocks } from '../../domain/load/blocks.ts';
import { parseBlockPlan, parseBlockSummary } from '../../domain/run/block.ts';
import { parseManifest } from '../../domain/run/manifest.ts';
import { parseSettings, SETTINGS, type Settings } from '../../domain/settings/settings.ts';
import { settingsFor, variantSettings, withModel, withUrls } from '../../domain/settings/variants.ts';
import {
  candidatesOf,
  checkVariants,
  isVariant,
  mapVariants,
  pairsOf,
  placeOf,
  presentVariants,
  roleOf,
} from '../../domain/variants.ts';
import { pairRuns } from '../../domain/result/pair-runs.ts';
import { made, manifest } from '../support/run-data.ts';

const settingsOf = (env: Record<string, string>): Settings => {
  const { settings, problems } = parseSettings({ flags: {}, env, job: {} });
  expect(problems).toEqual([]);
  return settings;
};

describe('a name', () => {
  it.each(['baseline', 'shadow', 'canary', 'A', 'lora_r16-v2', 'x'.repeat(32)])('%s is one', (name) =>
    expect(isVariant(name)).toBe(true),
  );
  it.each(['', '2nd', '_x', 'a b', 'a,b', 'a:b', 'a{b', 'é', 'x'.repeat(33), 'a\n', '../a'])(
    '%j is none',
    (name) => {
      expect(isVariant(name)).toBe(false);
      expect(() => checkVariants(['baseline', name])).toThrow(/is no name of a variant; allowed: a letter/);
    },
  );
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'k6', 'probe', 'probe_idle'])(
    '%s means something else, and is none',
    (name) => expect(isVariant(name)).toBe(false),
  );
  it('is given once, whatever its capitals', () =>
    expect(() => checkVariants(['baseline', 'canary', 'Canary'])).toThrow('"Canary" is given twice'));
  it('may be that of one of eight candidates, and of no ninth', () => {
    const candidates = Array.from({ length: 8 }, (_, i) => `c${i}`);
    expect(checkVariants(['baseline', ...candidates])).toHaveLength(9);
    expect(() => checkVariants(['baseline', ...candidates, 'c8'])).toThrow('9 candidates; allowed: 1 to 8');
  });
});

describe('values by variant', () => {
  const of = { shadow: 2, canary: 3, baseline: 1, gone: undefined };

  it('stand with the baseline first, candidates as declared, and without who took no part', () => {
    expect(presentVariants(of)).toEqual(['baseline', 'shadow', 'canary']);
    expect(candidatesOf(of)).toEqual(['shadow', 'canary']);
    expect(Object.entries(mapVariants(of, (value, variant) => `${variant} ${value}`))).toEqual([
      ['baseline', 'baseline 1'],
      ['shadow', 'shadow 2'],
      ['canary', 'canary 3'],
    ]);
  });
  it('pair each candidate with the baseline', () => {
    expect(pairsOf(of)).toEqual([
      { candidate: 'shadow', of: [1, 2] },
      { candidate: 'canary', of: [1, 3] },
    ]);
    expect(pairsOf({ shadow: 2 })).toEqual([]);
    expect(pairsOf({ baseline: 1 })).toEqual([]);
  });
  it('have a place each, for colours and markers', () =>
    expect(['baseline', 'shadow', 'canary', 'gone'].map((variant) => placeOf(variant, of))).toEqual([
      0, 1, 2, 3,
    ]));
  it('know no variant by the members of an object', () => {
    const hostile: Record<string, number> = JSON.parse('{"baseline":1,"__proto__":2,"constructor":3}');
    expect(presentVariants(hostile)).toEqual(['baseline']);
    expect(mapVariants(hostile, String)).toEqual({ baseline: '1' });
    expect(roleOf('constructor')).toBe('candidate');
  });
});

describe('what the settings say of a variant', () => {
  const settings = settingsOf({
    BASELINE_URL: 'http://a:1',
    SHADOW_URL: 'http://b:2',
    MODEL: 'base',
    API_KEY: 'k1',
    SHADOW_LABEL: 'adapter 7',
    HEADER: 'X-Team: a',
    ON_HEADER: 'X-On: 1',
    BODY: '{"top_p":0.9}',
    SHADOW_BODY: '{"seed":1}',
    OFF_BODY: '{"cache_prompt":false}',
    SHADOW_RESTART: 'restart b',
  });

  it('is its own where it has one, and common otherwise', () => {
    const { baseline, shadow } = variantSettings(settings);
    expect(baseline).toMatchObject({
      url: 'http://a:1',
      model: 'base',
      api_key: 'k1',
      label: 'baseline',
      headers: [{ name: 'X-Team', literal: 'a' }],
      bodies: [{ top_p: 0.9 }, { cache_prompt: false }],
      restart: null,
    });
    expect(shadow).toMatchObject({
      url: 'http://b:2',
      model: 'base',
      api_key: 'k1',
      label: 'adapter 7',
      headers: [
        { name: 'X-Team', literal: 'a' },
        { name: 'X-On', literal: '1' },
      ],
      bodies: [{ top_p: 0.9 }, { seed: 1 }],
      restart: 'restart b',
    });
    const own = settingsOf({ MODEL: 'base', SHADOW_MODEL: 'lora', API_KEY: 'k1', SHADOW_API_KEY: 'k2' });
    expect(settingsFor(own, 'shadow')).toMatchObject({ model: 'lora', api_key: 'k2' });
    expect(settingsFor(own, 'baseline')).toMatchObject({ model: 'base', api_key: 'k1' });
  });
  it('names settings that exist', () => {
    for (const variant of ['baseline', 'shadow'])
      for (const name of Object.values(settingsFor(settings, variant).named))
        expect(Object.keys(SETTINGS)).toContain(name);
  });
  it('is what was found out of it', () => {
    const found = withModel(withUrls(settings, { baseline: 'http://c:3' }), 'shadow', 'seen');
    expect(settingsFor(found, 'baseline')).toMatchObject({ url: 'http://c:3', model: 'base' });
    expect(settingsFor(found, 'shadow')).toMatchObject({ url: null, model: 'seen' });
  });
  it("is nothing for a variant that no setting describes, rather than the shadow's or the baseline's", () => {
    for (const ask of [
      () => settingsFor(settings, 'canary'),
      () => withModel(settings, 'canary', 'x'),
      () => withUrls(settings, { baseline: 'http://a:1', canary: 'http://c:3' }),
    ])
      expect(ask).toThrow('no setting describes the variant "canary"; described are baseline, shadow');
  });
});

describe('a manifest', () => {
  const parse = (over: object) => parseManifest(JSON.stringify({ ...manifest(), ...over }), 'manifest.json');
  const server = { label: 'x', url: 'http://127.0.0.1:1', stand_in: false, identity: null };

  it('names its variants itself, in their order', () =>
    expect(
      presentVariants(parse({ variants: { zeta: server, baseline: server, alpha: server } }).variants),
    ).toEqual(['baseline', 'zeta', 'alpha']));
  it('is refused with a name that is none, or a ninth candidate', () => {
    expect(() => parse({ variants: { 'a b': server } })).toThrow('variants: "a b" is no name of a variant');
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`c${i}`, server]));
    expect(() => parse({ variants: many })).toThrow('9 candidates');
  });
  it.each([
    ['baseline_gone', 'baseline'],
    ['shadow_gone', 'shadow'],
  ])('of before, stopped for %s, still reads: a server was gone, that of the %s', (reason, variant) => {
    const stopped = { reason, at_ms: 5 };
    expect(parse({ stopped }).stopped).toEqual({ reason: 'server_gone', variant, at_ms: 5 });
    const summary = {
      schema_version: 1,
      block: 0,
      duration_ms: 1,
      thresholds: [],
      counts: {},
      probe: null,
      stopped,
    };
    expect(parseBlockSummary(JSON.stringify(summary), 'summary-0.json').stopped).toEqual({
      reason: 'server_gone',
      variant,
      at_ms: 5,
    });
  });
  it('of now says whose server was gone', () => {
    const stopped = { reason: 'server_gone', variant: 'canary', at_ms: 5 };
    expect(parse({ stopped }).stopped).toEqual(stopped);
    expect(() => parse({ stopped: { reason: 'server_gone', at_ms: 5 } })).toThrow('variant');
    expect(() => parse({ stopped: { reason: 'canary_gone', at_ms: 5 } })).toThrow('reason');
  });
});

it('a block plan takes names of variants, and nothing else', () => {
  const plan = (variants: readonly string[]) =>
    JSON.stringify({
      block: 0,
      nonce: 'n',
      variants,
      request_log: null,
      summary_file: '',
      payloads_file: null,
      thresholds_file: null,
      probe_url: null,
    });
  expect(parseBlockPlan(plan(['baseline', 'canary'])).variants).toEqual(['baseline', 'canary']);
  expect(() => parseBlockPlan(plan(['constructor']))).toThrow('"constructor" is no name of a variant');
});

it('three variants in turn go there and back, each for its whole time', () => {
  const { blocks } = planBlocks(settingsOf({ ORDER: 'abba', DURATION: '60s' }), [
    'baseline',
    'shadow',
    'canary',
  ]);
  expect(blocks.map(({ variants }) => variants[0])).toEqual([
    'baseline',
    'shadow',
    'canary',
    'canary',
    'shadow',
    'baseline',
  ]);
  expect(blocks.every(({ duration_ms }) => duration_ms === 30_000)).toBe(true);
});

it("a pair's stop is that of the part which the server took", () => {
  const alone = made({ shadow: null, seed: 2 });
  const stopped = { reason: 'server_gone', variant: 'baseline', at_ms: 1_020_000 } as const;
  const second = { ...alone, manifest: { ...alone.manifest, status: 'incomplete' as const, stopped } };
  expect(pairRuns(made({ shadow: null }), second).manifest.stopped).toEqual({
    ...stopped,
    variant: 'shadow',
  });
});
