/** What an inference server's load shows beyond one request: stages, recovery, drift, the server itself; and the block of text. */
import type { Comparison } from '../../domain/result/comparison.ts';
import type { Observed } from '../../domain/jobs/inference/observed.ts';
import { measuredStages, type LoadPlan } from '../../domain/load/counted-plan.ts';
import { suiteRows, type Level, type SuiteRow } from '../../domain/result/suite.ts';
import type { Recovery } from '../../domain/jobs/inference/spike.ts';
import { formatDuration } from '../../domain/text/units.ts';
import { presentVariants } from '../../domain/variants.ts';
import { bytes, integer, ms, orMissing, percent } from './format.ts';
import type { Section } from './section.ts';

/** Counts whole, other quantities to three digits. */
const short = (value: number): string =>
  Number.isInteger(value) ? integer(value) : String(Number(value.toPrecision(3)));
const perSecond = (value: number): string => `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} req/s`;

/** `2 clients share 10 requests, then 20 share 100`. */
function stagesInWords(
  { stages, pace_ms, warm_up_requests }: Pick<Observed, 'stages' | 'pace_ms' | 'warm_up_requests'>,
  timeout_ms: number,
): string {
  const shared = stages.map(
    ({ clients, requests }, i) =>
      `${clients}${i === 0 ? ' clients' : ''} share ${integer(requests)}${i === 0 ? ' requests' : ''}`,
  );
  const pace = pace_ms === null ? '' : `, one each ${formatDuration(pace_ms)} a client`;
  return `${shared.join(', then ')}${pace}; ${integer(warm_up_requests)} before them as warm-up; timeout ${formatDuration(timeout_ms)}`;
}

export const planInWords = (plan: LoadPlan, timeout_ms: number): string =>
  stagesInWords(
    { stages: measuredStages(plan), pace_ms: plan.pace_ms, warm_up_requests: plan.warm_up },
    timeout_ms,
  );

export const loadInWords = (observed: Observed, timeout_ms: number, blocks: number): string =>
  `${stagesInWords(observed, timeout_ms)}${blocks > 1 ? `; ${blocks} blocks` : ''}`;

function recoveryInWords(recovery: Recovery): string {
  switch (recovery.state) {
    case 'recovered':
      return recovery.after_ms === 0
        ? `at once (p95 of the ${recovery.n} requests after it within ${ms(recovery.bar_ms)})`
        : `after ${ms(recovery.after_ms)} (p95 back within ${ms(recovery.bar_ms)})`;
    case 'never':
      return `not within the ${recovery.n} requests (${ms(recovery.watched_ms)}) that were watched after it (p95 above ${ms(recovery.bar_ms)}); --requests watches longer`;
    case 'unknown':
      return 'too few answers before or after to tell';
  }
}

function spike(comparison: Comparison, observed: Observed): Section {
  const variants = presentVariants(observed.spike);
  return {
    id: 'spike',
    title: 'Before, in and after the spike',
    head: ['variant', 'stage', 'requests', 'failed', 'p50', 'p95', 'max', 'throughput'],
    rows: variants.flatMap((variant) =>
      (observed.spike[variant]?.stages ?? []).map((stage) => [
        variant,
        stage.stage,
        integer(stage.requests),
        integer(stage.failed),
        orMissing(stage.p50_ms, ms),
        orMissing(stage.p95_ms, ms),
        orMissing(stage.max_ms, ms),
        orMissing(stage.ok_per_s, perSecond),
      ]),
    ),
    note: variants
      .map((variant) => {
        const recovery = observed.spike[variant]?.recovery ?? { state: 'unknown' };
        return `${presentVariants(comparison.variants).length > 1 ? `${variant} ` : ''}recovery: ${recoveryInWords(recovery)}`;
      })
      .join('; '),
  };
}

function drift(observed: Observed): Section {
  const rows = (['latency_drift', 'memory_drift'] as const).flatMap((what) =>
    presentVariants(observed[what]).flatMap((variant): string[][] => {
      const one = observed[what][variant];
      if (one === undefined) return [];
      const show = what === 'latency_drift' ? ms : bytes;
      return [
        [
          what === 'latency_drift' ? 'latency' : 'resident memory',
          variant,
          `${one.growth >= 0 ? '+' : ''}${show(one.growth)}`,
          `${show(one.low)} to ${show(one.high)}`,
          integer(one.n),
        ],
      ];
    }),
  );
  return {
    id: 'drift',
    title: 'Drift over the run',
    head: ['what', 'variant', 'growth', 'interval', 'n'],
    rows,
    note: 'growth of a line through the means of ten equal stretches; it counts where its whole interval lies above 0',
  };
}

