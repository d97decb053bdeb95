/** A run's data to its comparison: figures, checks, evidence, findings, verdict. */
import { formatArrival, isClosed } from '../load/arrivals.ts';
import { planLoad } from '../load/counted-plan.ts';
import { byEndpoint } from '../figures/by-endpoint.ts';
import { byPrompt } from '../figures/by-prompt.ts';
import { histogram, slowestStage } from '../figures/pictures.ts';
import { samples } from '../figures/samples.ts';
import { sloOf } from '../figures/slo.ts';
import { summarise, windowSeconds, type SummaryContext, type VariantSummary } from '../figures/summary.ts';
import { agreement, differences, type Agreement } from '../quality/agreement.ts';
import { withServerTime } from '../quality/costs.ts';
import { driftsOf } from '../jobs/capacity/drift.ts';
import { capacityFindings, driftFindings } from '../jobs/capacity/findings.ts';
import { capacitiesOf } from '../jobs/capacity/of-run.ts';
import { capacityChecks } from '../jobs/capacity/ratio.ts';
import { judgeObserved } from '../jobs/inference/observed.ts';
import { SCHEMA_VERSION } from '../record/schema-version.ts';
import { firstBlocks, type Measured } from '../record/request-table.ts';
import type { RunData } from '../run/data.ts';
import { isRamp, type Manifest } from '../run/manifest.ts';
import type { Settings } from '../settings/settings.ts';
import { variantSettings } from '../settings/variants.ts';
import {
  candidatesOf,
  mapVariants,
  pairsOf,
  presentVariants,
  type ByVariant,
  type Variant,
} from '../variants.ts';
import type { Check, Verdict, VerdictWord } from '../verdict/check.ts';
import { decide, failOn, type Decided, type VerdictContext } from '../verdict/decide.ts';
import type { Evidence } from '../verdict/evidence.ts';
import { finding, type Finding } from '../verdict/findings.ts';
import { inFlight, type InFlight } from '../verdict/gates/error-rate.ts';
import type { Pair, Side } from '../verdict/gates/evaluation.ts';
import { repeatsOf } from '../verdict/gates/latency-pair.ts';
import { clientsDiffer } from '../statistics/clients.ts';
import { judgeGates, type GateContext } from '../verdict/gates/judge.ts';
import { judgeLooks, type Looked } from '../verdict/gates/looks.ts';
import { loadKind, planOf } from '../verdict/run-plan.ts';
import { judgeLimit } from '../verdict/limits.ts';
import { runEvidence } from '../verdict/run-evidence.ts';
import { checkFindings, figureFindings, runFindings } from '../verdict/run-findings.ts';
import { lengthFindings, streamFindings } from '../verdict/stream-findings.ts';
import type { Comparison } from './comparison.ts';

/** What a verdict tells apart where no gate says it: 15 % of the latency. */
const DEFAULT_TOLERANCE = 0.15;

