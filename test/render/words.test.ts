/** The catalogues of words: every code and every reason is worded from arguments of its own kinds. */
import { describe, expect, it, test } from 'vitest';
import {
  checkBound,
  checkInterval,
  checkLabel,
  checkValue,
  undecided,
  wordCheck,
} from '../../cli/report/words/checks.ts';
import { wordFinding } from '../../cli/report/words/findings.ts';
import { shownAnswer } from '../../cli/report/words/marks.ts';
import type { Check, Counted, Undecided } from '../../domain/verdict/check.ts';
import {
  FINDINGS,
  FINDING_CODES,
  isFinding,
  type Finding,
  type FindingCode,
} from '../../domain/verdict/findings.ts';

/** Values of the kinds that the table states: every argument, or none that may be left out. */
function argsOf(code: FindingCode, optional: boolean): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(FINDINGS[code].args).flatMap(([name, kind]: [string, string]) => {
      if (kind.endsWith('?') && !optional) return [];
      return [[name, kind.startsWith('number') ? 7 : `<${name}>`]];
    }),
  );
}

function findingOf(code: FindingCode, optional: boolean): Finding {
  const made: unknown = {
    code,
    severity: FINDINGS[code].severity,
    variant: null,
    args: argsOf(code, optional),
    cases: [],
  };
  if (!isFinding(made)) throw new Error(`${code} is no finding with the arguments of its own table`);
  return made;
}

describe.each([true, false])('every finding, optional arguments given: %s', (optional) => {
  test.each(FINDING_CODES)('%s', (code) => {
    const text = wordFinding(findingOf(code, optional));
    expect(text).not.toMatch(/undefined|NaN|null|\[object/);
    expect(text.length).toBeGreaterThan(15);
    expect(text).not.toMatch(/ {2}|\(\)|""/);
  });
});

test('a finding about a variant names it first', () => {
  expect(wordFinding({ ...findingOf('drift', true), variant: 'canary' })).toMatch(/^canary: /);
});

const gate: Check = {
  kind: 'gate',
  id: 'request_duration_p95',
  subject: { variant: 'canary' },
  metric: 'request_duration',
  statistic: 'p95',
  scale: 'ratio',
  unit: 'ms',
  op: '<=',
  limit: 1.15,
  acceptable: null,
  value: 1.1,
  interval: { low: 0.98, high: 1.2 },
  alpha: 0.025,
  answer: 'inconclusive',
  role: 'blocks',
  advisory: null,
  undecided: { reason: 'need_more', more: 800, equal: null, minutes: 2.2 },
  n: 400,
  n_of: 'requests',
  compared: { baseline: 300, candidate: 330 },
};

describe('a check', () => {
  const COUNTED: readonly Counted[] = [
    'payloads',
    'windows',
    'blocks',
    'steps',
    'clients',
    'samples',
    'runs',
    'observations',
  ];
  test.each(COUNTED)('whose n counts %s never asks for more requests', (n_of) => {
    const needs: Undecided[] = [
      { reason: 'need_more', more: 8, equal: null, minutes: null },
      { reason: 'fails_alone', more: 8, minutes: null },
      { reason: 'deployment_noise', log_sd: 0.02 },
      { reason: 'too_few', needs: 9 },
    ];
    for (const why of needs) {
      const text = undecided({ ...gate, n_of, undecided: why });
      expect(text).not.toContain('request');
      expect(text).toContain(n_of);
    }
  });
  it('says what it is, what it may be, and why there is no answer', () => {
    expect(wordCheck(gate)).toBe(
      'canary: p95 latency +10.0 % (-2.0 % to +20.0 % at 95 %; at most +15.0 %): inconclusive, needs about 800 more requests a variant, about 3 minutes more at this rate',
    );
  });
  it('that fails alone says so, and shows the interval of that answer', () => {
    const alone: Check = {
      ...gate,
      alpha: 0.004,
      undecided: { reason: 'fails_alone', more: 100, minutes: null },
    };
    expect(wordCheck(alone)).toContain('at 99.2 %');
    expect(wordCheck(alone)).toContain('beyond the limit by itself, but not beside the other gates');
  });
  it('of every scale and unit has a value, a bound and an interval', () => {
    for (const scale of ['value', 'ratio', 'difference'] as const)
      for (const unit of [
        'ms',
        's',
        'EUR',
        'share',
        'bytes',
        'clients',
        'tokens',
        'requests/s',
        'tokens/s',
        'count',
      ] as const) {
        const one: Check = { ...gate, scale, unit };
        for (const text of [checkValue(one), checkBound(one), checkInterval(one)])
          expect(text).not.toMatch(/undefined|NaN/);
      }
  });
  it('without a value says in few words why', () => {
    const limit: Check = { ...gate, kind: 'limit', scale: 'value', value: null, compared: null };
    const why = (reason: Undecided | null) => checkValue({ ...limit, undecided: reason });
    expect(why({ reason: 'no_data', problem: 'x' })).toBe('no data');
    expect(why({ reason: 'too_few', needs: null })).toBe('too few requests to tell');
    expect(why({ reason: 'no_evidence', problem: 'x' })).toBe('not seen');
    expect(checkValue({ ...limit, value: Infinity })).toBe('not within what was watched');
  });
  it('of a measurement that can\u2019t be trusted has no mark and no answer', () => {
    const passed: Check = { ...gate, answer: 'pass', undecided: null };
    expect(shownAnswer({ check: passed, judged: true })).toMatchObject({ mark: 'pass', word: 'pass' });
    expect(shownAnswer({ check: passed, judged: false })).toEqual({
      mark: 'none',
      word: 'not judged',
      why: '',
    });
    expect(wordCheck(passed, false)).toMatch(/: not judged$/);
  });
  it('is named by its figure, whatever its job', () => {
    const label = (over: Partial<Check>) => checkLabel({ ...gate, ...over });
    expect(label({})).toBe('p95 latency');
    expect(label({ metric: 'ttft' })).toBe('p95 TTFT');
    expect(label({ metric: 'request_failed', statistic: null })).toBe('error rate');
    expect(label({ metric: 'accuracy', statistic: 'correction' })).toBe('accuracy, correction');
    expect(label({ metric: 'recovery', statistic: 'time' })).toBe('recovery after the spike');
    expect(label({ metric: 'live_p95', statistic: null })).toBe('live p95 under load');
    expect(label({ metric: 'p95_ttft_s', statistic: null })).toBe('TTFT p95, relative');
    expect(label({ metric: 'sustained_load', statistic: null })).toBe('sustained load');
  });
});
