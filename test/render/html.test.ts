import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { renderHtml } from '../../cli/report/html.ts';
import { intervalBar } from '../../cli/report/html/gates.ts';
import { readAssets } from '../../cli/report/html/assets.ts';
import { runReport } from '../../cli/report/run.ts';
import { comparisonReport } from '../../cli/report/comparison.ts';
import { made } from '../support/run-data.ts';
import { CASE_NAMES, HOSTILE, caseOf, type CaseName } from './cases.ts';
import { FAKE_ASSETS } from './golden.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = (name: CaseName): string => renderHtml(caseOf(name).report, { assets: FAKE_ASSETS });

describe('report.html', () => {
  test.each(CASE_NAMES)('%s: nothing is fetched, and only our own scripts may run', (name) => {
    const html = renderHtml(caseOf(name).report, { assets: readAssets(root) });
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'");
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script = '']) => script);
    expect(scripts).toHaveLength(2);
    const hashes = scripts.map(
      (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
    );
    expect(policy).toContain(`script-src ${hashes.join(' ')};`);
    const tags = html.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '');
    expect(tags).not.toMatch(
      /<(?:img|iframe|object|embed|base|form|audio|video)\b|\s(?:src|srcset|action|on\w+)\s*=\s*["']/i,
    );
    expect(
      [...tags.matchAll(/href="([^"]*)"/g)]
        .map(([, href = '']) => href)
        .filter((href) => !href.startsWith('#')),
    ).toEqual(['data:,']);
    expect(html).not.toMatch(/url\(|@import/);
  });

  test.each(CASE_NAMES)('%s: well nested, ids unique, every reference has its place', (name) => {
    const html = page(name).replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '');
    const stack: string[] = [];
    for (const [, closing, tag = ''] of html.matchAll(
      /<(\/?)([a-z][a-z0-9]*)(?:\s(?:[^"<>]|"[^"]*")*)?(?<!\/)>/g,
    )) {
      if (['meta', 'link', 'br'].includes(tag)) continue;
      if (closing === '') stack.push(tag);
      else expect(stack.pop()).toBe(tag);
    }
    expect(stack).toEqual([]);
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id = '']) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target = ''] of html.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
  });

  test('the verdict is a word, a mark and a sentence, first of all', () => {
    for (const [name, word] of [
      ['pass', 'Pass'],
      ['fail', 'Fail'],
      ['inconclusive', 'Inconclusive'],
      ['invalid', 'Invalid: no verdict'],
    ] as const) {
      const body = page(name).split('<main>')[1] ?? '';
      expect(body.trimStart()).toMatch(
        new RegExp(`^<header class="verdict ${name}" id="verdict">\\n<svg class="mark`),
      );
      expect(body).toContain(`<h1>${word}</h1>`);
    }
  });

  test('the deciding gate comes first, advisory ones last', () => {
    const gates = [...page('inconclusive').matchAll(/<th scope="row">([^<]*)/g)].map(([, label = '']) =>
      label.trim(),
    );
    expect(gates[0]).toBe('p50 latency');
    expect(gates.at(-1)).toBe('throughput');
  });

  test('a bar holds zero, limit and interval; what is beyond the limit lies on the worse side', () => {
    const gates = caseOf('pass').comparison.checks.filter((check) => check.kind === 'gate');
    for (const gate of gates) {
      const bar = intervalBar(gate, 'pass');
      const at = (pattern: RegExp): number => Number(pattern.exec(bar)?.[1]);
      const [edge, zero, dot] = [
        at(/class="edge" x1="([\d.]+)"/),
        at(/class="zero" x1="([\d.]+)"/),
        at(/cx="([\d.]+)"/),
      ];
      for (const x of [edge, zero, dot]) expect(x).toSatisfy((value: number) => value > 0 && value < 200);
      const beyond = at(/class="beyond" x="([\d.]+)"/);
      expect(beyond).toBe(gate.op === '<=' ? edge : 0);
    }
  });

  test('unknown and infinite figures draw no nonsense', () => {
    const gate = caseOf('pass').comparison.checks.find((check) => check.kind === 'gate');
    if (gate === undefined) throw new Error('the case has gates');
    for (const value of [null, Infinity, Number.NaN])
      expect(intervalBar({ ...gate, value, interval: { low: value, high: value } }, 'open')).not.toMatch(
        /="[^"]*(?:NaN|Infinity)/,
      );
  });

  test('an invalid run has no deciding gate and says that its answers decide nothing', () => {
    expect(page('invalid')).not.toContain('decides</span>');
    expect(page('invalid')).not.toMatch(/class="mark pass"|class="gate pass"/);
    expect(page('invalid')).toContain('decide nothing');
  });

  test('one variant alone: its limits, no gate, no mention of the other', () => {
    const html = page('one-variant');
    expect(html).not.toContain('id="gates"');
    expect(html.replace(/<style>[\s\S]*?<\/style>/, '')).not.toMatch(/shadow/i);
    expect(html).toContain('id="limits"');
  });

  test('hostile text is shown, not obeyed', () => {
    const html = page('hostile');
    for (const text of [HOSTILE.script, HOSTILE.image, HOSTILE.css]) expect(html).not.toContain(text);
    expect(html).not.toContain('\u001B');
    expect(html).not.toContain('\u202E');
    expect(html).toContain('&lt;script&gt;alert(1)');
  });

  test('the charts are data that reads back: distributions, latency, cost as a line each', () => {
    const text = /id="chart-data">([\s\S]*?)<\/script>/.exec(page('pass'))?.[1] ?? '';
    const data = v.parse(
      v.array(
        v.object({
          id: v.string(),
          x: v.array(v.number()),
          lines: v.array(v.object({ variant: v.string(), values: v.array(v.nullable(v.number())) })),
        }),
      ),
      JSON.parse(text),
    );
    expect(data.map(({ id }) => id)).toEqual(['distribution', 'latency', 'cost', 'throughput']);
    for (const { x, lines } of data) for (const { values } of lines) expect(values).toHaveLength(x.length);
    expect(data.find(({ id }) => id === 'cost')?.lines.map(({ variant }) => variant)).toEqual([
      'baseline',
      'shadow',
    ]);
  });

  test('without anything to draw there is no script at all', () => {
    const { comparison } = caseOf('pass');
    const bare = comparisonReport({ ...comparison, histogram: null }, null, ['fail']);
    const html = renderHtml(bare, { assets: FAKE_ASSETS });
    expect(html).toContain("script-src 'none'");
    expect(html).not.toContain('<script');
  });

  test('thousands of stages make a handful of parts', () => {
    const stages_ms = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`stage ${i}`, i]));
    const { report } = runReport(made({ n: 40, baseline: { stages_ms }, shadow: null }));
    const html = renderHtml(report, { assets: FAKE_ASSETS });
    expect([...html.matchAll(/<rect class="stage-\d" x=/g)]).toHaveLength(7);
    expect(html).toContain('2994 others');
  });

  test('three variants: a colour and dashes by place, one column each, a row a gate and candidate', () => {
    const html = page('three-variants');
    for (const place of [0, 1, 2]) expect(html).toContain(`class="key v${place}"`);
    // The first two are told apart as ever; from the third on a line has dashes too.
    expect(html).toMatch(/class="key v2"><svg class="dash"/);
    expect(html).not.toMatch(/class="key v[01]"><svg/);
    expect([...html.matchAll(/<th scope="row">p95 latency/g)]).toHaveLength(2);
    expect(html).toContain('<h2>Shadow, canary against baseline');
    const dashes = [...html.matchAll(/"place":(\d),"dash":(\[[^\]]*\])/g)].map(
      ([, place, dash]) => `${place} ${dash}`,
    );
    expect(new Set(dashes)).toEqual(new Set(['0 []', '1 []', '2 [9,3]']));
  });

  test('eight candidates are eight colours and eight patterns that differ', () => {
    const more = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`c${i}`, {}]));
    const { report } = runReport(made({ n: 60, more }));
    const html = renderHtml(report, { assets: readAssets(root) });
    for (let place = 0; place <= 8; place += 1) {
      expect(html).toContain(`class="key v${place}"`);
      expect(html).toMatch(new RegExp(`--v${place}: #[0-9a-f]{6}`));
    }
    const patterns = new Set(
      [
        ...html.matchAll(/class="key v(\d)"><svg class="dash"[^>]*><line [^>]*stroke-dasharray="([^"]*)"/g),
      ].map(([, , dash]) => dash),
    );
    expect(patterns.size).toBe(7);
    // More than four have a row each rather than a column.
    expect(html).toMatch(/<tr><td class="short">Latency p95<\/td><td class="short">c6<\/td>/);
  });
});
