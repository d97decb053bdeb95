/**
 * Which step comes next, from the answers so far: every step of a ramp, or a search. Pure, so that it is proved on a
 * simulated server before it is let loose on a real one.
 */
import type { Load } from '../../run/block.ts';
import type { StepAnswer } from './step.ts';

/** What is known of one step of one variant when the next is chosen. */
export interface Tried {
  readonly load: number;
  readonly hold_ms: number;
  readonly answer: StepAnswer;
  /** By the point figures alone. */
  readonly holds: boolean;
  /** The load machine was the limit: the step says nothing of the server. */
  readonly machine: boolean;
  /** Valid answers a second; null: too few to say. */
  readonly per_s: number | null;
  readonly mean_ms: number | null;
}

export interface NextStep {
  readonly load: number;
  readonly hold_ms: number;
}

export interface RampPlan {
  readonly unit: Load['unit'];
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly hold_ms: number;
  /** How near the last good and the first bad load of a search must come, as a share; null: every step. */
  readonly resolution: number | null;
}

/** A sure failure may be a spell; two in a row are not. */
const FAILURES_IN_A_ROW = 2;
/** A step that the load machine spoilt is run again, so often in all. */
const MACHINE_IN_A_ROW = 3;
const COARSE_PART = 1 / 10;
const COARSE_MOST = 1 / 4;
/** With fewer a trend tells nothing. */
const COARSE_ANSWERS = 40;
const FINE_PART = 1 / 3;
const LEAST_HOLD_MS = 1000;
/** Answers that a percentile's interval needs to be bounded, with room. */
const ANSWERS_WANTED = 400;
const MOST_STEPS = 16;
const COARSE_FACTOR = 2;

/** Null: enough is known. */
export function nextStep(plan: RampPlan, run: readonly Tried[]): NextStep | null {
  const last = run.at(-1);
  if (last?.machine === true) {
    // A neighbour's spell passes; a machine that is too small stays so.
    const spell = run.slice(-MACHINE_IN_A_ROW);
    return spell.length === MACHINE_IN_A_ROW && spell.every(({ machine }) => machine)
      ? null
      : { load: last.load, hold_ms: last.hold_ms };
  }
  const tried = run.filter(({ machine }) => !machine);
  return plan.resolution === null ? nextOfRamp(plan, tried) : nextOfSearch(plan, tried, plan.resolution);
}

function nextOfRamp({ from, to, step, hold_ms }: RampPlan, tried: readonly Tried[]): NextStep | null {
  const last = tried.slice(-FAILURES_IN_A_ROW);
  if (last.length === FAILURES_IN_A_ROW && last.every(({ answer }) => answer === 'bad')) return null;
  // Multiplied, not added up: 0.1 ten times must be 1.
  const load = from + tried.length * step;
  return load > to * (1 + 1e-9) ? null : { load, hold_ms };
}

export interface Bracket<T extends Tried> {
  /** Highest load that was sustained. */
  readonly good: T | null;
  /** Lowest load above it that was not. */
  readonly bad: T | null;
}

/** A ramp's steps count where they are sure. A search goes by the point figures, and its result says where they are not sure. */
export function bracket<T extends Tried>(plan: RampPlan, run: readonly T[]): Bracket<T> {
  const tried = run.filter(({ machine }) => !machine);
  const searching = plan.resolution !== null;
  const ascending = tried
    .filter((one) => !searching || isFine(plan, one.hold_ms) || !tried.some(overrules(plan, one)))
    .toSorted((a, b) => a.load - b.load);
  const good =
    ascending.findLast(({ answer, holds, hold_ms }) =>
      searching ? holds && isFine(plan, hold_ms) : answer === 'good',
    ) ?? null;
  const bad = ascending.find(
    ({ load, answer, holds }) =>
      (good === null || load > good.load) && (answer === 'bad' || (searching && !holds)),
  );
  return { good, bad: bad ?? null };
}

/** A tenth of the hold, or as long as it takes to tell a growing queue from a level one; never as long as a fine step. */
function coarseHold({ hold_ms }: RampPlan, per_s: number): number {
  const wanted_ms = (1000 * COARSE_ANSWERS) / Math.max(per_s, 1e-9);
  return Math.max(LEAST_HOLD_MS, Math.min(COARSE_MOST * hold_ms, Math.max(hold_ms * COARSE_PART, wanted_ms)));
}

/** The same load, held longer. */
const overrules =
  (plan: RampPlan, one: Tried) =>
  (other: Tried): boolean =>
    other.load === one.load && isFine(plan, other.hold_ms);

