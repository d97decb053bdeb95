/** A mixture of endpoints: which, and how often against each other; data for one scenario. */
import { offer } from '../text/nearest.ts';
import { mix32 } from '../statistics/random.ts';
import { APIS } from '../protocols/index.ts';
import { BadValue, parseNumber } from '../text/units.ts';

/** Endpoints that can be mixed: the ways to ask a language model, and the grammar service. */
export const MIXABLE = [...APIS, 'grammar'] as const;
export type Mixable = (typeof MIXABLE)[number];

/** Weights above 0. */
export type Mix = Readonly<Partial<Record<Mixable, number>>>;

/** Names that people use beside our own. */
const ALIASES: Readonly<Record<string, Mixable>> = { completion: 'llama' };

/** @throws BadValue */
export function parseMix(text: string): Mix {
  const mix: Partial<Record<Mixable, number>> = {};
  for (const part of text.split(',')) {
    const [given = '', weight, ...more] = part.split('=').map((piece) => piece.trim());
    if (weight === undefined || more.length > 0)
      throw new BadValue(`"${part}" of "${text}" is no share; allowed: NAME=WEIGHT, as completion=1,chat=3`);
    const name = ALIASES[given] ?? MIXABLE.find((one) => one === given);
    if (name === undefined)
      throw new BadValue(
        `"${given}" of "${text}" is no endpoint${offer(given, [...MIXABLE, ...Object.keys(ALIASES)])}`,
      );
    if (mix[name] !== undefined) throw new BadValue(`"${given}" stands twice in "${text}"; give each once`);
    mix[name] = parseNumber(weight, { min: 0.001, max: 1e6 });
  }
  return mix;
}

export const mixed = (mix: Mix): readonly Mixable[] => MIXABLE.filter((name) => mix[name] !== undefined);

export const formatMix = (mix: Mix): string =>
  mixed(mix)
    .map((name) => `${name}=${mix[name]}`)
    .join(',');

/** The endpoint of the request with this index: the same for both variants. */
export function mixedAt(mix: Mix, seed: number, index: number): Mixable {
  const names = mixed(mix);
  const total = names.reduce((sum, name) => sum + (mix[name] ?? 0), 0);
  let left = (mix32(mix32(seed ^ 0x2545f491) + index) / 4_294_967_296) * total;
  for (const name of names) {
    left -= mix[name] ?? 0;
    if (left < 0) return name;
  }
  return names.at(-1) ?? 'chat';
}
