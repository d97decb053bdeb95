/** What the figures of a language model's answers call for. */
import type { AnswerSummary, ArrivalShape } from '../figures/answers.ts';
import { promptFindings, promptTokens } from './prompt-findings.ts';
import { finding, type Finding } from './findings.ts';
import type { Pair } from './gates/evaluation.ts';
import { lengthRatio } from './gates/output-length.ts';
import type { Measured } from '../record/request-table.ts';
import type { Settings } from '../settings/settings.ts';
import { variantSettings } from '../settings/variants.ts';
import { newcombeDifference } from '../statistics/proportions.ts';
import type { VariantSummary } from '../figures/summary.ts';
import { mapVariants, pairsOf, presentVariants, type ByVariant, type Variant } from '../variants.ts';

/** Lengths nearer than this are the same work. */
const SAME_LENGTH = 1.02;
/** A share of the answers that is worth a word. */
const SOME = 0.05;
/** Token events a read from which on something holds them back. */
const TOGETHER = 2;
/** Tokens an event from which on they are not one by one. */
const SEVERAL = 1.5;

interface Side {
  readonly measured: Measured;
  readonly summary: VariantSummary;
}

/** @param alpha one-sided, for shares that differ */
export function streamFindings(
  settings: Settings,
  payloads: number,
  sides: ByVariant<Side>,
  alpha: number,
): Finding[] {
  const findings: Finding[] = [];
  for (const variant of presentVariants(sides)) {
    const side = sides[variant];
    if (side === undefined) continue;
    const { summary } = side;
    const { answers } = summary;
    if (answers !== undefined) findings.push(...answerFindings(settings, variant, summary, answers));
    const tokens = summary.tokens;
    if (tokens === null) continue;
    const { estimated, cached_share } = tokens;
    if (estimated > 0)
      findings.push(finding('tokens_estimated', { estimated, answers: tokens.answers }, { variant }));
    const asked = summary.requests + summary.warm_up;
    if (!settings.uniquePrefix && payloads > 0 && asked > payloads)
      findings.push(
        finding(
          'prefix_cache',
          { times: asked / payloads, ...(cached_share === null ? {} : { cached_share }) },
          { variant },
        ),
      );
  }
  const prompts = mapVariants(sides, ({ measured }) => promptTokens(measured));
  return [...findings, ...promptFindings(prompts), ...pairFindings(sides, alpha)];
}

function answerFindings(
  settings: Settings,
  variant: Variant,
  { ok, requests }: VariantSummary,
  { finishes, models, oddities, gateway, resent, named, repeated, hidden_tokens, shape }: AnswerSummary,
): Finding[] {
  const findings: Finding[] = [];
  const filtered = finishes.find(({ finish }) => finish === 'content_filter')?.count ?? 0;
  const all = finishes.reduce((sum, { count }) => sum + count, 0);
  if (filtered > 0)
    findings.push(finding('content_filtered', { count: filtered, answers: all }, { variant }));
  const asked = variantSettings(settings)[variant]?.model ?? null;
  findings.push(...modelFindings(asked, models, variant));
  const says = (sign: string): number => gateway.find(({ name }) => name === sign)?.count ?? 0;
  if (says('cache') > 0)
    findings.push(finding('cached_answers', { count: says('cache'), answers: ok }, { variant }));
  else if (repeated >= SOME * named && repeated > 0)
    findings.push(finding('old_answers', { repeated, answers: named }, { variant }));
  for (const sign of ['fallback', 'retry'])
    if (says(sign) > 0)
      findings.push(finding('gateway_tried_again', { sign, count: says(sign), answers: ok }, { variant }));
  if (resent > 0) findings.push(finding('resent', { count: resent, requests }, { variant }));
  if (hidden_tokens > 0)
    findings.push(finding('hidden_tokens', { mean: hidden_tokens / Math.max(1, ok) }, { variant }));
  for (const { name, count } of oddities)
    findings.push(finding('odd_answers', { oddity: name, count, answers: ok }, { variant }));
  if (shape !== null) findings.push(...shapeFindings(shape, says('cache'), variant));
  return findings;
}

/** How many names a finding lists. */
const LISTED = 5;

function modelFindings(asked: string | null, models: AnswerSummary['models'], variant: Variant): Finding[] {
  const [first, ...others] = models;
  if (first === undefined) return [];
  if (others.length > 0) {
    const total = models.reduce((sum, { count }) => sum + count, 0);
    const shares = models
      .slice(0, LISTED)
      .map(({ name, count }) => `${name} ${((100 * count) / total).toFixed(1)} %`)
      .join(', ');
    return [finding('several_models', { models: shares }, { variant })];
  }
  return asked === null || isSameModel(asked, first.name)
    ? []
    : [finding('other_model', { asked, answered: first.name }, { variant })];
}

