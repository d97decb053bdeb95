/** What tokens cost. */
import { BadValue, parseNumber } from '../text/units.ts';

/** Of a million tokens each. */
export interface Price {
  readonly prompt: number;
  /** Of prompt tokens that a prefix cache knew. */
  readonly cached: number;
  readonly completion: number;
}

const PARTS = ['prompt', 'cached', 'completion'] as const;

/** `prompt=2.5,cached=1.25,completion=10`; without `cached` a known prompt token costs as any other. @throws BadValue */
export function parsePrice(given: string): Price {
  const parts = new Map<string, number>();
  for (const part of given.split(',')) {
    const [name = '', amount = ''] = part.split('=').map((one) => one.trim());
    if (!PARTS.some((one) => one === name) || parts.has(name))
      throw new BadValue(
        `"${part}" is out in "${given}"; allowed: prompt=N,cached=N,completion=N, each once, for a million tokens`,
      );
    parts.set(name, parseNumber(amount, { min: 0, max: 1e9 }));
  }
  const [prompt, completion] = [parts.get('prompt'), parts.get('completion')];
  if (prompt === undefined || completion === undefined)
    throw new BadValue(
      `"${given}" lacks ${prompt === undefined ? 'prompt' : 'completion'}; allowed: prompt=2.5,completion=10`,
    );
  return { prompt, completion, cached: parts.get('cached') ?? prompt };
}

export const formatPrice = ({ prompt, cached, completion }: Price): string =>
  `prompt=${prompt},cached=${cached},completion=${completion}`;

export interface Usage {
  readonly prompt_tokens: number;
  /** Part of the prompt's. */
  readonly cached_tokens: number;
  readonly completion_tokens: number;
}

export function costOf(price: Price, { prompt_tokens, cached_tokens, completion_tokens }: Usage): number {
  const fresh = Math.max(0, prompt_tokens - cached_tokens);
  return (fresh * price.prompt + cached_tokens * price.cached + completion_tokens * price.completion) / 1e6;
}

/** Four characters of English are about a token; for a prompt that no server has counted. */
export const estimatedTokens = (characters: number): number => Math.ceil(characters / 4);
