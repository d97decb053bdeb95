/** What the figures of a language model's answers call for. */
import { finding, type Finding } from './findings.ts';
import type { Pair } from './gates/evaluation.ts';
import { lengthRatio } from './gates/output-length.ts';
import type { Settings } from '../settings/settings.ts';
import type { VariantSummary } from '../figures/summary.ts';
import { presentVariants, type ByVariant } from '../variants.ts';

/** Lengths nearer than this are the same work. */
const SAME_LENGTH = 1.02;

export function streamFindings(
  settings: Settings,
  payloads: number,
  summaries: ByVariant<VariantSummary>,
): Finding[] {
  const findings: Finding[] = [];
  for (const variant of presentVariants(summaries)) {
    const summary = summaries[variant];
    const tokens = summary?.tokens ?? null;
    if (summary === undefined || tokens === null) continue;
    const { estimated, answers, cached_share } = tokens;
    if (estimated > 0) findings.push(finding('tokens_estimated', { estimated, answers }, { variant }));
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
  return findings;
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