const isFine = (plan: RampPlan, hold_ms: number): boolean =>
  hold_ms > Math.max(LEAST_HOLD_MS, COARSE_MOST * plan.hold_ms);

/** Long enough for a bounded interval, and at most a whole step. */
function fineHold({ hold_ms }: RampPlan, per_s: number): number {
  const wanted_ms = (1000 * ANSWERS_WANTED) / Math.max(per_s, 1e-9);
  return Math.max(LEAST_HOLD_MS + 1, Math.min(hold_ms, Math.max(hold_ms * FINE_PART, wanted_ms)));
}

function nextOfSearch(plan: RampPlan, tried: readonly Tried[], resolution: number): NextStep | null {
  if (tried.length >= MOST_STEPS) return null;
  const shaped = (load: number): number =>
    plan.unit === 'clients' ? Math.max(1, Math.round(load)) : Number(load.toPrecision(6));
  const per_s = (load: number): number =>
    plan.unit === 'requests/s' ? load : Math.max(...tried.map((one) => one.per_s ?? 0), 1);
  const coarse = (load: number): NextStep => ({
    load: shaped(load),
    hold_ms: coarseHold(plan, per_s(load)),
  });
  const fine = (load: number): NextStep => ({ load: shaped(load), hold_ms: fineHold(plan, per_s(load)) });
  const known = (load: number): boolean =>
    tried.some((one) => one.load === shaped(load) && isFine(plan, one.hold_ms));
  const highest = tried.reduce((most, { load }) => Math.max(most, load), 0);
  const { good, bad } = bracket(plan, tried);
  if (bad === null) {
    // Coarse: up until something gives out.
    if (tried.length === 0) return coarse(plan.from);
    if (highest < plan.to) return coarse(Math.min(plan.to, highest * COARSE_FACTOR));
    return known(plan.to) ? null : fine(plan.to);
  }
  const floor = good?.load ?? floorOf(plan, tried, bad.load);
  // A first failure that was short is a spell until it comes again.
  if (bad.load <= plan.from) return isFine(plan, bad.hold_ms) ? null : fine(bad.load);
  if (good !== null && bad.load <= good.load * (1 + resolution)) {
    // What failed at a first glance alone must fail again, now that it is all that stands against more.
    return isFine(plan, bad.hold_ms) ? null : fine(bad.load);
  }
  if (plan.unit === 'clients' && good !== null && bad.load - good.load <= 1) return null;
  const guess = saturation(plan, tried);
  // First just below where the server saturates, then just above what it bore.
  const aims = [
    ...(guess === null ? [] : [guess * (1 - resolution / 2)]),
    ...(good === null ? [] : [good.load * (1 + resolution)]),
    Math.sqrt(floor * bad.load),
  ];
  const low = good === null ? floor : good.load * (1 + resolution / 4);
  const high = bad.load / (1 + resolution / 4);
  const inside = aims.find((aim, i) => {
    if (known(aim) || !(shaped(aim) < bad.load) || (good !== null && shaped(aim) <= good.load)) return false;
    // A step next to the good one is worth its time only where the server is thought to end there.
    const near = i === 1 && guess !== null && aim < guess * (1 - resolution);
    return !near && aim >= low && aim <= high;
  });
  if (inside !== undefined) return fine(inside);
  const middle = Math.sqrt(floor * bad.load);
  return known(middle) || shaped(middle) >= bad.load || shaped(middle) <= (good?.load ?? 0)
    ? null
    : fine(middle);
}

/** Where no step is sure yet: the highest below the first failure that did not fail, else the half of it. */
function floorOf(plan: RampPlan, tried: readonly Tried[], bad: number): number {
  const below = tried.filter(({ load, holds }) => load < bad && holds).map(({ load }) => load);
  return below.length > 0 ? Math.max(...below) : Math.max(plan.from / 2, bad / COARSE_FACTOR);
}

/**
 * The load at which the server saturates, by what it gave under more than it bears: requests a second; or as many
 * clients as keep it busy, by Little's law with its time at the lowest load.
 */
function saturation(plan: RampPlan, tried: readonly Tried[]): number | null {
  const beyond = tried.filter(({ holds, per_s }) => !holds && per_s !== null);
  // The longest hold says it best; of equals, the last.
  const best = beyond.toSorted((a, b) => a.hold_ms - b.hold_ms).at(-1);
  if (best?.per_s === undefined || best.per_s === null) return null;
  if (plan.unit === 'requests/s') return best.per_s < best.load ? best.per_s : null;
  const alone = tried.toSorted((a, b) => a.load - b.load)[0]?.mean_ms ?? null;
  return alone === null ? null : (best.per_s * alone) / 1000;
}
