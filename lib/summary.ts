/** handleSummary in the suite's own schema (k6's `--summary-export` has inverted booleans), and a short text for bare runs. */
import { SCHEMA_VERSION } from '../domain/record/schema-version.ts';
import type { BlockSummary } from '../domain/run/block.ts';
import { thresholdsOf, type K6Summary } from './k6-summary.ts';
import type { Runtime } from './runtime.ts';
import { stopOf } from './run-control.ts';

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
  return {
    schema_version: SCHEMA_VERSION,
    block: runtime.plan.block,
    duration_ms: data.state.testRunDurationMs,
    thresholds: thresholdsOf(data),
    counts,
    probe: runtime.plan.probe_url === null ? null : { count: value('probe_duration', 'count') },
    stopped: stopOf(runtime.variants),
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
