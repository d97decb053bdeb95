/** A run's data to its comparison: figures, checks, trust, findings, verdict. */
import type { Check, GateCheck } from './checks.ts';
import type { Comparison, Histogram } from './comparison.ts';
import { finding, type Finding } from './findings.ts';
import { judgeGate, type Pair } from './gates.ts';
import { judgeLimit, type LimitIntervals } from './limits.ts';
import { SCHEMA_VERSION } from './request-record.ts';
import type { RunData } from './run-data.ts';
import { settingsOf } from './run.ts';
import { summarise, trendValues, type VariantSummary } from './summary.ts';
import { judgeTrust } from './trust.ts';
import { mapVariants, presentVariants, type ByVariant } from './variants.ts';
import { decide } from './verdict.ts';

/** What a verdict tells apart where no gate says it: 15 % of the latency. */
const DEFAULT_TOLERANCE = 0.15;
/** A p50 interval is finite from about here; below, a run is a smoke test. */
const SHORT_RUN_REQUESTS = 100;
/** One run's Little's-law gap: rounding at the window's edges stays well below it. */
const LITTLE_GAP = 0.1;

const noIntervals: LimitIntervals = { percentile: () => null, share: () => null };

/** @param also findings of whoever made the data, as the differences of two runs paired */
export function compare(data: RunData, also: readonly Finding[] = []): Comparison {
  const { manifest } = data;
  const settings = settingsOf(manifest);
  const { thresholds } = manifest;
  const summaries: ByVariant<VariantSummary> = mapVariants(data.measured, (of) =>
    summarise(of, { planned_ms: settings.durationMs, clients: settings.vus }),
  );
  const tolerance =
    thresholds.gates
      .flatMap((gate) => (gate.gate === 'latency' ? [gate.margin - 1] : []))
      .find((margin) => margin > 0) ?? DEFAULT_TOLERANCE;
  const trust = judgeTrust(data, summaries, tolerance);
  const checks: Check[] = [];
  const pair = pairOf(data, summaries);
  if (pair !== null)
    for (const gate of thresholds.gates)
      checks.push(judgeGate(gate, pair, { alpha: 0.025, rule: 'interval' }));
  for (const kind of ['limit', 'target'] as const) {
    for (const limit of kind === 'limit' ? thresholds.limits : thresholds.targets) {
      for (const variant of presentVariants(manifest.variants)) {
        const summary = summaries[variant];
        const measured = data.measured[variant];
        if (summary !== undefined && measured !== undefined)
          checks.push(judgeLimit(kind, limit, summary, measured, noIntervals));
      }
    }
  }
  const findings = [
    ...trust.findings,
    ...also,
    ...runFindings(data),
    ...figureFindings(data, summaries),
    ...checkFindings(checks),
  ];
  const { verdict, exit_code } = decide(checks, findings, {
    rule: 'interval',
    interrupted: manifest.stopped?.reason === 'interrupted',
    fail_on: ['fail', 'inconclusive'],
  });
  return {
    schema_version: SCHEMA_VERSION,
    run: {
      run_id: manifest.run_id,
      job: manifest.job,
      status: manifest.status,
      stopped: manifest.stopped,
      started_ms: manifest.started_ms,
      ended_ms: manifest.ended_ms,
      clients: settings.vus,
      duration_ms: settings.durationMs,
      warm_up_ms: settings.warmUpMs,
      timeout_ms: settings.timeoutMs,
      seed: settings.seed,
      blocks: manifest.blocks.length,
      payloads: manifest.payloads,
      versions: manifest.versions,
      machine: manifest.machine,
      variants: mapVariants(manifest.variants, ({ label, url, stand_in }) => ({ label, url, stand_in })),
    },
    variants: summaries,
    checks,
    slowest_stage: slowestStage(summaries),
    histogram: histogram(data),
    trust: trust.figures,
    findings,
    verdict,
    exit_code,
  };
}

function pairOf(data: RunData, summaries: ByVariant<VariantSummary>): Pair | null {
  const { baseline, shadow } = data.measured;
  if (
    baseline === undefined ||
    shadow === undefined ||
    summaries.baseline === undefined ||
    summaries.shadow === undefined
  )
    return null;
  return {
    baseline: { measured: baseline, summary: summaries.baseline },
    shadow: { measured: shadow, summary: summaries.shadow },
  };
}

