import { describe, expect, it } from 'vitest';
import { envName, flagName } from '../../domain/settings/parse.ts';
import { SETTINGS, SETTING_NAMES, formatSettings, parseSettings } from '../../domain/settings/settings.ts';

const parse = (flags = {}, env = {}, job = {}): ReturnType<typeof parseSettings> =>
  parseSettings({ flags, env, job });

describe('the table of settings', () => {
  it('gives each a flag and a variable of its own', () => {
    expect(new Set(SETTING_NAMES.map(flagName)).size).toBe(SETTING_NAMES.length);
    expect(new Set(SETTING_NAMES.map(envName)).size).toBe(SETTING_NAMES.length);
    expect(flagName('warmUpMs')).toBe('warm-up');
    expect(envName('warmUpMs')).toBe('WARM_UP');
  });

  it('documents every one', () => {
    for (const name of SETTING_NAMES) expect(SETTINGS[name].doc, name).not.toBe('');
  });

  it('takes the flag before the variable before the job before the default', () => {
    expect(parse().settings.vus).toBe(10);
    expect(parse({}, {}, { vus: '3' }).settings.vus).toBe(3);
    expect(parse({}, { VUS: '4' }, { vus: '3' }).settings.vus).toBe(4);
    const { settings, sources } = parse({ vus: '5' }, { VUS: '4' }, { vus: '3' });
    expect([settings.vus, sources.vus]).toEqual([5, 'flag']);
  });

  it('treats an empty variable as absent', () => expect(parse({}, { VUS: '' }).settings.vus).toBe(10));

  it.each(['baselineUrl', 'gatewayUrl', 'start', 'payloads', 'model'] as const)(
    'refuses an empty %s, which would be another thing in its place',
    (name) => {
      for (const { problems } of [parse({ [name]: '' }), parse({}, { [envName(name)]: '' })])
        expect(problems).toEqual([
          expect.stringMatching(/: "" is empty; give .*, or (leave it out|unset it)/),
        ]);
    },
  );

  it('names every refused value at once', () => {
    const { problems } = parse({ vus: '-1', durationMs: '60' });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain('--vus');
  });

  it.each([
    ['BASELINE_URLS', 'BASELINE_URL'],
    ['DURATOIN', 'DURATION'],
    ['SHADOW_UR', 'SHADOW_URL'],
  ])('refuses the misspelt variable %s', (typo, meant) => {
    expect(parse({}, { [typo]: 'http://x' }).problems.join()).toContain(`did you mean ${meant}?`);
  });

  it('leaves foreign variables alone', () =>
    expect(parse({}, { PATH: '/bin', HOME: '/', TIMESTAMP: '1', HEADERS_X: '' }).problems).toEqual([]));

  it.each(['ftp://x', 'localhost:8080', 'http://', 'http://x/?q=1'])('refuses the URL %s', (url) =>
    expect(parse({ baselineUrl: url, shadowUrl: 'http://ok' }).problems.join()).toContain('--baseline-url'),
  );

  it('reads back what it formats, but for secrets', () => {
    const given = parse(
      { header: 'X-A: 1\nX-B: env:B', maxCost: '0.5', warmUpMs: '1500ms', require: 'p95\np99' },
      { API_KEY: 'sesame' },
    );
    const texts = formatSettings(given.settings);
    expect(JSON.stringify(texts)).not.toContain('sesame');
    expect(parseSettings({ flags: {}, env: texts, job: {} }).settings).toEqual({
      ...given.settings,
      apiKey: null,
    });
  });

  describe('headers', () => {
    it('refuses a literal secret without repeating it', () => {
      const text = parse({ header: 'Authorization: Bearer sesame' }).problems.join();
      expect(text).toContain('env:VARIABLE');
      expect(text).not.toContain('sesame');
    });
    it('takes a secret from a variable', () =>
      expect(parse({ header: 'Authorization: env:TOKEN' }).settings.header).toEqual([
        { name: 'Authorization', env: 'TOKEN' },
      ]));
    it.each(['X', ': 1', 'a b: 1', 'X: env:1A'])('refuses %j', (text) =>
      expect(parse({ header: text }).problems).toHaveLength(1),
    );
  });

  it('refuses what contradicts itself', () => {
    expect(parse({ clientCert: 'a.pem' }).problems.join()).toContain('--client-key');
    expect(parse({ shadowUrl: 'http://x' }).problems.join()).toContain('without --baseline-url');
  });
});