/** @param also findings of whoever made the data, as the differences of two runs paired */
export function compare(read: RunData, also: readonly Finding[] = []): Comparison {
  const data = withTimeCosts(read);
  const { manifest, settings } = data;
  const { thresholds } = manifest;
  const { alpha, rule } = settings;
  const broken: Finding[] = [];
  const attempt = attempts(broken);
  const context = summaryContext(manifest, settings);
  const sides = sidesOf(data, context);
  const summaries = mapVariants(sides, ({ summary }) => summary);
  const ramp = isRamp(manifest);
  const looked = ramp ? [] : lookedOf(data, sides, context);
  const capacity = ramp ? capacitiesOf(data) : null;
  const seen = judgeObserved(data, summaries, alpha);
  const checks: Check[] = [
    ...looked.flatMap((one) => one.checks),
    // A ramp's limits are judged step by step.
    ...(capacity === null ? limitChecks(data, sides) : capacityChecks(capacity, thresholds)),
    ...seen.checks,
  ];
  const evidence = evidenceOf(data, summaries);
  const drift =
    settings.blockMs === null ? null : attempt('the drift over the run', () => driftsOf(data, alpha), null);
  const findings = [
    ...evidence.findings,
    ...also,
    ...runFindings(data),
    ...seen.findings,
    ...looked.flatMap((one) => one.findings),
    ...figureFindings(data, summaries),
    // A load that is counted in requests has no times to the first token.
    ...(planLoad(settings) === null
      ? attempt(
          'what the answers say',
          () => streamFindings(settings, manifest.payloads.count, sides, alpha),
          [],
        )
      : []),
    ...attempt('repeats and clients', () => dependenceOf(sides, settings), []),
    ...attempt('the lengths of the answers', () => lengthsOf(data, sides), []),
    ...checkFindings(checks, data, rule),
    ...(capacity === null ? [] : capacityFindings(capacity)),
    ...(drift === null ? [] : driftFindings(drift)),
  ];
  const agreements = attempt('how often answers differ', () => agreementsOf(sides), null);
  const figures = {
    slowest_stage: attempt('the stages', () => slowestStage(summaries), {}),
    histogram: attempt(
      'the distributions',
      () => histogram(mapVariants(sides, (side) => side.samples)),
      null,
    ),
    by_endpoint:
      manifest.job === 'mixed'
        ? attempt('the endpoints', () => mapVariants(data.measured, byEndpoint), null)
        : null,
    by_prompt:
      manifest.job === 'single'
        ? attempt('the prompts', () => mapVariants(data.measured, byPrompt), null)
        : null,
  };
  const all = [...findings, ...agreementFindings(agreements, settings), ...broken];
  const decided = decideRun(checks, all, candidatesOf(manifest.variants), {
    rule,
    interrupted: manifest.stopped?.reason === 'interrupted',
    fail_on: failOn(settings.failOn),
  });
  return {
    schema_version: SCHEMA_VERSION,
    run: runOf(data, summaries, looked),
    variants: summaries,
    checks,
    capacity,
    drift,
    ...figures,
    observed: seen.observed,
    agreement: agreements,
    currency: settings.currency,
    trust: evidence.figures,
    findings: all,
    ...decided,
  };
}

/** What can't be computed says so, and costs no other part of the report. */
function attempts(broken: Finding[]): <T>(what: string, make: () => T, otherwise: T) => T {
  return (what, make, otherwise) => {
    try {
      return make();
    } catch (error) {
      broken.push(
        finding('not_computed', { what, problem: error instanceof Error ? error.message : String(error) }),
      );
      return otherwise;
    }
  };
}

const sideOf = (measured: Measured, warm_up: Measured | undefined, context: SummaryContext): Side => {
  const sorted = samples(measured);
  return { measured, warm_up, samples: sorted, summary: summarise(measured, sorted, context) };
};

const sidesOf = (data: RunData, context: SummaryContext): ByVariant<Side> =>
  mapVariants(data.measured, (measured, variant) => sideOf(measured, data.warm_up[variant], context));

function limitChecks(data: RunData, sides: ByVariant<Side>): Check[] {
  const { thresholds, variants } = data.manifest;
  const of = (kind: 'limit' | 'target', limits: typeof thresholds.limits): Check[] =>
    limits.flatMap((limit) =>
      presentVariants(variants).flatMap((variant) => {
        const side = sides[variant];
        return side === undefined
          ? []
          : [judgeLimit(kind, limit, side.summary, side.samples, data.settings.alpha)];
      }),
    );
  return [...of('limit', thresholds.limits), ...of('target', thresholds.targets)];
}

/** Each candidate against the baseline: one look at the end, or, as planned, one between blocks. */
function lookedOf(data: RunData, sides: ByVariant<Side>, context: SummaryContext): Looked[] {
  const { manifest, settings } = data;
  const { looks, blocks, thresholds } = manifest;
  const replicates = replicatesOf(data);
  return pairsOf(sides).map(({ candidate, of: [baseline, shadow] }) => {
    const pair: Pair = { baseline, shadow, replicates };
    const gates: GateContext = {
      alpha: settings.alpha,
      rule: settings.rule,
      required: settings.require,
      plan: planOf(manifest, settings, data.warm_up, candidate),
      deployment_log_sd: manifest.deployment_noise?.log_sd ?? {},
      block_ms: blocks[0]?.duration_ms ?? settings.durationMs,
      load: loadKind(settings),
      in_flight: inFlightOf(pair, settings),
    };
    if (looks.length === 0) return { ...judgeGates(thresholds.gates, pair, gates), looks: null };
    const upTo = (after: number): Pair => ({
      baseline: sideOf(firstBlocks(baseline.measured, after), baseline.warm_up, context),
      shadow: sideOf(firstBlocks(shadow.measured, after), shadow.warm_up, context),
      replicates,
    });
    return judgeLooks(thresholds.gates, looks, blocks.length, upTo, gates);
  });
}

