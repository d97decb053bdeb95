/**
 * The sides of a comparison: one baseline, and one to eight candidates that may replace it. A variant is data: its name
 * comes from the run's plan, and nothing but a table may ask which name it is.
 */
import { BadValue } from './text/units.ts';

/** A name that {@link isVariant} accepts. */
export type Variant = string;

/** What is in service: every candidate is compared with it. */
export const BASELINE = 'baseline';
/** The usual candidate's name. */
export const SHADOW = 'shadow';
export const MOST_CANDIDATES = 8;

const NAME = /^[a-z][a-z0-9_-]{0,31}$/i;
/** These names are k6's process and its scenarios of the probe, and the members that every object has. */
const TAKEN: ReadonlySet<string> = new Set([
  'k6',
  'probe',
  'probe_idle',
  ...Object.getOwnPropertyNames(Object.prototype),
]);

export const VARIANT_NAMES = `a letter, then at most 31 letters, digits, "_" and "-"; not k6, probe or probe_idle`;

export const isVariant = (value: unknown): value is Variant =>
  typeof value === 'string' && NAME.test(value) && !TAKEN.has(value);

/** @throws BadValue where a name is out, given twice (capitals make no difference), or the candidates are too many */
export function checkVariants(names: readonly string[]): readonly Variant[] {
  const seen = new Set<string>();
  for (const name of names) {
    if (!isVariant(name))
      throw new BadValue(`${JSON.stringify(name)} is no name of a variant; allowed: ${VARIANT_NAMES}`);
    if (seen.has(name.toLowerCase()))
      throw new BadValue(`the variant "${name}" is given twice; allowed: names that differ, capitals aside`);
    seen.add(name.toLowerCase());
  }
  const candidates = names.filter((name) => roleOf(name) === 'candidate').length;
  if (candidates > MOST_CANDIDATES)
    throw new BadValue(`there are ${candidates} candidates; allowed: 1 to ${MOST_CANDIDATES}`);
  return names;
}

export const roleOf = (variant: Variant): 'baseline' | 'candidate' =>
  variant === BASELINE ? 'baseline' : 'candidate';

/** Recorded requests before the measurement are `warmup`; they are kept, marked and left out of every figure. */
export const PHASES = ['warmup', 'measured'] as const;
export type Phase = (typeof PHASES)[number];

/** One value for each variant that took part; the candidates stand in the order in which they were declared. */
export interface ByVariant<T> {
  readonly baseline?: T | undefined;
  readonly [candidate: Variant]: T | undefined;
}

export function mapVariants<A, B>(of: ByVariant<A>, to: (value: A, variant: Variant) => B): ByVariant<B> {
  return Object.fromEntries(entriesOf(of).map(([variant, value]) => [variant, to(value, variant)]));
}

/** The variants that took part, baseline first. */
export const presentVariants = (of: ByVariant<unknown>): readonly Variant[] =>
  entriesOf(of).map(([variant]) => variant);

/** The candidates that took part, in their order. */
export const candidatesOf = (of: ByVariant<unknown>): readonly Variant[] =>
  presentVariants(of).filter((variant) => roleOf(variant) === 'candidate');

export interface VariantPair<T> {
  readonly candidate: Variant;
  /** The baseline's value, then the candidate's. */
  readonly of: readonly [T, T];
}

/** Each candidate beside the baseline; empty where either is missing. */
export function pairsOf<T>(of: ByVariant<T>): readonly VariantPair<T>[] {
  const { baseline } = of;
  if (baseline === undefined) return [];
  return entriesOf(of).flatMap(([variant, value]) =>
    roleOf(variant) === 'candidate' ? [{ candidate: variant, of: [baseline, value] as const }] : [],
  );
}

/**
 * Which colour and marker a variant has: 0 is the baseline's, 1 the first candidate's; the same in all charts of a run. A
 * variant that took no part has the next free one.
 */
export function placeOf(variant: Variant, of: ByVariant<unknown>): number {
  if (roleOf(variant) === 'baseline') return 0;
  const candidates = candidatesOf(of);
  const at = candidates.indexOf(variant);
  return 1 + (at === -1 ? candidates.length : at);
}

/** Where `__proto__` is a member, as JSON may have it, it is no variant. */
function entriesOf<T>(of: ByVariant<T>): [Variant, T][] {
  const all = Object.entries(of).flatMap(([variant, value]): [Variant, T][] =>
    value === undefined || !isVariant(variant) ? [] : [[variant, value]],
  );
  return [
    ...all.filter(([variant]) => variant === BASELINE),
    ...all.filter(([variant]) => variant !== BASELINE),
  ];
}
