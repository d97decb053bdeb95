/** The two sides of every comparison. */
export const VARIANTS = ['baseline', 'shadow'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Recorded requests before the measurement are `warmup`; they are kept, marked and left out of every figure. */
export const PHASES = ['warmup', 'measured'] as const;
export type Phase = (typeof PHASES)[number];

/** One value for each variant that took part. */
export type ByVariant<T> = { readonly [V in Variant]?: T | undefined };

export function mapVariants<A, B>(of: ByVariant<A>, to: (value: A, variant: Variant) => B): ByVariant<B> {
  const out: Partial<Record<Variant, B>> = {};
  for (const variant of VARIANTS) {
    const value = of[variant];
    if (value !== undefined) out[variant] = to(value, variant);
  }
  return out;
}

/** The variants that took part, baseline first. */
export function presentVariants(of: ByVariant<unknown>): readonly Variant[] {
  return VARIANTS.filter((variant) => of[variant] !== undefined);
}

/** Those that are judged against the baseline, in their order. */
export function candidatesOf(of: ByVariant<unknown>): readonly Variant[] {
  return presentVariants(of).filter((variant) => variant !== 'baseline');
}
