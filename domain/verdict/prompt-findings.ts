/** Were the variants asked the same? Their own counts of a prompt's tokens say it. */
import { finding, type Finding, type FindingArgs } from './findings.ts';
import type { Measured } from '../record/request-table.ts';
import { BASELINE, pairsOf, presentVariants, type ByVariant, type Variant } from '../variants.ts';

/** Mean prompt tokens of valid answers, by payload. */
export type PromptTokens = ReadonlyMap<string, number>;

export function promptTokens(of: Measured): PromptTokens {
  const tokens = of.optional.get('prompt_tokens');
  if (tokens === undefined) return new Map();
  const sums = new Map<number, { sum: number; n: number }>();
  for (let i = 0; i < of.n; i += 1) {
    const count = tokens[i] ?? Number.NaN;
    if (of.error[i] !== 0 || Number.isNaN(count)) continue;
    const place = of.payload[i] ?? -1;
    const entry = sums.get(place);
    if (entry === undefined) sums.set(place, { sum: count, n: 1 });
    else {
      entry.sum += count;
      entry.n += 1;
    }
  }
  return new Map([...sums].map(([place, { sum, n }]) => [of.payload_ids[place] ?? '', sum / n]));
}

/** Fewer payloads that differ than this share are chance, as of a unique prefix. */
const MOST = 0.5;
/** Means nearer than this are one count. */
const ONE_COUNT = 0.5;
/** Lengths that are this many times apart can't have one count. */
const VERY_DIFFERENT = 1.5;

export function promptFindings(prompts: ByVariant<PromptTokens>): Finding[] {
  const cut = presentVariants(prompts).flatMap((variant) => {
    const others = presentVariants(prompts).flatMap((one) => (one === variant ? [] : (prompts[one] ?? [])));
    const found = cutPrompts(prompts[variant] ?? new Map(), others);
    return found === null ? [] : [finding('prompts_cut', found, { variant })];
  });
  const isCut = (one: Variant): boolean => cut.some(({ variant }) => variant === one);
  const differ = pairsOf(prompts).flatMap(({ candidate, of: [baseline, own] }) => {
    const found = differingPrompts(baseline, own, isCut(BASELINE) || isCut(candidate));
    return found === null ? [] : [finding('prompt_tokens_differ', found, { variant: candidate })];
  });
  return [...cut, ...differ];
}

/** @param cut whether either of them cuts prompts */
function differingPrompts(
  baseline: PromptTokens,
  candidate: PromptTokens,
  cut: boolean,
): FindingArgs['prompt_tokens_differ'] | null {
  const both = [...baseline].flatMap(([id, a]): [number, number][] => {
    const b = candidate.get(id);
    return b === undefined ? [] : [[a, b]];
  });
  const differ = both.filter(([a, b]) => Math.abs(a - b) >= ONE_COUNT);
  if (both.length === 0 || differ.length < MOST * both.length) return null;
  const mean = (of: 0 | 1): number => both.reduce((sum, pair) => sum + pair[of], 0) / both.length;
  return {
    payloads: both.length,
    differ: differ.length,
    baseline: mean(0),
    candidate: mean(1),
    cause: cut ? 'truncation' : isConstant(both) ? 'template' : 'tokenizer',
  };
}

/** Not by spreading: a run may have more payloads than a call takes arguments. */
const greatest = (values: Iterable<number>): number => {
  let most = -Infinity;
  for (const value of values) most = Math.max(most, value);
  return most;
};

/** A chat template adds the same to each prompt. */
function isConstant(both: readonly (readonly [number, number])[]): boolean {
  const differences = both.map(([a, b]) => b - a);
  return greatest(differences) + greatest(differences.map((one) => -one)) < 2 * ONE_COUNT;
}

/** Prompts that are made here say their words in their id: `words-256`. */
const wordsOf = (id: string): number | null => {
  const [, words] = /(?:^|: )words-(\d+)/.exec(id) ?? [];
  return words === undefined ? null : Number(words);
};

/** The greatest count, where prompts have it that are very different by their words, or by another variant's count. */
function cutPrompts(own: PromptTokens, others: readonly PromptTokens[]): FindingArgs['prompts_cut'] | null {
  const most = greatest(own.values());
  const at_most = [...own].filter(([, tokens]) => most - tokens < ONE_COUNT).map(([id]) => id);
  const counted = others.map((other) => (id: string) => other.get(id) ?? null);
  for (const lengthOf of [wordsOf, ...counted]) {
    const lengths = at_most.map(lengthOf).filter((length) => length !== null);
    const least = -greatest(lengths.map((length) => -length));
    if (lengths.length >= 2 && greatest(lengths) >= VERY_DIFFERENT * least)
      return { tokens: most, payloads: at_most.slice(0, 5).join(', ') };
  }
  return null;
}
