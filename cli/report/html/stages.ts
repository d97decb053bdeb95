/** Where the time goes: the mean of each stage stacked, one bar a variant on one scale. Means add up; percentiles don't. */
import type { Comparison } from '../../../domain/result/comparison.ts';
import type { VariantSummary } from '../../../domain/figures/summary.ts';
import { placeOf, presentVariants } from '../../../domain/variants.ts';
import { htmlText } from '../escape.ts';
import { ms } from '../format.ts';
import { key } from './sides.ts';

/** As many as can be told apart; the smaller ones are summed. */
const MOST_STAGES = 7;
const WIDTH = 1000;

interface Part {
  readonly name: string;
  readonly mean_ms: number;
}

export function stageBars(comparison: Comparison): string {
  const present = presentVariants(comparison.variants);
  const summaries = present
    .flatMap((variant) => comparison.variants[variant] ?? [])
    .filter(({ stages }) => stages.length > 0);
  if (summaries.length === 0) return '';
  const kept = largestStages(summaries);
  const bars = summaries.map((summary) => ({ variant: summary.variant, parts: partsOf(summary, kept) }));
  const longest = Math.max(...bars.map(({ parts }) => total(parts)));
  if (longest <= 0) return '';
  const rows = bars.map(({ variant, parts }) => {
    let x = 0;
    const rects = parts.map(({ name, mean_ms }, i) => {
      const width = (mean_ms / longest) * WIDTH;
      const rect = `<rect class="stage-${i}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="10"><title>${htmlText(`${variant}, ${name}: ${ms(mean_ms)}`)}</title></rect>`;
      x += width;
      return rect;
    });
    const label = `${variant}: ${parts.map(({ name, mean_ms }) => `${name} ${ms(mean_ms)}`).join(', ')}`;
    return `<div class="stack">${key(variant, placeOf(variant, comparison.variants))}<svg viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" role="img" aria-label="${htmlText(label)}">${rects.join('')}</svg><b>${ms(total(parts))}</b></div>`;
  });
  const names = bars[0]?.parts.map(({ name }) => name) ?? [];
  const legend = names.map((name, i) => {
    const values = bars.map(({ parts }) => ms(parts[i]?.mean_ms ?? 0)).join(' / ');
    return `<li><svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="stage-${i}" width="10" height="10"/></svg>${htmlText(name)} <span>${values}</span></li>`;
  });
  return `<figure class="chart stages" id="chart-stages">
<figcaption><h3>Time in each stage</h3></figcaption>
${rows.join('\n')}
<ul class="legend">${legend.join('')}</ul>
<p class="caption">Mean of the valid answers, ${bars.length > 1 ? `${bars.length > 2 ? 'all' : 'both'} on one scale` : 'stacked'}.</p>
</figure>`;
}

function largestStages(summaries: readonly VariantSummary[]): readonly string[] {
  const largest = new Map<string, number>();
  for (const { stages } of summaries)
    for (const { stage, mean } of stages) largest.set(stage, Math.max(mean, largest.get(stage) ?? 0));
  const by_size = [...largest].toSorted(([, a], [, b]) => b - a).map(([stage]) => stage);
  const kept = new Set(by_size.slice(0, by_size.length > MOST_STAGES ? MOST_STAGES - 1 : MOST_STAGES));
  return [...largest.keys()].filter((stage) => kept.has(stage)); // in the order of the answers: that is the order of the work
}

function partsOf({ stages }: VariantSummary, kept: readonly string[]): readonly Part[] {
  const parts = kept.map((name): Part => ({
    name,
    mean_ms: stages.find(({ stage }) => stage === name)?.mean ?? 0,
  }));
  const rest = stages.filter(({ stage }) => !kept.includes(stage));
  return rest.length === 0
    ? parts
    : [...parts, { name: `${rest.length} others`, mean_ms: rest.reduce((sum, { mean }) => sum + mean, 0) }];
}

const total = (parts: readonly Part[]): number => parts.reduce((sum, { mean_ms }) => sum + mean_ms, 0);