function inFlightOf(pair: Pair, { arrival, rate, vus }: Settings): InFlight {
  return inFlight(pair, !isClosed(arrival) && rate !== null ? { rate_per_s: rate } : { clients: vus });
}

/** Which A-B-B-A each block belongs to, by its place among its variant's blocks: two of each make one. */
function replicatesOf({ manifest, settings }: RunData): readonly number[] | undefined {
  return settings.order === 'abba' ? manifest.blocks.map((_, i) => Math.floor(i / 2)) : undefined;
}

/** What makes requests of one run less than they seem: caches that one side has, clients that are not alike. */
function dependenceOf(sides: ByVariant<Side>, settings: Settings): Finding[] {
  // Clients of a spike were asked to differ.
  const alike = (planLoad(settings)?.stages.length ?? 1) === 1;
  return [
    ...pairsOf(sides).flatMap(({ candidate, of: [baseline, shadow] }) => {
      const effect = repeatsOf({ baseline, shadow });
      if (effect?.differs !== true) return [];
      const { payloads } = effect;
      const args = { baseline: effect.baseline, candidate: effect.shadow, payloads };
      return [finding('repeats_differ', args, { variant: candidate })];
    }),
    ...(alike ? presentVariants(sides) : []).flatMap((variant) => {
      const clients = clientsOf(sides[variant]);
      return clients === null ? [] : [finding('clients_differ', { clients }, { variant })];
    }),
  ];
}

/** How many clients there are, where they differ by more than chance; null: they don't, or the log does not name them. */
function clientsOf(side: Side | undefined): number | null {
  const outcome = side?.samples.of('request_duration');
  if (outcome?.ok !== true) return null;
  const blocks = outcome.sample.blocks.flatMap(({ logs, clients }) =>
    clients === undefined ? [] : [{ values: logs, clients }],
  );
  return clientsDiffer(blocks) ? new Set(blocks.flatMap((block) => [...block.clients])).size : null;
}

/** Where a server's hour has a price, each answer costs its share of the measured time. */
function withTimeCosts(data: RunData): RunData {
  const priced = variantSettings(data.settings);
  const { planned_ms } = summaryContext(data.manifest, data.settings);
  return {
    ...data,
    measured: mapVariants(data.measured, (measured, variant) => {
      const per_hour = priced[variant]?.price_per_hour ?? null;
      return per_hour === null
        ? measured
        : withServerTime(measured, per_hour, 1000 * windowSeconds(measured, planned_ms));
    }),
  };
}

/** By candidate; null where answers' digests are not known. */
function agreementsOf(sides: ByVariant<Side>): ByVariant<Agreement> | null {
  const found = pairsOf(sides).flatMap(({ candidate, of: [baseline, other] }) => {
    const one = agreement(differences(baseline.measured, other.measured));
    return one === null ? [] : [[candidate, one] as const];
  });
  return found.length === 0 ? null : Object.fromEntries(found);
}

/** At a temperature answers differ by themselves, and where none repeats, its text has more in it than what was said. */
const agreementFindings = (of: ByVariant<Agreement> | null, { temperature }: Settings): Finding[] =>
  presentVariants(of ?? {}).flatMap((variant) => {
    const one = of?.[variant];
    if (one === undefined || temperature > 0 || one.within === 1) return [];
    const { between, within, payloads } = one;
    return [
      finding('answers_differ', { between, payloads, ...(within === null ? {} : { within }) }, { variant }),
    ];
  });

function lengthsOf(data: RunData, sides: ByVariant<Side>): Finding[] {
  const { alpha, forceLength } = data.settings;
  return pairsOf(sides).flatMap(({ of: [baseline, shadow] }) =>
    lengthFindings({ baseline, shadow }, alpha, forceLength),
  );
}

/** The run's own evidence; of two runs paired, that of each by its own figures. */
function evidenceOf(data: RunData, summaries: ByVariant<VariantSummary>): Evidence {
  if (data.parts === undefined) return runEvidence(data, summaries, toleranceOf(data.manifest));
  const parts = data.parts.map((part) => {
    const sides = sidesOf(part, summaryContext(part.manifest, part.settings));
    return runEvidence(
      part,
      mapVariants(sides, ({ summary }) => summary),
      toleranceOf(data.manifest),
    );
  });
  return {
    figures: parts.flatMap(({ figures }) => figures),
    findings: parts.flatMap(({ findings }) => findings),
  };
}

