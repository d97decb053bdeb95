/** From the steps of a ramp to what each variant sustains, where its knee lies, and what gave out first. */
import type { Load } from '../../run/block.ts';
import type { Variant } from '../../variants.ts';
import { bottlenecks, type Bottleneck } from './bottlenecks.ts';
import { markFlat } from './rising.ts';
import { bracket, type RampPlan, type Tried } from './search.ts';
import type { Cause, Step } from './step.ts';

export interface Capacity {
  readonly variant: Variant;
  readonly unit: Load['unit'];
  /** By load, ascending; in a search a load may stand more than once. */
  readonly steps: readonly Step[];
  /** The maximum sustainable load; `sure`: its limits hold with their intervals, else by the point figures alone. */
  readonly sustained: {
    readonly load: number;
    readonly per_s: number;
    readonly block: number;
    readonly sure: boolean;
  } | null;
  /** Answers a second at and beyond saturation: what the server gives at most. Null where it was not reached. */
  readonly saturation_per_s: number | null;
  /** The lowest load above it that was not sustained, and why; null: the ramp ended before anything gave out. */
  readonly gave_out: {
    readonly load: number;
    readonly causes: readonly Cause[];
    readonly sure: boolean;
    readonly block: number;
  } | null;
  /** The load at which throughput over latency is highest (Kleinrock 1979, "Power and deterministic rules of thumb"). */
  readonly knee: { readonly load: number; readonly per_s: number; readonly p50_ms: number } | null;
  readonly bottlenecks: readonly Bottleneck[];
}

export const triedOf = (step: Step): Tried => ({
  load: step.load.value,
  hold_ms: step.hold_ms,
  answer: step.answer,
  holds: step.holds,
  machine: !step.machine.ok,
  per_s: step.throughput?.estimate ?? null,
  mean_ms: step.summary.trends.request_duration?.mean ?? null,
});

/** @param run in the order they were run */
export function judgeCapacity(variant: Variant, run: readonly Step[], plan: RampPlan): Capacity {
  const steps = markFlat(run).toSorted((a, b) => a.load.value - b.load.value || a.block - b.block);
  const { good, bad } = bracket(
    plan,
    steps.map((step) => ({ ...triedOf(step), step })),
  );
  const failed = bad?.step;
  const below = failed?.load.value ?? Number.POSITIVE_INFINITY;
  const best = good?.step ?? steps.findLast(({ holds, load }) => holds && load.value < below);
  // Beside a step that is not sure, the load that failed for sure says more of what gave out.
  const first =
    failed ?? steps.find(({ answer, load }) => answer !== 'good' && load.value > (best?.load.value ?? 0));
  return {
    variant,
    unit: plan.unit,
    steps,
    sustained:
      best === undefined
        ? null
        : {
            load: best.load.value,
            per_s: best.throughput?.estimate ?? 0,
            block: best.block,
            sure: best.answer === 'good',
          },
    saturation_per_s: saturation(steps, plan.unit, best),
    gave_out:
      first === undefined
        ? null
        : {
            load: first.load.value,
            causes: leaning(first),
            sure: first.answer === 'bad',
            block: first.block,
          },
    knee: knee(steps),
    bottlenecks: bottlenecks(steps),
  };
}

/** Of an unsure step, what speaks against it: a limit that its point figure keeps does not. */
function leaning({ answer, causes, limits }: Step): readonly Cause[] {
  if (answer !== 'unsure') return causes;
  const kept = (failed_share: boolean): boolean =>
    limits
      .filter(({ metric }) => (metric === 'request_failed') === failed_share)
      .every((check) => check.answer === 'pass');
  const against = causes.filter(
    (cause) => !(cause === 'errors' && kept(true)) && !(cause === 'latency' && kept(false)),
  );
  return against.length > 0 ? against : causes;
}

/** Steps whose queue grew, or whose clients brought no more; weighted by time, since each is noisy by itself. */
function saturation(steps: readonly Step[], unit: Load['unit'], best: Step | undefined): number | null {
  const only = (cause: Cause) => (step: Step) =>
    step.causes.length > 0 && step.causes.every((one) => one === cause);
  const full = steps.filter(
    unit === 'clients'
      ? (step) =>
          best !== undefined && step.load.value >= best.load.value && (step === best || only('flat')(step))
      : (step) => !step.holds && only('backlog')(step),
  );
  let [answers, time_ms] = [0, 0];
  for (const { throughput, hold_ms } of full) {
    if (throughput === null) continue;
    answers += throughput.estimate * hold_ms;
    time_ms += hold_ms;
  }
  return time_ms === 0 ? null : answers / time_ms;
}

function knee(steps: readonly Step[]): Capacity['knee'] {
  let found: Capacity['knee'] = null;
  let most = 0;
  for (const { load, throughput, summary, machine } of steps) {
    if (!machine.ok) continue;
    const latency = summary.trends.request_duration;
    if (throughput === null || latency === undefined || latency.mean <= 0) continue;
    const power = throughput.estimate / latency.mean;
    if (power <= most) continue;
    most = power;
    found = { load: load.value, per_s: throughput.estimate, p50_ms: latency.p50 };
  }
  return found;
}