/** What happened to the run and its servers. */
function runFindings(data: RunData): Finding[] {
  const { manifest } = data;
  const findings: Finding[] = [];
  const { stopped } = manifest;
  const after_s = stopped === null ? 0 : (stopped.at_ms - manifest.started_ms) / 1000;
  const comparing = presentVariants(manifest.variants).length > 1;
  switch (stopped?.reason) {
    case undefined:
      break;
    case 'interrupted':
      findings.push(finding('interrupted', { after_s }));
      break;
    case 'max_cost':
      findings.push(finding('stopped_for_cost', { after_s }));
      break;
    case 'baseline_gone':
      findings.push(finding(comparing ? 'baseline_gone' : 'server_gone', { after_s }, 'baseline'));
      break;
    case 'shadow_gone':
      findings.push(finding('server_gone', { after_s }, 'shadow'));
      break;
    case 'k6_failed':
      findings.push(finding('k6_failed', { after_s }));
      break;
  }
  const { baseline, shadow } = manifest.variants;
  const aa = settingsOf(manifest).aa;
  if (aa) findings.push(finding('declared_aa'));
  if (baseline !== undefined && shadow !== undefined) {
    const a = baseline.identity;
    const b = shadow.identity;
    const sameProcess =
      a !== null &&
      b !== null &&
      a.process_start_time_s !== null &&
      a.process_start_time_s === b.process_start_time_s &&
      a.process_id !== null &&
      a.process_id === b.process_id;
    if (!aa && (baseline.url === shadow.url || sameProcess))
      findings.push(finding('same_server', { how: baseline.url === shadow.url ? 'address' : 'process' }));
  }
  for (const variant of presentVariants(manifest.variants)) {
    const server = manifest.variants[variant];
    const before = server?.identity?.process_start_time_s ?? null;
    const after = server?.identity_after?.process_start_time_s ?? null;
    if (before !== null && after !== null && before !== after)
      findings.push(finding('server_restarted', {}, variant));
  }
  return findings;
}

/** What the figures themselves call for. */
function figureFindings(data: RunData, summaries: ByVariant<VariantSummary>): Finding[] {
  const findings: Finding[] = [];
  for (const variant of presentVariants(data.manifest.variants)) {
    const summary = summaries[variant];
    if (summary === undefined || summary.ok === 0) {
      findings.push(finding('no_answers', { requests: summary?.requests ?? 0 }, variant));
      continue;
    }
    if (summary.failed > 0)
      findings.push(
        finding('failures_left_out', { failed: summary.failed, requests: summary.requests }, variant),
      );
    if (summary.cost !== null && summary.cost.n < summary.ok)
      findings.push(
        finding('missing_cost', { missing: summary.ok - summary.cost.n, answers: summary.ok }, variant),
      );
    if (summary.requests < SHORT_RUN_REQUESTS)
      findings.push(finding('short_run', { requests: summary.requests }, variant));
    const scored = summary.accuracy.correction ?? summary.accuracy.translation;
    if (scored !== null && scored.answers > scored.payloads)
      findings.push(
        finding('repeated_payloads', { answers: scored.answers, payloads: scored.payloads }, variant),
      );
    const { little } = summary;
    if (
      little !== null &&
      data.manifest.stopped === null &&
      Math.abs(little.in_flight - little.clients) > LITTLE_GAP * little.clients
    )
      findings.push(finding('little_gap', { in_flight: little.in_flight, clients: little.clients }, variant));
  }
  return findings;
}

function checkFindings(checks: readonly Check[]): Finding[] {
  const findings: Finding[] = [];
  for (const check of checks) {
    if (check.kind !== 'gate' && check.straddles)
      findings.push(
        finding(
          'interval_straddles_limit',
          { check: check.id, limit: check.limit, unit: check.unit },
          check.variant,
        ),
      );
  }
  if (checks.some((check): check is GateCheck => check.kind === 'gate' && check.gate === 'throughput'))
    findings.push(finding('closed_loop_throughput'));
  return findings;
}

/** The stage whose tail differs most between the variants, in ms at p95. */
function slowestStage(summaries: ByVariant<VariantSummary>): Comparison['slowest_stage'] {
  const { baseline, shadow } = summaries;
  if (baseline === undefined || shadow === undefined) return null;
  let found: Comparison['slowest_stage'] = null;
  let most = 0;
  for (const { stage, p95 } of shadow.stages) {
    const before = baseline.stages.find((one) => one.stage === stage)?.p95;
    if (before === undefined) continue;
    if (Math.abs(p95 - before) > most) {
      most = Math.abs(p95 - before);
      found = { stage, baseline_p95_ms: before, shadow_p95_ms: p95 };
    }
  }
  return found;
}

const BINS = 60;

/** Bins from 0 to beyond the larger p99, so that one straggler does not flatten the picture; the last bin is open. */
function histogram(data: RunData): Histogram | null {
  const durations = mapVariants(data.measured, (of) => trendValues(of, 'request_duration'));
  let top = 0;
  for (const variant of presentVariants(durations)) {
    const values = durations[variant];
    if (values === undefined || values.length === 0) continue;
    const sorted = values.slice().sort();
    top = Math.max(top, (sorted[Math.floor(0.99 * (sorted.length - 1))] ?? 0) * 1.15);
  }
  if (top === 0) return null;
  const edges_ms = Array.from({ length: BINS + 1 }, (_, i) => (top * i) / BINS);
  const shares = mapVariants(durations, (values) => {
    const counts = Array.from({ length: BINS }, () => 0);
    for (const value of values) {
      const bin = Math.min(BINS - 1, Math.floor((value / top) * BINS));
      counts[bin] = (counts[bin] ?? 0) + 1 / values.length;
    }
    return counts;
  });
  return { edges_ms, shares };
}
