/** A run's data to its comparison: figures, checks, trust, findings, verdict. */
import { formatArrival } from '../load/arrivals.ts';
import { byEndpoint } from '../figures/by-endpoint.ts';
import { byPrompt } from '../figures/by-prompt.ts';
import { driftsOf } from '../jobs/capacity/drift.ts';
import { capacityFindings, driftFindings } from '../jobs/capacity/findings.ts';
import { capacitiesOf } from '../jobs/capacity/of-run.ts';
import { capacityRatio } from '../jobs/capacity/ratio.ts';
import type { Check, GateCheck } from '../verdict/check.ts';
import type { Comparison } from './comparison.ts';
import type { Finding } from '../verdict/findings.ts';
import type { Pair } from '../verdict/gates/evaluation.ts';
import { judgeObserved } from '../jobs/inference/observed.ts';
import { planLoad } from '../load/counted-plan.ts';
import { judgeGates, type GateContext } from '../verdict/gates/judge.ts';
import { judgeLimit } from '../verdict/limits.ts';
import { histogram, slowestStage } from '../figures/pictures.ts';
import { SCHEMA_VERSION } from '../record/schema-version.ts';
import { firstBlocks } from '../record/request-table.ts';
import type { RunData } from '../run/data.ts';
import { checkFindings, figureFindings, runFindings } from '../verdict/run-findings.ts';
import { isRamp, settingsOf, type Manifest } from '../run/manifest.ts';
import { samples } from '../figures/samples.ts';
import type { Settings } from '../settings/settings.ts';
import { sloOf } from '../figures/slo.ts';
import { obrienFlemingLevels } from '../statistics/group-sequential.ts';
import { lengthFindings, streamFindings } from '../verdict/stream-findings.ts';
import { summarise, type SummaryContext, type VariantSummary } from '../figures/summary.ts';
import { judgeTrust } from '../verdict/trust.ts';
import { mapVariants, presentVariants, type ByVariant } from '../variants.ts';
import { decide, failOn } from '../verdict/decide.ts';

/** What a verdict tells apart where no gate says it: 15 % of the latency. */
const DEFAULT_TOLERANCE = 0.15;

/** What a verdict takes from the person who asks for it, rather than from the run. */
export type VerdictSettings = Pick<Settings, 'alpha' | 'rule' | 'require' | 'failOn'>;

/**
 * @param also findings of whoever made the data, as the differences of two runs paired
 * @param asked in place of the run's own verdict settings, for judging an old run anew
 */
export function compare(data: RunData, also: readonly Finding[] = [], asked?: VerdictSettings): Comparison {
  const { manifest } = data;
  const settings = settingsOf(manifest);
  const { thresholds } = manifest;
  const { alpha, rule, require, failOn: soft } = asked ?? settings;
  const context = summaryContext(manifest, settings);
  const sides = mapVariants(data.measured, (measured) => {
    const sorted = samples(measured);
    return { measured, samples: sorted, summary: summarise(measured, sorted, context) };
  });
  const summaries = mapVariants(sides, ({ summary }) => summary);
  const tolerance =
    thresholds.gates
      .flatMap((gate) => (gate.gate === 'latency' ? [gate.margin - 1] : []))
      .find((margin) => margin > 0) ?? DEFAULT_TOLERANCE;
  const trust = judgeTrust(data, summaries, tolerance);
  const looked = judgeLooks(data, sides, context, {
    alpha,
    rule,
    required: require,
    deployment_log_sd: manifest.deployment_noise?.log_sd ?? {},
    block_ms: manifest.blocks[0]?.duration_ms ?? settings.durationMs,
    closed_loop: settings.arrival.kind === 'closed',
  });
  const ramp = isRamp(manifest);
  const capacity = ramp ? capacitiesOf(data) : null;
  const ratio = capacity === null ? null : capacityRatio(capacity, thresholds);
  const drift = settings.blockMs === null ? null : driftsOf(data, alpha);
  const checks: Check[] = ramp ? [] : [...looked.gates];
  for (const kind of ['limit', 'target'] as const) {
    if (ramp) break; // judged step by step
    for (const limit of kind === 'limit' ? thresholds.limits : thresholds.targets) {
      for (const variant of presentVariants(manifest.variants)) {
        const side = sides[variant];
        if (side !== undefined) checks.push(judgeLimit(kind, limit, side.summary, side.samples, alpha));
      }
    }
  }
  const seen = judgeObserved(data, summaries, alpha);
  checks.push(...seen.checks);
  const findings = [
    ...trust.findings,
    ...also,
    ...runFindings(data),
    ...seen.findings,
    ...figureFindings(data, summaries),
    // Nothing here is a time to the first token.
    ...(planLoad(settings) === null ? streamFindings(settings, manifest.payloads.count, sides, alpha) : []),
    ...(sides.baseline === undefined || sides.shadow === undefined
      ? []
      : lengthFindings({ baseline: sides.baseline, shadow: sides.shadow }, alpha, settings.forceLength)),
    ...checkFindings(checks, manifest, rule),
    ...(capacity === null ? [] : capacityFindings(capacity)),
    ...(drift === null ? [] : driftFindings(drift)),
  ];
  const { verdict, exit_code } = decide(checks, findings, {
    capacity:
      capacity === null
        ? null
        : {
            known:
              presentVariants(capacity).length > 0 &&
              presentVariants(capacity).every((one) => capacity[one]?.sustained != null),
            answer: ratio?.answer ?? null,
          },
    rule,
    interrupted: manifest.stopped?.reason === 'interrupted',
    fail_on: failOn(soft),
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
      arrival: formatArrival(settings.arrival),
      rate_per_s: settings.rate,
      duration_ms: ramp ? settings.holdMs : settings.durationMs,
      warm_up_ms: settings.warmUpMs,
      timeout_ms: settings.timeoutMs,
      seed: settings.seed,
      blocks: manifest.blocks.length,
      order: settings.order,
      looks: looked.looks,
      fallback: manifest.fallback,
      deployment_noise: manifest.deployment_noise,
      payloads: manifest.payloads,
      versions: manifest.versions,
      machine: manifest.machine,
      variants: mapVariants(manifest.variants, ({ label, url, stand_in }) => ({ label, url, stand_in })),
      generation: generation(settings, summaries),
    },
    variants: summaries,
    checks,
    slowest_stage: slowestStage(summaries),
    histogram: histogram(mapVariants(sides, (side) => side.samples)),
    capacity,
    capacity_ratio: ratio,
    drift,
    by_endpoint: manifest.job === 'mixed' ? mapVariants(data.measured, byEndpoint) : null,
    observed: seen.observed,
    by_prompt: manifest.job === 'single' ? mapVariants(data.measured, byPrompt) : null,
    trust: trust.figures,
    findings,
    verdict,
    exit_code,
  };
}