/** Servers add a version (`NAME@main`, `NAME:latest`, `NAME-2024-08-06`) or leave out a path. */
function isSameModel(asked: string, answered: string): boolean {
  const [a, b] = [asked.toLowerCase(), answered.toLowerCase()];
  const base = (name: string): string => name.split('/').at(-1) ?? name;
  return (
    a.startsWith(base(b)) || b.startsWith(a) || base(b).startsWith(base(a)) || base(a).startsWith(base(b))
  );
}

/** @param cached answers of a cache, which come whole and say nothing of the server */
function shapeFindings(shape: ArrivalShape, cached: number, variant: Variant): Finding[] {
  const { answers, in_one_read, in_one_event, first_read_events, later_read_events, tokens_per_event } =
    shape;
  const findings: Finding[] = [];
  if (in_one_read > 0 && in_one_read - cached >= SOME * answers)
    findings.push(
      finding('comes_whole', { whole: in_one_read, answers, one_event: in_one_event }, { variant }),
    );
  if (later_read_events !== null && later_read_events >= TOGETHER)
    findings.push(finding('buffered', { events: later_read_events }, { variant }));
  else if (first_read_events !== null && first_read_events >= TOGETHER)
    findings.push(finding('held_back', { events: first_read_events }, { variant }));
  if (tokens_per_event !== null && tokens_per_event >= SEVERAL && in_one_event < SOME * answers)
    findings.push(finding('tokens_per_event', { tokens: tokens_per_event }, { variant }));
  return findings;
}

/** What differs between a candidate and the baseline where it should not. */
const pairFindings = (sides: ByVariant<Side>, alpha: number): Finding[] =>
  pairsOf(sides).flatMap(({ candidate, of: [baseline, side] }) => [
    ...finishFindings(candidate, baseline, side, alpha),
    ...sourceFindings(candidate, baseline, side),
  ]);

/** Ends that are no failures, and other work where their shares differ. */
const OTHER_WORK = ['length', 'content_filter', 'tool_calls'] as const;

function finishFindings(variant: Variant, baseline: Side, candidate: Side, alpha: number): Finding[] {
  const endings = ({ summary }: Side) => summary.answers?.finishes ?? [];
  const proportion = (side: Side, finish: string) => ({
    count: endings(side).find((one) => one.finish === finish)?.count ?? 0,
    n: endings(side).reduce((sum, { count }) => sum + count, 0),
  });
  return OTHER_WORK.flatMap((finish) => {
    const [of_baseline, of_candidate] = [proportion(baseline, finish), proportion(candidate, finish)];
    if (of_baseline.n === 0 || of_candidate.n === 0) return [];
    const difference = newcombeDifference(of_candidate, of_baseline, alpha);
    if (!difference.ok || (difference.lower <= 0 && difference.upper >= 0)) return [];
    const share = ({ count, n }: { count: number; n: number }): number => count / n;
    const shares = { baseline: share(of_baseline), candidate: share(of_candidate) };
    return [finding('finish_differs', { finish, ...shares }, { variant })];
  });
}

/** A server's count and a count of events measure different things. */
function sourceFindings(variant: Variant, baseline: Side, candidate: Side): Finding[] {
  const counted = ({ summary: { tokens } }: Side): number | null =>
    tokens === null || tokens.answers === 0 ? null : 1 - tokens.estimated / tokens.answers;
  const [a, b] = [counted(baseline), counted(candidate)];
  if (a === null || b === null) return [];
  const mixed = (share: number): boolean => share > SOME && share < 1 - SOME;
  return Math.abs(a - b) > SOME || mixed(a) || mixed(b)
    ? [finding('token_sources_differ', { baseline: a, candidate: b }, { variant })]
    : [];
}

/** @param gated the lengths were forced, and a gate judges them */
export function lengthFindings(pair: Pair, alpha: number, gated: boolean): Finding[] {
  if (gated || pair.baseline.summary.tokens === null) return [];
  const outcome = lengthRatio(pair, alpha);
  if (!outcome.ok) return [];
  const { estimate, lower, upper } = outcome.ratio;
  return lower > SAME_LENGTH || upper < 1 / SAME_LENGTH
    ? [finding('output_length_differs', { ratio: estimate }, { variant: pair.shadow.summary.variant })]
    : [];
}
