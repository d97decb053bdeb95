/** Each prompt's answers by themselves: how the times grow with a prompt's length, and how much repeats of it vary. */
import type { Measured, OptionalTrend } from '../record/request-table.ts';
import { mean, variance } from '../statistics/batch-means.ts';

export interface Spread {
  readonly mean: number;
  /** Sample standard deviation; null of one value. */
  readonly sd: number | null;
}

export interface PromptFigures {
  readonly payload_id: string;
  /** Valid answers. */
  readonly n: number;
  readonly prompt_tokens: number | null;
  readonly tokens: number | null;
  readonly ttft_ms: Spread | null;
  readonly e2e_ms: Spread | null;
  /** Tokens of an answer over its time to the last of them. */
  readonly tokens_per_s: Spread | null;
}

function spread(values: readonly number[]): Spread | null {
  const present = Float64Array.from(values.filter((value) => !Number.isNaN(value)));
  if (present.length === 0) return null;
  return { mean: mean(present), sd: present.length < 2 ? null : Math.sqrt(variance(present)) };
}

/** The prompts in the order of their length in tokens, where the server counts them. */
export function byPrompt(of: Measured): readonly PromptFigures[] {
  const rows = new Map<number, number[]>();
  for (let i = 0; i < of.n; i += 1) {
    if (of.error[i] !== 0) continue;
    const place = of.payload[i] ?? 0;
    const own = rows.get(place);
    if (own === undefined) rows.set(place, [i]);
    else own.push(i);
  }
  const figures = [...rows].map(([place, own]): PromptFigures => {
    const column = (name: OptionalTrend): number[] =>
      own.map((i) => of.optional.get(name)?.[i] ?? Number.NaN);
    const [tokens, e2e_ms] = [column('tokens'), column('e2e_ms')];
    return {
      payload_id: of.payload_ids[place] ?? '',
      n: own.length,
      prompt_tokens: spread(column('prompt_tokens'))?.mean ?? null,
      tokens: spread(tokens)?.mean ?? null,
      ttft_ms: spread(column('ttft_ms')),
      e2e_ms: spread(e2e_ms),
      tokens_per_s: spread(tokens.map((count, i) => (1000 * count) / (e2e_ms[i] ?? Number.NaN))),
    };
  });
  return figures.toSorted(
    (a, b) => (a.prompt_tokens ?? 0) - (b.prompt_tokens ?? 0) || a.payload_id.localeCompare(b.payload_id),
  );
}
