// Each assertion against cases of the meaning that promptfoo documents for it, in our own words.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCoded, isJudged, parseAssertion } from '../../domain/quality/assertion.ts';
import { expectationsOf, metricsOf } from '../../domain/quality/expectations.ts';
import { scorePlain } from '../../domain/quality/plain.ts';

function score(given: object, answer: string): number {
  const one = parseAssertion(given, 'test');
  if (isJudged(one) || isCoded(one)) throw new Error('not plain');
  return scorePlain(one, answer).score;
}

const PERSON = { type: 'object', required: ['name'], properties: { age: { type: 'number' } } };

/** [assertion, answers that hold, answers that do not] */
const CASES: readonly [object, readonly string[], readonly string[]][] = [
  [{ type: 'equals', value: 'Paris' }, ['Paris'], ['paris', 'Paris.', '']],
  [
    { type: 'equals', value: { a: 1, b: [2, { c: null }] } },
    ['{"b":[2,{"c":null}],"a":1}'],
    ['{"a":1}', 'a', '{"a":1,"b":[2,{"c":0}]}'],
  ],
  [{ type: 'equals', value: 4 }, ['4'], ['5', 'four']],
  [{ type: 'label', value: ['It’s late.', 'Late it is'] }, ["it's  late", 'late it is!'], ['it is late']],
  [{ type: 'contains', value: 'Paris' }, ['It is Paris.'], ['It is paris.']],
  [{ type: 'icontains', value: 'PARIS' }, ['It is paris.'], ['It is Rome.']],
  [{ type: 'contains-all', value: ['red', 'blue'] }, ['blue and red'], ['red', 'Red and blue']],
  [{ type: 'contains-all', value: 'red, blue' }, ['blue and red'], ['red']],
  [{ type: 'contains-any', value: ['red', 'blue'] }, ['blue'], ['green', 'BLUE']],
  [{ type: 'icontains-all', value: ['Red', 'blue'] }, ['BLUE red'], ['red']],
  [{ type: 'icontains-any', value: ['Red'] }, ['red'], ['blue']],
  [{ type: 'starts-with', value: 'Yes' }, ['Yes, it is'], ['Oh yes', 'yes']],
  [{ type: 'regex', value: '^\\d{4}$' }, ['1999'], ['in 1999']],
  [{ type: 'is-json' }, ['{"a":1}', '[]', '3'], ['here: {"a":1}', '{a:1}', '']],
  [
    { type: 'is-json', value: PERSON },
    ['{"name":"Ada","age":36}'],
    ['{"age":36}', '{"name":"Ada","age":"36"}'],
  ],
  [{ type: 'contains-json' }, ['Here: ```json\n{"a":1}\n```', '{"a":"}"}'], ['none {here', '{a}']],
  [{ type: 'contains-json', value: PERSON }, ['[1] then {"name":"Ada"}'], ['see {"age":3}', 'nothing']],
  [{ type: 'levenshtein', value: 'kitten', threshold: 3 }, ['sitting', 'kitten'], ['kitchen sink']],
  [{ type: 'levenshtein', value: 'hello world' }, ['hallo wurld'], ['goodbye, everyone']],
  [
    { type: 'number', value: 1250.5 },
    ['1,250.5', '$1250.5', '1250.50 EUR', '1250.5.'],
    ['1250', '1 and 1250.5', 'many'],
  ],
  [{ type: 'number', value: 0.3 }, [String(0.1 + 0.2)], ['0.31']],
  [{ type: 'number', value: 200, tolerance: '1%' }, ['202', '198'], ['203', '197.9']],
  [{ type: 'number', value: -3, tolerance: 0.5 }, ['-3.5'], ['3', '-3.6']],
  [{ type: 'number', value: 42, transform: 'last number' }, ['6 * 7 = 42'], ['42 or 43', 'none']],
  [{ type: 'equals', value: '18', transform: 'text after ####' }, ['9 + 9\n#### 18'], ['18', '#### 19']],
  [{ type: 'label', value: ['rome'], transform: '$.city' }, ['{"city":"Rome"}'], ['{"town":"Rome"}', 'Rome']],
  [
    { type: 'equals', value: 'b', transform: 'items.1.name' },
    ['{"items":[{"name":"a"},{"name":"b"}]}'],
    ['{"items":[]}'],
  ],
  [{ type: 'not-contains', value: 'sorry' }, ['Gladly'], ['I am sorry']],
  [{ type: 'not-is-json' }, ['prose'], ['{}']],
];