function generation(
  settings: Settings,
  summaries: ByVariant<VariantSummary>,
): NonNullable<Comparison['run']['generation']> | null {
  if (presentVariants(summaries).every((variant) => summaries[variant]?.tokens === null)) return null;
  return {
    api: settings.api,
    models: mapVariants(
      summaries,
      (_, variant) =>
        (variant === 'shadow' ? (settings.shadowModel ?? settings.model) : settings.model) ?? '',
    ),
    streamed: settings.stream,
    max_tokens: settings.maxTokens,
    forced: settings.forceLength,
    temperature: settings.temperature,
    unique_prefix: settings.uniquePrefix,
    slo: settings.slo,
  };
}

function summaryContext(manifest: Manifest, settings: Settings): SummaryContext {
  return {
    planned_ms: manifest.blocks[0]?.duration_ms ?? settings.durationMs,
    clients:
      settings.arrival.kind === 'closed' &&
      settings.thinkTime === null &&
      settings.maxRequests === null &&
      planLoad(settings) === null &&
      !isRamp(manifest)
        ? settings.vus
        : null,
    slo: sloOf(settings.slo, manifest.thresholds),
  };
}

interface Looked {
  readonly gates: readonly GateCheck[];
  readonly looks: Comparison['run']['looks'];
}

/**
 * One look at the end; or, as planned, one between blocks at O'Brien and Fleming's levels, where a gate's first crossing
 * stands. Always from the first look on, so that a run judged again gives the same answers.
 */
function judgeLooks(
  data: RunData,
  sides: ByVariant<Pair['baseline']>,
  context: SummaryContext,
  gate_context: GateContext,
): Looked {
  const { looks, thresholds } = data.manifest;
  const { baseline, shadow } = sides;
  if (baseline === undefined || shadow === undefined || thresholds.gates.length === 0)
    return { gates: [], looks: null };
  if (looks.length === 0)
    return { gates: judgeGates(thresholds.gates, { baseline, shadow }, gate_context), looks: null };
  const levels = obrienFlemingLevels(looks.length, gate_context.alpha);
  const crossed = new Map<string, GateCheck>();
  let gates: readonly GateCheck[] = [];
  let done = 0;
  let decided: number | null = null;
  for (const [look, after] of looks.entries()) {
    if (after > data.manifest.blocks.length || decided !== null) break;
    done = look + 1;
    const upTo = (side: Pair['baseline']): Pair['baseline'] => {
      const measured = firstBlocks(side.measured, after);
      const sorted = samples(measured);
      return { measured, samples: sorted, summary: summarise(measured, sorted, context) };
    };
    const pair = { baseline: upTo(baseline), shadow: upTo(shadow) };
    const now = judgeGates(thresholds.gates, pair, {
      ...gate_context,
      alpha: levels[look] ?? gate_context.alpha,
    });
    for (const gate of now)
      if (gate.answer !== 'inconclusive' && !crossed.has(gate.id)) crossed.set(gate.id, gate);
    gates = now.map((gate) => crossed.get(gate.id) ?? gate);
    const counted = gates.filter(({ advisory }) => advisory === null);
    if (counted.some(({ answer }) => answer === 'fail') || counted.every(({ answer }) => answer === 'pass'))
      decided = done;
  }
  return { gates, looks: { planned: looks.length, done, decided } };
}
