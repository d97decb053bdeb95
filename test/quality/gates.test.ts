// Gates on what answers are worth: any metric, its cost, and, without labels, how often answers differ.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreement, differences } from '../../domain/quality/agreement.ts';
import { withServerTime } from '../../domain/quality/costs.ts';
import { costOf, formatPrice, parsePrice } from '../../domain/quality/price.ts';
import { withScores, type AnswerScore } from '../../domain/quality/scores.ts';
import type { Measured } from '../../domain/record/request-table.ts';
import { compare } from '../../domain/result/compare.ts';
import { parseSettings } from '../../domain/settings/settings.ts';
import type { Check } from '../../domain/verdict/check.ts';
import { withinReach } from '../../domain/verdict/left-out.ts';
import { parseThresholds, type Gate } from '../../domain/verdict/thresholds.ts';
import { RequestTable } from '../../domain/record/request-table.ts';
import { made, manifest, record } from '../support/run-data.ts';
import streamThresholds from '../../thresholds/stream.json' with { type: 'json' };

const PAYLOADS = 300;

/** Each payload asked `times` times; what it answers and what that is worth by payload and time. */
function answered(
  variant: string,
  answer: (payload: number, time: number) => string,
  { times = 3, cost = 0.001 }: { times?: number; cost?: number } = {},
): Measured {
  const table = new RequestTable(variant);
  for (let time = 0; time < times; time += 1)
    for (let payload = 0; payload < PAYLOADS; payload += 1)
      table.add(
        record({
          variant,
          index: time * PAYLOADS + payload,
          payload_id: `p${payload}`,
          answer_sha256: answer(payload, time),
          correct: null,
          correct_translation: null,
          cost_eur: cost,
        }),
      );
  return table.measured();
}

function judged(
  gates: readonly object[],
  baseline: Measured,
  shadow: Measured,
  scores: readonly AnswerScore[],
): Check[] {
  const about = manifest({ thresholds: parseThresholds({ limits: [], targets: [], gates }, 'test') });
  const data = { ...made(), manifest: { ...made().manifest, thresholds: about.thresholds } };
  const measured = { baseline: withScores(baseline, scores), shadow: withScores(shadow, scores) };
  return [...compare({ ...data, measured }).checks];
}

/** `right-...` is worth 1, `half-...` 0.5, anything else 0. */
const scoresOfAll = (metric: string, ...of: Measured[]): AnswerScore[] =>
  of.flatMap(({ payload_ids, answers }) =>
    payload_ids.flatMap((payload_id) =>
      answers.map((sha256) => ({
        payload_id,
        sha256,
        metric,
        score: sha256.startsWith('right') ? 1 : sha256.startsWith('half') ? 0.5 : 0,
        detail: null,
      })),
    ),
  );

const QUALITY = { gate: 'quality', metric: 'tone', margin_pp: 5 };

describe('a gate on any metric', () => {
  it('passes equals, fails what is clearly worse, by payload clusters', () => {
    const good = answered('baseline', (p) => (p % 10 === 0 ? 'wrong' : 'right'));
    const same = answered('shadow', (p) => (p % 10 === 0 ? 'wrong' : 'right'));
    const worse = answered('shadow', (p) => (p % 4 === 0 ? 'wrong' : 'right'));
    const [equal] = judged([QUALITY], good, same, scoresOfAll('tone', good));
    expect(equal).toMatchObject({
      id: 'quality_tone',
      answer: 'pass',
      value: 0,
      n: PAYLOADS,
      n_of: 'payloads',
      role: 'blocks',
    });
    expect(equal?.compared).toEqual({ baseline: 0.9, candidate: 0.9 });
    const [lost] = judged([QUALITY], good, worse, scoresOfAll('tone', good));
    expect(lost?.answer).toBe('fail');
  });

  it('takes means of graded scores', () => {
    const good = answered('baseline', (p) => (p % 2 === 0 ? 'half' : 'right'));
    const shadow = answered('shadow', () => 'half');
    const [check] = judged([QUALITY], good, shadow, scoresOfAll('tone', good));
    expect(check?.compared).toEqual({ baseline: 0.75, candidate: 0.5 });
    expect([check?.value, check?.answer]).toEqual([-0.25, 'fail']);
  });

  it('one score that could not be had leaves it undecided, in its words', () => {
    const good = answered('baseline', () => 'right');
    const scores = scoresOfAll('tone', good);
    const broken = [
      ...scores,
      { payload_id: 'p0', sha256: 'right', metric: 'tone', score: null, detail: 'the judge slept' },
    ];
    const [quality, cpqu] = judged(
      [QUALITY, { gate: 'cpqu', metric: 'tone', margin: 1.1 }],
      good,
      answered('shadow', () => 'right'),
      broken,
    );
    for (const check of [quality, cpqu])
      expect(check).toMatchObject({
        answer: 'inconclusive',
        undecided: { reason: 'no_data', problem: expect.stringContaining('the judge slept') },
      });
  });

  it('and the cost of what is right by it', () => {
    const good = answered('baseline', () => 'right', { cost: 0.001 });
    const dear = answered('shadow', (p) => (p % 2 === 0 ? 'right' : 'wrong'), { cost: 0.001 });
    const [check] = judged(
      [{ gate: 'cpqu', metric: 'tone', margin: 1.1 }],
      good,
      dear,
      scoresOfAll('tone', good, dear),
    );
    expect(check).toMatchObject({ id: 'cpqu_tone', answer: 'fail' });
    expect(check?.compared?.baseline).toBeCloseTo(0.001, 9);
    expect(check?.compared?.candidate).toBeCloseTo(0.002, 9);
  });
});