const toleranceOf = ({ thresholds }: Manifest): number =>
  thresholds.gates
    .flatMap((gate) => (gate.gate === 'latency' ? [gate.margin - 1] : []))
    .find((margin) => margin > 0) ?? DEFAULT_TOLERANCE;

/** Where several candidates stand to be chosen from, one that may replace the baseline is enough. */
const BEST_FIRST: readonly VerdictWord[] = ['pass', 'inconclusive', 'fail', 'invalid'];

/** One candidate is judged by all checks; of several, each by its own and the baseline's, and the run has the best answer. */
function decideRun(
  checks: readonly Check[],
  findings: readonly Finding[],
  candidates: readonly Variant[],
  context: VerdictContext,
): Decided & { readonly verdicts: ByVariant<Verdict> | null } {
  if (candidates.length < 2) return { ...decide(checks, findings, context), verdicts: null };
  const of = candidates.map((candidate) => {
    const others = candidates.filter((one) => one !== candidate);
    const mine = (variant: Variant | null): boolean => variant === null || !others.includes(variant);
    return decide(
      checks.filter(({ subject }) => mine(subject.variant)),
      findings.filter(({ variant }) => mine(variant)),
      context,
    );
  });
  const rank = ({ verdict }: Decided): number => BEST_FIRST.indexOf(verdict.word);
  const [best] = of.toSorted((a, b) => rank(a) - rank(b));
  const decided = best ?? decide(checks, findings, context);
  return {
    ...decided,
    verdicts: Object.fromEntries(
      candidates.flatMap((candidate, i) => {
        const one = of[i];
        return one === undefined ? [] : [[candidate, one.verdict]];
      }),
    ),
  };
}

function runOf(
  data: RunData,
  summaries: ByVariant<VariantSummary>,
  looked: readonly Looked[],
): Comparison['run'] {
  const { manifest, settings } = data;
  return {
    run_id: manifest.run_id,
    job: manifest.job,
    status: manifest.status,
    stopped: manifest.stopped,
    started_ms: manifest.started_ms,
    ended_ms: manifest.ended_ms,
    clients: settings.vus,
    arrival: formatArrival(settings.arrival),
    rate_per_s: settings.rate,
    duration_ms: isRamp(manifest) ? settings.holdMs : settings.durationMs,
    warm_up_ms: settings.warmUpMs,
    timeout_ms: settings.timeoutMs,
    seed: settings.seed,
    blocks: manifest.blocks.length,
    order: settings.order,
    looks: looksOf(looked),
    fallback: manifest.fallback,
    deployment_noise: manifest.deployment_noise,
    payloads: manifest.payloads,
    versions: manifest.versions,
    machine: manifest.machine,
    variants: mapVariants(manifest.variants, ({ label, url, stand_in }) => ({ label, url, stand_in })),
    generation: generation(settings, summaries),
  };
}

/** Over all candidates: everything is decided when the last of them is. */
function looksOf(looked: readonly Looked[]): Comparison['run']['looks'] {
  const of = looked.flatMap(({ looks }) => looks ?? []);
  const [first] = of;
  if (first === undefined) return null;
  const decided = of.flatMap((one) => one.decided ?? []);
  return {
    planned: first.planned,
    done: Math.max(...of.map(({ done }) => done)),
    decided: decided.length < of.length ? null : Math.max(...decided),
  };
}

function generation(
  settings: Settings,
  summaries: ByVariant<VariantSummary>,
): NonNullable<Comparison['run']['generation']> | null {
  if (presentVariants(summaries).every((variant) => summaries[variant]?.tokens === null)) return null;
  return {
    api: settings.api,
    models: mapVariants(summaries, (_, variant) => variantSettings(settings)[variant]?.model ?? ''),
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
      isClosed(settings.arrival) &&
      settings.thinkTime === null &&
      settings.maxRequests === null &&
      planLoad(settings) === null &&
      !isRamp(manifest)
        ? settings.vus
        : null,
    slo: sloOf(settings.slo, manifest.thresholds),
  };
}
