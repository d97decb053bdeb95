/** What a reader must know of a run beside its figures: what happened, and what the figures themselves call for. */
import { isClosed } from '../load/arrivals.ts';
import { blocks, straddles, type Check, type Verdict } from './check.ts';
import { finding, type Finding } from './findings.ts';
import { PAIRED } from '../result/pair-runs.ts';
import type { RunData } from '../run/data.ts';
import type { VariantSummary } from '../figures/summary.ts';
import type { ServerIdentity } from '../run/manifest.ts';
import { variantSettings } from '../settings/variants.ts';
import { candidatesOf, pairsOf, presentVariants, roleOf, type ByVariant, type Variant } from '../variants.ts';

/** Below this a run is a smoke test. */
const SHORT_RUN_REQUESTS = 100;
/** One run's Little's-law gap: rounding at the window's edges stays well below it. */
const LITTLE_GAP = 0.1;

/** What happened to the run and its servers. */
export function runFindings(data: RunData): Finding[] {
  const { manifest } = data;
  const findings: Finding[] = (manifest.left_out ?? []).map((one) => finding('gate_left_out', one));
  const { judged } = data;
  if (judged !== undefined && judged.disagreed > 0)
    findings.push(
      finding('judge_disagrees', {
        disagreed: judged.disagreed,
        repeated: judged.repeated,
        model: judged.model,
      }),
    );
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
    case 'server_gone': {
      const { variant } = stopped;
      const code = comparing && roleOf(variant) === 'baseline' ? 'baseline_gone' : 'server_gone';
      findings.push(finding(code, { after_s }, { variant }));
      break;
    }
    case 'rate_not_sent':
      findings.push(finding('rate_not_sent', { after_s }));
      break;
    case 'k6_failed':
      findings.push(finding('k6_failed', { after_s }));
      break;
  }
  const { aa } = data.settings;
  const switched = presentVariants(manifest.variants).some(
    (variant) => (variantSettings(data.settings)[variant]?.restart ?? null) !== null,
  );
  if (aa) findings.push(finding('declared_aa'));
  for (const { candidate, of } of aa ? [] : pairsOf(manifest.variants)) {
    const [baseline, other] = of;
    // Runs made apart often find their servers at one address, one after the other.
    const sameAddress = manifest.job !== PAIRED && baseline.url === other.url;
    // A server that is started anew between its two settings is meant to be one.
    if (sameAddress && switched) continue;
    if (sameAddress || sameProcess(baseline.identity, other.identity))
      findings.push(
        finding('same_server', { how: sameAddress ? 'address' : 'process' }, { variant: candidate }),
      );
  }
  for (const variant of presentVariants(manifest.variants)) {
    const server = manifest.variants[variant];
    const before = server?.identity?.process_start_time_s ?? null;
    const after = server?.identity_after?.process_start_time_s ?? null;
    if (before !== null && after !== null && before !== after)
      findings.push(finding('server_restarted', {}, { variant }));
  }
  return findings;
}

function sameProcess(a: ServerIdentity | null, b: ServerIdentity | null): boolean {
  return (
    a !== null &&
    b !== null &&
    a.process_start_time_s !== null &&
    a.process_start_time_s === b.process_start_time_s &&
    a.process_id !== null &&
    a.process_id === b.process_id
  );
}

/** What the figures themselves call for. */
export function figureFindings(data: RunData, summaries: ByVariant<VariantSummary>): Finding[] {
  const findings: Finding[] = [];
  for (const variant of presentVariants(data.manifest.variants)) {
    const summary = summaries[variant];
    if (summary === undefined || summary.ok === 0) {
      findings.push(finding('no_answers', { requests: summary?.requests ?? 0 }, { variant }));
      continue;
    }
    if (summary.failed > 0)
      findings.push(
        finding('failures_left_out', { failed: summary.failed, requests: summary.requests }, { variant }),
      );
    if (summary.cost !== null && summary.cost.n < summary.ok)
      findings.push(
        finding('missing_cost', { missing: summary.ok - summary.cost.n, answers: summary.ok }, { variant }),
      );
    if (summary.requests < SHORT_RUN_REQUESTS)
      findings.push(finding('short_run', { requests: summary.requests }, { variant }));
    const scored = summary.accuracy.correction ?? summary.accuracy.translation;
    if (scored !== null && scored.answers > scored.payloads)
      findings.push(
        finding('repeated_payloads', { answers: scored.answers, payloads: scored.payloads }, { variant }),
      );
    const { little } = summary;
    if (
      little !== null &&
      data.manifest.stopped === null &&
      Math.abs(little.in_flight - little.clients) > LITTLE_GAP * little.clients
    )
      findings.push(
        finding('little_gap', { in_flight: little.in_flight, clients: little.clients }, { variant }),
      );
  }
  return findings;
}

/** A run too short for any gate, or for any gate on time, passes by nothing that it saw of them. */
function undecidable(gates: readonly Check[], candidate: Variant): Finding[] {
  const mine = gates.filter(({ subject }) => subject.variant === candidate);
  const times = mine.filter(({ unit, scale }) => unit === 'ms' && scale === 'ratio');
  const lacking = [mine, times].filter((of) => of.length > 0 && !of.some(blocks));
  if (lacking.length === 0) return [];
  const needs = (times.length > 0 ? times : mine).flatMap(({ advisory, n_of }) =>
    n_of === 'requests' && advisory !== null && 'needs' in advisory && advisory.needs !== null
      ? [advisory.needs]
      : [],
  );
  return [
    finding(
      'gates_only_inform',
      {
        latency: times.length,
        gates: mine.length,
        ...(needs.length === 0 ? {} : { needs: Math.min(...needs) }),
      },
      { variant: candidate },
    ),
  ];
}

export function checkFindings(
  checks: readonly Check[],
  { manifest, settings }: RunData,
  rule: Verdict['rule'],
): Finding[] {
  const findings: Finding[] = [];
  for (const check of checks)
    if (check.kind === 'limit' && check.answer !== 'inconclusive' && straddles(check))
      findings.push(
        finding('interval_straddles_limit', { check: check.id }, { variant: check.subject.variant }),
      );
  const gates = checks.filter(({ kind }) => kind === 'gate');
  findings.push(...candidatesOf(manifest.variants).flatMap((candidate) => undecidable(gates, candidate)));
  const few = gates.find(
    ({ metric, advisory }) => metric === 'accuracy' && advisory?.reason === 'too_few',
  )?.advisory;
  if (few?.reason === 'too_few') findings.push(finding('few_payloads', { has: few.has, needs: few.needs }));
  if (rule === 'point' && gates.length > 0) findings.push(finding('point_rule'));
  if (gates.some(({ metric }) => metric === 'throughput'))
    findings.push(finding(isClosed(settings.arrival) ? 'closed_loop_throughput' : 'open_loop_throughput'));
  if (
    gates.some(({ statistic }) => statistic?.startsWith('p') === true) &&
    manifest.deployment_noise === null
  )
    findings.push(finding('deployment_noise_unknown'));
  if (manifest.fallback !== null)
    findings.push(
      finding('fallback', {
        from: manifest.fallback.from_vus,
        to: settings.vus,
        run: manifest.fallback.from_run,
      }),
    );
  return findings;
}
