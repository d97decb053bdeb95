/** O'Brien and Fleming's boundary (O'Brien and Fleming 1979, "A multiple testing procedure for clinical trials"). */
import { normalCdf } from './distributions.ts';
import { checkAlpha } from './outcome.ts';

/** Simpson panels a look: the constant is good to 1e-6. */
const PANELS = 200;
/** Where the boundary is wider than this, the normal beyond it is nothing. */
const FAR = 8;

/** Probability that |Z_k| >= c sqrt(K/k) at any of K equally spaced looks, under no drift. */
function crossingProbability(looks: number, c: number): number {
  // Of S_k = sum of k unit steps; the boundary |S_k| < c sqrt K is the same at every look.
  const boundary = c * Math.sqrt(looks);
  const edge = Math.min(boundary, FAR * Math.sqrt(looks));
  const step = (2 * edge) / PANELS;
  const places = Float64Array.from({ length: PANELS + 1 }, (_, i) => -edge + i * step);
  const simpson = places.map((_, i) => (step / 3) * (i === 0 || i === PANELS ? 1 : i % 2 === 1 ? 4 : 2));
  const unit = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  // Density of S_k on the event that no look so far crossed (Armitage, McPherson and Rowe 1969).
  let density = places.map(unit);
  for (let look = 2; look <= looks; look++) {
    const last = density;
    density = places.map((to) => {
      let total = 0;
      for (let i = 0; i <= PANELS; i++)
        total += (simpson[i] ?? 0) * (last[i] ?? 0) * unit(to - (places[i] ?? 0));
      return total;
    });
  }
  return 1 - density.reduce((sum, value, i) => sum + value * (simpson[i] ?? 0), 0);
}

/** The constant c of the boundary |Z_k| >= c sqrt(K/k) at two-sided level 2 alpha; 1 to 10 looks. */
export function obrienFlemingConstant(looks: number, alpha: number): number {
  checkAlpha(alpha);
  if (!Number.isInteger(looks) || looks < 1 || looks > 10) {
    throw new RangeError(`looks is ${looks}; it must be an integer from 1 to 10`);
  }
  let [low, high] = [0.1, FAR];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (crossingProbability(looks, middle) > 2 * alpha) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * One-sided level of each of K equally spaced looks, the first of them the strictest, so that looking K times keeps
 * alpha. Each look's interval takes its own level in place of alpha; a gate's first crossing stands.
 */
export function obrienFlemingLevels(looks: number, alpha: number): number[] {
  const c = obrienFlemingConstant(looks, alpha);
  return Array.from({ length: looks }, (_, k) => normalCdf(-c * Math.sqrt(looks / (k + 1))));
}
