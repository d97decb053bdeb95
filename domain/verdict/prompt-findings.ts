/** Were the variants asked the same? Their own counts of a prompt's tokens say it. */
import { finding, type Finding } from './findings.ts';
import type { Measured } from '../record/request-table.ts';
import { presentVariants, type ByVariant } from '../variants.ts';

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
    const own = prompts[variant];
    const other = prompts[variant === 'baseline' ? 'shadow' : 'baseline'];
    const found = own === undefined ? null : cutPrompts(own, other ?? new Map());
    return found === null ? [] : [finding('prompts_cut', found, variant)];
  });
  const { baseline, shadow } = prompts;
  if (baseline === undefined || shadow === undefined) return cut;
  const both = [...baseline].flatMap(([id, a]): [number, number][] => {
    const b = shadow.get(id);
    return b === undefined ? [] : [[a, b]];
  });
  const differ = both.filter(([a, b]) => Math.abs(a - b) >= ONE_COUNT);
  if (both.length === 0 || differ.length < MOST * both.length) return cut;
  const mean = (of: 0 | 1): number => both.reduce((sum, pair) => sum + pair[of], 0) / both.length;
  const cause = cut.length > 0 ? 'truncation' : isConstant(both) ? 'template' : 'tokenizer';
  return [
    ...cut,
    finding('prompt_tokens_differ', {
      payloads: both.length,
      differ: differ.length,
      baseline: mean(0),
      shadow: mean(1),
      cause,
    }),
  ];
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

/** The greatest count, where prompts have it that are very different by their words, or by the other variant's count. */
function cutPrompts(own: PromptTokens, other: PromptTokens): { tokens: number; payloads: string } | null {
  const most = greatest(own.values());
  const at_most = [...own].filter(([, tokens]) => most - tokens < ONE_COUNT).map(([id]) => id);
  for (const lengthOf of [wordsOf, (id: string) => other.get(id) ?? null]) {
    const lengths = at_most.map(lengthOf).filter((length) => length !== null);
    const least = -greatest(lengths.map((length) => -length));
    if (lengths.length >= 2 && greatest(lengths) >= VERY_DIFFERENT * least)
      return { tokens: most, payloads: at_most.slice(0, 5).join(', ') };
  }
  return null;
}
