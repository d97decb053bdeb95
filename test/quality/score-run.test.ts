// Scoring a run's kept answers: once each, again with the same result, and never right or wrong where a scorer fails.
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readScores, removeAnswers, scoreRun, type ScoreOptions } from '../../cli/score/score-run.ts';
import { RequestTable } from '../../domain/record/request-table.ts';
import { scoresOf } from '../../domain/quality/scores.ts';
import type { RunData } from '../../domain/run/data.ts';
import { made, record } from '../support/run-data.ts';

const root = join(import.meta.dirname, '..', '..');
const OPTIONS: ScoreOptions = { root, timeout_ms: 10_000, judge: null, at_once: 1, assert: null };

interface Given {
  readonly payloads: readonly object[];
  /** By digest. */
  readonly answers: Readonly<Record<string, string>>;
  /** [payload, digest] of the baseline's requests; null: it failed. */
  readonly baseline: readonly (readonly [string, string | null])[];
}

function run(of: Given): { path: string; id: string; data: RunData } {
  const path = mkdtempSync(join(tmpdir(), 'score-'));
  const lines = (all: readonly object[]): string => all.map((one) => `${JSON.stringify(one)}\n`).join('');
  writeFileSync(join(path, 'payloads.jsonl'), lines(of.payloads));
  writeFileSync(
    join(path, 'answers.jsonl'),
    lines(Object.entries(of.answers).map(([sha256, text]) => ({ sha256, text }))),
  );
  const table = new RequestTable('baseline');
  of.baseline.forEach(([payload_id, answer_sha256], index) =>
    table.add(
      record({
        index,
        payload_id,
        answer_sha256,
        error: answer_sha256 === null ? 'status' : null,
        correct: null,
        correct_translation: null,
      }),
    ),
  );
  return { id: 'run', path, data: { ...made(), measured: { baseline: table.measured() } } };
}

async function scores(of: Given, options: Partial<ScoreOptions> = {}) {
  const given = run(of);
  const data = await scoreRun(given, given.data, { ...OPTIONS, ...options });
  const measured = data.measured['baseline'];
  if (measured === undefined) throw new Error('no baseline');
  return {
    given,
    of: (metric: string) => {
      const found = scoresOf(measured, metric);
      return found === null ? null : { values: [...found.values], undecided: found.undecided };
    },
  };
}

const CAPITAL = { id: 'p', prompt: 'Capital of France?', assert: [{ type: 'icontains', value: 'paris' }] };

