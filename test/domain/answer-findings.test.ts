/** What a run's answers say beside their times, from its records to its findings. */
import { describe, expect, test } from 'vitest';
import { answerSummary } from '../../domain/figures/answers.ts';
import { samples } from '../../domain/figures/samples.ts';
import { summarise } from '../../domain/figures/summary.ts';
import type { RequestRecord } from '../../domain/record/request-record.ts';
import { RequestTable } from '../../domain/record/request-table.ts';
import { parseSettings } from '../../domain/settings/settings.ts';
import { streamFindings } from '../../domain/verdict/stream-findings.ts';
import type { Variant } from '../../domain/variants.ts';
import { wordFinding } from '../../cli/report/words/findings.ts';
import { record } from '../support/run-data.ts';

const N = 100;

/** A good answer of 30 tokens, one by one. */
const ANSWER: Partial<RequestRecord> = {
  status: 200,
  finish: 'stop',
  model: 'm',
  ttft_ms: 60,
  tpot_ms: 5,
  e2e_ms: 205,
  tokens: 30,
  tokens_estimated: false,
  prompt_tokens: 20,
  token_events: 30,
  token_reads: 30,
  first_read_events: 1,
  sends: 1,
};

type Made = (i: number) => Partial<RequestRecord>;

function side(variant: Variant, made: Made) {
  const table = new RequestTable(variant);
  for (let i = 0; i < N; i += 1)
    table.add(record({ ...ANSWER, variant, index: i, payload_id: `p${i % 5}`, answer_key: i, ...made(i) }));
  const measured = table.measured();
  const summary = summarise(measured, samples(measured), { planned_ms: 60_000, clients: null, slo: null });
  return { measured, summary };
}

function found(shadow: Made, flags: Readonly<Record<string, string>> = {}) {
  const { settings } = parseSettings({
    flags: { model: 'm', uniquePrefix: 'true', ...flags },
    env: {},
    job: {},
  });
  return streamFindings(
    settings,
    5,
    { baseline: side('baseline', () => ({})), shadow: side('shadow', shadow) },
    0.025,
  );
}

const codes = (made: Made): string[] => found(made).map(({ code }) => code);

test('equal answers need no word', () => {
  expect(found(() => ({}))).toEqual([]);
});

test.each<[string, Made, string[]]>([
  ['half from another model', (i) => ({ model: i % 2 === 0 ? 'm' : 'small' }), ['several_models']],
  ['all from another model', () => ({ model: 'default_model' }), ['other_model']],
  ["a version beside the model's name", () => ({ model: 'm@main' }), []],
  ['a path before it', () => ({ model: 'models/m' }), []],
  ['ids seen before', (i) => ({ answer_key: i % 10 }), ['old_answers']],
  [
    "whole, since they are a cache's",
    (i) => (i % 2 === 0 ? { gateway: 'cache', token_reads: 1, first_read_events: 30, tpot_ms: null } : {}),
    ['cached_answers'],
  ],
  [
    'from a cache, by a header',
    (i) => ({ gateway: i % 2 === 0 ? 'cache' : null, answer_key: i % 10 }),
    ['cached_answers'],
  ],
  [
    'by retries and fallbacks',
    (i) => ({ gateway: i % 2 === 0 ? 'fallback,retry' : null }),
    ['gateway_tried_again', 'gateway_tried_again'],
  ],
  ['one id for all', () => ({ answer_key: 7 }), []],
  ['ids drawn from a few', (i) => ({ answer_key: i % 7 }), []],
  ['no ids', () => ({ answer_key: null }), []],
  ['some longer than they may be', (i) => ({ finish: i % 3 === 0 ? 'length' : 'stop' }), ['finish_differs']],
  [
    'some filtered',
    (i) => ({ finish: i % 3 === 0 ? 'content_filter' : 'stop' }),
    ['content_filtered', 'finish_differs'],
  ],
  ['whole, in one event', () => ({ token_events: 1, token_reads: 1, tpot_ms: null }), ['comes_whole']],
  [
    'half of them in one read',
    (i) => (i % 2 === 0 ? { token_reads: 1, first_read_events: 30, tpot_ms: null } : {}),
    ['comes_whole'],
  ],
  ['in reads of ten events', () => ({ token_reads: 3, first_read_events: 10 }), ['buffered']],
  ['the first ten held back', () => ({ token_reads: 21, first_read_events: 10 }), ['held_back']],
  ['six tokens an event', () => ({ token_events: 5, token_reads: 5 }), ['tokens_per_event']],
  ['hidden reasoning', () => ({ hidden_tokens: 600 }), ['hidden_tokens']],
  ['without [DONE]', () => ({ oddities: 'no_terminator,open_end' }), ['odd_answers', 'odd_answers']],
  ['sent twice', (i) => ({ sends: i % 4 === 0 ? 2 : 1 }), ['resent']],
  ['events counted', () => ({ tokens_estimated: true }), ['tokens_estimated', 'token_sources_differ']],
  ['another template', () => ({ prompt_tokens: 27 }), ['prompt_tokens_differ']],
])('%s', (_, made, expected) => {
  expect(codes(made).toSorted()).toEqual(expected.toSorted());
});