describe('agreement without labels', () => {
  const gate = { gate: 'agreement', margin_pp: 5 };
  it('is the share of pairs that differ, beside the baseline among itself', () => {
    // The baseline says something else the third time on every tenth payload: 2 of its 3 pairs differ there.
    const baseline = answered('baseline', (p, t) => (p % 10 === 0 && t === 2 ? `other-${p}` : `a-${p}`));
    const shadow = answered('shadow', (p) => (p % 5 === 1 ? `b-${p}` : `a-${p}`));
    const found = agreement(differences(baseline, shadow));
    expect(found?.within).toBeCloseTo((0.1 * 2) / 3, 9);
    expect(found?.between).toBeCloseTo(0.2 + 0.1 / 3, 9);
    const [check] = judged([gate], baseline, shadow, []);
    expect(check).toMatchObject({ role: 'informs', answer: 'fail', n: PAYLOADS });
  });

  it('two equal servers that vary pass; what was asked once says nothing', () => {
    const vary = (seed: number) => (p: number, t: number) =>
      `a-${(p * 7 + t * 13 + seed) % 3 === 0 ? 1 : 2}-${p}`;
    const [equal] = judged(
      [gate],
      answered('baseline', vary(0), { times: 30 }),
      answered('shadow', vary(1), { times: 30 }),
      [],
    );
    expect(equal?.answer).toBe('pass');
    const [once] = judged(
      [gate],
      answered('baseline', vary(0), { times: 1 }),
      answered('shadow', vary(1), { times: 1 }),
      [],
    );
    expect(once?.undecided).toMatchObject({
      reason: 'no_data',
      problem: expect.stringContaining('answered twice'),
    });
  });
});

describe('prices', () => {
  it('are read, written and applied to usage', () => {
    const price = parsePrice('prompt=2.5,cached=1.25,completion=10');
    expect(parsePrice(formatPrice(price))).toEqual(price);
    expect(costOf(price, { prompt_tokens: 1000, cached_tokens: 400, completion_tokens: 100 })).toBeCloseTo(
      (600 * 2.5 + 400 * 1.25 + 100 * 10) / 1e6,
      12,
    );
    expect(parsePrice('prompt=2,completion=3').cached).toBe(2);
  });

  it.each([
    ['prompt=2', /lacks completion/],
    ['prompt=2,completion=x', /x/],
    ['prompt=2,prompt=3,completion=1', /each once/],
    ['input=2', /"input=2" is out/],
  ])('refuses %s', (text, message) => expect(() => parsePrice(text)).toThrow(message));

  it('of a server’s time are shared by its answers, to the whole of it', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.integer({ min: 1000, max: 1e7 }),
        (per_hour, window_ms) => {
          const of = withServerTime(
            answered('baseline', () => 'a'),
            per_hour,
            window_ms,
          );
          const sum = of.cost_eur.reduce((all, one) => all + one, 0);
          expect(sum).toBeCloseTo((per_hour * window_ms) / 3_600_000, 6);
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each([
    [{ price: 'prompt=1,completion=1', pricePerHour: '2' }, /two ways/],
    [{ shadowPrice: 'prompt=1,completion=1' }, /without --price/],
    [{ judgeMaxCost: '1' }, /needs --judge-price/],
    [{ currency: '<b>' }, /8 signs/],
  ])('settings %j are refused', (flags, message) => {
    expect(parseSettings({ flags, env: {}, job: {} }).problems.join('\n')).toMatch(message);
  });
});

describe('gates that a load can’t fill', () => {
  const gates: readonly Gate[] = parseThresholds(streamThresholds, 'stream.json').gates;
  const ids = (known: Partial<Parameters<typeof withinReach>[1]>) =>
    withinReach(
      { limits: [], targets: [], gates: [...gates] },
      { metrics: ['accuracy'], costed: true, temperature: 0, required: [], ...known },
    ).left_out.map(({ gate }) => gate);

  it('are left out with the cure, unless they are required', () => {
    expect(ids({})).toEqual([]);
    expect(ids({ metrics: [] })).toEqual(['quality_accuracy', 'cpqu_accuracy']);
    expect(ids({ costed: false })).toEqual(['cost', 'cpqu_accuracy']);
    expect(ids({ temperature: 0.7 })).toEqual(['agreement']);
    expect(ids({ metrics: [], required: ['quality_accuracy'] })).toEqual(['cpqu_accuracy']);
  });

  it('are on the record of the run', () => {
    const data = made({ manifest: { left_out: [{ gate: 'accuracy_translation', cure: 'give labels' }] } });
    expect(compare(data).findings).toContainEqual(
      expect.objectContaining({
        code: 'gate_left_out',
        args: { gate: 'accuracy_translation', cure: 'give labels' },
      }),
    );
  });
});