describe('scores of a run', () => {
  it('each answer to each payload once, joined to its requests; twice gives the same', async () => {
    const of: Given = {
      payloads: [CAPITAL, { id: 'q', prompt: 'x' }],
      answers: { a: 'Paris.', b: 'Rome.' },
      baseline: [
        ['p', 'a'],
        ['p', 'b'],
        ['q', 'a'],
        ['p', null],
        ['p', 'a'],
      ],
    };
    const { given, of: metric } = await scores(of);
    expect(metric('accuracy')).toEqual({ values: [1, 0, Number.NaN, Number.NaN, 1], undecided: null });
    const first = readFileSync(join(given.path, 'scores.jsonl'), 'utf8');
    expect(first.trim().split('\n')).toHaveLength(2);
    await scoreRun(given, given.data, OPTIONS);
    expect(readFileSync(join(given.path, 'scores.jsonl'), 'utf8')).toBe(first);
    expect(readScores(given)).toHaveLength(2);
    removeAnswers(given);
    expect(existsSync(join(given.path, 'answers.jsonl'))).toBe(false);
  });

  it('weights and metrics are kept apart', async () => {
    const assert = [
      { type: 'contains', value: 'a', weight: 3 },
      { type: 'contains', value: 'z' },
      { type: 'starts-with', value: 'a', metric: 'style' },
    ];
    const { of } = await scores({
      payloads: [{ id: 'p', prompt: 'x', assert }],
      answers: { s: 'ba' },
      baseline: [['p', 's']],
    });
    expect([of('accuracy')?.values, of('style')?.values]).toEqual([[0.75], [0]]);
  });

  it.each([
    ['output.length > 3 ? 1 : 0', null, 1],
    ['const n = output.length; return { pass: n > 100, reason: "short" }', null, 0],
    ['context.prompt === "x"', null, 1],
    ['(() => { throw new Error("no luck") })()', /javascript: no luck/, Number.NaN],
    ['while (true) { if (output === "") return 1; }', /no score within/, Number.NaN],
    ['process.exit(1)', /ended its thread|exit/, Number.NaN],
    ['"yes"', /returned "yes"; allowed: true, false/, Number.NaN],
    ['2', /returned 2/, Number.NaN],
    ['file:///nowhere/no.mjs', /Cannot find module/, Number.NaN],
  ])('code: %s', async (value, undecided, score) => {
    const payloads = [
      {
        id: 'p',
        prompt: 'x',
        assert: [
          { type: 'javascript', value },
          { type: 'contains', value: 'l', metric: 'other' },
        ],
      },
    ];
    const { of } = await scores(
      { payloads, answers: { s: 'hello' }, baseline: [['p', 's']] },
      { timeout_ms: 1500 },
    );
    const found = of('accuracy');
    expect(found?.values).toEqual([score]);
    if (undecided === null) expect(found?.undecided).toBeNull();
    else expect(found?.undecided).toMatch(undecided);
    expect(of('other')).toEqual({ values: [1], undecided: null });
  });

  it('a pattern that would take for ever is undecided', async () => {
    const payloads = [{ id: 'p', prompt: 'x', assert: [{ type: 'regex', value: '^(a+)+$' }] }];
    const { of } = await scores(
      { payloads, answers: { s: `${'a'.repeat(70)}!` }, baseline: [['p', 's']] },
      { timeout_ms: 500 },
    );
    expect(of('accuracy')?.undecided).toMatch(/regex: no score within/);
  });

  it('a judge that was not given, and a text that was not kept, are told', async () => {
    const payloads = [{ id: 'p', prompt: 'x', assert: [{ type: 'llm-rubric', value: 'polite' }] }, CAPITAL];
    const distinct = [{ ...CAPITAL, id: 'q' }];
    const { of } = await scores({
      payloads: payloads.slice(0, 1),
      answers: { s: 'x' },
      baseline: [['p', 's']],
    });
    expect(of('accuracy')?.undecided).toMatch(/--judge-url/);
    const lost = await scores({ payloads: distinct, answers: {}, baseline: [['q', 's']] });
    expect(lost.of('accuracy')?.undecided).toMatch(/was not kept/);
  });

  it('other assertions in place of the payloads’ own, for all or by id', async () => {
    const of: Given = { payloads: [CAPITAL], answers: { a: 'Paris.' }, baseline: [['p', 'a']] };
    const file = (name: string, text: string): string => {
      const path = join(mkdtempSync(join(tmpdir(), 'assert-')), name);
      writeFileSync(path, text);
      return path;
    };
    const all = await scores(of, {
      assert: file('a.yaml', '- { type: contains, value: Rome, metric: rome }\n'),
    });
    expect([all.of('rome')?.values, all.of('accuracy')]).toEqual([[0], null]);
    const by_id = await scores(of, { assert: file('a.jsonl', '{"id":"p","expected":"paris"}\n') });
    expect(by_id.of('accuracy')?.values).toEqual([1]);
    await expect(scores(of, { assert: file('a.json', '[{"x":1}]') })).rejects.toThrow(
      /neither an assertion .* nor a payload/,
    );
    await expect(scores(of, { assert: '/nowhere.json' })).rejects.toThrow(/--assert: \/nowhere\.json/);
  });

  it('a million answers of 300 distinct ones within 10 s', async () => {
    const payloads = Array.from({ length: 100 }, (_, i) => ({ ...CAPITAL, id: `p${i}` }));
    const answers = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`s${i}`, i % 2 === 0 ? 'Paris' : 'Rome']),
    );
    const given = run({ payloads, answers, baseline: [] });
    const n = 1_000_000;
    const table = made().measured['baseline'];
    if (table === undefined) throw new Error('no baseline');
    const million = {
      ...table,
      n,
      error: new Uint8Array(n),
      payload: Int32Array.from({ length: n }, (_, i) => i % 100),
      payload_ids: payloads.map(({ id }) => id),
      answer: Int32Array.from({ length: n }, (_, i) => i % 300),
      answers: Object.keys(answers),
    };
    const started = performance.now();
    const data = await scoreRun(
      given,
      { ...given.data, measured: { baseline: million, shadow: million } },
      OPTIONS,
    );
    const took_ms = performance.now() - started;
    const scored = data.measured['shadow']?.quality?.get('accuracy')?.values ?? new Float64Array();
    expect(scored.reduce((sum, one) => sum + one, 0)).toBe(n / 2);
    expect(took_ms).toBeLessThan(10_000);
  });
});