describe('assertions', () => {
  it.each(CASES)('%j', (assertion, holds, fails) => {
    for (const answer of holds) expect([answer, score(assertion, answer)]).toEqual([answer, 1]);
    for (const answer of fails) expect([answer, score(assertion, answer)]).toEqual([answer, 0]);
  });

  it('an answer without the part that is looked at is wrong, turned around as well', () => {
    expect(score({ type: 'not-equals', value: 'Rome', transform: '$.city' }, 'no JSON')).toBe(0);
  });

  it('turned around gives 1 less the score, and twice gives the same', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (answer, value) => {
        const plain = score({ type: 'contains', value }, answer);
        expect(score({ type: 'not-contains', value }, answer)).toBe(1 - plain);
        expect(score({ type: 'contains', value }, answer)).toBe(plain);
      }),
    );
  });

  it('hostile answers cost no more than their length', () => {
    const many = '['.repeat(200_000);
    const started = performance.now();
    expect(score({ type: 'contains-json' }, many)).toBe(0);
    expect(score({ type: 'number', value: 1 }, ` 1${' '.repeat(200_000)}1`)).toBe(0);
    expect(score({ type: 'levenshtein', value: 'short' }, 'x'.repeat(1_000_000))).toBe(0);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it.each([
    [{ type: 'contians', value: 'x' }, /contians.*did you mean contains\?.*not-/],
    [{ value: 'x' }, /type is missing is no assertion/],
    [{ type: 'contains' }, /contains: value/],
    [{ type: 'contains', value: '' }, /is empty/],
    [{ type: 'contains', value: 'x', wieght: 2 }, /wieght/],
    [{ type: 'contains', value: 'x', weight: 0 }, /weight/],
    [{ type: 'regex', value: '(' }, /"\(" is no regular expression/],
    [{ type: 'is-json', value: { type: 'objekt' } }, /no JSON schema/],
    [{ type: 'number', value: 1, tolerance: '1' }, /amount from 0, or a share/],
    [{ type: 'equals', value: 1, transform: 'output.trim()' }, /last number.*text after MARKER/],
    [{ type: 'equals', value: 1, transform: '$.[' }, /no JSONPath/],
    [{ type: 'similar', value: 'x', threshold: 2 }, /threshold/],
    [{ type: 'equals', value: 1, metric: '<script>' }, /metric/],
    ['contains', /an assertion is an object/],
  ])('refuses %j', (given, message) => {
    expect(() => parseAssertion(given, 'p.jsonl line 3: assert[0]')).toThrow(message);
    expect(() => parseAssertion(given, 'p.jsonl line 3: assert[0]')).toThrow(
      /^p\.jsonl line 3: assert\[0\]: /,
    );
  });
});

describe('what a payload expects', () => {
  const fields = { corrected: { path: 'result.text', metric: 'correction' } };
  const of = (payload: object) => expectationsOf({ ...payload }, 'p', fields);

  it('labels by answer field are assertions, under the name and at the place that the settings give', () => {
    const [one, two] = of({ expected: { corrected: ['A b.'], summary: 'c' } });
    expect([one?.metric, two?.metric]).toEqual(['correction', 'summary']);
    expect(one?.type === 'label' && scorePlain(one, '{"result":{"text":"a b"}}').score).toBe(1);
    expect(two?.type === 'label' && scorePlain(two, '{"summary":"C"}').score).toBe(1);
  });

  it('labels of the whole answer, and assertions beside them', () => {
    const all = of({ expected: 'Paris', assert: [{ type: 'contains', value: 'x', metric: 'style' }] });
    expect(metricsOf(all)).toEqual(['accuracy', 'style']);
    expect(of({})).toEqual([]);
    expect(of({ expected: { corrected: [] } })).toEqual([]);
  });

  it.each([
    [{ expected: 3 }, /"expected" is 3/],
    [{ expected: { corrected: [''] } }, /expected\.corrected holds ""/],
    [{ assert: {} }, /"assert" is \{\}; allowed: a list/],
  ])('refuses %j', (payload, message) => {
    expect(() => of(payload)).toThrow(message);
  });
});
