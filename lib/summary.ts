/** handleSummary in the suite's own schema (k6's `--summary-export` has inverted booleans), and a short text for bare runs. */
import { SCHEMA_VERSION } from '../domain/record/schema-version.ts';
import type { BlockSummary } from '../domain/run/block.ts';
import { COUNTED, SHOWN } from './load/counted.ts';
import type { Runtime } from './runtime.ts';
import { stopped, stoppedAtMs } from './run-control.ts';

interface K6Metric {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}
export interface K6Summary {
  readonly metrics: Readonly<Record<string, K6Metric>>;
  readonly state: { readonly testRunDurationMs: number };
}

export function blockSummary(data: K6Summary, runtime: Runtime): BlockSummary {
  const value = (metric: string, statistic: string): number => data.metrics[metric]?.values[statistic] ?? 0;
  const counts: BlockSummary['counts'] = {};
  for (const variant of runtime.variants) {
    counts[variant] = {
      started: value(`requests_started{variant:${variant}}`, 'count'),
      finished: value(`requests_finished{variant:${variant}}`, 'count'),
      http_reqs: value(`http_reqs{variant:${variant}}`, 'count'),
      iterations: value(`iterations{variant:${variant}}`, 'count'),
      p95_ms: data.metrics[`request_duration{variant:${variant},phase:measured}`]?.values['p(95)'] ?? null,
    };
  }
  const reason = stopped();
  return {
    schema_version: SCHEMA_VERSION,
    block: runtime.plan.block,
    duration_ms: data.state.testRunDurationMs,
    thresholds: Object.entries(data.metrics).flatMap(([metric, { thresholds }]) =>
      Object.entries(thresholds ?? {})
        .filter(([expression]) => expression !== COUNTED && expression !== SHOWN)
        .map(([expression, { ok }]) => ({ metric, expression, ok })),
    ),
    counts,
    probe: runtime.plan.probe_url === null ? null : { count: value('probe_duration', 'count') },
    stopped: reason === null ? null : { reason, at_ms: stoppedAtMs() },
  };
}

/** For a run without the cli: enough to read the result in a CI log. */
export function bareText(data: K6Summary, summary: BlockSummary): string {
  const lines = Object.entries(summary.counts).map(([variant, count]) => {
    const values = data.metrics[`request_duration{variant:${variant},phase:measured}`]?.values ?? {};
    const at = (statistic: string): string =>
      values[statistic] === undefined ? '-' : `${values[statistic].toFixed(1)} ms`;
    return `  ${variant}: ${count.finished} requests, p50 ${at('med')}, p95 ${at('p(95)')}, p99 ${at('p(99)')}`;
  });
  const verdicts = summary.thresholds.map(
    ({ metric, expression, ok }) => `  ${ok ? 'ok    ' : 'FAILED'} ${metric}: ${expression}`,
  );
  return [
    '',
    ...lines,
    '',
    ...verdicts,
    '',
    '  The comparison and the verdict come from the cli: npm run k6:shadow',
    '',
  ].join('\n');
}
