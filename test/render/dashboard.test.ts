/** lib/dashboard.json against what k6's dashboard does with it: no error there, only an empty or a mislabelled chart. */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { METRICS, isMetricName } from '../../domain/record/metrics.ts';

const panelSchema = v.strictObject({
  id: v.string(),
  kind: v.picklist(['chart', 'stat', 'summary']),
  title: v.string(),
  summary: v.optional(v.string()),
  fullWidth: v.optional(v.boolean()),
  series: v.array(v.strictObject({ query: v.string(), legend: v.optional(v.string()) })),
});
const sectionSchema = v.strictObject({
  id: v.string(),
  title: v.optional(v.string()),
  summary: v.optional(v.string()),
  panels: v.array(panelSchema),
});
const layout = v.parse(
  v.strictObject({
    title: v.string(),
    tabs: v.array(
      v.strictObject({
        id: v.string(),
        title: v.string(),
        summary: v.string(),
        sections: v.array(sectionSchema),
      }),
    ),
  }),
  JSON.parse(readFileSync(new URL('../../lib/dashboard.json', import.meta.url), 'utf8')),
);

/** k6's aggregates by kind of metric (its dashboard calls p50 "med"). */
const AGGREGATES = {
  trend: ['avg', 'min', 'med', 'max', 'p90', 'p95', 'p99'],
  rate: ['rate'],
  counter: ['count', 'rate'],
  gauge: ['value'],
} as const;

/** What the layout shows beside the suite's own table of metrics. */
const OTHERS: Readonly<Record<string, keyof typeof AGGREGATES>> = {
  http_req_waiting: 'trend',
  http_req_connecting: 'trend',
  http_req_blocked: 'trend',
  vus: 'gauge',
  data_received: 'counter',
  data_sent: 'counter',
  // Only for this dashboard, which prints small numbers as 0.
  request_cost_mean_microeur: 'gauge',
};

const TAGGED = /^(\w+)\[\?tags\.scenario=='(baseline|shadow)' && (\w+)\]$/;
const TOTAL = /^(\w+)\[\?!tags && (\w+)\]$/;

const panels = layout.tabs.flatMap((tab) => tab.sections.flatMap((section) => section.panels));
const charts = panels.filter((panel) => panel.kind === 'chart');

describe('the layout of the live dashboard', () => {
  test('asks only for metrics and aggregates that exist', () => {
    const queries = panels
      .filter((panel) => panel.kind !== 'summary')
      .flatMap((panel) => panel.series.map(({ query }) => query));
    expect(queries.length).toBeGreaterThan(20);
    for (const query of queries) {
      const match = TAGGED.exec(query) ?? TOTAL.exec(query);
      expect(match, query).not.toBeNull();
      const name = match?.[1] ?? '';
      const kind = isMetricName(name) ? METRICS[name].kind : OTHERS[name];
      expect(kind, `${query}: unknown metric`).toBeDefined();
      expect(AGGREGATES[kind ?? 'gauge'], query).toContain(match?.at(-1));
    }
  });

  test('baseline and shadow are two named lines, baseline first, of the same figure', () => {
    const compared = charts.filter((panel) =>
      panel.series.some(({ query }) => query.includes('tags.scenario')),
    );
    expect(compared.length).toBeGreaterThan(8);
    for (const panel of compared) {
      expect(panel.series.map(({ legend }) => legend?.split(' ')[0])).toEqual(['baseline', 'shadow']);
      const [baseline, shadow] = panel.series.map(({ query }) => query);
      expect(shadow).toBe(baseline?.replace("'baseline'", "'shadow'"));
    }
  });

  test('has p50, p95, p99, requests, errors and cost', () => {
    const titles = charts.map(({ title }) => title).join('\n');
    for (const wanted of [/p50/, /p95/, /p99/, /Requests/, /Errors/, /Cost/]) expect(titles).toMatch(wanted);
  });

  test('ids are unique: the page uses them as keys', () => {
    const ids = [
      ...layout.tabs.map(({ id }) => id),
      ...layout.tabs.flatMap(({ sections }) => sections.map(({ id }) => id)),
      ...panels.map(({ id }) => id),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('what only some jobs have stands in sections of its own: an empty section hides, an empty tab does not', () => {
    const optional = ['ttft', 'tpot', 'itl', 'e2e', 'tokens_per_s', 'request_cost_mean_microeur'];
    for (const tab of layout.tabs) {
      for (const section of tab.sections) {
        const names = section.panels.flatMap(({ series }) =>
          series.map(({ query }) => query.split('[')[0] ?? ''),
        );
        const some = names.filter((name) => optional.includes(name));
        expect(some.length === 0 || some.length === names.length, section.id).toBe(true);
      }
    }
  });
});