describe('prompt tokens', () => {
  const lengths = [16, 64, 256, 1024, 2048];
  const asked =
    (most: number): Made =>
    (i) => ({
      payload_id: `words-${lengths[i % 5]}`,
      prompt_tokens: Math.min(most, lengths[i % 5] ?? 0),
    });

  test('one count for prompts of very different length is a cut, also with one variant', () => {
    const { settings } = parseSettings({ flags: { uniquePrefix: 'true' }, env: {}, job: {} });
    const cut = streamFindings(settings, 5, { baseline: side('baseline', asked(512)) }, 0.025);
    expect(cut).toMatchObject([{ code: 'prompts_cut', variant: 'baseline', args: { tokens: 512 } }]);
    expect(streamFindings(settings, 5, { baseline: side('baseline', asked(4096)) }, 0.025)).toEqual([]);
  });

  test('other counts are put down to a cut, a template or a tokenizer', () => {
    const causes = (made: Made): string[] =>
      found(made).flatMap((one) => (one.code === 'prompt_tokens_differ' ? [one.args.cause] : []));
    expect(causes(() => ({ prompt_tokens: 27 }))).toEqual(['template']);
    expect(causes((i) => ({ prompt_tokens: 18 + (i % 5) }))).toEqual(['tokenizer']);
    const { settings } = parseSettings({ flags: { uniquePrefix: 'true' }, env: {}, job: {} });
    const sides = { baseline: side('baseline', asked(4096)), canary: side('canary', asked(100)) };
    expect(streamFindings(settings, 5, sides, 0.025)).toMatchObject([
      { code: 'prompts_cut', variant: 'canary', args: { tokens: 100 } },
      { code: 'prompt_tokens_differ', variant: 'canary', args: { differ: 3, cause: 'truncation' } },
    ]);
  });
});

test('each candidate is held against the baseline, and named', () => {
  const { settings } = parseSettings({ flags: { model: 'm', uniquePrefix: 'true' }, env: {}, job: {} });
  const sides = {
    baseline: side('baseline', () => ({})),
    equal: side('equal', () => ({})),
    longer: side('longer', (i) => ({ finish: i % 3 === 0 ? 'length' : 'stop', prompt_tokens: 27 })),
    estimated: side('estimated', () => ({ tokens_estimated: true })),
  };
  const told = streamFindings(settings, 5, sides, 0.025).map(({ code, variant }) => `${variant}: ${code}`);
  expect(told.toSorted()).toEqual([
    'estimated: token_sources_differ',
    'estimated: tokens_estimated',
    'longer: finish_differs',
    'longer: prompt_tokens_differ',
  ]);
});

test('failed answers are told by their end, and count for nothing else', () => {
  const { measured } = side('shadow', (i) =>
    i < 40 ? { finish: 'abort', error: 'aborted', model: 'x' } : {},
  );
  expect(answerSummary(measured)).toMatchObject({
    finishes: [
      { finish: 'stop', count: 60 },
      { finish: 'abort', count: 40 },
    ],
    models: [{ name: 'm', count: 60 }],
    named: 60,
  });
});

test('the time to the first word of the answer stands beside TTFT where there is reasoning', () => {
  const { trends } = side('shadow', (i) => ({ answer_ttft_ms: i < 50 ? 60 : 200 })).summary;
  expect([trends.ttft?.p95, trends.answer_ttft?.p95]).toEqual([60, 200]);
  expect(side('shadow', () => ({ answer_ttft_ms: 60 })).summary.trends.answer_ttft).toBeUndefined();
});

test('a load without a language model has no answers of one', () => {
  const table = new RequestTable('baseline');
  table.add(record());
  expect(answerSummary(table.measured())).toBeNull();
});

test('every finding is told with its figures', () => {
  const told = found((i) => ({
    model: i % 2 === 0 ? 'm' : 'small',
    prompt_tokens: 27,
    finish: i % 3 === 0 ? 'length' : 'stop',
    oddities: 'no_terminator',
    sends: 2,
  })).map(wordFinding);
  expect(told.join('\n')).toMatch(/m 50\.0 %, small 50\.0 %/);
  expect(told.join('\n')).toMatch(/20\.0 against 27\.0/);
  expect(told.join('\n')).toMatch(/shadow: .*34\.0 % of its own/);
  expect(told.join('\n')).not.toMatch(/NaN|undefined/);
});