function server(comparison: Comparison, observed: Observed): Section {
  const { cpus } = comparison.run.machine;
  const rows = presentVariants(observed.server).flatMap((variant): string[][] => {
    const one = observed.server[variant];
    if (one === undefined) return [];
    const out: string[][] = [];
    const row = (what: string, value: string): void => void out.push([variant, what, value]);
    const { process, gpu } = one;
    if (process === null) row('process', 'not seen (it was not started here; --pid names it)');
    else {
      row('memory', `${bytes(process.rss_start_bytes)} before, at most ${bytes(process.rss_max_bytes)}`);
      row(
        'CPU',
        process.cores === null
          ? 'too short a load to see'
          : `${process.cores.toFixed(2)} cores, ${percent(process.cores / cpus, 0)} of ${cpus}`,
      );
      if (process.processes > 1) row('processes', `${process.processes} with its children`);
    }
    row(
      'GPU',
      gpu === null
        ? 'none seen (no nvidia-smi, no --gpu-metrics)'
        : `${percent(gpu.mean_share, 0)}${gpu.max_memory_bytes === null ? '' : `, at most ${bytes(gpu.max_memory_bytes)}`}`,
    );
    for (const metric of one.metrics) {
      const parts = [
        `+${short(metric.delta ?? 0)}${metric.own_delta === null ? '' : ` (${short(metric.own_delta)} on our path)`}`,
        `at most ${short(metric.max ?? 0)}`,
      ];
      const counted = /_total$|_count$/.test(metric.name) ? `; we sent ${integer(one.sent)}` : '';
      row(
        metric.name,
        metric.state === 'absent'
          ? 'absent'
          : `${parts.join(', ')}${counted}${metric.state === 'vanished' ? '; gone at the end' : ''}`,
      );
    }
    return out;
  });
  return {
    id: 'server',
    title: 'The server during the load',
    head: ['variant', 'what', 'seen'],
    rows,
    note: 'time series in server.jsonl, twice a second',
  };
}

/** Sections without rows are the caller's to leave out. */
export function inferenceSections(comparison: Comparison): Section[] {
  const { observed = null } = comparison;
  if (observed === null) return [];
  return [spike(comparison, observed), drift(observed), server(comparison, observed)];
}

export const LEVELS: Readonly<Record<Level, { mark: string; words: string }>> = {
  met: { mark: '✅', words: 'limits and targets met' },
  acceptable: { mark: '⚠️', words: 'limits met, a target missed but acceptable' },
  beyond: { mark: '⚠️', words: 'limits met, a target missed beyond acceptable' },
  undecided: { mark: '❔', words: 'not decided' },
  failed: { mark: '❌', words: 'it fails' },
  invalid: { mark: '⚠️', words: "the measurement can't be trusted" },
};

/** The block that a person reads at a glance. */
function textBlock(row: SuiteRow, both: boolean): string {
  const { mark, words } = LEVELS[row.level];
  const lines: [string, string][] = [
    ['total', integer(row.requests)],
    ['successes', integer(row.ok)],
    ['failures', integer(row.failed)],
    ['duration', `${row.duration_s.toFixed(2)} s`],
    ['throughput', perSecond(row.ok_per_s)],
    ['error rate', orMissing(row.error_rate, percent)],
    ['p50', orMissing(row.p50_ms, ms)],
    ['p95', orMissing(row.p95_ms, ms)],
    ['p99', orMissing(row.p99_ms, ms)],
    ['max', orMissing(row.max_ms, ms)],
  ];
  return [
    `${mark} ${row.scenario}${both ? `, ${row.variant}` : ''}: ${words}`,
    ...lines.map(([name, value]) => `   ${name.padEnd(11)} ${value.padStart(12)}`),
  ].join('\n');
}

export function textBlocks(comparison: Comparison): string {
  const rows = suiteRows(comparison);
  return rows.map((row) => textBlock(row, rows.length > 1)).join('\n\n');
}
